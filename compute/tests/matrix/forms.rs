//! One TableHash per form of query, each with every aggregate over every numeric column.

use std::collections::BTreeMap;

use arrow::array::RecordBatch;
use veritrail_compute::run::canonical::table_hash;
use veritrail_compute::sql::{Options, execute};

use super::calls::{calls, select};
use super::devices::{Device, devices};
use super::table::table;
use crate::sql::fixture::{Tables, block_on, cut};

/// Partitions, rows handed on at once, rows of a stored batch, seed of the permutation.
const WAYS: [(usize, usize, usize, u64); 5] = [
    (1, 8_192, 10_000, 0),
    (2, 8_192, 500, 0),
    (2, 8_192, 500, 1),
    (7, 64, 97, 2),
    (64, 8_192, 40, 3),
];

/// The other column of an aggregate that takes two.
const COLUMNS: [(&str, &str); 6] =
    [("x", "z"), ("w", "z"), ("z", "w"), ("y", "d"), ("u", "z"), ("d", "y")];

fn all(wrap: impl Fn(String) -> String) -> Vec<String> {
    over(&COLUMNS, wrap)
}

fn over(columns: &[(&str, &str)], wrap: impl Fn(String) -> String) -> Vec<String> {
    let calls = calls();
    columns
        .iter()
        .flat_map(|(x, y)| calls.iter().map(|call| wrap(call.over(x, y))).collect::<Vec<_>>())
        .collect()
}

fn distinct() -> Vec<String> {
    let calls = calls();
    let columns = ["x", "w", "y", "d"];
    columns.iter().flat_map(|x| calls.iter().filter_map(|call| call.distinct(x))).collect()
}

fn answer(
    sql: &str,
    tables: &Tables,
    device: &Device,
    partitions: usize,
    batch: usize,
) -> RecordBatch {
    let device = (device.make)();
    let options = Options { partitions, batch_rows: batch, device, ..Options::default() };
    let answer = block_on(execute(sql, &BTreeMap::new(), tables, &options))
        .unwrap_or_else(|error| panic!("{sql}: {error}"));
    assert!(answer.table.num_rows() > 0, "{sql} has no rows, so it proves nothing");
    answer.table
}

fn hash(table: &RecordBatch) -> String {
    table_hash(&table.schema(), std::slice::from_ref(table)).unwrap().to_hex()
}

/// The columns in which two answers differ, as the query named them.
fn difference(sql: &str, a: &RecordBatch, b: &RecordBatch) -> String {
    let differ = |at: &usize| {
        let only = |table: &RecordBatch| hash(&table.project(&[*at]).unwrap());
        only(a) != only(b)
    };
    let columns: Vec<String> = (0..a.num_columns())
        .filter(differ)
        .map(|at| {
            let name = a.schema().field(at).name().clone();
            let end = sql.find(&format!(" AS {name}")).unwrap_or(0);
            let start = sql[..end].rfind(", ").map_or(0, |comma| comma + 2);
            sql[start..end].to_owned()
        })
        .collect();
    columns.join("; ")
}

/// Rows for grouped queries, which are reduced where the groups are.
const FEW: usize = 4_000;

/// Rows for ungrouped ones: more than a device is handed at once.
const MANY: usize = 150_000;

fn one_hash(sql: &str, rows: usize) {
    let table = table(rows);
    let devices = devices();
    let mut first: Option<(RecordBatch, String)> = None;
    for (partitions, batch, stored, seed) in WAYS {
        // As many batches however large the table is.
        let stored = (stored * rows).div_ceil(FEW);
        let tables = BTreeMap::from([("t".to_owned(), cut(&table, stored, seed))]);
        // Grouped rows stay here, and so do fewer than a device is handed.
        let asked = if rows == MANY && partitions <= 2 { devices.len() } else { 1 };
        for device in &devices[..asked] {
            let found = answer(sql, &tables, device, partitions, batch);
            let (kept, of_kept) = first.get_or_insert_with(|| (found.clone(), hash(&found)));
            assert!(
                hash(&found) == *of_kept,
                "{} partitions, batches of {batch}, stored as {stored}, seed {seed}, {}: {}",
                partitions,
                device.name,
                difference(sql, kept, &found)
            );
        }
    }
}

#[test]
fn ungrouped() {
    one_hash(&format!("SELECT {} FROM t", select(all(|call| call))), FEW);
    // What a device may be handed: floats, in batches of its size, in no order.
    let mut floats = over(&COLUMNS[..3], |call| call);
    floats.retain(|call| !call.contains("ORDER BY") && !call.contains("median"));
    one_hash(&format!("SELECT {} FROM t", select(floats)), MANY);
}

#[test]
fn grouped() {
    one_hash(&format!("SELECT g, flag, {} FROM t GROUP BY g, flag", select(all(|call| call))), FEW);
}

#[test]
fn in_many_groups() {
    one_hash(&format!("SELECT y, {} FROM t GROUP BY y", select(all(|call| call))), FEW);
}

#[test]
fn filtered() {
    let filter = |call| format!("{call} FILTER (WHERE z > 0 AND flag)");
    one_hash(&format!("SELECT {} FROM t", select(all(filter))), FEW);
    one_hash(&format!("SELECT g, {} FROM t GROUP BY g", select(all(filter))), FEW);
}

#[test]
fn of_different_values() {
    one_hash(&format!("SELECT {} FROM t", select(distinct())), FEW);
    one_hash(&format!("SELECT g, {} FROM t GROUP BY g", select(distinct())), FEW);
    let mixed = all(|call| call).into_iter().chain(["count(DISTINCT y)".to_owned()]);
    one_hash(&format!("SELECT g, {} FROM t GROUP BY g", select(mixed)), FEW);
}

#[test]
fn of_nested_answers() {
    let inner = format!("SELECT g, y, {} FROM t GROUP BY g, y", select(all(|call| call)));
    let outer = calls().iter().map(|call| call.over("q.a0", "q.a1")).collect::<Vec<_>>();
    one_hash(&format!("SELECT g, {} FROM ({inner}) q GROUP BY g", select(outer)), FEW);
}

#[test]
fn in_grouping_sets() {
    let calls = select(all(|call| call));
    let sets =
        format!("SELECT g, flag, {calls} FROM t GROUP BY GROUPING SETS ((g, flag), (g), ())");
    one_hash(&sets, FEW);
    let apart = format!(
        "SELECT g, flag, {calls} FROM t GROUP BY g, flag UNION ALL \
         SELECT g, CAST(NULL AS BOOLEAN) AS flag, {calls} FROM t GROUP BY g UNION ALL \
         SELECT CAST(NULL AS VARCHAR) AS g, CAST(NULL AS BOOLEAN) AS flag, {calls} FROM t"
    );
    let tables = BTreeMap::from([("t".to_owned(), cut(&table(FEW), 500, 1))]);
    let here = &devices()[0];
    let (sets, apart) =
        (answer(&sets, &tables, here, 2, 8_192), answer(&apart, &tables, here, 2, 8_192));
    assert_eq!(hash(&sets), hash(&apart));
}

#[test]
fn over_windows() {
    let frame = "PARTITION BY g ORDER BY id ROWS BETWEEN 20 PRECEDING AND CURRENT ROW";
    let over = |name: &str| all(|call| format!("{call} {name}"));
    let plain: Vec<String> =
        over("OVER w").into_iter().filter(|call| !call.contains("ORDER BY")).collect();
    one_hash(&format!("SELECT id, {} FROM t WINDOW w AS ({frame})", select(plain)), 1_000);
}

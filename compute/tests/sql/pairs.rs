//! Covariance, correlation and regression by SQL: certified, of every type, however executed.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::*;
use arrow::datatypes::{DataType, Field, Schema};
use veritrail_compute::run::canonical::table_hash;
use veritrail_compute::sql::{Options, execute};

use super::fixture::*;

const ALL: &str = "covar_samp(y, x), covar(y, x) AS c, covar_pop(y, x), corr(y, x), \
    regr_slope(y, x), regr_intercept(y, x), regr_count(y, x), regr_r2(y, x), regr_avgx(y, x), \
    regr_avgy(y, x), regr_sxx(y, x), regr_syy(y, x), regr_sxy(y, x)";

fn table(pairs: &[(Option<f64>, Option<f64>)]) -> RecordBatch {
    let field = |name: &str| Field::new(name, DataType::Float64, true);
    let schema = Schema::new(vec![field("x"), field("y")]);
    let x: Float64Array = pairs.iter().map(|p| p.0).collect();
    let y: Float64Array = pairs.iter().map(|p| p.1).collect();
    RecordBatch::try_new(Arc::new(schema), vec![Arc::new(x), Arc::new(y)]).unwrap()
}

#[test]
fn a_line_and_its_statistics() {
    let pairs = [
        (Some(1.0), Some(60.0)),
        (Some(2.0), Some(65.0)),
        (None, Some(1.0)),
        (Some(3.0), Some(70.0)),
        (Some(4.0), None),
        (Some(4.0), Some(75.0)),
        (Some(5.0), Some(80.0)),
    ];
    let found = rows(&format!("SELECT {ALL} FROM t"), &one("t", &table(&pairs)));
    let line = "12.5|12.5|10.0|1.0|5.0|55.0|5|1.0|3.0|70.0|10.0|250.0|50.0";
    assert_eq!(found, [line]);
}

#[test]
fn what_has_no_spread_has_no_line() {
    let of = |pairs: &[(Option<f64>, Option<f64>)]| {
        rows(&format!("SELECT {ALL} FROM t"), &one("t", &table(pairs))).remove(0)
    };
    let nulls = |n: usize| vec!["null"; n].join("|");
    assert_eq!(of(&[]), format!("{}|0|{}", nulls(6), nulls(6)));
    assert_eq!(
        of(&[(Some(2.0), Some(3.0))]),
        "null|null|0.0|null|null|null|1|null|2.0|3.0|0.0|0.0|0.0"
    );
    let flat = [(Some(1.0), Some(7.0)), (Some(2.0), Some(7.0))];
    assert_eq!(of(&flat), "0.0|0.0|0.0|null|0.0|7.0|2|1.0|1.5|7.0|0.5|0.0|0.0");
    let odd = [(Some(1.0), Some(f64::NAN)), (Some(2.0), Some(7.0))];
    assert_eq!(of(&odd), "NaN|NaN|NaN|NaN|NaN|NaN|2|NaN|1.5|NaN|0.5|NaN|NaN");
}

#[test]
fn a_spread_that_floats_lose_is_kept() {
    let base = 1e16;
    let pairs: Vec<_> =
        (0..1000).map(|i| (Some(base + 2.0 * f64::from(i)), Some(f64::from(i)))).collect();
    let found = rows(
        "SELECT regr_slope(y, x), corr(y, x), regr_r2(y, x) FROM t",
        &one("t", &table(&pairs)),
    );
    assert_eq!(found, ["0.5|1.0|1.0"]);
}

#[test]
fn every_type_enters_as_it_is() {
    let tables = both();
    let of = |sql: &str| value(&format!("SELECT {sql} AS v FROM t"), &tables);
    assert_eq!(of("covar_samp(y, y)"), of("var_samp(y)"));
    assert_eq!(of("covar_pop(d, d)"), of("var_pop(d)"));
    assert_eq!(of("corr(u, u)"), "1.0");
    assert_eq!(of("regr_slope(d, u)"), of("regr_slope(CAST(d AS DECIMAL(30,4)), u)"));
    assert_eq!(of("corr(z, y)"), of("corr(y, z)"));
    assert_eq!(
        of("regr_count(d, y)"),
        value("SELECT count(*) FROM t WHERE d IS NOT NULL AND y IS NOT NULL", &tables)
    );
    assert_eq!(of("covar_pop(DISTINCT y, y) = var_pop(DISTINCT y)"), "true");
}

#[test]
fn pairs_are_the_same_however_they_are_executed() {
    let (t, s) = (measurements(), labels());
    for sql in [
        "SELECT covar_samp(x, z), corr(z, y), regr_slope(d, z), regr_intercept(z, d), regr_r2(z, u), regr_sxy(x, x) FROM t",
        "SELECT g, covar_pop(z, y), corr(z, d), regr_slope(y, z), regr_count(x, d), regr_avgx(z, x), regr_syy(z, x) FROM t GROUP BY g",
        "SELECT g, corr(DISTINCT y, z), covar_samp(z, x) FILTER (WHERE abs(x) < 1e200) FROM t GROUP BY g",
    ] {
        let mut hashes = BTreeMap::new();
        for (partitions, batch, rows, seed) in
            [(1, 8192, 10_000, 0), (2, 8192, 500, 1), (7, 64, 97, 2), (64, 17, 1_000, 4)]
        {
            let tables: Tables = BTreeMap::from([
                ("t".to_owned(), cut(&t, rows, seed)),
                ("s".to_owned(), cut(&s, 2, seed)),
            ]);
            let options = Options { partitions, batch_rows: batch, ..Options::default() };
            let answer = block_on(execute(sql, &BTreeMap::new(), &tables, &options)).unwrap();
            let hash = table_hash(&answer.schema(), &[answer.table]).unwrap().to_hex();
            hashes.entry(hash).or_insert_with(Vec::new).push(partitions);
        }
        assert_eq!(hashes.len(), 1, "{sql}: {hashes:?}");
    }
}

#[test]
fn sharing_a_state_of_pairs_changes_nothing() {
    let tables = both();
    let names = [
        "covar_samp",
        "covar_pop",
        "corr",
        "regr_slope",
        "regr_intercept",
        "regr_count",
        "regr_r2",
        "regr_avgx",
        "regr_avgy",
        "regr_sxx",
        "regr_syy",
        "regr_sxy",
    ];
    for columns in ["x, z", "z, y", "d, u", "z, z * 2", "d, d", "y, x"] {
        for tail in ["", " FILTER (WHERE y > 0)"] {
            let calls = names.map(|name| format!("{name}({columns}){tail}"));
            let listed: Vec<String> =
                calls.iter().enumerate().map(|(at, call)| format!("{call} AS c{at}")).collect();
            let listed = listed.join(", ");
            let together = rows(&format!("SELECT g, {listed} FROM t GROUP BY g"), &tables);
            let mut apart = rows("SELECT g FROM t GROUP BY g", &tables);
            for call in &calls {
                let alone = rows(&format!("SELECT g, {call} AS v FROM t GROUP BY g"), &tables);
                for (line, alone) in apart.iter_mut().zip(alone) {
                    line.push_str(&alone[alone.rfind('|').unwrap()..]);
                }
            }
            assert_eq!(together, apart, "{columns}{tail}");
            let alone = |call: &String| value(&format!("SELECT {call} AS v FROM t"), &tables);
            let one: Vec<String> = calls.iter().map(alone).collect();
            assert_eq!(rows(&format!("SELECT {listed} FROM t"), &tables), [one.join("|")]);
        }
    }
    let nothing = "SELECT corr(z, y), regr_count(z, y), regr_slope(z, y) FROM t WHERE id < 0";
    assert_eq!(rows(nothing, &tables), ["null|0|null"]);
    let mixed = "SELECT g, sum(z), corr(z, y), avg(z), regr_slope(z, y), corr(y, z), count(*) \
                 FROM t GROUP BY g HAVING corr(z, y) > -1 ORDER BY regr_r2(z, y), g";
    assert_eq!(rows(mixed, &tables).len(), 5);
}

/// Rows enough that partial aggregation is given up, and rows travel as they are; some leave the
/// window of their group.
#[test]
fn pairs_that_skip_a_phase_change_nothing() {
    let count = 240_000i64;
    let x = |row: i64| match row % 1_000 {
        0 => None,
        1 => Some(f64::NAN),
        2 => Some(1e300),
        _ => Some((row as f64).sqrt()),
    };
    let columns: [(&str, ArrayRef); 3] = [
        ("g", Arc::new(Int64Array::from_iter_values((0..count).map(|r| r * 7_919 % 200_003)))),
        ("x", Arc::new(Float64Array::from_iter((0..count).map(x)))),
        ("n", Arc::new(Int64Array::from_iter((0..count).map(|r| (r % 3 != 0).then_some(r))))),
    ];
    let table = RecordBatch::try_from_iter(columns).unwrap();
    let sql = "SELECT g, covar_pop(x, n), regr_count(x, n), regr_avgx(x, n), \
               corr(n, x) FILTER (WHERE x > 9), count(DISTINCT x), corr(DISTINCT n, x) \
               FROM t GROUP BY g";
    assert_one_hash(sql, &table, &[(1, 0), (2, 3), (5, 8)]);
}

/// States that left their cells, and values kept for DISTINCT, count against the limit.
#[test]
fn memory_counts_pairs_that_left_their_window() {
    let count = 60_000i64;
    let far = |row: i64| [1e300, 1e-300, 1.0][(row % 3) as usize];
    let columns: [(&str, ArrayRef); 3] = [
        ("g", Arc::new(Int64Array::from_iter_values((0..count).map(|row| row / 3)))),
        ("x", Arc::new(Float64Array::from_iter_values((0..count).map(far)))),
        ("n", Arc::new(Int64Array::from_iter_values(0..count))),
    ];
    let tables = one("t", &RecordBatch::try_from_iter(columns).unwrap());
    let limited = |sql: &str, memory_bytes| {
        let options = Options { memory_bytes, ..options(1) };
        block_on(execute(sql, &BTreeMap::new(), &tables, &options)).map(|answer| answer.table)
    };
    let pairs = "SELECT g, covar_pop(x, n) AS c FROM t GROUP BY g";
    let error = limited(pairs, 9 << 20).unwrap_err();
    assert!(matches!(error, veritrail_compute::sql::SqlError::Memory { .. }), "{error:?}");
    assert_eq!(limited(pairs, 256 << 20).unwrap().num_rows(), 20_000);
    // Sixty thousand different values take a few megabytes.
    let different = "SELECT g, count(DISTINCT n) AS c FROM t GROUP BY g";
    assert_eq!(limited(different, 16 << 20).unwrap().num_rows(), 20_000);
}

//! Moving frames, from which rows are taken out again: each row's frame is a case.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::*;
use proptest::collection::vec;
use veritrail_compute::sql::{Options, execute};

use super::grouped::draw;
use super::wanted::{Rows, judge, wanted};
use crate::exact::fractions::{Scale, units};
use crate::exact::oracle::awkward;
use crate::sql::fixture::{Tables, block_on, cut};

/// Rows of a partition, and how far a frame reaches to either side.
const ROWS: usize = 25;
const BEFORE: usize = 3;
const AFTER: usize = 1;

#[test]
fn frames_of_floats() {
    let partitions = draw(420, &vec((awkward(), awkward()), ROWS));
    let flat = || partitions.iter().flatten();
    let count = partitions.len() * ROWS;
    assert!(count >= 10_000);
    let ids = || 0..count as i64;
    let columns: [(&str, ArrayRef); 4] = [
        ("id", Arc::new(Int64Array::from_iter_values(ids()))),
        ("p", Arc::new(Int64Array::from_iter_values(ids().map(|id| id / ROWS as i64)))),
        ("x", Arc::new(Float64Array::from_iter_values(flat().map(|pair| pair.0)))),
        ("y", Arc::new(Float64Array::from_iter_values(flat().map(|pair| pair.1)))),
    ];
    let table = RecordBatch::try_from_iter(columns).unwrap();
    let units: Vec<_> = flat().map(|&(x, y)| (units(x), units(y))).collect();
    let frame = |row: usize| {
        let (start, end) = (row / ROWS * ROWS, (row / ROWS + 1) * ROWS);
        let rows = row.saturating_sub(BEFORE).max(start)..(row + AFTER + 1).min(end);
        Rows { scales: [Scale::Float; 2], pairs: units[rows].to_vec() }
    };
    let calls: Vec<String> =
        wanted(&frame(0), &["0.25"]).into_iter().map(|(call, _)| call).collect();
    let listed = calls.iter().enumerate().map(|(at, call)| format!("{call} OVER w AS c{at}"));
    let sql = format!(
        "SELECT id, {} FROM t WINDOW w AS (PARTITION BY p ORDER BY id ROWS BETWEEN {BEFORE} \
         PRECEDING AND {AFTER} FOLLOWING)",
        listed.collect::<Vec<_>>().join(", ")
    );
    let tables: Tables = BTreeMap::from([("t".to_owned(), cut(&table, 3_000, 4))]);
    let options = Options { partitions: 2, ..Options::default() };
    let answer = block_on(execute(&sql, &BTreeMap::new(), &tables, &options)).unwrap().table;
    assert_eq!(answer.num_rows(), count);
    for row in 0..count {
        for (at, (call, want)) in wanted(&frame(row), &["0.25"]).into_iter().enumerate() {
            judge(answer.column(at + 1), row, &want, &format!("{call} of the frame at {row}"));
        }
    }
}

//! `sum(x), count(DISTINCT y)` where a sum per y, rounded, and then a sum of those is another sum.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::*;
use veritrail_compute::sql::{Options, execute};

use crate::exact::oracle::{assert_nearest, exact_sum};
use crate::sql::fixture::{block_on, cut, text};

/// Values and their keys: 1e16 and −1e16 lie under different keys, each beside values that its
/// rounding swallows.
fn rows() -> (Vec<f64>, Vec<i64>) {
    let mut rows = Vec::new();
    for key in 0..50 {
        let huge = if key % 2 == 0 { 1e16 } else { -1e16 };
        rows.extend([(huge, key), (1.0, key), (0.1, key), (-0.3, key)]);
    }
    rows.into_iter().unzip()
}

#[test]
fn a_sum_beside_a_distinct_count() {
    let (x, y) = rows();
    let exact = exact_sum(&x);
    let per_key: f64 = (0..50)
        .map(|key| x.iter().zip(&y).filter(|(_, of)| **of == key).map(|(x, _)| x).sum::<f64>())
        .sum();
    let table = RecordBatch::try_from_iter([
        ("x", Arc::new(Float64Array::from(x)) as ArrayRef),
        ("y", Arc::new(Int64Array::from(y)) as ArrayRef),
    ])
    .unwrap();
    for (partitions, rows, seed) in [(1, 1_000, 0), (2, 7, 1), (7, 3, 2), (64, 1, 3)] {
        let tables = BTreeMap::from([("t".to_owned(), cut(&table, rows, seed))]);
        let options = Options { partitions, ..Options::default() };
        for sql in [
            "SELECT sum(x) AS s, count(DISTINCT y) AS n FROM t",
            "SELECT sum(x) AS s, count(DISTINCT y) AS n FROM t GROUP BY y * 0",
            "SELECT avg(x) * count(*) AS s, count(DISTINCT y) AS n, sum(DISTINCT x) AS d FROM t",
        ] {
            let answer = block_on(execute(sql, &BTreeMap::new(), &tables, &options)).unwrap();
            assert_eq!(text(&answer, 1, 0), "50", "{sql}");
            let sum: f64 = text(&answer, 0, 0).parse().unwrap();
            assert_ne!(sum, per_key, "the data do not bite");
            if sql.contains("avg") {
                assert_eq!(text(&answer, 2, 0), "0.8");
            } else {
                assert_nearest(&exact, sum);
            }
        }
    }
}

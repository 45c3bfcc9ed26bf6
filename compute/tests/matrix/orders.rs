//! NaN, infinities, both zeros and cancelling pairs in every order, and what each must come to.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::*;

use super::calls::{calls, select};
use crate::sql::fixture::{Tables, ask, cut, text};

const ODD_NAN: f64 = f64::from_bits(0xfff8_0000_0000_0abc);
const TINY: f64 = f64::from_bits(1);

/// Values, and their sum, mean, least and greatest.
pub const SETS: [(&[f64], [&str; 4]); 9] = [
    (&[f64::NAN, -0.0, 0.0, 1.0], ["NaN", "NaN", "-0.0", "NaN"]),
    (&[ODD_NAN, f64::NAN, 1.0], ["NaN", "NaN", "1.0", "NaN"]),
    (&[-0.0, 0.0, -0.0], ["0.0", "0.0", "-0.0", "0.0"]),
    (&[-0.0, -0.0], ["0.0", "0.0", "-0.0", "-0.0"]),
    (&[f64::INFINITY, f64::NEG_INFINITY, 1.0], ["NaN", "NaN", "-inf", "inf"]),
    (&[f64::INFINITY, 1.0, -0.0, 1e300], ["inf", "inf", "-0.0", "inf"]),
    (&[1e300, -1e300, 1.0, -0.0], ["1.0", "0.25", "-1e300", "1e300"]),
    (&[1e308, 1e308, -1e308, TINY], ["1e308", "2.5e307", "-1e308", "1e308"]),
    (&[TINY, -TINY, TINY, 0.1], ["0.1", "0.025", "-5e-324", "0.1"]),
];

fn permutations(count: usize) -> Vec<Vec<usize>> {
    if count == 0 {
        return vec![Vec::new()];
    }
    let mut all = Vec::new();
    for shorter in permutations(count - 1) {
        for at in 0..count {
            let mut longer = shorter.clone();
            longer.insert(at, count - 1);
            all.push(longer);
        }
    }
    all
}

/// Each permutation is a group `p`; the second column of a value goes where the value goes.
pub fn permuted(values: &[f64]) -> (RecordBatch, usize) {
    let orders = permutations(values.len());
    let rows: Vec<(i64, i64, usize)> = orders
        .iter()
        .enumerate()
        .flat_map(|(p, order)| {
            order.iter().enumerate().map(move |(at, &value)| (p as i64, at as i64, value))
        })
        .collect();
    let columns: [(&str, ArrayRef); 4] = [
        ("p", Arc::new(Int64Array::from_iter_values(rows.iter().map(|row| row.0)))),
        ("at", Arc::new(Int64Array::from_iter_values(rows.iter().map(|row| row.1)))),
        ("x", Arc::new(Float64Array::from_iter_values(rows.iter().map(|row| values[row.2])))),
        ("y", Arc::new(Float64Array::from_iter_values(rows.iter().map(|row| row.2 as f64)))),
    ];
    (RecordBatch::try_from_iter(columns).unwrap(), orders.len())
}

pub fn tables(table: &RecordBatch, rows: usize) -> Tables {
    BTreeMap::from([("t".to_owned(), cut(table, rows, 0))])
}

/// The row's cells beyond the first `keys`, as text that shows the sign of a zero.
pub fn cells(sql: &str, tables: &Tables, keys: usize) -> Vec<Vec<String>> {
    let answer = ask(sql, tables).unwrap_or_else(|error| panic!("{sql}: {error}"));
    (0..answer.table.num_rows())
        .map(|row| (keys..answer.table.num_columns()).map(|at| text(&answer, at, row)).collect())
        .collect()
}

pub fn expected(row: &[String], values: [&str; 4], how: &str) {
    let names: Vec<String> = calls().into_iter().map(|call| call.name).collect();
    for (name, value) in ["sum", "avg", "min", "max"].iter().zip(values) {
        let at = names.iter().position(|found| found == name).unwrap();
        assert_eq!(row[at], value, "{how}: {name}");
    }
}

fn over_all() -> String {
    select(calls().iter().map(|call| call.over("x", "y")))
}

#[test]
fn grouped() {
    let sql = format!("SELECT p, {} FROM t GROUP BY p", over_all());
    for (values, results) in SETS {
        let (table, orders) = permuted(values);
        // In one batch, and with a batch border inside the groups.
        for rows in [10_000, 2, 3] {
            let found = cells(&sql, &tables(&table, rows), 1);
            assert_eq!(found.len(), orders);
            assert!(found.iter().all(|row| *row == found[0]), "{values:?}: {found:#?}");
            expected(&found[0], results, &format!("{values:?}"));
        }
    }
}

#[test]
fn ungrouped() {
    let sql = format!("SELECT {} FROM t", over_all());
    for (values, results) in SETS {
        let (table, orders) = permuted(values);
        let mut first: Option<Vec<String>> = None;
        for order in 0..orders {
            let own = table.slice(order * values.len(), values.len());
            for rows in [10, 1] {
                let found = cells(&sql, &tables(&own, rows), 0).remove(0);
                expected(&found, results, &format!("{values:?}"));
                let first = first.get_or_insert_with(|| found.clone());
                assert_eq!(found, *first, "{values:?}");
            }
        }
    }
}

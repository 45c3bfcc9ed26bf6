//! Groups of floats, of integers and of decimals, each group a case.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::*;
use arrow::datatypes::Int64Type;
use num_bigint::BigInt;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use veritrail_compute::sql::{Options, execute};

use super::wanted::{Rows, judge, wanted};
use crate::exact::fractions::{Scale, units};
use crate::exact::oracle::awkward;
use crate::sql::fixture::{Tables, block_on, cut};

/// Where between the least and the greatest quantiles are asked for.
const FRACTIONS: [&str; 4] = ["0.1", "0.333", "0.75", "0.999"];

/// Groups of a strategy's values, deterministic.
pub fn draw<T: std::fmt::Debug>(count: usize, of: &impl Strategy<Value = T>) -> Vec<T> {
    let mut runner = TestRunner::deterministic();
    (0..count).map(|_| of.new_tree(&mut runner).unwrap().current()).collect()
}

/// Pairs of awkward floats: some cancel, some stand twice, some lie on a line.
pub fn pairs_of_floats() -> impl Strategy<Value = Vec<(f64, f64)>> {
    let apart = || prop::collection::vec((awkward(), awkward()), 1..5);
    prop_oneof![
        3 => apart(),
        2 => (apart(), awkward(), awkward()).prop_map(|(mut pairs, x, y)| {
            let turned: Vec<_> = pairs.iter().rev().map(|(x, y)| (-x, -y)).collect();
            pairs.extend(turned);
            pairs.push((x, y));
            pairs
        }),
        1 => (apart(), 0usize..4).prop_map(|(mut pairs, at)| {
            pairs.push(pairs[at % pairs.len()]);
            pairs.push((pairs[0].0, pairs[at % pairs.len()].1));
            pairs
        }),
        1 => (prop::collection::vec(awkward(), 2..6), -4i32..5).prop_map(|(xs, k)| {
            let line = |x: f64| (x, x / 8.0 * f64::from(k));
            xs.into_iter().map(line).collect()
        }),
        1 => prop::collection::vec((-9i32..9, -9i32..9), 1..7).prop_map(|pairs| {
            pairs.into_iter().map(|(x, y)| (f64::from(x), f64::from(y))).collect()
        }),
    ]
}

/// Asks for every call over each group and judges all answers; returns how many groups there are.
fn judge_groups(table: &RecordBatch, groups: &[Rows]) -> usize {
    let calls: Vec<String> =
        wanted(&groups[0], &FRACTIONS).into_iter().map(|(call, _)| call).collect();
    let listed = calls.iter().enumerate().map(|(at, call)| format!("{call} AS c{at}"));
    let sql = format!("SELECT g, {} FROM t GROUP BY g", listed.collect::<Vec<_>>().join(", "));
    let tables: Tables = BTreeMap::from([("t".to_owned(), cut(table, 3_000, 9))]);
    let options = Options { partitions: 2, batch_rows: 2_000, ..Options::default() };
    let answer = block_on(execute(&sql, &BTreeMap::new(), &tables, &options)).unwrap().table;
    assert_eq!(answer.num_rows(), groups.len());
    let keys = answer.column(0).as_primitive::<Int64Type>();
    for (row, &group) in keys.values().iter().enumerate() {
        let rows = &groups[group as usize];
        for (at, (call, want)) in wanted(rows, &FRACTIONS).into_iter().enumerate() {
            judge(answer.column(at + 1), row, &want, &format!("{call} of group {group}"));
        }
    }
    groups.len()
}

/// Group numbers beside the columns.
fn table(sizes: &[usize], x: ArrayRef, y: ArrayRef) -> RecordBatch {
    let g = sizes.iter().enumerate().flat_map(|(g, &size)| std::iter::repeat_n(g as i64, size));
    let g: ArrayRef = Arc::new(Int64Array::from_iter_values(g));
    RecordBatch::try_from_iter([("g", g), ("x", x), ("y", y)]).unwrap()
}

#[test]
fn groups_of_floats() {
    let groups = draw(10_000, &pairs_of_floats());
    let flat = || groups.iter().flatten();
    let x: ArrayRef = Arc::new(Float64Array::from_iter_values(flat().map(|pair| pair.0)));
    let y: ArrayRef = Arc::new(Float64Array::from_iter_values(flat().map(|pair| pair.1)));
    let table = table(&groups.iter().map(Vec::len).collect::<Vec<_>>(), x, y);
    let rows: Vec<Rows> = groups
        .iter()
        .map(|pairs| Rows {
            scales: [Scale::Float; 2],
            pairs: pairs.iter().map(|&(x, y)| (units(x), units(y))).collect(),
        })
        .collect();
    assert!(judge_groups(&table, &rows) >= 10_000);
}

/// Whole numbers of every length that a sum has room for, and small ones.
fn whole(bits: u32) -> impl Strategy<Value = i128> {
    prop_oneof![
        2 => (any::<i128>(), 128 - bits..127).prop_map(|(value, cut)| value >> cut),
        1 => -9i128..9,
    ]
}

fn groups_of_wholes(
    pairs: impl Strategy<Value = (i128, i128)>,
    scales: [Scale; 2],
    columns: [fn(Vec<i128>) -> ArrayRef; 2],
) {
    let groups = draw(2_000, &prop::collection::vec(pairs, 1..7));
    let flat = || groups.iter().flatten();
    let x = columns[0](flat().map(|pair| pair.0).collect());
    let y = columns[1](flat().map(|pair| pair.1).collect());
    let table = table(&groups.iter().map(Vec::len).collect::<Vec<_>>(), x, y);
    let rows: Vec<Rows> = groups
        .iter()
        .map(|pairs| Rows {
            scales,
            pairs: pairs.iter().map(|&(x, y)| (BigInt::from(x), BigInt::from(y))).collect(),
        })
        .collect();
    judge_groups(&table, &rows);
}

fn decimals<const SCALE: i8>(values: Vec<i128>) -> ArrayRef {
    let values = Decimal128Array::from_iter_values(values);
    Arc::new(values.with_precision_and_scale(28, SCALE).unwrap())
}

fn integers(values: Vec<i128>) -> ArrayRef {
    Arc::new(Int64Array::from_iter_values(values.iter().map(|&value| value as i64)))
}

fn naturals(values: Vec<i128>) -> ArrayRef {
    Arc::new(UInt64Array::from_iter_values(values.iter().map(|&value| value as u64)))
}

#[test]
fn groups_of_integers_beside_decimals() {
    let scales = [Scale::Tens(0), Scale::Tens(3)];
    groups_of_wholes((whole(58), whole(90)), scales, [integers, decimals::<3>]);
}

#[test]
fn groups_of_decimals_beside_integers() {
    let scales = [Scale::Tens(7), Scale::Tens(0)];
    // Up to the last of the unsigned.
    let pairs = (whole(92), whole(65).prop_map(i128::abs));
    groups_of_wholes(pairs, scales, [decimals::<7>, naturals]);
}

#[test]
fn groups_of_floats_beside_decimals() {
    let groups = draw(2_000, &prop::collection::vec((awkward(), whole(90)), 1..7));
    let flat = || groups.iter().flatten();
    let x: ArrayRef = Arc::new(Float64Array::from_iter_values(flat().map(|pair| pair.0)));
    let y = decimals::<5>(flat().map(|pair| pair.1).collect());
    let table = table(&groups.iter().map(Vec::len).collect::<Vec<_>>(), x, y);
    let rows: Vec<Rows> = groups
        .iter()
        .map(|pairs| Rows {
            scales: [Scale::Float, Scale::Tens(5)],
            pairs: pairs.iter().map(|&(x, y)| (units(x), BigInt::from(y))).collect(),
        })
        .collect();
    judge_groups(&table, &rows);
}

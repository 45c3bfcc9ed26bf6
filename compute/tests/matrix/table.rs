//! A table whose every numeric column breaks naive sums in its own way.

use std::sync::Arc;

use arrow::array::*;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// Keys `id`, `g` (5 values), `flag` (with nulls); floats `x` (NaNs, infinities, both zeros and
/// ±1e300 in some groups), `w` (every exponent whose square is finite, in pairs that cancel), `z`
/// (tame); integers `y` (with nulls), `u`; decimals `d`.
pub fn table(rows: usize) -> RecordBatch {
    let mut rng = StdRng::seed_from_u64(11);
    let groups = ["", "a", "b", "c", "é"];
    let g: Vec<&str> = (0..rows).map(|_| groups[rng.random_range(0..5)]).collect();
    let x: Vec<Option<f64>> = (0..rows).map(|row| special(g[row], row, &mut rng)).collect();
    let mut w = Vec::with_capacity(rows);
    while w.len() < rows {
        let value = rng.random_range(1.0..2.0) * 2f64.powi(rng.random_range(-500..500));
        w.extend([value, -value, f64::from_bits(rng.random_range(1..1 << 52))]);
        w.push(rng.random_range(-1.0..1.0));
    }
    w.truncate(rows);
    let z: Vec<f64> = (0..rows).map(|_| rng.random_range(-1e6..1e6)).collect();
    let y: Vec<Option<i64>> =
        (0..rows).map(|row| (row % 11 != 0).then(|| rng.random_range(-50..50))).collect();
    let u: Vec<u64> = (0..rows).map(|_| rng.random_range(0..1 << 40)).collect();
    let d: Vec<Option<i128>> = (0..rows)
        .map(|row| (row % 13 != 0).then(|| rng.random_range(-10i128.pow(12)..10i128.pow(12))))
        .collect();
    let flag: Vec<Option<bool>> =
        (0..rows).map(|row| (row % 7 != 0).then_some(row % 2 == 0)).collect();
    let d = Decimal128Array::from(d).with_precision_and_scale(18, 4).unwrap();
    let columns: [(&str, ArrayRef); 9] = [
        ("id", Arc::new(Int64Array::from_iter_values(0..rows as i64))),
        ("g", Arc::new(StringArray::from(g))),
        ("flag", Arc::new(BooleanArray::from(flag))),
        ("x", Arc::new(Float64Array::from(x))),
        ("w", Arc::new(Float64Array::from(w))),
        ("z", Arc::new(Float64Array::from(z))),
        ("y", Arc::new(Int64Array::from(y))),
        ("u", Arc::new(UInt64Array::from(u))),
        ("d", Arc::new(d)),
    ];
    RecordBatch::try_from_iter(columns).unwrap()
}

/// NaNs in one group, infinities of one sign in another and of both in a third.
fn special(group: &str, row: usize, rng: &mut StdRng) -> Option<f64> {
    match (group, row % 17) {
        (_, 0) => None,
        (_, 1) => Some(-0.0),
        (_, 2) => Some(0.0),
        (_, 3) => Some(1e300),
        (_, 4) => Some(-1e300),
        ("a", 5) => Some(f64::NAN),
        ("a", 6) => Some(f64::from_bits(0xfff8_0000_0000_0abc)),
        ("b" | "c", 5) => Some(f64::INFINITY),
        ("c", 6) => Some(f64::NEG_INFINITY),
        _ => Some(rng.random_range(-1.0..1.0)),
    }
}

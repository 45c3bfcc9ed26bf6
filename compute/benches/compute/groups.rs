//! `sum, avg, stddev` of one column in one group, a thousand and many, beside plain DataFusion.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch};

use super::engines::{BATCH, Engines};
use super::report::{Figure, Goal, setting};

const ROUNDS: usize = 3;

/// Scatters whole numbers (Steele, Lea and Flood: SplitMix, 2014).
pub fn scatter(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// A value in [−1e6, 1e6) for a row.
pub fn value(row: u64) -> f64 {
    let unit = (scatter(row) >> 11) as f64 / (1u64 << 53) as f64;
    unit.mul_add(2e6, -1e6)
}

fn batches(rows: usize, groups: u64) -> Vec<RecordBatch> {
    (0..rows)
        .step_by(BATCH)
        .map(|start| {
            let rows = start as u64..(start + BATCH).min(rows) as u64;
            let key = |row: u64| (scatter(row ^ 0xABCD_0000_0000) % groups) as i64;
            let columns: [(&str, ArrayRef); 2] = [
                ("k", Arc::new(Int64Array::from_iter_values(rows.clone().map(key)))),
                ("x", Arc::new(Float64Array::from_iter_values(rows.map(value)))),
            ];
            RecordBatch::try_from_iter(columns).expect("columns of one length")
        })
        .collect()
}

/// The groups are counted rather than returned: what is measured is adding, not handing over.
pub const GROUPED: &str = "SELECT count(s) AS s, count(a) AS a, count(d) AS d FROM \
    (SELECT k, sum(x) AS s, avg(x) AS a, stddev(x) AS d FROM t GROUP BY k) q";

pub fn measure() -> Vec<Figure> {
    let rows = setting("BENCH_ROWS", 20_000_000);
    let mut figures = Vec::new();
    for (name, groups) in [("1", 1), ("1000", 1_000), ("a_tenth", rows as u64 / 10)] {
        let engines = Engines::over(&[("t", batches(rows, groups))]);
        let sql = match groups {
            1 => "SELECT sum(x) AS s, avg(x) AS a, stddev(x) AS d FROM t",
            _ => GROUPED,
        };
        let (ours, plain) = engines.beside(sql, ROUNDS);
        let figure = |of: &str, value, unit, goal| {
            Figure::new(format!("groups_{name}_{of}"), value, unit, goal)
        };
        figures.push(figure("exact", ours, "s", Goal::None));
        figures.push(figure("plain", plain, "s", Goal::None));
        figures.push(figure("over_plain", ours / plain, "ratio", Goal::AtMost(2.0)));
    }
    figures.push(Figure::new("groups_rows", rows as f64 / 1e6, "million", Goal::None));
    figures
}

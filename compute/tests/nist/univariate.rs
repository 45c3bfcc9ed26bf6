//! Mean, deviation and lag-1 autocorrelation of all nine univariate sets.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use num_rational::BigRational;

use super::sets::{Set, univariate};
use crate::exact::oracle::{assert_nearest, assert_nearest_root, exact_variance, rational, whole};
use crate::sql::fixture::{Tables, ask, one, text};

/// Panics unless the first 14 digits agree.
pub fn agree(what: &str, found: f64, certified: f64) {
    let error = ((found - certified) / certified).abs();
    assert!(error < 5e-15, "{what}: {found:e} against {certified:e}: {error:e}");
}

/// A decimal text of at most 5 places, in units of 10^−5.
fn scaled(text: &str) -> i128 {
    let (whole, places) = text.split_once('.').unwrap_or((text, ""));
    format!("{whole}{places:0<5}").parse().unwrap()
}

fn table(set: &Set) -> Tables {
    let i: ArrayRef = Arc::new(Int64Array::from_iter_values(1..=set.values.len() as i64));
    let y: ArrayRef = Arc::new(StringArray::from_iter_values(&set.values));
    one("t", &RecordBatch::try_from_iter([("i", i), ("y", y)]).unwrap())
}

pub fn numbers(sql: &str, tables: &Tables) -> Vec<f64> {
    let answer = ask(sql, tables).unwrap_or_else(|error| panic!("{sql}: {error}"));
    assert_eq!(answer.table.num_rows(), 1, "{sql}");
    (0..answer.table.num_columns())
        .map(|column| text(&answer, column, 0).parse().unwrap())
        .collect()
}

/// Mean, variance and autocorrelation of the transcription, in rationals.
fn exactly(set: &Set) -> (BigRational, BigRational, BigRational) {
    let tens = rational(100_000.0);
    let values: Vec<i128> = set.values.iter().map(|value| scaled(value)).collect();
    let n = values.len() as i128;
    let sum: i128 = values.iter().sum();
    let squares: i128 = values.iter().map(|y| y * y).sum();
    let shifted: i128 = values.windows(2).map(|pair| pair[0] * pair[1]).sum();
    let ends = values[0] + values[values.len() - 1];
    let spread = n * squares - sum * sum;
    let lag = n * n * shifted - n * sum * (2 * sum - ends) + (n - 1) * sum * sum;
    (
        whole(sum) / whole(n) / &tens,
        whole(spread) / whole(n * (n - 1)) / &tens / &tens,
        whole(lag) / whole(n * spread),
    )
}

#[test]
fn the_transcription_has_the_certified_values() {
    let sets = univariate();
    assert_eq!(sets.len(), 9);
    let tolerance = rational(5e-15);
    let close = |name: &str, exact: &BigRational, certified: f64| {
        let certified = rational(certified);
        let error = (exact - &certified) / &certified;
        assert!(error < tolerance && error > -&tolerance, "{name}: {error}");
    };
    for set in sets {
        let (mean, variance, autocorrelation) = exactly(&set);
        close(set.name, &mean, set.mean);
        // The square of a deviation has twice its error.
        let square = rational(set.deviation) * rational(set.deviation);
        let error = (&variance - &square) / &square;
        assert!(error < rational(1e-14) && error > rational(-1e-14), "{}: {error}", set.name);
        close(set.name, &autocorrelation, set.autocorrelation);
    }
}

#[test]
fn decimals_have_the_certified_digits() {
    for set in univariate() {
        let sql = "SELECT avg(y), stddev(y) FROM (SELECT CAST(y AS DECIMAL(20,5)) AS y FROM t) q";
        let found = numbers(sql, &table(&set));
        agree(set.name, found[0], set.mean);
        agree(set.name, found[1], set.deviation);
        let (mean, variance, _) = exactly(&set);
        assert_nearest(&mean, found[0]);
        assert_nearest_root(&variance, found[1]);
    }
}

/// As floats the numbers are others, so the answer is that of the floats: nearest to it, and as
/// near to what is certified as the inputs permit.
#[test]
fn floats_have_the_digits_that_their_inputs_permit() {
    for set in univariate() {
        let sql =
            "SELECT avg(y), stddev(y), var_pop(y) FROM (SELECT CAST(y AS DOUBLE) AS y FROM t) q";
        let found = numbers(sql, &table(&set));
        let floats: Vec<f64> = set.values.iter().map(|value| value.parse().unwrap()).collect();
        let n = floats.len() as f64;
        agree(set.name, found[0], set.mean);
        assert_nearest_root(&exact_variance(&floats, n - 1.0), found[1]);
        assert_nearest(&exact_variance(&floats, n), found[2]);
        let digits = -((found[1] - set.deviation) / set.deviation).abs().log10();
        let permitted = match set.name {
            "NumAcc3" => 9.0,
            "NumAcc4" => 8.0,
            "Mavro" | "Michelso" => 12.0,
            _ => 14.0,
        };
        assert!(digits >= permitted, "{}: {digits:.1} digits", set.name);
    }
}

/// Integers all the way, and one division of floats at the end.
#[test]
fn autocorrelation_by_a_join() {
    let sql = "WITH u AS (SELECT i, CAST(CAST(y AS DECIMAL(20,5)) * 100000 AS DECIMAL(38,0)) AS u FROM t), \
         s AS (SELECT CAST(count(*) AS DECIMAL(38,0)) AS n, sum(u) AS s, sum(u * u) AS q FROM u), \
         p AS (SELECT sum(a.u * b.u) AS p FROM u a JOIN u b ON b.i = a.i + 1), \
         e AS (SELECT sum(u) AS e FROM u WHERE i = 1 OR i = (SELECT max(i) FROM t)) \
         SELECT CAST(n * n * p - n * s * (2 * s - e) + (n - 1) * s * s AS DOUBLE) \
         / CAST(n * n * q - n * s * s AS DOUBLE) AS r FROM s CROSS JOIN p CROSS JOIN e";
    for set in univariate() {
        agree(set.name, numbers(sql, &table(&set))[0], set.autocorrelation);
    }
}

//! Norris (one predictor) and Longley (six, nearly collinear).
//!
//! What SQL cannot say: Longley's normal equations are exact sums, but solving them exactly takes
//! integers of some 90 digits and a decimal has 38; so either the seven equations leave SQL to be
//! solved, or SQL orthogonalises column by column in floats, a query per step.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, RecordBatch, StringArray};
use arrow::datatypes::Float64Type;
use num_rational::BigRational;

use super::steps::step;
use super::univariate::{agree, numbers};
use crate::exact::oracle::{rational, whole};
use crate::sql::fixture::{Tables, ask, cut, one, text};

fn norris() -> RecordBatch {
    let data = include_str!("../../../datasets/samples/nist/Norris.dat");
    let rows: Vec<Vec<&str>> = data
        .lines()
        .skip(60)
        .map(|line| line.split_whitespace().collect::<Vec<_>>())
        .filter(|cells| !cells.is_empty())
        .collect();
    assert_eq!(rows.len(), 36);
    let column = |at: usize| -> ArrayRef {
        Arc::new(StringArray::from_iter_values(rows.iter().map(|row| row[at])))
    };
    RecordBatch::try_from_iter([("y", column(0)), ("x", column(1))]).unwrap()
}

/// B0, B1, their deviations, the residual deviation, R², sums of squares of regression and
/// residual, F.
const NORRIS: [f64; 9] = [
    -0.262323073774029,
    1.00211681802045,
    0.232818234301152,
    0.000429796848199937,
    0.884796396144373,
    0.999993745883712,
    4255954.13232369,
    26.6173985294224,
    5436385.54079785,
];

#[test]
fn norris_by_exact_sums() {
    let sql = "WITH v AS (SELECT CAST(x AS DECIMAL(6,1)) AS x, CAST(y AS DECIMAL(6,1)) AS y FROM t), \
         s AS (SELECT CAST(count(*) AS DECIMAL(6,0)) AS n, sum(x) AS x, sum(y) AS y, \
         sum(x * x) AS xx, sum(x * y) AS xy, sum(y * y) AS yy FROM v), \
         c AS (SELECT n, xx AS q, n * xx - x * x AS xx, n * xy - x * y AS xy, n * yy - y * y AS yy, \
         xx * y - x * xy AS b FROM s), \
         r AS (SELECT CAST(n AS DOUBLE) AS n, CAST(q AS DOUBLE) AS q, CAST(xx AS DOUBLE) AS xx, \
         CAST(xy AS DOUBLE) AS xy, CAST(yy AS DOUBLE) AS yy, CAST(b AS DOUBLE) AS b, \
         CAST(xx * yy - xy * xy AS DOUBLE) AS rest FROM c), \
         d AS (SELECT *, sqrt(rest / xx / n / (n - 2)) AS sd FROM r) \
         SELECT b / xx AS b0, xy / xx AS b1, sd * sqrt(q / xx) AS s0, sd * sqrt(n / xx) AS s1, sd, \
         xy * xy / (xx * yy) AS r2, xy * xy / xx / n AS ssr, rest / xx / n AS sse, \
         xy * xy / rest * (n - 2) AS f FROM d";
    let tables: Tables = BTreeMap::from([("t".to_owned(), cut(&norris(), 7, 3))]);
    for (at, (found, certified)) in numbers(sql, &tables).into_iter().zip(NORRIS).enumerate() {
        agree(&format!("Norris {at}"), found, certified);
    }
}

/// The same by SQL's own regression functions, over decimals: nothing but the question.
#[test]
fn norris_by_regression_functions() {
    let sql = "WITH v AS (SELECT CAST(x AS {kind}) AS x, CAST(y AS {kind}) AS y FROM t), \
         r AS (SELECT regr_intercept(y, x) AS b0, regr_slope(y, x) AS b1, regr_r2(y, x) AS r2, \
         regr_sxx(y, x) AS sxx, regr_syy(y, x) AS syy, regr_avgx(y, x) AS mean, \
         regr_count(y, x) AS n FROM v), \
         d AS (SELECT *, sqrt(syy * (1 - r2) / (n - 2)) AS rough FROM r) \
         SELECT b0, b1, r2, b1 * b1 * sxx AS ssr, rough FROM d";
    let tables: Tables = BTreeMap::from([("t".to_owned(), cut(&norris(), 7, 3))]);
    let found = numbers(&sql.replace("{kind}", "DECIMAL(6,1)"), &tables);
    for (at, certified) in [NORRIS[0], NORRIS[1], NORRIS[5], NORRIS[6]].into_iter().enumerate() {
        agree(&format!("Norris {at}"), found[at], certified);
    }
    // 1 − R² has 5 digits fewer than R².
    assert!(((found[4] - NORRIS[4]) / NORRIS[4]).abs() < 1e-9, "{}", found[4]);
    let floats = numbers(&sql.replace("{kind}", "DOUBLE"), &tables);
    for (at, permitted) in [(0, 1e-12), (1, 1e-14), (2, 1e-14), (3, 1e-14)] {
        let error = ((floats[at] - found[at]) / found[at]).abs();
        assert!(error < permitted, "Norris {at} as floats: {error:e}");
    }
}

/// Totals and six predictors, then a column of ones.
const COLUMNS: [&str; 7] = ["totemp", "gnpdefl", "gnp", "unemp", "armed", "pop", "year"];

/// The coefficients of the predictors, then the constant.
const LONGLEY: [f64; 7] = [
    15.0618722713733,
    -0.0358191792925910,
    -2.02022980381683,
    -1.03322686717359,
    -0.0511041056535807,
    1829.15146461355,
    -3482258.63459582,
];

fn longley() -> RecordBatch {
    let data = include_str!("../../../datasets/samples/nist/longley.csv");
    let rows: Vec<Vec<&str>> =
        data.lines().skip(1).map(|line| line.split(',').skip(1).collect()).collect();
    assert_eq!(rows.len(), 16);
    let column = |at: usize| -> ArrayRef {
        Arc::new(StringArray::from_iter_values(rows.iter().map(|row| row[at])))
    };
    RecordBatch::try_from_iter(COLUMNS.iter().enumerate().map(|(at, name)| (*name, column(at))))
        .unwrap()
}

/// A decimal as it is printed.
fn exactly(text: &str) -> BigRational {
    let (integer, places) = text.split_once('.').unwrap_or((text, ""));
    let digits = format!("{integer}{places}");
    let tens = (0..places.len()).fold(rational(1.0), |tens, _| tens * rational(10.0));
    whole(digits.parse().unwrap()) / tens
}

/// Gauss and Jordan, in rationals.
fn solve(mut rows: Vec<Vec<BigRational>>) -> Vec<BigRational> {
    for at in 0..rows.len() {
        let pivot = rows[at][at].clone();
        assert!(pivot != rational(0.0));
        let own: Vec<BigRational> = rows[at].iter().map(|value| value / &pivot).collect();
        rows[at].clone_from(&own);
        for (other, row) in rows.iter_mut().enumerate() {
            if other != at {
                let times = row[at].clone();
                row.iter_mut().zip(&own).for_each(|(value, own)| *value -= &times * own);
            }
        }
    }
    rows.into_iter().map(|mut row| row.pop().unwrap()).collect()
}

#[test]
fn longley_by_exact_sums() {
    // The predictors and the constant, then what they explain.
    let terms: Vec<String> = COLUMNS[1..]
        .iter()
        .copied()
        .chain(["1", COLUMNS[0]])
        .map(|name| format!("CAST({name} AS DECIMAL(9,1))"))
        .collect();
    let sums: Vec<String> = (0..7)
        .flat_map(|row| (0..8).map(move |column| (row, column)))
        .map(|(row, column)| format!("sum({} * {}) AS s{row}{column}", terms[row], terms[column]))
        .collect();
    let sql = format!("SELECT {} FROM t", sums.join(", "));
    let tables: Tables = BTreeMap::from([("t".to_owned(), cut(&longley(), 3, 5))]);
    let answer = ask(&sql, &tables).unwrap();
    let rows = (0..7)
        .map(|row| (0..8).map(|at| exactly(&text(&answer, 8 * row + at, 0))).collect())
        .collect();
    let tolerance = rational(5e-15);
    for (found, certified) in solve(rows).into_iter().zip(LONGLEY) {
        let certified = rational(certified);
        let error = (found - &certified) / &certified;
        assert!(error < tolerance && error > -&tolerance, "{error}");
    }
}

/// Each predictor in turn is stripped of the others, so its coefficient is that of what remains
/// of it (Frisch, Waugh and Lovell). Sums are exact; the products and differences are floats'.
#[test]
fn longley_by_steps() {
    let casts: Vec<String> =
        COLUMNS.iter().map(|name| format!("CAST({name} AS DOUBLE) AS {name}")).collect();
    let floats = step(&longley(), &format!("SELECT {} FROM t", casts.join(", ")));
    let of = |columns: &[&str], what: &dyn Fn(&str) -> String| -> String {
        columns.iter().map(|name| what(name)).collect::<Vec<_>>().join(", ")
    };
    let centred = step(
        &floats,
        &format!(
            "SELECT {} FROM t CROSS JOIN (SELECT {} FROM t) m",
            of(&COLUMNS, &|name| format!("t.{name} - m.{name} AS {name}")),
            of(&COLUMNS, &|name| format!("avg({name}) AS {name}")),
        ),
    );
    let mut found = Vec::new();
    for wanted in &COLUMNS[1..] {
        let mut table = centred.clone();
        let mut left: Vec<&str> = COLUMNS.to_vec();
        for pivot in COLUMNS[1..].iter().filter(|name| *name != wanted) {
            left.retain(|name| name != pivot);
            let sums = of(&left, &|name| format!("sum({pivot} * {name}) AS {name}"));
            let rest =
                of(&left, &|name| format!("t.{name} - m.{name} / m.n * t.{pivot} AS {name}"));
            table = step(
                &table,
                &format!(
                    "SELECT {rest} FROM t CROSS JOIN \
                     (SELECT sum({pivot} * {pivot}) AS n, {sums} FROM t) m"
                ),
            );
        }
        let sql = format!("SELECT sum({wanted} * totemp) / sum({wanted} * {wanted}) AS b FROM t");
        found.push(numbers(&sql, &one("t", &table))[0]);
    }
    let means = step(
        &floats,
        &format!("SELECT {} FROM t", of(&COLUMNS, &|name| { format!("avg({name}) AS {name}") })),
    );
    let mean = |at: usize| means.column(at).as_primitive::<Float64Type>().value(0);
    let constant = (1..7).fold(mean(0), |rest, at| rest - found[at - 1] * mean(at));
    found.push(constant);
    for (found, certified) in found.into_iter().zip(LONGLEY) {
        let error = ((found - certified) / certified).abs();
        assert!(error < 5e-12, "{found:e} against {certified:e}: {error:e}");
    }
}

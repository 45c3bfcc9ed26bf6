//! One-way analysis of variance of all eleven sets, in one SELECT.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use num_rational::BigRational;

use super::sets::{Certified, simon_lesage};
use super::univariate::{agree, numbers};
use crate::exact::oracle::rational;
use crate::sql::fixture::{Tables, cut};

type Rows = Vec<(i64, String)>;

fn tables(rows: &Rows) -> Tables {
    let i: ArrayRef = Arc::new(Int64Array::from_iter_values(rows.iter().map(|row| row.0)));
    let y: ArrayRef = Arc::new(StringArray::from_iter_values(rows.iter().map(|row| &row.1)));
    let table = RecordBatch::try_from_iter([("i", i), ("y", y)]).unwrap();
    BTreeMap::from([("t".to_owned(), cut(&table, 1_000, 1))])
}

/// Sums of squares between and within treatments, F, R² and the residual deviation.
fn analysis(rows: &Rows, kind: &str) -> Certified {
    let sql = format!(
        "WITH v AS (SELECT i, CAST(y AS {kind}) AS y FROM t), \
         g AS (SELECT var_samp(y) * (count(*) - 1) AS ss FROM v GROUP BY i), \
         w AS (SELECT sum(ss) AS within, count(*) AS k FROM g), \
         a AS (SELECT var_samp(y) * (count(*) - 1) AS total, count(*) AS n FROM v) \
         SELECT total - within AS b, within, (total - within) / (k - 1) / (within / (n - k)) AS f, \
         (total - within) / total AS r2, sqrt(within / (n - k)) AS sd FROM w CROSS JOIN a"
    );
    let found = numbers(&sql, &tables(rows));
    Certified {
        between: found[0],
        within: found[1],
        f: found[2],
        r2: found[3],
        deviation: found[4],
    }
}

fn all_agree(name: &str, found: &Certified, certified: &Certified) {
    agree(name, found.between, certified.between);
    agree(name, found.within, certified.within);
    agree(name, found.f, certified.f);
    agree(name, found.r2, certified.r2);
    agree(name, found.deviation, certified.deviation);
}

#[test]
fn generated_sets() {
    let layouts = simon_lesage();
    assert_eq!(layouts.len(), 9);
    for layout in layouts {
        let rows = layout.rows();
        assert_eq!(rows.len(), 9 * layout.replicates);
        all_agree(layout.name, &analysis(&rows, "DECIMAL(18,1)"), &layout.certified);
    }
}

fn observed(text: &str, first: usize) -> Rows {
    let row = |line: &str| {
        let (treatment, response) = line.trim().split_once(char::is_whitespace).unwrap();
        (treatment.parse().unwrap(), response.trim().to_owned())
    };
    text.lines().skip(first - 1).filter(|line| !line.trim().is_empty()).map(row).collect()
}

#[test]
fn observed_sets() {
    let resistance = observed(include_str!("../../../datasets/samples/nist/SiRstv.dat"), 61);
    assert_eq!(resistance.len(), 25);
    let certified = Certified {
        between: 5.114_626_16e-2,
        within: 2.16636560000000e-1,
        f: 1.18046237440255,
        r2: 1.90999039051129e-1,
        deviation: 1.04076068334656e-1,
    };
    all_agree("SiRstv", &analysis(&resistance, "DECIMAL(12,4)"), &certified);
    let silver = observed(include_str!("../../../datasets/samples/nist/AtmWtAg.dat"), 61);
    assert_eq!(silver.len(), 48);
    let certified = Certified {
        between: 3.63834187500000e-9,
        within: 1.04951729166667e-8,
        f: 15.946_733_567_793,
        r2: 2.57426544538321e-1,
        deviation: 1.51048314446410e-5,
    };
    all_agree("AtmWtAg", &analysis(&silver, "DECIMAL(12,7)"), &certified);
}

/// Σ(y − mean of its treatment)² over the floats that the texts become, in rationals.
fn within(rows: &Rows) -> BigRational {
    // Few values, many times each: one term per value.
    let mut times: HashMap<(i64, u64), u32> = HashMap::new();
    for (treatment, text) in rows {
        let float: f64 = text.parse().unwrap();
        *times.entry((*treatment, float.to_bits())).or_default() += 1;
    }
    let treatments = rows.iter().map(|row| row.0).max().unwrap();
    let mut spread = rational(0.0);
    for treatment in 1..=treatments {
        let own: Vec<(BigRational, BigRational)> = times
            .iter()
            .filter(|((of, _), _)| *of == treatment)
            .map(|((_, bits), &n)| (rational(f64::from_bits(*bits)), rational(f64::from(n))))
            .collect();
        let zero = || rational(0.0);
        let count = own.iter().fold(zero(), |sum, (_, n)| sum + n);
        let mean = own.iter().fold(zero(), |sum, (y, n)| sum + y * n) / count;
        spread = own.iter().fold(spread, |sum, (y, n)| sum + (y - &mean) * (y - &mean) * n);
    }
    spread
}

/// As floats the numbers of the harder sets are others; the answer is that of the floats.
#[test]
fn floats_have_the_digits_that_their_inputs_permit() {
    for layout in simon_lesage() {
        let rows = layout.rows();
        let found = analysis(&rows, "DOUBLE").within;
        let exact = within(&rows);
        let error = (rational(found) - &exact) / &exact;
        let tolerance = rational(2e-15);
        assert!(error < tolerance && error > -&tolerance, "{}: {error}", layout.name);
        let certified = layout.certified.within;
        let digits = -((found - certified) / certified).abs().log10();
        let permitted = match layout.leading.len() {
            1 => 14.0,
            7 => 8.0,
            _ => 2.0,
        };
        assert!(digits >= permitted, "{}: {digits:.1} digits", layout.name);
    }
}

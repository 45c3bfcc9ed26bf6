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

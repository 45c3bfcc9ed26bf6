//! Identical, within tolerance, different: with the first differing column and row.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::*;
use veritrail_compute::run::Tolerance;
use veritrail_compute::run::compare::{Comparison, compare};
use veritrail_provenance::statement::Outcome;

fn table(names: &[&str], x: &[f64], n: &[i64]) -> RecordBatch {
    let names_column: ArrayRef = Arc::new(StringArray::from(names.to_vec()));
    let x: ArrayRef = Arc::new(Float64Array::from(x.to_vec()));
    let n: ArrayRef = Arc::new(Int64Array::from(n.to_vec()));
    RecordBatch::try_from_iter([("g", names_column), ("x", x), ("n", n)]).unwrap()
}

fn against(found: &RecordBatch, tolerance: &[(&str, Tolerance)]) -> Comparison {
    let expected = table(&["a", "b"], &[1.0, 100.0], &[1, 2]);
    let tolerance: BTreeMap<String, Tolerance> =
        tolerance.iter().map(|(name, t)| ((*name).to_owned(), *t)).collect();
    compare(&expected, found, &tolerance).unwrap()
}

fn difference(comparison: &Comparison) -> (String, u64, String, String) {
    let d = comparison.difference.clone().unwrap();
    (d.column, d.row, d.expected, d.found)
}

#[test]
fn identical() {
    let same = against(&table(&["a", "b"], &[1.0, 100.0], &[1, 2]), &[]);
    assert_eq!(same, Comparison { outcome: Outcome::Identical, difference: None });
}

#[test]
fn the_first_difference_is_named_by_row_then_column() {
    let found = against(&table(&["a", "c"], &[1.0, 100.5], &[1, 3]), &[]);
    assert_eq!(found.outcome, Outcome::Different);
    assert_eq!(difference(&found), ("g".into(), 1, "b".into(), "c".into()));
    let found = against(&table(&["a", "c"], &[1.0, 100.0], &[7, 2]), &[]);
    assert_eq!(difference(&found), ("n".into(), 0, "1".into(), "7".into()));
    let found = against(&table(&["a", "b"], &[f64::NAN, 100.0], &[1, 2]), &[]);
    assert_eq!(difference(&found), ("x".into(), 0, "1.0".into(), "NaN".into()));
}

#[test]
fn signed_zeros_differ() {
    let zero = table(&["a"], &[0.0], &[1]);
    let minus = table(&["a"], &[-0.0], &[1]);
    let found = compare(&zero, &minus, &BTreeMap::new()).unwrap();
    assert_eq!(difference(&found), ("x".into(), 0, "0.0".into(), "-0.0".into()));
}

#[test]
fn tolerances_are_per_column_and_never_stretch_to_nan() {
    let absolute = |x| Tolerance { absolute: Some(x), relative: None };
    let relative = |x| Tolerance { absolute: None, relative: Some(x) };
    let near = table(&["a", "b"], &[1.0, 100.5], &[1, 2]);
    assert_eq!(against(&near, &[("x", absolute(0.5))]).outcome, Outcome::WithinTolerance);
    assert_eq!(against(&near, &[("x", absolute(0.4))]).outcome, Outcome::Different);
    assert_eq!(against(&near, &[("x", relative(0.005))]).outcome, Outcome::WithinTolerance);
    assert_eq!(against(&near, &[("x", relative(0.004))]).outcome, Outcome::Different);
    assert_eq!(against(&near, &[("n", absolute(9.0))]).outcome, Outcome::Different);
    let nan = table(&["a", "b"], &[1.0, f64::NAN], &[1, 2]);
    assert_eq!(against(&nan, &[("x", absolute(1e308))]).outcome, Outcome::Different);
    let found = against(&near, &[("x", absolute(1.0))]);
    assert_eq!(difference(&found), ("x".into(), 1, "100.0".into(), "100.5".into()));
    // A tolerated difference does not hide a later one that is not.
    let both = table(&["a", "b"], &[1.1, 100.0], &[1, 3]);
    let found = against(&both, &[("x", absolute(1.0))]);
    assert_eq!(found.outcome, Outcome::Different);
    assert_eq!(difference(&found).0, "n");
}

#[test]
fn other_shapes_differ() {
    let short = against(&table(&["a"], &[1.0], &[1]), &[]);
    assert_eq!(difference(&short), ("(rows)".into(), 1, "2 rows".into(), "1 rows".into()));
    let narrow = table(&["a", "b"], &[1.0, 100.0], &[1, 2]).project(&[0, 1]).unwrap();
    let found = against(&narrow, &[]);
    assert_eq!(
        difference(&found),
        ("column 2".into(), 0, "n Int64".into(), "no such column".into())
    );
}

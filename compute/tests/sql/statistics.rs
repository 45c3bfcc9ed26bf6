//! Median, percentiles and the aggregates that follow an order of their own or none.

use std::sync::Arc;

use arrow::array::*;
use arrow::datatypes::{DataType, Field, Schema};
use num_rational::BigRational;
use proptest::prelude::*;
use veritrail_compute::sql::SqlError;

use super::fixture::*;

#[test]
fn the_middle_is_interpolated_exactly() {
    let tables = one("t", &floats(&[1.0, 10.0, 2.0, 7.0]));
    for (call, expected) in [
        ("median(x)", "4.5"),
        ("percentile_cont(x, 0.5)", "4.5"),
        ("quantile_cont(x, 0)", "1.0"),
        ("percentile_cont(x, 1)", "10.0"),
        ("percentile_cont(0.25) WITHIN GROUP (ORDER BY x)", "1.75"),
        ("percentile_cont(0.25) WITHIN GROUP (ORDER BY x DESC)", "7.75"),
        ("quantile_cont(x, 0.9 ORDER BY x)", "9.1"),
        ("percentile_cont(x, 0.5) FILTER (WHERE x > 5)", "8.5"),
        ("median(x) FILTER (WHERE x > 50)", "null"),
    ] {
        assert_eq!(value(&format!("SELECT {call} FROM t"), &tables), expected, "{call}");
    }
    let tables = one("t", &floats(&[1.0, 1.0, 1.0, 5.0]));
    assert_eq!(rows("SELECT median(x), median(DISTINCT x) FROM t", &tables), ["1.0|3.0"]);
}

/// A fraction is the decimal that was written: 0.1 of the way through 11 values is the second
/// one, though the float written 0.1 lies a little further.
#[test]
fn a_fraction_is_the_decimal_that_was_written() {
    let mut values = vec![0.0, 1.0];
    values.extend([1e300; 9]);
    let tables = one("t", &floats(&values));
    assert_eq!(value("SELECT percentile_cont(x, 0.1) FROM t", &tables), "1.0");
    assert_eq!(value("SELECT percentile_cont(x, 0.3) FROM t", &tables), "1e300");
}

#[test]
fn infinities_nan_and_zeros_have_their_place() {
    let inf = f64::INFINITY;
    for (values, expected) in [
        (vec![-inf, inf], "NaN"),
        (vec![1.0, inf], "inf"),
        (vec![-inf, 1.0], "-inf"),
        (vec![inf, inf], "inf"),
        (vec![1.0, 2.0, f64::NAN], "2.0"),
        (vec![1.0, f64::NAN], "NaN"),
        (vec![-0.0, 0.0, -0.0], "-0.0"),
        (vec![1e308, 1.5e308], "1.25e308"),
        (vec![5e-324, 5e-324, 5e-324, 1e-323], "5e-324"),
    ] {
        let tables = one("t", &floats(&values));
        assert_eq!(value("SELECT median(x) FROM t", &tables), expected, "{values:?}");
    }
}

#[test]
fn integers_and_decimals_are_taken_in_their_own_type() {
    let schema = Schema::new(vec![
        Field::new("n", DataType::Int64, true),
        Field::new("u", DataType::UInt64, true),
        Field::new("d", DataType::Decimal128(38, 2), true),
    ]);
    let columns: Vec<ArrayRef> = vec![
        Arc::new(Int64Array::from(vec![i64::MAX, i64::MIN, -3, -2])),
        Arc::new(UInt64Array::from(vec![u64::MAX, u64::MAX - 2, 0, 0])),
        Arc::new(
            Decimal128Array::from(vec![10, 15, -(10i128.pow(30)), 10i128.pow(30)])
                .with_precision_and_scale(38, 2)
                .unwrap(),
        ),
    ];
    let tables = one("t", &RecordBatch::try_new(Arc::new(schema), columns).unwrap());
    assert_eq!(
        rows("SELECT median(n), median(u), median(d), percentile_cont(d, 1) FROM t", &tables),
        ["-2.5|9.223372036854776e18|0.125|1e28"]
    );
}

#[test]
fn odd_fractions_and_types_are_explained() {
    let tables = both();
    for (call, part) in [
        ("percentile_cont(x, 1.5)", "from 0 to 1"),
        ("percentile_cont(x, -0.1)", "from 0 to 1"),
        ("percentile_cont(x, z)", "constant"),
        ("percentile_cont(x)", "2 arguments"),
        ("median(g)", "takes numbers"),
        ("bool_and(x)", "truth values"),
        ("bit_or(x)", "integers"),
        ("first_value(x)", "ORDER BY"),
        ("string_agg(g)", "separator"),
        ("string_agg(g, label)", "label"),
    ] {
        let message = ask(&format!("SELECT {call} FROM t"), &tables).unwrap_err().to_string();
        assert!(message.contains(part), "{call}: {message}");
    }
}

#[test]
fn bits_truth_and_texts_do_not_depend_on_order() {
    let tables = both();
    assert_eq!(
        rows(
            "SELECT bool_and(w > 0), bool_or(w > 0), string_agg(label, ','), \
             string_agg(label, '-' ORDER BY g DESC NULLS LAST, label DESC), \
             string_agg(DISTINCT g, '') FROM s",
            &tables
        ),
        ["false|true|none,null,one,two,zwei|none-zwei-two-one-null|abzz"]
    );
    assert_eq!(
        rows(
            "SELECT bit_and(y), bit_or(y), bit_xor(y), bit_xor(DISTINCT y) FROM (VALUES (6), (3), (6)) AS v(y)",
            &tables
        ),
        ["2|7|3|5"]
    );
    assert_eq!(
        rows(
            "SELECT g, first_value(label ORDER BY w DESC) AS f, last_value(w ORDER BY label) AS l \
             FROM s GROUP BY g",
            &tables
        ),
        ["null|null|-0.0", "a|one|0.1", "b|two|-1e300", "zz|none|null"]
    );
}

#[test]
fn moving_frames_serve_every_aggregate() {
    let tables = one("t", &floats(&[3.0, 1.0, 4.0, 1.0, 5.0, 9.0]));
    // In order: 1, 1, 3, 4, 5, 9.
    assert_eq!(
        rows(
            "SELECT x, max(x) OVER w AS a, min(x) OVER w AS b, median(x) OVER w AS c, \
             count(DISTINCT x) OVER w AS d, max(x) FILTER (WHERE x < 5) OVER w AS e FROM t \
             WINDOW w AS (ORDER BY x ROWS BETWEEN 2 PRECEDING AND CURRENT ROW)",
            &tables
        ),
        [
            "1.0|1.0|1.0|1.0|1|1.0",
            "1.0|1.0|1.0|1.0|1|1.0",
            "3.0|3.0|1.0|1.0|2|3.0",
            "4.0|4.0|1.0|3.0|3|4.0",
            "5.0|5.0|3.0|4.0|3|4.0",
            "9.0|9.0|4.0|5.0|3|4.0",
        ]
    );
}

/// A finite float, or a small whole number, as the rational that it is.
fn exact(value: f64) -> BigRational {
    BigRational::from_float(value).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Against exact rationals, over floats of all sizes, at a random place.
    #[test]
    fn quantiles_are_the_nearest_floats(
        bits in proptest::collection::vec(any::<u64>(), 1..40),
        thousandths in 0u32..=1000,
    ) {
        let mut values: Vec<f64> =
            bits.into_iter().map(f64::from_bits).filter(|x| x.is_finite()).collect();
        prop_assume!(!values.is_empty());
        let tables = one("t", &floats(&values));
        let sql = format!("SELECT percentile_cont(x, {}) FROM t", f64::from(thousandths) / 1000.0);
        let found: f64 = value(&sql, &tables).parse().unwrap();
        values.sort_by(f64::total_cmp);
        let steps = f64::from(thousandths) * (values.len() - 1) as f64;
        let place = exact(steps) / exact(1000.0);
        let weight = place.fract();
        let low = place.to_integer();
        let low: usize = low.to_string().parse().unwrap();
        let (a, b) = (exact(values[low]), exact(values[(low + 1).min(values.len() - 1)]));
        let expected = &a + weight * (b - &a);
        // No float is nearer.
        let distance = |x: f64| {
            let difference = exact(x) - &expected;
            if difference < exact(0.0) { -difference } else { difference }
        };
        for other in [found.next_up(), found.next_down()] {
            if other.is_finite() {
                prop_assert!(distance(found) <= distance(other), "{found} for {expected}");
            }
        }
    }
}

#[test]
fn a_table_without_values_has_no_median() {
    let tables = one("t", &floats(&[]));
    assert_eq!(
        rows(
            "SELECT median(x), percentile_cont(x, 0.5), bit_or(1), string_agg('a', ',') FROM t",
            &tables
        ),
        ["null|null|null|null"]
    );
    let error = ask("SELECT any_value(x) FROM t", &tables).unwrap_err();
    assert!(matches!(error, SqlError::Refused { .. }), "{error:?}");
}

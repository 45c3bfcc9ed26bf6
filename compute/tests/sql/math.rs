//! Elementary functions against recorded values of a second library, and rounding to digits.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::*;
use arrow::datatypes::{DataType, Field, Float64Type, Schema};
use veritrail_compute::sql::SqlError;

use super::fixture::*;

/// Floats as integers of the same order, so that neighbours differ by one.
fn place(value: f64) -> i64 {
    let bits = value.to_bits() as i64;
    if bits < 0 { i64::MIN - bits } else { bits }
}

#[test]
fn recorded_values_hold_to_the_last_bit() {
    let mut functions: BTreeMap<&str, Vec<Vec<f64>>> = BTreeMap::new();
    let vectors = include_str!("math_vectors.txt");
    for line in vectors.lines().filter(|line| !line.starts_with('#')) {
        let (name, numbers) = line.split_once(' ').unwrap();
        let numbers =
            numbers.split(' ').map(|n| f64::from_bits(u64::from_str_radix(n, 16).unwrap()));
        functions.entry(name).or_default().push(numbers.collect());
    }
    assert!(functions.len() >= 23, "{}", functions.len());
    for (name, rows) in functions {
        let count = rows[0].len();
        let mut fields = vec![Field::new("id", DataType::Int64, false)];
        let mut columns: Vec<ArrayRef> =
            vec![Arc::new(Int64Array::from_iter_values(0..rows.len() as i64))];
        for (at, argument) in ["a", "b"].iter().enumerate().take(count - 2) {
            fields.push(Field::new(*argument, DataType::Float64, false));
            columns.push(Arc::new(Float64Array::from_iter_values(rows.iter().map(|r| r[at]))));
        }
        let table = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap();
        let arguments = if count == 3 { "a" } else { "a, b" };
        let sql = format!("SELECT id, {name}({arguments}) AS v FROM t ORDER BY id");
        let answer = ask(&sql, &one("t", &table)).unwrap();
        let values = answer.table.column(1).as_primitive::<Float64Type>();
        for (row, numbers) in rows.iter().enumerate() {
            let [.., nearest, recorded] = numbers.as_slice() else { panic!("{name}") };
            let value = values.value(row);
            assert_eq!(value.to_bits(), recorded.to_bits(), "{name}{numbers:?}: {value}");
            assert!(place(value).abs_diff(place(*nearest)) <= 1, "{name}{numbers:?}: {value}");
        }
    }
}

#[test]
fn edges_are_as_ieee_754_has_them() {
    let tables = one("t", &floats(&[0.0]));
    for (expression, expected) in [
        ("ln(1)", "0.0"),
        ("ln(0)", "-inf"),
        ("ln(-1)", "NaN"),
        ("log(1000)", "3.0"),
        ("log(2, 8)", "3.0"),
        ("log(10, 0.001)", "-3.0"),
        ("log2(0.125)", "-3.0"),
        ("log10(1e22)", "22.0"),
        ("exp(0)", "1.0"),
        ("exp(710)", "inf"),
        ("exp(-1000)", "0.0"),
        ("power(10, 2)", "100.0"),
        ("pow(2, -1)", "0.5"),
        ("power(0, 0)", "1.0"),
        ("power(-8, 1.0 / 3)", "NaN"),
        ("cbrt(27)", "3.0"),
        ("cbrt(-27)", "-3.0"),
        ("sin(-0.0)", "-0.0"),
        ("cos(0)", "1.0"),
        ("asin(2)", "NaN"),
        ("atan2(0.0, -1.0)", "3.141592653589793"),
        ("acosh(1)", "0.0"),
        ("atanh(1)", "inf"),
        ("pi()", "3.141592653589793"),
        ("degrees(pi())", "180.0"),
        ("radians(180)", "3.141592653589793"),
        ("cot(0.0)", "inf"),
        ("signum(-3.5)", "-1.0"),
        ("factorial(20)", "2432902008176640000"),
        ("gcd(12, 18)", "6"),
        ("lcm(4, 6)", "12"),
        ("isnan(ln(-1))", "true"),
        ("iszero(-0.0)", "true"),
        ("nanvl(ln(-1), 7)", "7.0"),
        ("greatest(1.5, ln(-1), 2)", "NaN"),
        ("least(0.0, -0.0)", "-0.0"),
        ("least(NULL, 2, 3)", "2"),
        ("ln(CAST(NULL AS DOUBLE))", "null"),
        ("ln(CAST('2.5' AS DECIMAL(3,1)))", "0.9162907318741551"),
        ("nvl(CAST(NULL AS BIGINT), 4)", "4"),
        ("ifnull(3, 4)", "3"),
        ("nvl2(1, 2, 3)", "2"),
    ] {
        assert_eq!(
            value(&format!("SELECT {expression} FROM t"), &tables),
            expected,
            "{expression}"
        );
    }
    for expression in ["factorial(21)", "lcm(9223372036854775807, 2)", "sqrt(-1.0)"] {
        let error = ask(&format!("SELECT {expression} FROM t"), &tables).unwrap_err();
        assert!(matches!(error, SqlError::Execution(_)), "{expression}: {error:?}");
    }
}

#[test]
fn rounding_goes_by_the_digits_that_a_value_has() {
    let tables = one("t", &floats(&[0.0]));
    for (expression, expected) in [
        ("round(2.5)", "3.0"),
        ("round(-2.5)", "-3.0"),
        ("round(0.49999999999999994)", "0.0"),
        ("round(-0.4)", "-0.0"),
        // The floats written 2.675 and 1.005 lie below, 2.685 lies above.
        ("round(2.675, 2)", "2.67"),
        ("round(1.005, 2)", "1.0"),
        ("round(2.685, 2)", "2.69"),
        ("round(0.125, 2)", "0.13"),
        ("round(-0.125, 2)", "-0.13"),
        ("round(1e300, 2)", "1e300"),
        ("round(5e-324, 400)", "5e-324"),
        ("round(5e-324, 323)", "0.0"),
        ("round(1234.5, -2)", "1200.0"),
        ("round(50.0, -2)", "100.0"),
        ("round(49.9, -2)", "0.0"),
        ("round(99.95, 1)", "100.0"),
        ("round(1e22, -22)", "1e22"),
        ("round(ln(-1), 3)", "NaN"),
        ("round(1e308 * 10, 3)", "inf"),
        ("trunc(2.999)", "2.0"),
        ("trunc(-2.999, 2)", "-2.99"),
        ("trunc(1299.0, -2)", "1200.0"),
        ("round(1250, -2)", "1300"),
        ("round(-1250, -2)", "-1300"),
        ("trunc(1299, -2)", "1200"),
        ("round(7, 3)", "7"),
        ("round(7, -40)", "0"),
        ("round(CAST('9.995' AS DECIMAL(4,3)), 2)", "10.000"),
        ("round(CAST('-0.5' AS DECIMAL(2,1)))", "-1.0"),
        ("trunc(CAST('9.99' AS DECIMAL(3,2)), 1)", "9.90"),
        ("round(CAST(NULL AS DOUBLE), 1)", "null"),
        ("round(1.5, CAST(NULL AS BIGINT))", "null"),
    ] {
        assert_eq!(
            value(&format!("SELECT {expression} FROM t"), &tables),
            expected,
            "{expression}"
        );
    }
    let error = ask("SELECT round(9223372036854775807, -1) FROM t", &tables).unwrap_err();
    assert!(matches!(error, SqlError::Execution(_)), "{error:?}");
}

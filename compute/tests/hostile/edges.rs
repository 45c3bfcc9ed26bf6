//! Columns without values, tables without rows, one row, infinities, sums beyond the range.

use std::sync::Arc;

use arrow::array::*;
use arrow::datatypes::DataType;

use crate::matrix::calls::{calls, select};
use crate::sql::fixture::{Tables, floats, one, rows, value};

fn nulls(rows: usize) -> Tables {
    let null = |kind: &DataType| new_null_array(kind, rows);
    let table = RecordBatch::try_from_iter([
        (
            "g",
            Arc::new(Int64Array::from_iter_values((0..rows as i64).map(|row| row % 2))) as ArrayRef,
        ),
        ("f", null(&DataType::Float64)),
        ("i", null(&DataType::Int64)),
        ("u", null(&DataType::UInt64)),
        ("d", null(&DataType::Decimal128(10, 2))),
    ])
    .unwrap();
    one("t", &table)
}

/// Nothing was added: a count is 0 and all else is null.
fn of_nothing(cells: &str) {
    for (call, cell) in calls().iter().zip(cells.split('|')) {
        let nothing = if call.name.ends_with("count") { "0" } else { "null" };
        assert_eq!(cell, nothing, "{}", call.name);
    }
}

#[test]
fn columns_of_nulls() {
    for column in ["f", "i", "u", "d"] {
        let all = select(calls().iter().map(|call| call.over(column, column)));
        let found = rows(&format!("SELECT {all} FROM t"), &nulls(10));
        assert_eq!(found.len(), 1);
        of_nothing(&found[0]);
        let found = rows(&format!("SELECT {all} FROM t GROUP BY g"), &nulls(10));
        assert_eq!(found.len(), 2);
        found.iter().for_each(|row| of_nothing(row));
    }
    assert_eq!(value("SELECT count(*) FROM t", &nulls(10)), "10");
}

#[test]
fn tables_without_rows() {
    for column in ["f", "i", "u", "d"] {
        let all = select(calls().iter().map(|call| call.over(column, column)));
        let found = rows(&format!("SELECT {all} FROM t"), &nulls(0));
        assert_eq!(found.len(), 1);
        of_nothing(&found[0]);
        assert!(rows(&format!("SELECT g, {all} FROM t GROUP BY g"), &nulls(0)).is_empty());
    }
}

#[test]
fn one_row_has_no_sample_variance() {
    let sql =
        "SELECT var_samp(x), stddev_samp(x), var_pop(x), stddev_pop(x), avg(x), sum(x) FROM t";
    for (given, found) in [
        (5.5, "null|null|0.0|0.0|5.5|5.5"),
        (-0.0, "null|null|0.0|0.0|0.0|0.0"),
        (1e308, "null|null|0.0|0.0|1e308|1e308"),
    ] {
        assert_eq!(rows(sql, &one("t", &floats(&[given]))), [found], "{given:e}");
    }
}

#[test]
fn infinities() {
    let sql = "SELECT sum(x), avg(x), var_pop(x), stddev(x), min(x), max(x), count(x) FROM t";
    let (inf, low) = (f64::INFINITY, f64::NEG_INFINITY);
    for (given, found) in [
        (vec![inf, 1.0], "inf|inf|NaN|NaN|1.0|inf|2"),
        (vec![low, 1.0], "-inf|-inf|NaN|NaN|-inf|1.0|2"),
        (vec![inf, low], "NaN|NaN|NaN|NaN|-inf|inf|2"),
        (vec![inf, inf, f64::NAN], "NaN|NaN|NaN|NaN|inf|NaN|3"),
    ] {
        assert_eq!(rows(sql, &one("t", &floats(&given))), [found], "{given:?}");
    }
}

#[test]
fn sums_beyond_the_range() {
    let all = "SELECT sum(x), avg(x), var_pop(x), stddev_pop(x) FROM t";
    // A sum that does not fit is an infinity; the mean and the deviation of the same values fit.
    let many = one("t", &floats(&[1e308; 10]));
    assert_eq!(rows(all, &many), ["inf|1e308|0.0|0.0"]);
    let both = one("t", &floats(&[1e308, -1e308]));
    assert_eq!(rows(all, &both), ["0.0|0.0|inf|1e308"]);
    // What passes beyond the range and comes back is exact.
    let back = one("t", &floats(&[1e308, 1e308, 1e308, -1e308, -1e308, 0.5, -1e308]));
    assert_eq!(value("SELECT sum(x) FROM t", &back), "0.5");
    // The greatest float, and half a last place more: ties go to even, which is beyond.
    let half = f64::MAX - f64::MAX.next_down();
    let edge = one("t", &floats(&[f64::MAX, half / 2.0]));
    assert_eq!(value("SELECT sum(x) FROM t", &edge), "inf");
    let below = one("t", &floats(&[f64::MAX, (half / 2.0).next_down()]));
    assert_eq!(value("SELECT sum(x) FROM t", &below), "1.7976931348623157e308");
}

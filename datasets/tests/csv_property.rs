//! A table written as CSV, found out and scanned, is the table that was written.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Float64Array, Int64Array, RecordBatch, StringArray,
};
use arrow::compute::concat_batches;
use proptest::prelude::*;
use veritrail_datasets::describe::FileDescription;
use veritrail_datasets::ingest::csv::{Scan, infer};

/// One column: the array that is expected back, and how each field is written.
#[derive(Clone, Debug)]
struct Written {
    expected: ArrayRef,
    fields: Vec<String>,
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

/// Builds a column from values and how they are written; a null is an empty field.
fn column<T: Clone>(
    values: &[Option<T>],
    array: impl Fn(Vec<Option<T>>) -> ArrayRef,
    write: impl Fn(&T) -> String,
) -> Written {
    let fields = values.iter().map(|v| v.as_ref().map(&write).unwrap_or_default()).collect();
    Written { expected: array(values.to_vec()), fields }
}

fn ints(values: Vec<Option<i64>>) -> Written {
    column(&values, |v| Arc::new(Int64Array::from(v)), ToString::to_string)
}

fn floats(values: Vec<Option<f64>>) -> Written {
    // The shortest text that reads back, and always one that no integer has.
    column(&values, |v| Arc::new(Float64Array::from(v)), |v| format!("{v:?}"))
}

fn texts(values: Vec<Option<String>>) -> Written {
    column(&values, |v| Arc::new(StringArray::from(v)), |v| quoted(v))
}

fn truths(values: Vec<Option<bool>>) -> Written {
    column(&values, |v| Arc::new(BooleanArray::from(v)), ToString::to_string)
}

fn days(values: Vec<Option<i32>>) -> Written {
    let write = |days: &i32| {
        let day = arrow::temporal_conversions::date32_to_datetime(*days).unwrap();
        day.format("%Y-%m-%d").to_string()
    };
    column(&values, |v| Arc::new(Date32Array::from(v)), write)
}

/// A column of `rows` values of any kind, the first of which is no null: a column of nulls alone
/// has no type of its own.
fn any_column(rows: usize) -> impl Strategy<Value = Written> {
    let first_set = |mut values: Vec<Option<i64>>| {
        values[0].get_or_insert(7);
        ints(values)
    };
    prop_oneof![
        prop::collection::vec(any::<Option<i64>>(), rows).prop_map(first_set),
        prop::collection::vec(
            prop::option::of(
                prop::num::f64::NORMAL | prop::num::f64::ZERO | prop::num::f64::SUBNORMAL
            ),
            rows
        )
        .prop_map(|mut values| {
            values[0] = Some(-1.5);
            floats(values)
        }),
        prop::collection::vec(prop::option::of("[a\",;\r\n\t é0-9.-]{0,8}"), rows).prop_map(
            |mut values| {
                values[0] = Some("no, \"number\"\n".to_owned());
                texts(values)
            }
        ),
        prop::collection::vec(any::<Option<bool>>(), rows).prop_map(|mut values| {
            values[0].get_or_insert(false);
            truths(values)
        }),
        prop::collection::vec(prop::option::of(-700_000..2_900_000i32), rows).prop_map(
            |mut values| {
                values[0].get_or_insert(0);
                days(values)
            }
        ),
    ]
}

fn any_table() -> impl Strategy<Value = (Vec<Written>, char, &'static str)> {
    (1..20usize).prop_flat_map(|rows| {
        let columns = prop::collection::vec(any_column(rows), 2..6);
        let delimiter = prop::sample::select(vec![',', ';', '\t', '|']);
        let line = prop::sample::select(vec!["\n", "\r\n"]);
        (columns, delimiter, line)
    })
}

fn as_csv(columns: &[Written], delimiter: char, line: &str) -> String {
    let delimiter = delimiter.to_string();
    let names: Vec<String> = (0..columns.len()).map(|n| format!("name {n}")).collect();
    let mut text = names.join(&delimiter) + line;
    for row in 0..columns[0].fields.len() {
        let fields: Vec<&str> = columns.iter().map(|c| c.fields[row].as_str()).collect();
        text.push_str(&fields.join(&delimiter));
        text.push_str(line);
    }
    text
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    #[test]
    fn what_was_written_is_read((columns, delimiter, line) in any_table()) {
        let text = as_csv(&columns, delimiter, line);
        let found = infer(text.as_bytes(), &FileDescription::default()).unwrap();
        let expected = RecordBatch::try_new(
            found.schema.arrow(),
            columns.iter().map(|column| Arc::clone(&column.expected)).collect(),
        );
        prop_assert!(expected.is_ok(), "{expected:?}\n{text}");
        let scan = Scan::new(text.as_bytes(), &found.dialect, &found.schema).unwrap();
        let batches: Vec<RecordBatch> = scan.map(Result::unwrap).collect();
        let whole = concat_batches(&found.schema.arrow(), &batches).unwrap();
        prop_assert_eq!(whole, expected.unwrap());
        prop_assert_eq!(found.rows as usize, columns[0].fields.len());
    }
}

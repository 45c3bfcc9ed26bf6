//! Values and names that no table may hold: told to who publishes, with their place.

use std::sync::Arc;

use arrow::array::{ArrayRef, Decimal128Array, Int64Array, RecordBatch, TimestampMillisecondArray};
use bytes::Bytes;
use parquet::file::properties::WriterProperties;
use veritrail_datasets::describe::FileDescription;
use veritrail_datasets::ingest::parquet::{ParquetRefused, inspect};

use crate::parquet_files::{read_all, written};

/// Days from 1970 to the last of the year 9999, which is how many tables write "not yet".
const FAR_DAY: i64 = 2_932_896;

#[test]
fn a_timestamp_that_nanoseconds_do_not_reach_is_refused_with_its_place() {
    let mut millis: Vec<Option<i64>> = (0..10_000).map(|row| Some(row * 86_400_000)).collect();
    millis[9] = None;
    millis[9_321] = Some(FAR_DAY * 86_400_000);
    let until: ArrayRef = Arc::new(TimestampMillisecondArray::from(millis));
    let id: ArrayRef = Arc::new(Int64Array::from_iter_values(0..10_000));
    let batch = RecordBatch::try_from_iter([("id", id), ("until", until)]).unwrap();
    let properties = WriterProperties::builder().set_max_row_group_row_count(Some(9_000)).build();
    let file = written(&batch, properties);
    let inspection = inspect(&file).unwrap();
    let told = "row group 1, row 321, column \"until\": 9999-12-31T00:00:00 lies outside the years \
                1677 to 2262, which timestamps in nanoseconds reach; write such values as null, or \
                the column as a date or as text";
    // By who publishes, and by who reads the column; not by who reads another.
    assert_eq!(inspection.check_values(&file).unwrap_err().to_string(), told);
    let read = |column| inspection.read(&file, 1, &[column]).unwrap().find_map(Result::err);
    assert_eq!(read(1).unwrap().to_string(), told);
    assert!(read(0).is_none());
}

#[test]
fn only_columns_that_may_not_fit_are_read_to_be_checked() {
    let seconds: ArrayRef =
        Arc::new(TimestampMillisecondArray::from(vec![i64::MIN / 1_000_000, i64::MAX / 1_000_000]));
    let number: ArrayRef = Arc::new(Int64Array::from(vec![1, 2]));
    let batch = RecordBatch::try_from_iter([("at", seconds), ("n", number)]).unwrap();
    let properties = WriterProperties::builder().set_dictionary_enabled(false).build();
    let file = written(&batch, properties);
    let inspection = inspect(&file).unwrap();
    inspection.check_values(&file).unwrap();
    // A broken page of another column is for who reads it.
    let range = inspection.ranges(0, &[1]).unwrap()[0].clone();
    let mut broken = file.to_vec();
    broken[range.start as usize..range.end as usize].fill(0xff);
    let broken = Bytes::from(broken);
    inspect(&broken).unwrap().check_values(&broken).unwrap();
    let beyond: ArrayRef = Arc::new(TimestampMillisecondArray::from(vec![i64::MAX]));
    let batch = RecordBatch::try_from_iter([("at", beyond)]).unwrap();
    let file = written(&batch, WriterProperties::default());
    let error = inspect(&file).unwrap().check_values(&file).unwrap_err().to_string();
    assert!(error.starts_with("row group 0, row 0, column \"at\": "), "{error}");
    assert!(!error.contains("ERROR"), "{error}");
}

#[test]
fn a_decimal_of_too_many_digits_is_refused_with_its_place() {
    let array = Decimal128Array::from(vec![Some(999), None, Some(-1_000)]);
    let array: ArrayRef = Arc::new(array.with_precision_and_scale(3, 1).unwrap());
    let batch = RecordBatch::try_from_iter_with_nullable([("price", array, true)]).unwrap();
    let error = read_all(&written(&batch, WriterProperties::default())).unwrap_err();
    assert_eq!(
        error.to_string(),
        "row group 0, row 2, column \"price\": a value of more digits than decimal(3,1) has"
    );
}

#[test]
fn names_that_nobody_can_read_are_refused_when_they_are_published() {
    for (name, point) in [
        ("price\u{202e}RUE", "U+202E"),
        ("to\u{200b}tal", "U+200B"),
        ("\u{feff}id", "U+FEFF"),
        ("\u{2067}x", "U+2067"),
    ] {
        let column: ArrayRef = Arc::new(Int64Array::from(vec![1]));
        let batch = RecordBatch::try_from_iter([(name, column)]).unwrap();
        let file = written(&batch, WriterProperties::default());
        let inspection = inspect(&file).unwrap();
        let error = inspection.described(&FileDescription::default()).unwrap_err();
        assert!(matches!(error, ParquetRefused::HiddenCharacter { .. }), "{error}");
        let text = error.to_string();
        assert!(text.contains(point) && text.contains("; rename the column"), "{text}");
        assert!(!text.contains(name), "the name itself is not shown: {text}");
        // What older versions published is read.
        assert_eq!(read_all(&file).unwrap().1.num_rows(), 1);
    }
}

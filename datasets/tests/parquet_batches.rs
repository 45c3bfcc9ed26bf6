//! What a batch may cost is up to us, not to the file: values that a dictionary or a delta
//! encoding repeats make batches of fewer rows.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, DictionaryArray, FixedSizeBinaryArray, Int32Array, RecordBatch,
    StringArray, new_null_array,
};
use arrow::datatypes::DataType;
use bytes::Bytes;
use parquet::basic::{Compression, Encoding};
use parquet::file::properties::{WriterProperties, WriterVersion};
use veritrail_datasets::ingest::parquet::{BATCH_BYTES, BATCH_ROWS, inspect};

use crate::parquet_files::{every_type, read_all, written};

const MIB: usize = 1 << 20;

/// Batches of all columns of the first row group, as they come.
fn batches(file: &Bytes) -> impl Iterator<Item = RecordBatch> {
    let inspection = inspect(file).unwrap();
    let all: Vec<usize> = (0..inspection.schema().columns().len()).collect();
    inspection.read(file, 0, &all).unwrap().map(Result::unwrap)
}

/// Bytes that a batch holds on to.
fn bytes_of(batch: &RecordBatch) -> u64 {
    batch.columns().iter().map(|column| column.get_array_memory_size() as u64).sum()
}

/// A column of `rows` texts, each one of `values`, stored as a dictionary.
fn repeated(values: Vec<String>, rows: usize) -> ArrayRef {
    let width = values.len() as i32;
    let keys: Int32Array = (0..rows as i32).map(|row| Some(row % width)).collect();
    Arc::new(DictionaryArray::new(keys, Arc::new(StringArray::from(values))))
}

fn one_column(column: ArrayRef) -> RecordBatch {
    RecordBatch::try_from_iter_with_nullable([("c", column, true)]).unwrap()
}

#[test]
fn a_dictionary_of_one_long_value_makes_small_batches() {
    let column = repeated(vec!["x".repeat(MIB / 2), "y".to_owned()], 40_000);
    let properties = WriterProperties::builder()
        .set_dictionary_page_size_limit(4 * MIB)
        .set_compression(Compression::ZSTD(Default::default()))
        .build();
    let file = written(&one_column(column), properties);
    // 40,000 rows that take 10 GiB written out.
    assert!(file.len() < MIB, "{}", file.len());
    let mut rows = 0;
    for batch in batches(&file).take(6) {
        assert!(bytes_of(&batch) <= 2 * BATCH_BYTES, "{}", bytes_of(&batch));
        let texts = batch.column(0).as_string::<i32>();
        assert!(
            (0..texts.len()).all(|at| texts.value_length(at) as usize
                == if (rows + at) % 2 == 0 { MIB / 2 } else { 1 })
        );
        rows += batch.num_rows();
    }
    assert_eq!(rows, 6 * 128);
}

#[test]
fn many_columns_of_long_dictionaries_share_one_bound() {
    let column = || repeated(vec!["x".repeat(64 << 10)], 10_000);
    let columns: Vec<(String, ArrayRef)> = (0..16).map(|n| (format!("c{n}"), column())).collect();
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let file = written(&batch, WriterProperties::default());
    let first = batches(&file).next().unwrap();
    assert_eq!(first.num_rows(), 64);
    assert!(bytes_of(&first) <= 2 * BATCH_BYTES, "{}", bytes_of(&first));
}

#[test]
fn small_pages_of_large_values_are_not_gathered() {
    // Each page unpacks to a mebibyte out of a few bytes, and holds one row.
    let column: ArrayRef = Arc::new(StringArray::from(vec!["z".repeat(MIB); 150]));
    let properties = WriterProperties::builder()
        .set_dictionary_enabled(false)
        .set_data_page_row_count_limit(1)
        .set_write_batch_size(1)
        .set_statistics_enabled(parquet::file::properties::EnabledStatistics::None)
        .set_compression(Compression::ZSTD(Default::default()))
        .build();
    let file = written(&one_column(column), properties);
    assert!(file.len() < MIB, "{}", file.len());
    let mut rows = 0;
    for batch in batches(&file) {
        assert!(bytes_of(&batch) <= 2 * BATCH_BYTES, "{}", bytes_of(&batch));
        rows += batch.num_rows();
    }
    assert_eq!(rows, 150);
}

fn delta(rows: usize, page_rows: usize, value: impl Fn(usize) -> String) -> Bytes {
    let column: ArrayRef = Arc::new(StringArray::from((0..rows).map(value).collect::<Vec<_>>()));
    let properties = WriterProperties::builder()
        .set_writer_version(WriterVersion::PARQUET_2_0)
        .set_dictionary_enabled(false)
        .set_column_encoding("c".into(), Encoding::DELTA_BYTE_ARRAY)
        .set_data_page_row_count_limit(page_rows)
        .set_write_batch_size(page_rows)
        .set_statistics_enabled(parquet::file::properties::EnabledStatistics::None)
        .build();
    written(&one_column(column), properties)
}

#[test]
fn texts_that_share_their_beginnings_count_as_they_are_written_out() {
    let value = |row: usize| format!("{}{}", "b".repeat(64 << 10), row % 3);
    let file = delta(3_000, 100, value);
    assert!(file.len() < 4 * MIB, "{}", file.len());
    let mut rows = 0;
    for batch in batches(&file) {
        assert!(bytes_of(&batch) <= 2 * BATCH_BYTES, "{}", bytes_of(&batch));
        let texts = batch.column(0).as_string::<i32>();
        for at in [0, texts.len() - 1] {
            assert_eq!(texts.value(at), value(rows + at));
        }
        rows += batch.num_rows();
    }
    assert_eq!(rows, 3_000);
}

#[test]
fn a_page_that_is_too_large_once_written_out_is_refused_before_it_is() {
    // A page of 64 KiB that says 320 MiB.
    let file = delta(5_120, 5_120, |_| "b".repeat(64 << 10));
    let error = inspect(&file).unwrap().read(&file, 0, &[0]).err().expect("too large a page");
    let text = error.to_string();
    assert!(text.contains("row group 0, column \"c\", page 0"), "{text}");
    assert!(text.contains("256 MiB: write smaller pages"), "{text}");
}

#[test]
fn nulls_of_wide_columns_are_bounded_together() {
    let nulls = new_null_array(&DataType::FixedSizeBinary(4_096), 20_000);
    let columns = (0..40).map(|n| (format!("c{n}"), Arc::clone(&nulls), true));
    let batch = RecordBatch::try_from_iter_with_nullable(columns).unwrap();
    let file = written(&batch, WriterProperties::default());
    let first = batches(&file).next().unwrap();
    assert_eq!(first.column(0).null_count(), first.num_rows());
    assert!(first.num_rows() >= 64, "{}", first.num_rows());
    assert!(bytes_of(&first) <= 2 * BATCH_BYTES, "{}", bytes_of(&first));
}

#[test]
fn ordinary_files_have_batches_of_the_usual_size() {
    let rows = BATCH_ROWS * 2 + 7;
    let file = written(&every_type(rows), WriterProperties::default());
    let found: Vec<usize> = batches(&file).map(|batch| batch.num_rows()).collect();
    assert_eq!(found, [BATCH_ROWS, BATCH_ROWS, 7]);
    // Large pages too: what they hold stands in memory anyway.
    let long = FixedSizeBinaryArray::try_from_iter((0..rows).map(|row| [row as u8; 200])).unwrap();
    let texts: Vec<String> = (0..rows).map(|row| format!("{row:0>3000}")).collect();
    let batch = RecordBatch::try_from_iter([
        ("long", Arc::new(long) as ArrayRef),
        ("text", Arc::new(StringArray::from(texts)) as ArrayRef),
    ]);
    let properties = WriterProperties::builder()
        .set_dictionary_enabled(false)
        .set_data_page_size_limit(64 * MIB)
        .build();
    let file = written(&batch.unwrap(), properties);
    assert_eq!(batches(&file).next().unwrap().num_rows(), BATCH_ROWS);
    assert_eq!(read_all(&file).unwrap().1.num_rows(), rows);
}

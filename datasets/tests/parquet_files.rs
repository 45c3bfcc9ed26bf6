//! Parquet files for the tests, written by the crate parquet with options of every kind.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BinaryArray, BooleanArray, Date32Array, Decimal128Array, DictionaryArray,
    FixedSizeBinaryArray, Float32Array, Float64Array, Int32Array, Int64Array, RecordBatch,
    StringArray, TimestampMicrosecondArray, UInt32Array, UInt64Array,
};
use arrow::compute::concat_batches;
use arrow::datatypes::Int8Type;
use bytes::Bytes;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, Encoding};
use parquet::file::properties::{WriterProperties, WriterVersion};
use veritrail_datasets::ingest::parquet::{Inspection, ParquetRefused, inspect};

/// `batch` as a file.
pub fn written(batch: &RecordBatch, properties: WriterProperties) -> Bytes {
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), Some(properties)).unwrap();
    writer.write(batch).unwrap();
    writer.close().unwrap();
    bytes.into()
}

/// Every kind of writer option that changes how values are laid out, by name.
pub fn properties() -> Vec<(&'static str, WriterProperties)> {
    let builder = || WriterProperties::builder().set_max_row_group_row_count(Some(700));
    let v2 = |encoding| {
        builder()
            .set_writer_version(WriterVersion::PARQUET_2_0)
            .set_dictionary_enabled(false)
            .set_column_encoding("text".into(), encoding)
            .set_compression(Compression::ZSTD(Default::default()))
            .build()
    };
    vec![
        ("plain", builder().set_dictionary_enabled(false).build()),
        ("dictionary", builder().build()),
        (
            "small pages",
            builder().set_data_page_row_count_limit(100).set_write_batch_size(50).build(),
        ),
        ("snappy", builder().set_compression(Compression::SNAPPY).build()),
        ("gzip", builder().set_compression(Compression::GZIP(Default::default())).build()),
        ("brotli", builder().set_compression(Compression::BROTLI(Default::default())).build()),
        ("lz4", builder().set_compression(Compression::LZ4_RAW).build()),
        ("zstd", builder().set_compression(Compression::ZSTD(Default::default())).build()),
        ("v2 delta bytes", v2(Encoding::DELTA_BYTE_ARRAY)),
        ("v2 delta lengths", v2(Encoding::DELTA_LENGTH_BYTE_ARRAY)),
        ("v2 dictionary", builder().set_writer_version(WriterVersion::PARQUET_2_0).build()),
    ]
}

/// A batch of `rows` rows with every type that has a place in the closed list.
pub fn every_type(rows: usize) -> RecordBatch {
    let some = |row: usize| row % 7 != 3;
    let int = |row: usize| some(row).then_some(row as i64 * 1_000_003 - 5);
    let range = || 0..rows;
    let texts: Vec<Option<String>> =
        range().map(|row| some(row).then(|| format!("value \u{e9} {}", row % 50))).collect();
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("int64", Arc::new(range().map(int).collect::<Int64Array>())),
        (
            "int32",
            Arc::new(range().map(|r| some(r).then_some(r as i32 - 9)).collect::<Int32Array>()),
        ),
        ("uint32", Arc::new(range().map(|r| Some(u32::MAX - r as u32)).collect::<UInt32Array>())),
        (
            "uint64",
            Arc::new(
                range().map(|r| some(r).then_some(u64::MAX - r as u64)).collect::<UInt64Array>(),
            ),
        ),
        (
            "float64",
            Arc::new(range().map(|r| some(r).then_some(r as f64 / 7.0)).collect::<Float64Array>()),
        ),
        ("float32", Arc::new(range().map(|r| Some(r as f32 / 3.0)).collect::<Float32Array>())),
        (
            "bool",
            Arc::new(range().map(|r| some(r).then_some(r % 3 == 0)).collect::<BooleanArray>()),
        ),
        (
            "day",
            Arc::new(range().map(|r| some(r).then_some(r as i32 * 3)).collect::<Date32Array>()),
        ),
        ("text", Arc::new(StringArray::from(texts.clone()))),
        (
            "bytes",
            Arc::new(
                range().map(|r| some(r).then(|| vec![r as u8; r % 5])).collect::<BinaryArray>(),
            ),
        ),
        (
            "word",
            Arc::new(texts.iter().map(|t| t.as_deref()).collect::<DictionaryArray<Int8Type>>()),
        ),
        (
            "at",
            Arc::new(
                range()
                    .map(|r| some(r).then_some(r as i64 * 1_234_567))
                    .collect::<TimestampMicrosecondArray>()
                    .with_timezone("UTC"),
            ),
        ),
        (
            "price",
            Arc::new(
                range()
                    .map(|r| some(r).then_some(r as i128 * 101))
                    .collect::<Decimal128Array>()
                    .with_precision_and_scale(20, 2)
                    .unwrap(),
            ),
        ),
        (
            "fixed",
            Arc::new(
                FixedSizeBinaryArray::try_from_sparse_iter_with_size(
                    range().map(|r| some(r).then_some([r as u8; 3])),
                    3,
                )
                .unwrap(),
            ),
        ),
    ];
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(n, c)| (n, c, true)))
        .unwrap()
}

/// A small table with two row groups of four rows, each column of another kind.
pub fn small() -> RecordBatch {
    let columns: Vec<(&str, ArrayRef)> = vec![
        (
            "i",
            Arc::new(Int64Array::from(vec![
                Some(5),
                None,
                Some(7),
                Some(-1),
                None,
                Some(3),
                Some(4),
                Some(9),
            ])),
        ),
        ("f", Arc::new(Float64Array::from(vec![0.5, -0.0, 1e300, -1e300, 2.0, 3.0, 4.0, 5.5]))),
        (
            "t",
            Arc::new(StringArray::from(vec![
                Some("aa"),
                Some("b"),
                None,
                Some("aa"),
                Some(""),
                Some("c"),
                Some("b"),
                None,
            ])),
        ),
    ];
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(n, c)| (n, c, true)))
        .unwrap()
}

/// Everything in a file: its inspection, and all row groups as one batch. What reads well must
/// have passed the check of its page headers.
pub fn read_all(file: &Bytes) -> Result<(Inspection, RecordBatch), ParquetRefused> {
    let inspection = inspect(file)?;
    let all: Vec<usize> = (0..inspection.schema().columns().len()).collect();
    let mut batches = Vec::new();
    for group in 0..inspection.row_groups() {
        for batch in inspection.read(file, group, &all)? {
            batches.push(batch?);
        }
    }
    inspection.check_pages(file).unwrap();
    let whole = concat_batches(&inspection.schema().arrow(), &batches).unwrap();
    Ok((inspection, whole))
}

//! A result as a file: Parquet with every writer option pinned, so that one table has one file.
//!
//! The file's bytes are a convenience of one version of this program; what `identical` is judged
//! on is the TableHash.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::error::ArrowError;
use bytes::Bytes;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterVersion};
use veritrail_datasets::ingest::parquet::{ParquetRefused, inspect};

/// What the file says made it: the format of the writer's options, never a program's version.
pub const CREATED_BY: &str = "veritrail output 1";

/// Rows of a row group.
pub const GROUP_ROWS: usize = 1 << 20;

/// Why a result could not be written or read back.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// The writer failed.
    #[error("the result cannot be written as Parquet: {0}")]
    Write(#[from] ParquetError),
    /// The file of a result is not sound.
    #[error("the file of the result was refused: {0}")]
    Refused(#[from] ParquetRefused),
    /// Its batches do not join to one table.
    #[error("the file of the result is not one table: {0}")]
    Join(#[from] ArrowError),
}

/// Writes a table of widened types.
///
/// # Errors
/// When a value has no form in Parquet, which no widened type causes.
pub fn write_parquet(table: &RecordBatch) -> Result<Bytes, OutputError> {
    let options = ArrowWriterOptions::new()
        .with_properties(properties()?)
        // The types are all Parquet's own; a hint for Arrow would add its version to the bytes.
        .with_skip_arrow_metadata(true);
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new_with_options(&mut bytes, table.schema(), options)?;
    writer.write(table)?;
    writer.close()?;
    Ok(bytes.into())
}

/// Reads the file of a result, which anybody may have made: through the guarded reader.
///
/// # Errors
/// When the file is refused, with the place.
pub fn read_parquet(bytes: &Bytes) -> Result<RecordBatch, OutputError> {
    let file = inspect(bytes)?;
    let schema = file.schema().arrow();
    let columns: Vec<usize> = (0..schema.fields().len()).collect();
    let mut batches = Vec::new();
    for group in 0..file.row_groups() {
        for batch in file.read(bytes, group, &columns)? {
            batches.push(batch?);
        }
    }
    Ok(arrow::compute::concat_batches(&Arc::clone(&schema), &batches)?)
}

fn properties() -> Result<WriterProperties, ParquetError> {
    Ok(WriterProperties::builder()
        .set_created_by(CREATED_BY.to_owned())
        .set_writer_version(WriterVersion::PARQUET_1_0)
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(3)?))
        .set_encoding(Encoding::PLAIN)
        .set_dictionary_enabled(false)
        .set_statistics_enabled(EnabledStatistics::None)
        .set_offset_index_disabled(true)
        .set_bloom_filter_enabled(false)
        .set_key_value_metadata(None)
        .set_sorting_columns(None)
        .set_coerce_types(false)
        .set_max_row_group_row_count(Some(GROUP_ROWS))
        .set_data_page_size_limit(1 << 20)
        .set_data_page_row_count_limit(20_000)
        .set_write_batch_size(1_024)
        .build())
}

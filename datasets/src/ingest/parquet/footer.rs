//! Where the footer is, what it lists, and that every range in it lies in the file.

use std::ops::Range;
use std::sync::Arc;

use parquet::basic::{Compression, Type as Physical};
use parquet::file::metadata::{
    ColumnChunkMetaData, ParquetMetaData, ParquetMetaDataOptions, ParquetMetaDataReader,
    ParquetStatisticsPolicy, RowGroupMetaData,
};

use super::border::guarded;
use super::error::ParquetRefused;
use super::thrift::{Reader, Wire};
use super::types;

/// Bytes of a footer at most.
pub const MAX_FOOTER_BYTES: u64 = 64 << 20;
/// Row groups of a file at most.
pub const MAX_ROW_GROUPS: usize = 65_536;
/// Bytes at the end of each file: the footer's length, and the magic.
pub(super) const TAIL_BYTES: u64 = 8;
/// Bytes at the start of each file.
const HEAD_BYTES: u64 = 4;
/// The least bytes a file can have.
const MIN_FILE_BYTES: u64 = HEAD_BYTES + TAIL_BYTES;

/// Where the footer's structure is, by the last [`TAIL_BYTES`] of a file of `file` bytes.
pub(super) fn locate(tail: &[u8], file: u64) -> Result<Range<u64>, ParquetRefused> {
    let (length, magic) = match tail {
        [a, b, c, d, magic @ ..] if file >= MIN_FILE_BYTES => {
            (u64::from(u32::from_le_bytes([*a, *b, *c, *d])), magic)
        }
        _ => return Err(ParquetRefused::NotParquet("is too short")),
    };
    match magic {
        b"PAR1" => {}
        b"PARE" => return Err(ParquetRefused::Encrypted),
        _ => return Err(ParquetRefused::NotParquet("does not end with PAR1")),
    }
    if length == 0 || length > MAX_FOOTER_BYTES || length > file - MIN_FILE_BYTES {
        return Err(ParquetRefused::FooterLength { footer: length, file });
    }
    let end = file - TAIL_BYTES;
    Ok(end - length..end)
}

/// Refuses a file that does not begin as Parquet does.
pub(super) fn check_head(head: &[u8]) -> Result<(), ParquetRefused> {
    match head {
        b"PAR1" => Ok(()),
        _ => Err(ParquetRefused::NotParquet("does not begin with PAR1")),
    }
}

/// Decodes the footer: its structure is walked first, so that no size in it allocates more than
/// it has bytes; statistics are not decoded at all.
pub(super) fn decode(bytes: &[u8]) -> Result<Arc<ParquetMetaData>, ParquetRefused> {
    Reader::new(bytes).skip(Wire::Struct)?;
    let options = ParquetMetaDataOptions::new()
        .with_encoding_stats_policy(ParquetStatisticsPolicy::SkipAll)
        .with_column_stats_policy(ParquetStatisticsPolicy::SkipAll)
        .with_size_stats_policy(ParquetStatisticsPolicy::SkipAll);
    let metadata = guarded(
        || "footer".to_owned(),
        || ParquetMetaDataReader::decode_metadata_with_options(bytes, Some(&options)),
    )?;
    if metadata.num_row_groups() > MAX_ROW_GROUPS {
        return Err(ParquetRefused::TooManyRowGroups(metadata.num_row_groups()));
    }
    check_types(bytes, &metadata)?;
    Ok(Arc::new(metadata))
}

/// Refuses column chunks that are encrypted, or state another physical type than the schema.
fn check_types(bytes: &[u8], metadata: &ParquetMetaData) -> Result<(), ParquetRefused> {
    let stated = types::of_chunks(bytes)?;
    let groups = metadata.row_groups().iter().enumerate();
    let mut chunks = groups.flat_map(|(group, row_group)| {
        row_group.columns().iter().map(move |column| (group, column))
    });
    for stated in stated {
        match chunks.next() {
            Some((group, column)) if stated.encrypted => {
                return Err(refused(group, column, "it is encrypted; publish it decrypted"));
            }
            Some((_, column)) if number_of(column.column_type()) == stated.physical => {}
            Some((group, column)) => {
                let reason = "its physical type is not the one of the schema";
                return Err(refused(group, column, reason));
            }
            None => break,
        }
    }
    Ok(())
}

/// A physical type as parquet.thrift numbers it.
fn number_of(physical: Physical) -> i32 {
    match physical {
        Physical::BOOLEAN => 0,
        Physical::INT32 => 1,
        Physical::INT64 => 2,
        Physical::INT96 => 3,
        Physical::FLOAT => 4,
        Physical::DOUBLE => 5,
        Physical::BYTE_ARRAY => 6,
        Physical::FIXED_LEN_BYTE_ARRAY => 7,
    }
}

/// Checks counts and ranges of all row groups; column chunks must lie before `footer`.
pub(super) fn check(metadata: &ParquetMetaData, footer: u64) -> Result<(), ParquetRefused> {
    let columns = metadata.file_metadata().schema_descr().num_columns();
    let mut rows: i64 = 0;
    let mut ranges = Vec::new();
    for (group, row_group) in metadata.row_groups().iter().enumerate() {
        let place = || format!("row group {group}");
        if row_group.num_columns() != columns {
            let (claimed, found) = (row_group.num_columns() as i64, columns as i64);
            let what = "the list of columns";
            return Err(ParquetRefused::Count { place: place(), what, claimed, found });
        }
        let total = rows.checked_add(row_group.num_rows()).filter(|_| row_group.num_rows() >= 0);
        rows = total.ok_or_else(|| ParquetRefused::Count {
            place: place(),
            what: "num_rows",
            claimed: row_group.num_rows(),
            found: 0,
        })?;
        for (index, column) in row_group.columns().iter().enumerate() {
            check_column(group, row_group, column)?;
            let range = range(group, column)?;
            if range.start < HEAD_BYTES || range.end > footer {
                let reason = "its bytes do not lie between the file's head and its footer";
                return Err(refused(group, column, reason));
            }
            if range.start < range.end {
                ranges.push((range, group, index));
            }
        }
    }
    let claimed = metadata.file_metadata().num_rows();
    if claimed != rows {
        let place = "footer".to_owned();
        return Err(ParquetRefused::Count { place, what: "num_rows", claimed, found: rows });
    }
    check_apart(metadata, ranges)
}

/// The bytes of a column chunk: its dictionary page, if it has one, and its data pages.
pub(super) fn range(
    group: usize,
    column: &ColumnChunkMetaData,
) -> Result<Range<u64>, ParquetRefused> {
    let data = column.data_page_offset();
    let start = match column.dictionary_page_offset() {
        // Some writers write 0 for "no dictionary"; Arrow C++ writes 0 for "no data page" where a
        // row group has no rows.
        Some(dictionary) if dictionary > 0 && (dictionary < data || data == 0) => dictionary,
        _ => data,
    };
    let range = u64::try_from(start).ok().zip(u64::try_from(column.compressed_size()).ok());
    range
        .and_then(|(start, length)| Some(start..start.checked_add(length)?))
        .ok_or_else(|| refused(group, column, "its offset or size is negative or beyond 64 bits"))
}

/// The name of a column for messages.
pub(super) fn name(column: &ColumnChunkMetaData) -> String {
    column.column_path().string().chars().take(80).collect()
}

fn refused(group: usize, column: &ColumnChunkMetaData, reason: &str) -> ParquetRefused {
    ParquetRefused::Column { group, column: name(column), reason: reason.to_owned() }
}

fn check_column(
    group: usize,
    row_group: &RowGroupMetaData,
    column: &ColumnChunkMetaData,
) -> Result<(), ParquetRefused> {
    if column.file_path().is_some_and(|path| !path.is_empty()) {
        return Err(refused(group, column, "it lies in another file; write one file"));
    }
    match column.compression() {
        Compression::UNCOMPRESSED
        | Compression::SNAPPY
        | Compression::GZIP(_)
        | Compression::BROTLI(_)
        | Compression::LZ4_RAW
        | Compression::ZSTD(_) => {}
        Compression::LZ4 | Compression::LZO => {
            let reason = "its compression (LZ4 or LZO of Hadoop) is deprecated; write ZSTD";
            return Err(refused(group, column, reason));
        }
    }
    // A flat column has one value, or one null, per row.
    if column.column_descr().max_rep_level() == 0 && column.num_values() != row_group.num_rows() {
        return Err(ParquetRefused::Count {
            place: format!("row group {group}, column {:?}", name(column)),
            what: "num_values",
            claimed: column.num_values(),
            found: row_group.num_rows(),
        });
    }
    Ok(())
}

fn check_apart(
    metadata: &ParquetMetaData,
    mut ranges: Vec<(Range<u64>, usize, usize)>,
) -> Result<(), ParquetRefused> {
    ranges.sort_by_key(|(range, _, _)| range.start);
    for pair in ranges.windows(2) {
        if let [(a, _, _), (b, group, index)] = pair
            && b.start < a.end
        {
            let columns = metadata.row_groups().get(*group).map(RowGroupMetaData::columns);
            let column = columns.and_then(|columns| columns.get(*index)).map(name);
            let column = column.unwrap_or_default();
            return Err(ParquetRefused::Overlap { group: *group, column });
        }
    }
    Ok(())
}

//! One column of one row group: its pages, walked and counted before any is unpacked.

use std::ops::Range;

use bytes::Bytes;
use parquet::basic::Type as Physical;
use parquet::file::metadata::ColumnChunkMetaData;

use super::error::ParquetRefused;
use super::footer;
use super::page::{self, MAX_PAGE_BYTES, PageHeader, PageKind};

/// A column chunk whose pages fill it exactly, have sizes within bounds, and hold as many rows as
/// the row group claims.
#[derive(Clone)]
pub(super) struct Chunk {
    pub(super) bytes: Bytes,
    pub(super) pages: Vec<PageAt>,
    pub(super) metadata: ColumnChunkMetaData,
    pub(super) group: usize,
}

/// A page's header, and where its body stands in the chunk.
#[derive(Clone, Debug)]
pub(super) struct PageAt {
    pub(super) header: PageHeader,
    pub(super) body: Range<usize>,
}

impl Chunk {
    /// Walks the pages in `bytes`, which are the whole chunk.
    pub(super) fn walk(
        group: usize,
        metadata: ColumnChunkMetaData,
        bytes: Bytes,
        rows: i64,
    ) -> Result<Self, ParquetRefused> {
        let mut chunk = Chunk { bytes, pages: Vec::new(), metadata, group };
        let (mut at, mut found) = (0, 0i64);
        while at < chunk.bytes.len() {
            let rest = chunk.bytes.get(at..).unwrap_or_default();
            let number = chunk.pages.len();
            let (header, length) =
                page::header(rest).map_err(|error| chunk.refused(number, error.to_string()))?;
            let start = at + length;
            let size = chunk.check_sizes(number, &header)?;
            let end = start.checked_add(size).filter(|end| *end <= chunk.bytes.len());
            let end =
                end.ok_or_else(|| chunk.refused(number, "it ends beyond its column chunk"))?;
            found += chunk.check_counts(number, &header)?;
            chunk.pages.push(PageAt { header, body: start..end });
            at = end;
        }
        if found == rows {
            return Ok(chunk);
        }
        let place = format!("row group {group}, column {:?}", footer::name(&chunk.metadata));
        Err(ParquetRefused::Count { place, what: "num_rows", claimed: rows, found })
    }

    /// The most memory that reading this chunk page by page takes, beside its bytes.
    pub(super) fn unpacked_bytes(&self) -> u64 {
        let size = |page: &PageAt| u64::from(page.header.uncompressed.unsigned_abs());
        let dictionary = |page: &&PageAt| matches!(page.header.kind, PageKind::Dictionary { .. });
        let dictionary: u64 = self.pages.iter().filter(dictionary).map(size).sum();
        dictionary + self.pages.iter().map(size).max().unwrap_or(0)
    }

    /// A refusal of one page.
    pub(super) fn refused(&self, page: usize, reason: impl Into<String>) -> ParquetRefused {
        let (group, column) = (self.group, footer::name(&self.metadata));
        ParquetRefused::Page { group, column, page, reason: reason.into() }
    }

    /// Bytes of the page's body, if its sizes are within bounds.
    fn check_sizes(&self, page: usize, header: &PageHeader) -> Result<usize, ParquetRefused> {
        for bytes in [i64::from(header.uncompressed), i64::from(header.compressed)] {
            if !(0..=MAX_PAGE_BYTES).contains(&bytes) {
                let (group, column) = (self.group, footer::name(&self.metadata));
                return Err(ParquetRefused::PageTooLarge { group, column, page, bytes });
            }
        }
        // Both were found to be at least 0.
        Ok(header.compressed as usize)
    }

    /// Rows of the page.
    fn check_counts(&self, page: usize, header: &PageHeader) -> Result<i64, ParquetRefused> {
        let counts = match header.kind {
            PageKind::Data { values, .. } => vec![values],
            PageKind::DataV2 {
                values, nulls, rows, definition_bytes, repetition_bytes, ..
            } => {
                if rows != values || repetition_bytes != 0 || nulls > values {
                    let reason = "its counts are not those of a flat column";
                    return Err(self.refused(page, reason));
                }
                let levels = i64::from(definition_bytes);
                let least = header.uncompressed.min(header.compressed);
                if levels > i64::from(least) {
                    return Err(self.refused(page, "its levels are larger than the page"));
                }
                vec![values, nulls, definition_bytes]
            }
            PageKind::Dictionary { values, .. } => {
                if page > 0 {
                    return Err(self.refused(page, "a dictionary behind other pages"));
                }
                let least = i64::from(values) * self.least_value_bytes();
                if least > i64::from(header.uncompressed) {
                    return Err(self.refused(page, "a dictionary of more values than bytes"));
                }
                vec![values]
            }
        };
        if counts.iter().any(|count| *count < 0) {
            return Err(self.refused(page, "a negative count"));
        }
        match header.kind {
            PageKind::Data { values, .. } | PageKind::DataV2 { values, .. } => Ok(values.into()),
            PageKind::Dictionary { .. } => Ok(0),
        }
    }

    /// Bytes that a plainly encoded value of this column takes at least.
    fn least_value_bytes(&self) -> i64 {
        let descriptor = self.metadata.column_descr();
        match descriptor.physical_type() {
            Physical::BOOLEAN => 0,
            Physical::INT32 | Physical::FLOAT | Physical::BYTE_ARRAY => 4,
            Physical::INT64 | Physical::DOUBLE => 8,
            Physical::INT96 => 12,
            Physical::FIXED_LEN_BYTE_ARRAY => i64::from(descriptor.type_length().max(1)),
        }
    }
}

//! The pages of one column of one row group, counted by their headers: what can be known of them
//! before any is unpacked.

use std::ops::Range;

use parquet::basic::Type as Physical;
use parquet::file::metadata::ColumnChunkMetaData;

use super::RangeReader;
use super::error::ParquetRefused;
use super::footer;
use super::inspect::Inspection;
use super::page::{self, MAX_PAGE_BYTES, PageHeader, PageKind};

/// Bytes of a page header at most. It holds statistics, of two values as long as the writer cares
/// to make them.
const MAX_HEADER_BYTES: u64 = 16 << 20;
/// Bytes that are read first where a header is expected.
const WINDOW_BYTES: u64 = 16 << 10;

/// Checks page headers as they come, in order.
#[derive(Clone, Debug)]
pub(super) struct PageCheck {
    pub(super) metadata: ColumnChunkMetaData,
    pub(super) group: usize,
    pages: usize,
    rows: i64,
}

impl Inspection {
    /// Walks the page headers of the whole file, and refuses it if they do not fill their column
    /// chunks, or hold other counts of rows than the footer says. Nothing is unpacked: what the
    /// pages' bodies hold is checked when they are read. Cost: one read of 16 KiB per page.
    pub fn check_pages(&self, file: &impl RangeReader) -> Result<(), ParquetRefused> {
        for group in 0..self.row_groups() {
            let row_group = self.row_group(group)?;
            for column in row_group.columns() {
                let range = footer::range(group, column)?;
                let mut check = PageCheck::new(group, column.clone());
                let mut at = range.start;
                while at < range.end {
                    at = check.page_at(file, at..range.end)?;
                }
                check.finish(row_group.num_rows())?;
            }
        }
        Ok(())
    }
}

impl PageCheck {
    pub(super) fn new(group: usize, metadata: ColumnChunkMetaData) -> Self {
        PageCheck { metadata, group, pages: 0, rows: 0 }
    }

    /// Takes the next page's header; gives the length of its body, which must fit `left` bytes.
    pub(super) fn accept(
        &mut self,
        header: &PageHeader,
        left: u64,
    ) -> Result<usize, ParquetRefused> {
        let size = self.check_sizes(header)?;
        if size as u64 > left {
            return Err(self.refused(self.pages, "it ends beyond its column chunk"));
        }
        self.rows += self.check_counts(header)?;
        self.pages += 1;
        Ok(size)
    }

    /// After the last page: all of them together must have the row group's rows.
    pub(super) fn finish(&self, claimed: i64) -> Result<(), ParquetRefused> {
        if self.rows == claimed {
            return Ok(());
        }
        let column = footer::name(&self.metadata);
        let place = format!("row group {}, column {column:?}", self.group);
        Err(ParquetRefused::Count { place, what: "num_rows", claimed, found: self.rows })
    }

    /// Pages taken so far.
    pub(super) fn pages(&self) -> usize {
        self.pages
    }

    /// A refusal of one page.
    pub(super) fn refused(&self, page: usize, reason: impl Into<String>) -> ParquetRefused {
        let (group, column) = (self.group, footer::name(&self.metadata));
        ParquetRefused::Page { group, column, page, reason: reason.into() }
    }

    /// Takes the page at the start of `range`; gives where the next one starts.
    fn page_at(
        &mut self,
        file: &impl RangeReader,
        range: Range<u64>,
    ) -> Result<u64, ParquetRefused> {
        let mut window = WINDOW_BYTES;
        loop {
            let end = range.end.min(range.start.saturating_add(window));
            let bytes = file.read_range(range.start..end)?;
            match page::header(&bytes) {
                Ok((header, length)) => {
                    let body = range.start + length as u64;
                    let size = self.accept(&header, range.end - body)?;
                    return Ok(body + size as u64);
                }
                // Perhaps only the window is too short.
                Err(_) if end < range.end && window < MAX_HEADER_BYTES => window *= 8,
                Err(error) => return Err(self.refused(self.pages, error.in_page_header())),
            }
        }
    }

    /// Bytes of the page's body, if its sizes are within bounds.
    fn check_sizes(&self, header: &PageHeader) -> Result<usize, ParquetRefused> {
        for bytes in [i64::from(header.uncompressed), i64::from(header.compressed)] {
            if !(0..=MAX_PAGE_BYTES).contains(&bytes) {
                let (group, column) = (self.group, footer::name(&self.metadata));
                return Err(ParquetRefused::PageTooLarge {
                    group,
                    column,
                    page: self.pages,
                    bytes,
                });
            }
        }
        // Both were found to be at least 0.
        Ok(header.compressed as usize)
    }

    /// Rows of the page.
    fn check_counts(&self, header: &PageHeader) -> Result<i64, ParquetRefused> {
        let refused = |reason| Err(self.refused(self.pages, reason));
        match header.kind {
            PageKind::Data { values, .. } if values < 0 => refused("a negative count"),
            PageKind::Data { values, .. } => Ok(values.into()),
            PageKind::DataV2 {
                values, nulls, rows, definition_bytes, repetition_bytes, ..
            } => {
                if values < 0 || nulls < 0 || definition_bytes < 0 {
                    return refused("a negative count");
                }
                if rows != values || repetition_bytes != 0 || nulls > values {
                    return refused("its counts are not those of a flat column");
                }
                if definition_bytes > header.uncompressed.min(header.compressed) {
                    return refused("its levels are larger than the page");
                }
                Ok(values.into())
            }
            PageKind::Dictionary { values, .. } => {
                if self.pages > 0 {
                    return refused("a dictionary behind other pages");
                }
                let least = i64::from(values) * self.least_value_bytes();
                if values < 0 || least > i64::from(header.uncompressed) {
                    return refused("a dictionary of more values than bytes");
                }
                Ok(0)
            }
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

//! One column of one row group, with its bytes: its pages, counted before any is unpacked.

use std::ops::Range;

use bytes::Bytes;
use parquet::basic::Type as Physical;
use parquet::file::metadata::ColumnChunkMetaData;

use super::batch::{Cost, PageCost};
use super::error::ParquetRefused;
use super::page::{self, PageHeader, PageKind};
use super::pages::PageCheck;

/// Bytes that a decoded value takes at most, unless it is text or bytes: it is decoded as it
/// stands, and then widened.
const DECODED_BYTES: u64 = 16;

/// A column chunk whose pages fill it exactly, have sizes within bounds, and hold as many rows as
/// the row group claims.
pub(super) struct Chunk {
    pub(super) bytes: Bytes,
    pub(super) pages: Vec<PageAt>,
    check: PageCheck,
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
        let mut check = PageCheck::new(group, metadata);
        let mut pages = Vec::new();
        let mut at = 0;
        while at < bytes.len() {
            let rest = bytes.get(at..).unwrap_or_default();
            let (header, length) = page::header(rest)
                .map_err(|error| check.refused(check.pages(), error.in_page_header()))?;
            let start = at + length;
            let size = check.accept(&header, bytes.len().saturating_sub(start) as u64)?;
            pages.push(PageAt { header, body: start..start + size });
            at = start + size;
        }
        check.finish(rows)?;
        Ok(Chunk { bytes, pages, check })
    }

    /// What the footer says of the chunk.
    pub(super) fn metadata(&self) -> &ColumnChunkMetaData {
        &self.check.metadata
    }

    /// The most memory that reading this chunk page by page takes, beside its bytes.
    pub(super) fn unpacked_bytes(&self) -> u64 {
        let size = |page: &PageAt| u64::from(page.header.uncompressed.unsigned_abs());
        let dictionary = |page: &&PageAt| matches!(page.header.kind, PageKind::Dictionary { .. });
        let dictionary: u64 = self.pages.iter().filter(dictionary).map(size).sum();
        dictionary + self.pages.iter().map(size).max().unwrap_or(0)
    }

    /// Bytes that a row of this column takes while it is decoded, or `None` where that is up to
    /// each value.
    pub(super) fn fixed_bytes(&self) -> Option<u64> {
        let descriptor = self.metadata().column_descr();
        match descriptor.physical_type() {
            Physical::BYTE_ARRAY => None,
            Physical::FIXED_LEN_BYTE_ARRAY => {
                let bytes = u64::from(descriptor.type_length().unsigned_abs());
                Some(bytes * 2 + DECODED_BYTES)
            }
            _ => Some(DECODED_BYTES),
        }
    }

    /// What each data page of a column of texts adds to a batch, in order.
    pub(super) fn text_costs(&self) -> Result<Vec<PageCost>, ParquetRefused> {
        let mut widest = 0;
        let mut costs = Vec::new();
        for (number, page) in self.pages.iter().enumerate() {
            let (rows, encoding) = match page.header.kind {
                PageKind::Dictionary { .. } => {
                    widest = self.widest_value(number, page)?;
                    continue;
                }
                PageKind::Data { values, encoding, .. }
                | PageKind::DataV2 { values, encoding, .. } => (values, encoding),
            };
            let cost = match encoding {
                page::PLAIN_DICTIONARY | page::RLE_DICTIONARY => Cost::Each(widest),
                page::DELTA_BYTE_ARRAY => Cost::Whole(self.written_out(number, page)?),
                _ => Cost::Whole(u64::from(page.header.uncompressed.unsigned_abs())),
            };
            costs.push(PageCost { rows: u64::from(rows.unsigned_abs()), cost });
        }
        Ok(costs)
    }

    /// A refusal of one page.
    pub(super) fn refused(&self, page: usize, reason: impl Into<String>) -> ParquetRefused {
        self.check.refused(page, reason)
    }
}

//! One column of one row group, with its bytes: its pages, counted before any is unpacked.

use std::ops::Range;

use bytes::Bytes;
use parquet::file::metadata::ColumnChunkMetaData;

use super::error::ParquetRefused;
use super::page::{self, PageHeader, PageKind};
use super::pages::PageCheck;

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
                .map_err(|error| check.refused(check.pages(), error.to_string()))?;
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

    /// A refusal of one page.
    pub(super) fn refused(&self, page: usize, reason: impl Into<String>) -> ParquetRefused {
        self.check.refused(page, reason)
    }
}

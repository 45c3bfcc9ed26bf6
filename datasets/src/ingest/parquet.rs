//! Parquet as a table, from bytes that nobody vouches for (docs/formats/parquet.md).
//!
//! The crate parquet decodes encodings well, but trusts sizes and counts that a file's author
//! wrote, and panics on some. So this module keeps the outer layers to itself: it finds the
//! footer, walks its structure before the crate decodes it, checks every range, reads the page
//! headers, decompresses into buffers of the stated size and no larger, and checks levels and
//! counts. Only then does the crate see a page, behind the one border that catches a panic
//! (`border`). What a footer claims about values (minima, maxima, null counts, order, page
//! indexes, bloom filters) is never read.

mod batch;
mod border;
mod canonical;
mod chunk;
mod column;
mod cut;
mod decompress;
mod delta;
mod error;
mod footer;
mod group;
mod inspect;
mod levels;
mod object;
mod page;
mod pages;
mod thrift;
mod types;

pub use batch::{BATCH_BYTES, BATCH_ROWS};
pub use cut::{MIN_PIECE_BYTES, cut_points};
pub use error::ParquetRefused;
pub use footer::{MAX_FOOTER_BYTES, MAX_ROW_GROUPS};
pub use group::GroupRows;
pub use inspect::{Inspection, inspect};
pub use object::{inspect_object, read_object_group};
pub use page::MAX_PAGE_BYTES;

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;

use bytes::Bytes;

/// Bytes of a file by range, for the synchronous readers.
pub trait RangeReader {
    /// The file's length.
    fn length(&self) -> io::Result<u64>;

    /// Exactly the bytes of `range`, which lies within the file. The caller has bounded its
    /// length.
    fn read_range(&self, range: Range<u64>) -> io::Result<Bytes>;
}

impl RangeReader for File {
    fn length(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }

    fn read_range(&self, range: Range<u64>) -> io::Result<Bytes> {
        let length = range.end.saturating_sub(range.start);
        let length = usize::try_from(length).map_err(io::Error::other)?;
        let mut bytes = vec![0; length];
        self.read_exact_at(&mut bytes, range.start)?;
        Ok(bytes.into())
    }
}

impl RangeReader for Bytes {
    fn length(&self) -> io::Result<u64> {
        Ok(self.len() as u64)
    }

    fn read_range(&self, range: Range<u64>) -> io::Result<Bytes> {
        let start = usize::try_from(range.start).map_err(io::Error::other)?;
        let end = usize::try_from(range.end).map_err(io::Error::other)?;
        if start > end || end > self.len() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(self.slice(start..end))
    }
}

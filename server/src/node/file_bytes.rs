//! The bytes of one file of a layout, read from blobs in order: every read is checked against the
//! chunk's hash.

use std::sync::Arc;

use bytes::Bytes;
use veritrail_provenance::layout::{FilePath, Layout, LayoutError, Span};
use veritrail_storage::blob::{BlobError, Blobs};

/// Bytes that are read and checked at a time.
const PIECE_BYTES: u32 = 1 << 20;

/// The pieces of one file, in order.
#[derive(Debug)]
pub(crate) struct FilePieces {
    blobs: Arc<dyn Blobs>,
    spans: std::vec::IntoIter<Span>,
    current: Option<Span>,
}

impl FilePieces {
    /// The whole file at `path`.
    pub(crate) fn new(
        layout: &Layout,
        path: &FilePath,
        blobs: Arc<dyn Blobs>,
    ) -> Result<Self, LayoutError> {
        let size = layout.file(path).map_or(0, |file| file.size);
        let spans = layout.spans(path, 0..size)?;
        Ok(Self { blobs, spans: spans.into_iter(), current: None })
    }

    /// The next piece, at most 1 MiB; None at the end.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, BlobError> {
        let span = match self.current.take().or_else(|| self.spans.next()) {
            Some(span) => span,
            None => return Ok(None),
        };
        let to = span.to.min(span.from.saturating_add(PIECE_BYTES));
        if to < span.to {
            self.current = Some(Span { from: to, ..span });
        }
        let range = u64::from(span.from)..u64::from(to);
        self.blobs.read(&span.id, range).await.map(Some)
    }
}

//! The home's blobs as a writer sees them: what is not there yet is noted before it is put.

use std::{ops::Range, sync::Arc};

use async_trait::async_trait;
use bytes::Bytes;
use veritrail_provenance::hash::ChunkId;
use veritrail_storage::blob::{Batch, BlobError, Blobs, DiskBlobs, Sealed};

use super::mark::Mark;
use crate::count::Entered;

#[derive(Debug)]
pub(super) struct MarkedBlobs {
    blobs: Arc<DiskBlobs>,
    mark: Arc<Mark>,
}

impl MarkedBlobs {
    pub(super) fn new(blobs: Arc<DiskBlobs>, mark: Arc<Mark>) -> Self {
        Self { blobs, mark }
    }
}

#[async_trait]
impl Blobs for MarkedBlobs {
    fn batch(&self) -> Box<dyn Batch> {
        Box::new(MarkedBatch {
            inner: self.blobs.batch(),
            blobs: Arc::clone(&self.blobs),
            mark: Arc::clone(&self.mark),
            _entered: self.mark.batch(),
        })
    }

    async fn read(&self, id: &ChunkId, range: Range<u64>) -> Result<Bytes, BlobError> {
        self.blobs.read(id, range).await
    }

    async fn read_all(&self, id: &ChunkId) -> Result<Bytes, BlobError> {
        self.blobs.read_all(id).await
    }

    async fn len(&self, id: &ChunkId) -> Result<Option<u64>, BlobError> {
        self.blobs.len(id).await
    }

    async fn outboard(&self, id: &ChunkId) -> Result<Bytes, BlobError> {
        self.blobs.outboard(id).await
    }

    async fn list(&self) -> Result<Vec<ChunkId>, BlobError> {
        self.blobs.list().await
    }

    async fn remove(&self, id: &ChunkId) -> Result<bool, BlobError> {
        self.blobs.remove(id).await
    }
}

#[derive(Debug)]
struct MarkedBatch {
    // Dropped first, and with it its threads; then the count tells that it ended.
    inner: Box<dyn Batch>,
    blobs: Arc<DiskBlobs>,
    mark: Arc<Mark>,
    _entered: Entered,
}

#[async_trait]
impl Batch for MarkedBatch {
    fn put_sealed(&mut self, blob: Sealed) -> Result<(), BlobError> {
        let id = blob.id();
        match self.blobs.len_blocking(&id) {
            // A damaged one was here before, and is put right.
            Ok(Some(_)) | Err(BlobError::Corrupt { .. }) => {}
            Ok(None) => self.mark.note(&id)?,
            Err(e) => return Err(e),
        }
        self.inner.put_sealed(blob)
    }

    fn commit_blocking(self: Box<Self>) -> Result<(), BlobError> {
        let Self { inner, blobs: _, mark: _, _entered } = *self;
        inner.commit_blocking()
    }

    async fn commit(self: Box<Self>) -> Result<(), BlobError> {
        // With its count: whoever stops waiting for it must still see it end.
        let committed = tokio::task::spawn_blocking(move || self.commit_blocking());
        committed.await.unwrap_or(Err(BlobError::Stopped))
    }
}

//! The memory twin of the blob store.

use std::{
    collections::BTreeMap,
    ops::Range,
    sync::{Arc, PoisonError, RwLock},
};

use async_trait::async_trait;
use bytes::Bytes;
use veritrail_provenance::hash::ChunkId;

use super::{Batch, BlobError, Blobs, Sealed};

/// Blobs in memory. Clones share one content.
#[derive(Clone, Debug, Default)]
pub struct MemoryBlobs {
    blobs: Arc<RwLock<BTreeMap<ChunkId, Sealed>>>,
}

impl MemoryBlobs {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    fn get(&self, id: &ChunkId) -> Option<Sealed> {
        self.blobs.read().unwrap_or_else(PoisonError::into_inner).get(id).cloned()
    }

    fn found(&self, id: &ChunkId) -> Result<Sealed, BlobError> {
        self.get(id).ok_or(BlobError::NotFound { id: *id })
    }
}

#[async_trait]
impl Blobs for MemoryBlobs {
    fn batch(&self) -> Box<dyn Batch> {
        Box::new(MemoryBatch { store: self.clone(), blobs: BTreeMap::new() })
    }

    async fn read(&self, id: &ChunkId, range: Range<u64>) -> Result<Bytes, BlobError> {
        let bytes = self.read_all(id).await?;
        let len = bytes.len() as u64;
        if range.start > range.end || range.end > len {
            return Err(BlobError::OutOfRange { id: *id, len, range });
        }
        let at = |offset| usize::try_from(offset).unwrap_or(usize::MAX);
        Ok(bytes.slice(at(range.start)..at(range.end)))
    }

    async fn read_all(&self, id: &ChunkId) -> Result<Bytes, BlobError> {
        Ok(self.found(id)?.bytes().clone())
    }

    async fn len(&self, id: &ChunkId) -> Result<Option<u64>, BlobError> {
        Ok(self.get(id).map(|blob| blob.bytes().len() as u64))
    }

    async fn outboard(&self, id: &ChunkId) -> Result<Bytes, BlobError> {
        Ok(self.found(id)?.outboard().clone())
    }

    async fn list(&self) -> Result<Vec<ChunkId>, BlobError> {
        let blobs = self.blobs.read().unwrap_or_else(PoisonError::into_inner);
        Ok(blobs.keys().copied().collect())
    }

    async fn remove(&self, id: &ChunkId) -> Result<bool, BlobError> {
        let mut blobs = self.blobs.write().unwrap_or_else(PoisonError::into_inner);
        Ok(blobs.remove(id).is_some())
    }
}

#[derive(Debug)]
struct MemoryBatch {
    store: MemoryBlobs,
    blobs: BTreeMap<ChunkId, Sealed>,
}

#[async_trait]
impl Batch for MemoryBatch {
    fn put_sealed(&mut self, blob: Sealed) -> Result<(), BlobError> {
        self.blobs.insert(blob.id(), blob);
        Ok(())
    }

    fn commit_blocking(self: Box<Self>) -> Result<(), BlobError> {
        let mut blobs = self.store.blobs.write().unwrap_or_else(PoisonError::into_inner);
        blobs.extend(self.blobs);
        Ok(())
    }

    async fn commit(self: Box<Self>) -> Result<(), BlobError> {
        self.commit_blocking()
    }
}

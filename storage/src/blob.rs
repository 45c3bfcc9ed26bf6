//! Immutable bytes under the BLAKE3 hash of their content: chunks, manifests, pages, specs.
//!
//! A blob is stored with its outboard, the inner hashes of its BLAKE3 tree, so that any range of
//! it can be checked, and served to a peer, without hashing the rest.

mod error;
mod group;
mod memory;
mod sealed;

pub mod conformance;
#[cfg(feature = "disk")]
pub mod disk;

use std::{fmt::Debug, ops::Range};

use async_trait::async_trait;
use bytes::Bytes;
use veritrail_provenance::hash::ChunkId;

pub use error::BlobError;
pub use group::{GROUP_LEN, outboard_len};
pub use memory::MemoryBlobs;
pub use sealed::Sealed;

#[cfg(feature = "disk")]
pub use self::disk::{DiskBlobs, Workers};

/// The longest blob: 64 MiB, the largest chunk that is ever decoded.
pub const BLOB_LEN_MAX: u64 = 64 << 20;

/// A store of blobs. Whatever it hands out has the hash it was asked for.
#[async_trait]
pub trait Blobs: Debug + Send + Sync + 'static {
    /// Begins a batch: many blobs that become durable together.
    fn batch(&self) -> Box<dyn Batch>;

    /// Bytes `range` of a blob, checked against its hash by way of the outboard: reads and hashes
    /// the 16 KiB groups that the range touches, no more. A range beyond the end is
    /// [`BlobError::OutOfRange`].
    async fn read(&self, id: &ChunkId, range: Range<u64>) -> Result<Bytes, BlobError>;

    /// The whole blob, checked against its hash.
    async fn read_all(&self, id: &ChunkId) -> Result<Bytes, BlobError>;

    /// Length in bytes, None if it is not here. Reads no content.
    async fn len(&self, id: &ChunkId) -> Result<Option<u64>, BlobError>;

    /// True if it is here.
    async fn has(&self, id: &ChunkId) -> Result<bool, BlobError> {
        Ok(self.len(id).await?.is_some())
    }

    /// The outboard: hash pairs in pre-order, 64 bytes for every 16 KiB group but one, as
    /// bao-tree's `PreOrderMemOutboard` at chunk log 4. As stored, unchecked: whoever uses it
    /// checks it against the id.
    async fn outboard(&self, id: &ChunkId) -> Result<Bytes, BlobError>;

    /// All ids, sorted.
    async fn list(&self) -> Result<Vec<ChunkId>, BlobError>;

    /// Removes a blob; false if it was not here. After a power loss it may be back.
    async fn remove(&self, id: &ChunkId) -> Result<bool, BlobError>;

    /// One blob, durable on return. Many are put faster by a [`Batch`].
    async fn put(&self, bytes: Bytes) -> Result<ChunkId, BlobError> {
        let mut batch = self.batch();
        let id = batch.put(bytes)?;
        batch.commit().await?;
        Ok(id)
    }
}

/// Blobs on their way into a store. Dropped without a commit, it leaves whole blobs or nothing.
#[async_trait]
pub trait Batch: Debug + Send {
    /// Takes a blob. May block while the disk is behind; an error may be that of an earlier blob.
    fn put_sealed(&mut self, blob: Sealed) -> Result<(), BlobError>;

    /// Hashes `bytes` and takes them.
    fn put(&mut self, bytes: Bytes) -> Result<ChunkId, BlobError> {
        let blob = Sealed::new(bytes)?;
        let id = blob.id();
        self.put_sealed(blob)?;
        Ok(id)
    }

    /// Returns once every blob that was put is durable. Blocks.
    fn commit_blocking(self: Box<Self>) -> Result<(), BlobError>;

    /// Like [`Batch::commit_blocking`], off the async threads.
    async fn commit(self: Box<Self>) -> Result<(), BlobError>;
}

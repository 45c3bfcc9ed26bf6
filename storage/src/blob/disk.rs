//! Blobs as files: one file a blob, named by its hash, holding the bytes and then the outboard.
//!
//! A file gets its name only when its bytes are durable, so whatever has a name is whole. A batch
//! is acknowledged when the names are durable too.

mod batch;
mod range;
mod sweep;

use std::{fmt, ops::Range, sync::Arc};

use async_trait::async_trait;
use bytes::Bytes;
use veritrail_provenance::hash::ChunkId;

use self::batch::DiskBatch;
use super::{BLOB_LEN_MAX, Batch, BlobError, Blobs, outboard_len};
use crate::disk::{Access, Disk, DiskError, DiskPath, Kind, OpenFor};

pub use batch::Workers;

/// A folder of blobs, and beneath it `tmp` for what is being written.
#[derive(Clone)]
pub struct DiskBlobs {
    disk: Arc<dyn Disk>,
    folder: DiskPath,
    workers: Workers,
}

impl DiskBlobs {
    /// Makes the folder and opens it. Its own name is durable once the caller has synced the
    /// folder around it, as the making of a home does. Blocks.
    pub fn create(disk: Arc<dyn Disk>, folder: DiskPath) -> Result<Self, BlobError> {
        disk.create_dir(&folder, Access::Shared)?;
        Self::open(disk, folder)
    }

    /// Opens a folder made by [`DiskBlobs::create`]. Blocks.
    pub fn open(disk: Arc<dyn Disk>, folder: DiskPath) -> Result<Self, BlobError> {
        let store = Self { disk, folder, workers: Workers::default() };
        // Not synced: it holds nothing that must last, and is made again here if it is lost.
        store.disk.create_dir(&store.temporary()?, Access::Private)?;
        Ok(store)
    }

    /// The same store, with batches written by so many threads.
    pub fn with_workers(self, workers: Workers) -> Self {
        Self { workers, ..self }
    }

    /// [`Blobs::read`] for callers that may block.
    pub fn read_blocking(&self, id: &ChunkId, range: Range<u64>) -> Result<Bytes, BlobError> {
        let stored = self.stored(id)?.ok_or(BlobError::NotFound { id: *id })?;
        let len = stored.len;
        if range.start > range.end || range.end > len {
            return Err(BlobError::OutOfRange { id: *id, len, range });
        }
        let file = self.disk.open(&stored.path, OpenFor::Reading)?;
        let mut outboard = buffer(outboard_len(len));
        file.read_at(len, &mut outboard)?;
        let groups = range::whole_groups(&range, len);
        let mut bytes = buffer(groups.end - groups.start);
        file.read_at(groups.start, &mut bytes)?;
        let window =
            range::Window { len, outboard: &outboard, range: groups.clone(), bytes: &bytes };
        range::verify(id, &window).map_err(|offset| BlobError::Corrupt { id: *id, offset })?;
        let at = |offset: u64| usize::try_from(offset - groups.start).unwrap_or(usize::MAX);
        Ok(Bytes::from(bytes).slice(at(range.start)..at(range.end)))
    }

    /// [`Blobs::read_all`] for callers that may block. Hashes the bytes themselves; the outboard
    /// is not needed and not read.
    pub fn read_all_blocking(&self, id: &ChunkId) -> Result<Bytes, BlobError> {
        let stored = self.stored(id)?.ok_or(BlobError::NotFound { id: *id })?;
        let mut bytes = buffer(stored.len);
        self.disk.open(&stored.path, OpenFor::Reading)?.read_at(0, &mut bytes)?;
        match ChunkId::of(&bytes) == *id {
            true => Ok(bytes.into()),
            false => Err(BlobError::Corrupt { id: *id, offset: 0 }),
        }
    }

    /// [`Blobs::len`] for callers that may block.
    pub fn len_blocking(&self, id: &ChunkId) -> Result<Option<u64>, BlobError> {
        Ok(self.stored(id)?.map(|stored| stored.len))
    }

    /// [`Blobs::outboard`] for callers that may block.
    pub fn outboard_blocking(&self, id: &ChunkId) -> Result<Bytes, BlobError> {
        let stored = self.stored(id)?.ok_or(BlobError::NotFound { id: *id })?;
        let mut outboard = buffer(outboard_len(stored.len));
        self.disk.open(&stored.path, OpenFor::Reading)?.read_at(stored.len, &mut outboard)?;
        Ok(outboard.into())
    }

    /// [`Blobs::list`] for callers that may block. Names that are no hash are left out; fsck
    /// reports them.
    pub fn list_blocking(&self) -> Result<Vec<ChunkId>, BlobError> {
        let names = self.disk.list(&self.folder)?;
        Ok(names.iter().filter_map(|name| name.parse().ok()).collect())
    }

    /// [`Blobs::remove`] for callers that may block.
    pub fn remove_blocking(&self, id: &ChunkId) -> Result<bool, BlobError> {
        match self.disk.unlink(&self.path(id)?) {
            Ok(()) => Ok(true),
            Err(DiskError::NotFound { .. }) => Ok(false),
            Err(e) => Err(e.into()),
        }
    }

    /// Where the file of a blob stands.
    pub(crate) fn path(&self, id: &ChunkId) -> Result<DiskPath, DiskError> {
        self.folder.join(&id.to_hex())
    }

    fn temporary(&self) -> Result<DiskPath, DiskError> {
        self.folder.join("tmp")
    }

    fn stored(&self, id: &ChunkId) -> Result<Option<Stored>, BlobError> {
        let path = self.path(id)?;
        let len = match self.disk.metadata(&path)? {
            None => return Ok(None),
            Some(m) if m.kind == Kind::File => range::blob_len(m.len),
            Some(_) => return Err(DiskError::NotPlain { path }.into()),
        };
        match len.filter(|len| *len <= BLOB_LEN_MAX) {
            Some(len) => Ok(Some(Stored { path, len })),
            None => Err(BlobError::Corrupt { id: *id, offset: 0 }),
        }
    }
}

struct Stored {
    path: DiskPath,
    /// Of the blob, without its outboard.
    len: u64,
}

/// The length was checked against [`BLOB_LEN_MAX`].
fn buffer(len: u64) -> Vec<u8> {
    vec![0; usize::try_from(len).unwrap_or(0)]
}

impl fmt::Debug for DiskBlobs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DiskBlobs({})", self.folder)
    }
}

/// Runs `work` where blocking does not hold up other tasks.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, BlobError> + Send + 'static,
) -> Result<T, BlobError> {
    tokio::task::spawn_blocking(work).await.unwrap_or(Err(BlobError::Stopped))
}

#[async_trait]
impl Blobs for DiskBlobs {
    fn batch(&self) -> Box<dyn Batch> {
        Box::new(DiskBatch::new(self.clone(), self.workers))
    }

    async fn read(&self, id: &ChunkId, range: Range<u64>) -> Result<Bytes, BlobError> {
        let (store, id) = (self.clone(), *id);
        blocking(move || store.read_blocking(&id, range)).await
    }

    async fn read_all(&self, id: &ChunkId) -> Result<Bytes, BlobError> {
        let (store, id) = (self.clone(), *id);
        blocking(move || store.read_all_blocking(&id)).await
    }

    async fn len(&self, id: &ChunkId) -> Result<Option<u64>, BlobError> {
        let (store, id) = (self.clone(), *id);
        blocking(move || store.len_blocking(&id)).await
    }

    async fn outboard(&self, id: &ChunkId) -> Result<Bytes, BlobError> {
        let (store, id) = (self.clone(), *id);
        blocking(move || store.outboard_blocking(&id)).await
    }

    async fn list(&self) -> Result<Vec<ChunkId>, BlobError> {
        let store = self.clone();
        blocking(move || store.list_blocking()).await
    }

    async fn remove(&self, id: &ChunkId) -> Result<bool, BlobError> {
        let (store, id) = (self.clone(), *id);
        blocking(move || store.remove_blocking(&id)).await
    }
}

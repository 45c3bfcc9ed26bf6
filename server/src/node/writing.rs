//! Writing blobs that no statement names yet, and taking them away again if none ever will.
//!
//! Whoever writes blobs holds a shared lock until the statement that names them stands. Only under
//! the exclusive lock, so while nobody writes, are blobs taken away: another writer may have found
//! one of ours already there and relied on it.

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Receiver, Sender, channel},
    },
};

use async_trait::async_trait;
use veritrail_provenance::hash::ChunkId;
use veritrail_storage::{
    blob::{Batch, BlobError, DiskBlobs, Sealed},
    disk::{Disk as _, DiskLock, DiskPath, LockMode, LockWait},
};

use super::Node;
use crate::error::{NodeError, OrKind as _, Result};

const LOCK: &str = "writing.lock";

/// The right to write blobs. Held until what names them is durable.
#[derive(Debug)]
pub(super) struct Writing<'n> {
    node: &'n Node,
    lock: Box<dyn DiskLock>,
    made: Made,
    batches: (Sender<()>, Receiver<()>),
}

/// Blobs that were not here before.
type Made = Arc<Mutex<BTreeSet<ChunkId>>>;

impl Node {
    /// Waits until nobody takes blobs away. Blocks.
    pub(super) fn writing(&self) -> Result<Writing<'_>> {
        let lock = self.hold_writing()?;
        Ok(Writing { node: self, lock, made: Made::default(), batches: channel() })
    }

    /// The bare lock, for whoever writes blobs that are to stay: while it is held nobody takes any
    /// away. Blocks.
    pub(super) fn hold_writing(&self) -> Result<Box<dyn DiskLock>> {
        let lock = self.writing_lock(LockMode::Shared, LockWait::Block)?;
        lock.ok_or_else(|| NodeError::failed("the lock was not given").at(LOCK))
    }

    fn writing_lock(&self, mode: LockMode, wait: LockWait) -> Result<Option<Box<dyn DiskLock>>> {
        let path = DiskPath::new(LOCK).or_failed()?;
        self.home().disk().lock(&path, mode, wait).or_failed()
    }
}

impl Writing<'_> {
    /// A batch of blobs that [`Writing::undo`] takes away again.
    pub(super) fn batch(&self) -> Box<dyn Batch> {
        let blobs = self.node.home().parts().blobs.clone();
        Box::new(Undoable {
            inner: veritrail_storage::blob::Blobs::batch(&*blobs),
            blobs,
            made: self.made.clone(),
            _ended: self.batches.0.clone(),
        })
    }

    /// Takes away what was made, unless somebody else is writing: then it stays, named by nobody
    /// and served to nobody. Waits for batches that were dropped. Blocks.
    pub(super) fn undo(self) -> Result<()> {
        let Self { node, lock, made, batches: (ours, others) } = self;
        drop(ours);
        // Ends when the last batch has ended: nobody sends, all hang up.
        while others.recv().is_ok() {}
        drop(lock);
        let Some(_alone) = node.writing_lock(LockMode::Exclusive, LockWait::Try)? else {
            return Ok(());
        };
        let made = std::mem::take(&mut *made.lock().unwrap_or_else(PoisonError::into_inner));
        for id in made {
            node.home().parts().blobs.remove_blocking(&id).or_failed()?;
        }
        Ok(())
    }
}

/// A batch that remembers which of its blobs are new.
#[derive(Debug)]
struct Undoable {
    // Dropped first, and with it its threads; then the channel tells that it ended.
    inner: Box<dyn Batch>,
    blobs: Arc<DiskBlobs>,
    made: Made,
    _ended: Sender<()>,
}

#[async_trait]
impl Batch for Undoable {
    fn put_sealed(&mut self, blob: Sealed) -> Result<(), BlobError> {
        let id = blob.id();
        if self.blobs.len_blocking(&id)?.is_none() {
            self.made.lock().unwrap_or_else(PoisonError::into_inner).insert(id);
        }
        self.inner.put_sealed(blob)
    }

    fn commit_blocking(self: Box<Self>) -> Result<(), BlobError> {
        self.inner.commit_blocking()
    }

    async fn commit(self: Box<Self>) -> Result<(), BlobError> {
        self.inner.commit().await
    }
}

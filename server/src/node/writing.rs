//! Writing blobs that no statement names yet, and taking away those that none will ever name.
//!
//! Whoever writes blobs holds a shared lock until the statement that names them stands, and notes
//! each new blob in a mark of its own, a file, before the blob is there. A mark whose writer is
//! gone says what to look at: of these blobs, those that nothing names are taken away. That is
//! done under the exclusive lock alone, so while nobody writes: another writer may have found such
//! a blob already there and relied on it.

mod blobs;
mod mark;
mod sweep;

use std::sync::Arc;

use veritrail_storage::{
    blob::{Batch, Blobs},
    disk::{Disk as _, DiskLock, DiskPath, LockMode, LockWait},
};

pub(in crate::node) use self::sweep::{Swept, Within};
use self::{blobs::MarkedBlobs, mark::Mark};
use super::Node;
use crate::{
    error::{NodeError, OrKind as _, Result},
    stop::{Held, Stop},
};

const LOCK: &str = "writing.lock";

/// The right to write blobs. Ended, or dropped, once what names them is durable or nothing will.
#[derive(Debug)]
pub(super) struct Writing<'n> {
    node: &'n Node,
    lock: Box<dyn DiskLock>,
    mark: Arc<Mark>,
    // The process stays until what is not wanted was taken away.
    _held: Held,
}

impl Node {
    /// Takes away what dead writers left, then waits until nobody takes blobs away. Blocks.
    ///
    /// # Errors
    /// The person asked to stop; the lock cannot be had.
    pub(super) async fn writing(&self, stop: &Stop) -> Result<Writing<'_>> {
        let held = stop.hold()?;
        // Damage that keeps the sweep from knowing what is named is told by fsck; it is no reason
        // not to write.
        drop(self.sweep(Within::Marks).await);
        let lock = self.writing_lock(LockMode::Shared, LockWait::Block)?;
        let lock = lock.ok_or_else(|| NodeError::failed("the lock was not given").at(LOCK))?;
        let mark = Arc::new(Mark::new(self.home().disk().clone()));
        Ok(Writing { node: self, lock, mark, _held: held })
    }

    fn writing_lock(&self, mode: LockMode, wait: LockWait) -> Result<Option<Box<dyn DiskLock>>> {
        let path = DiskPath::new(LOCK).or_failed()?;
        self.home().disk().lock(&path, mode, wait).or_failed()
    }
}

impl Writing<'_> {
    /// The home's blobs; what is new in them is noted.
    pub(super) fn blobs(&self) -> Arc<dyn Blobs> {
        let blobs = Arc::clone(&self.node.home().parts().blobs);
        Arc::new(MarkedBlobs::new(blobs, Arc::clone(&self.mark)))
    }

    /// A batch of such blobs.
    pub(super) fn batch(&self) -> Box<dyn Batch> {
        self.blobs().batch()
    }

    /// What `done` says. After a success all that was written is named; after a failure, what is
    /// not is taken away.
    pub(super) async fn end<T>(self, done: Result<T>) -> Result<T> {
        match &done {
            Ok(_) => self.mark.remove().or_failed()?,
            // The error that matters is the one there is; the mark stays for the next writer.
            Err(_) => drop(self.settle().await),
        }
        done
    }

    /// Takes away what was written and is not named, unless somebody else is writing: then
    /// whoever writes next does it. Waits for batches that were dropped.
    pub(super) async fn settle(self) -> Result<Swept> {
        self.mark.abandoned().await;
        drop(self.lock);
        self.node.sweep(Within::Marks).await
    }
}

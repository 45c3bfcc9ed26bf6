//! A log held without the key of its head: for a home whose log key is lost, or was taken.
//!
//! Whoever holds it decides, from what its entries say, by which key it is signed from now on.

use std::{fmt, sync::Arc};

use veritrail_provenance::{
    identity::Signer,
    log::{checkpoint::Checkpoint, note::VKey},
    statement::Origin,
};

use super::{
    LogError,
    files::Files,
    intent::{self, Head, Intent},
    reader::Snapshot,
    settle::{Before, settle},
    writer::LogPlace,
};
use crate::disk::{Access, Disk, DiskLock, LockMode, LockWait, put_durable};

/// A log in the folder, held against everybody who would append.
pub struct Unkeyed {
    files: Files,
    place: LogPlace,
    head: Snapshot,
    intent: Intent,
    _lock: Option<Box<dyn DiskLock>>,
}

impl Unkeyed {
    /// Holds the log once nobody appends any more. Its head is read, and who signed it is not
    /// asked: see [`Unkeyed::is_signed_by`]. Blocks.
    ///
    /// # Errors
    /// Head and intent tell of different pasts, as for a writer.
    pub fn hold(disk: Arc<dyn Disk>, place: LogPlace) -> Result<Self, LogError> {
        let lock = disk.lock(place.lock(), LockMode::Exclusive, LockWait::Block)?;
        let files = Files { disk, folder: place.folder().clone() };
        let note = files.checkpoint()?;
        let (checkpoint, _) = Checkpoint::read(&note)?;
        let bytes = files.disk.read_if_there(place.intent(), intent::FILE_LEN_MAX)?;
        let intent = Intent::from_bytes(&bytes.ok_or(LogError::IntentDamaged)?)?;
        let found = Head { size: checkpoint.size, root: checkpoint.root };
        if found != intent.old && found != intent.new {
            return Err(LogError::OutOfStep { head: found.size, signed: intent.new.size });
        }
        let head = Snapshot::unchecked(files.clone(), checkpoint, note);
        Ok(Self { files, place, head, intent, _lock: lock })
    }

    /// Name of the log.
    pub fn origin(&self) -> &Origin {
        &self.head.checkpoint().origin
    }

    /// Whether one of `keys` signed the head.
    pub fn is_signed_by(&self, keys: &[VKey]) -> Result<(), LogError> {
        Checkpoint::open(self.head.note(), keys)?;
        Ok(())
    }

    /// The entries under the head, all of them checked against its root.
    pub fn entries(&self) -> Result<Vec<Vec<u8>>, LogError> {
        self.head.entries(0..self.head.size())
    }

    /// Entries that were decided and are not under the head yet.
    pub fn pending(&self) -> &[Vec<u8>] {
        let at = Head { size: self.head.size(), root: self.head.checkpoint().root };
        if at == self.intent.new { &[] } else { &self.intent.entries }
    }

    /// Appends `entries` behind those that are pending, durably, and signs the new head with
    /// `signer`. Done again after a crash, it comes to the same. Blocks.
    pub fn take_over(
        &self,
        signer: &dyn Signer,
        entries: Vec<Vec<u8>>,
    ) -> Result<Vec<u8>, LogError> {
        let origin = self.origin();
        let disk = &*self.files.disk;
        // Its name may have come there without a sync, and so may all that it asks for.
        disk.fsync_dir(&self.place.intent().parent())?;
        if self.pending().is_empty() || entries.is_empty() {
            let note = settle(&self.files, origin, signer, &self.intent, Before::Anything)?;
            if entries.is_empty() {
                return Ok(note);
            }
        }
        let size = self.head.size();
        let range = self.files.range(size, size)?;
        let mut all = self.pending().to_vec();
        all.extend(entries);
        intent::check_batch(&all)?;
        let intent = Intent::append(&range, all)?;
        put_durable(disk, self.place.intent(), &intent.to_bytes()?, Access::Private)?;
        settle(&self.files, origin, signer, &intent, Before::Anything)
    }
}

impl fmt::Debug for Unkeyed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Unkeyed({})", self.origin())
    }
}

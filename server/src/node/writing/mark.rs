//! A writer's mark: the ids of the blobs that it makes, in a file, noted before each is there.
//!
//! That there is a mark is durable before any of its blobs is; what stands in it is not synced.
//! After a kill it is whole, as the system holds what was written. A power loss may take some of
//! it: its name says in which run of the system it was written, so that one of an earlier run is
//! known to tell perhaps not all.

use std::{
    collections::BTreeSet,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use veritrail_provenance::hash::ChunkId;
use veritrail_storage::disk::{Access, Disk, DiskError, DiskFile, DiskPath, OsDisk};

use crate::count::{Count, Entered};

/// Bytes of an id, as they stand in the file.
const ID_BYTES: usize = 32;

/// Ids that one mark is read for: a dataset of some 4 TB in chunks of 1 MiB.
const MARK_BYTES_MAX: u64 = (4 << 20) * ID_BYTES as u64;

/// Makes names differ within a process.
static NEXT: AtomicU64 = AtomicU64::new(0);

#[derive(Debug)]
pub(super) struct Mark {
    disk: OsDisk,
    // Made with the first id: who writes nothing new leaves no trace.
    noted: Mutex<Option<Noted>>,
    batches: Count,
}

#[derive(Debug)]
struct Noted {
    path: DiskPath,
    file: Box<dyn DiskFile>,
    ids: BTreeSet<ChunkId>,
}

/// What marks say whose writers are gone.
pub(super) struct Left {
    paths: Vec<DiskPath>,
    pub(super) ids: BTreeSet<ChunkId>,
    /// False if the system may have gone down under one of them: then it tells perhaps not all.
    pub(super) whole: bool,
}

impl Mark {
    pub(super) fn new(disk: OsDisk) -> Self {
        Self { disk, noted: Mutex::default(), batches: Count::default() }
    }

    /// Notes that this blob is about to be made.
    pub(super) fn note(&self, id: &ChunkId) -> Result<(), DiskError> {
        let mut noted = self.noted();
        let noted = match &mut *noted {
            Some(noted) => noted,
            None => noted.insert(self.create()?),
        };
        if noted.ids.contains(id) {
            return Ok(());
        }
        let end = noted.ids.len() * ID_BYTES;
        noted.file.write_at(end as u64, id.as_bytes())?;
        noted.ids.insert(*id);
        Ok(())
    }

    /// A batch whose blobs are noted here began; it ends when what is returned is dropped.
    pub(super) fn batch(&self) -> Entered {
        self.batches.enter()
    }

    /// Returns once every batch has ended.
    pub(super) async fn abandoned(&self) {
        self.batches.none().await;
    }

    /// All that was noted is named: nothing is to be looked at.
    pub(super) fn remove(&self) -> Result<(), DiskError> {
        match self.noted().take() {
            Some(noted) => self.disk.unlink(&noted.path),
            None => Ok(()),
        }
    }

    fn noted(&self) -> MutexGuard<'_, Option<Noted>> {
        self.noted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn create(&self) -> Result<Noted, DiskError> {
        let folder = folder()?;
        self.disk.create_dir(&folder, Access::Private)?;
        // Even where it was there: who made it may have died before this.
        self.disk.fsync_dir(&folder.parent())?;
        let boot = boot().unwrap_or_default();
        loop {
            let n = NEXT.fetch_add(1, Ordering::Relaxed);
            let path = folder.join(&format!("{}.{n}.{boot}", std::process::id()))?;
            match self.disk.create_new(&path, Access::Private) {
                Ok(file) => {
                    self.disk.fsync_dir(&folder)?;
                    return Ok(Noted { path, file, ids: BTreeSet::new() });
                }
                // Of a dead process that had our number.
                Err(DiskError::Exists { .. }) => {}
                Err(e) => return Err(e),
            }
        }
    }
}

impl Left {
    /// Reads all marks. Asked while nobody writes, they are all of dead writers.
    pub(super) fn read(disk: &OsDisk) -> Result<Self, DiskError> {
        let mut left = Self { paths: Vec::new(), ids: BTreeSet::new(), whole: true };
        let folder = folder()?;
        if disk.metadata(&folder)?.is_none() {
            return Ok(left);
        }
        let boot = boot();
        for name in disk.list(&folder)? {
            left.whole &= boot.is_some() && name.split('.').nth(2) == boot.as_deref();
            let path = folder.join(&name)?;
            let bytes = disk.read(&path, MARK_BYTES_MAX)?;
            // An id that was cut off stands for a blob that was not begun.
            let ids = bytes.chunks_exact(ID_BYTES).filter_map(|id| id.try_into().ok());
            left.ids.extend(ids.map(ChunkId::from_bytes));
            left.paths.push(path);
        }
        Ok(left)
    }

    /// Takes the marks away: they were seen to.
    pub(super) fn remove(self, disk: &OsDisk) -> Result<(), DiskError> {
        self.paths.iter().try_for_each(|path| disk.unlink(path))
    }
}

/// The folder of marks, in the home.
fn folder() -> Result<DiskPath, DiskError> {
    DiskPath::new("writing")
}

/// Which run of the system this is, where it says so.
fn boot() -> Option<String> {
    let text = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let id: String = text.trim().chars().filter(char::is_ascii_hexdigit).collect();
    (!id.is_empty()).then_some(id)
}

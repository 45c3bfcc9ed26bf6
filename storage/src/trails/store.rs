//! The files of trails.

use std::{fmt, sync::Arc};

use sha2::{Digest, Sha256};
use veritrail_provenance::{
    evidence::{EVIDENCE_SIZE_MAX, Evidence, InconsistentPair, KnownHead, LogEvidence},
    statement::Origin,
};

use super::TrailError;
use crate::disk::{Access, Disk, DiskError, DiskLock, DiskPath, LockMode, LockWait, put_durable};

/// The folder of all trails: in it one folder a log, in that `trail` (what is known), `apart/`
/// (heads not shown consistent) and `pairs/` (heads that cannot both be true).
#[derive(Clone)]
pub struct Trails {
    disk: Arc<dyn Disk>,
    folder: DiskPath,
}

impl Trails {
    /// Opens the folder, which must exist.
    pub fn open(disk: Arc<dyn Disk>, folder: DiskPath) -> Self {
        Self { disk, folder }
    }

    /// The logs of which something is known, by name. Blocks.
    pub fn origins(&self) -> Result<Vec<Origin>, TrailError> {
        let mut origins = Vec::new();
        for name in self.disk.list(&self.folder)? {
            let path = self.folder.join(&name)?.join("trail")?;
            if is_trail_folder(&name)
                && let Some(log) = self.read(&path)?
            {
                belongs(&path, &log.origin, &name)?;
                origins.push(log.origin);
            }
        }
        origins.sort();
        Ok(origins)
    }

    /// All that is known of a log: one head and entries with proofs against it. Blocks.
    pub fn log(&self, origin: &Origin) -> Result<Option<LogEvidence>, TrailError> {
        let path = self.log_folder(origin)?.join("trail")?;
        let log = self.read(&path)?;
        if let Some(log) = &log {
            belongs(&path, &log.origin, &origin.trail_folder())?;
        }
        Ok(log)
    }

    /// The entries known of a log, ascending by index, as the fold takes them. Blocks.
    pub fn entries(&self, origin: &Origin) -> Result<Vec<(u64, Vec<u8>)>, TrailError> {
        let entries = self.log(origin)?.map(|log| log.entries).unwrap_or_default();
        Ok(entries.into_iter().map(|entry| (entry.index, entry.bytes)).collect())
    }

    /// The newest heads of all logs: what evidence is checked against, and what a request states
    /// as known. Blocks.
    pub fn known(&self) -> Result<Vec<KnownHead>, TrailError> {
        let mut heads = Vec::new();
        for origin in self.origins()? {
            if let Some(log) = self.log(&origin)? {
                let head = KnownHead::read(log.checkpoint);
                heads.push(head.map_err(|source| TrailError::Checkpoint { origin, source })?);
            }
        }
        Ok(heads)
    }

    /// Evidence whose head was never shown consistent with the newest one. Blocks.
    pub fn apart(&self, origin: &Origin) -> Result<Vec<LogEvidence>, TrailError> {
        let folder = self.log_folder(origin)?.join("apart")?;
        let mut apart = Vec::new();
        for path in self.files(&folder)? {
            apart.extend(self.read(&path)?);
        }
        Ok(apart)
    }

    /// Reads every trail, each as it can be read: for a check of the whole home. Blocks.
    pub fn check(&self) -> Result<Vec<Result<Origin, TrailError>>, TrailError> {
        let mut checked = Vec::new();
        for name in self.disk.list(&self.folder)? {
            if !is_trail_folder(&name) {
                continue;
            }
            let path = self.folder.join(&name)?.join("trail")?;
            let log = self.read(&path).and_then(|log| match log {
                None => Ok(None),
                Some(log) => {
                    belongs(&path, &log.origin, &name)?;
                    log.merge(&log)
                        .map_err(|source| TrailError::Merge { origin: log.origin.clone(), source })
                        .map(|log| Some(log.origin))
                }
            });
            checked.extend(log.transpose());
        }
        Ok(checked)
    }

    /// The pairs of heads that convict a log. Blocks.
    pub fn pairs(&self, origin: &Origin) -> Result<Vec<InconsistentPair>, TrailError> {
        let folder = self.log_folder(origin)?.join("pairs")?;
        let decode = |path: DiskPath| {
            let bytes = self.disk.read(&path, EVIDENCE_SIZE_MAX as u64)?;
            InconsistentPair::decode(&bytes)
                .map_err(|e| TrailError::Damaged { path, reason: e.to_string() })
        };
        self.files(&folder)?.into_iter().map(decode).collect()
    }

    /// Keeps a pair, durably, and returns where. Blocks.
    pub fn keep_pair(&self, pair: &InconsistentPair) -> Result<DiskPath, TrailError> {
        self.keep(&pair.origin, "pairs", &pair.encode())
    }

    pub(super) fn keep_apart(&self, log: &LogEvidence) -> Result<DiskPath, TrailError> {
        self.keep(&log.origin, "apart", &encode(log)?)
    }

    /// Forgets evidence that was kept apart and has found its place.
    pub(super) fn remove_apart(&self, log: &LogEvidence) -> Result<(), TrailError> {
        let folder = self.log_folder(&log.origin)?.join("apart")?;
        match self.disk.unlink(&folder.join(&name_of(&encode(log)?))?) {
            Err(DiskError::NotFound { .. }) => Ok(()),
            unlinked => Ok(unlinked?),
        }
    }

    /// Replaces what is known of a log. A crash leaves the old or the new.
    pub(super) fn write(&self, log: &LogEvidence) -> Result<(), TrailError> {
        let bytes = encode(log)?;
        let folder = self.log_folder(&log.origin)?;
        self.make_folder(&folder)?;
        Ok(put_durable(&*self.disk, &folder.join("trail")?, &bytes, Access::Shared)?)
    }

    /// Held while one log is imported.
    pub(super) fn lock(&self) -> Result<Option<Box<dyn DiskLock>>, TrailError> {
        let path = self.folder.join("lock")?;
        Ok(self.disk.lock(&path, LockMode::Exclusive, LockWait::Block)?)
    }

    /// Puts bytes under their own hash.
    fn keep(&self, origin: &Origin, kind: &str, bytes: &[u8]) -> Result<DiskPath, TrailError> {
        let log = self.log_folder(origin)?;
        self.make_folder(&log)?;
        let folder = log.join(kind)?;
        self.make_folder(&folder)?;
        let path = folder.join(&name_of(bytes))?;
        put_durable(&*self.disk, &path, bytes, Access::Shared)?;
        Ok(path)
    }

    /// Made, and durable, even if it was there: another process may have died before its sync.
    fn make_folder(&self, folder: &DiskPath) -> Result<(), TrailError> {
        self.disk.create_dir(folder, Access::Shared)?;
        Ok(self.disk.fsync_dir(&folder.parent())?)
    }

    fn log_folder(&self, origin: &Origin) -> Result<DiskPath, DiskError> {
        self.folder.join(&origin.trail_folder())
    }

    fn files(&self, folder: &DiskPath) -> Result<Vec<DiskPath>, TrailError> {
        let names = match self.disk.list(folder) {
            Err(DiskError::NotFound { .. }) => return Ok(Vec::new()),
            names => names?,
        };
        let whole = names.iter().filter(|name| !name.ends_with(".tmp"));
        Ok(whole.map(|name| folder.join(name)).collect::<Result<_, _>>()?)
    }

    fn read(&self, path: &DiskPath) -> Result<Option<LogEvidence>, TrailError> {
        let Some(bytes) = self.disk.read_if_there(path, EVIDENCE_SIZE_MAX as u64)? else {
            return Ok(None);
        };
        let damaged = |reason: String| TrailError::Damaged { path: path.clone(), reason };
        let mut evidence = Evidence::decode(&bytes).map_err(|e| damaged(e.to_string()))?;
        match (evidence.logs.pop(), evidence.logs.is_empty(), evidence.blobs.is_empty()) {
            (Some(log), true, true) => Ok(Some(log)),
            _ => Err(damaged("it is not evidence of one log".into())),
        }
    }
}

impl fmt::Debug for Trails {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Trails({})", self.folder)
    }
}

/// A trail that was moved into another log's folder is not that log's.
fn belongs(path: &DiskPath, origin: &Origin, folder: &str) -> Result<(), TrailError> {
    if origin.trail_folder() == folder {
        return Ok(());
    }
    let reason = format!("it is of log {origin}, which belongs elsewhere");
    Err(TrailError::Damaged { path: path.clone(), reason })
}

fn encode(log: &LogEvidence) -> Result<Vec<u8>, TrailError> {
    Ok(Evidence { logs: vec![log.clone()], blobs: Vec::new() }.encode()?)
}

fn name_of(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

fn is_trail_folder(name: &str) -> bool {
    name.len() == 64 && name.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

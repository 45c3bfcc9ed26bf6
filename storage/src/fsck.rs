//! Checking a whole home: every blob's hash, every tile, entry and signature of the log, every
//! trail, and what crashes left behind. And making the state again from the logs.

mod blobs;
mod log_files;
mod rebuild;

use veritrail_provenance::{
    hash::ChunkId,
    log::audit::{Audit, audit},
};

pub use rebuild::{RebuildError, Rebuilt, rebuild};

use crate::{blob::BlobError, disk::DiskError, home::Parts, trails::TrailError};

/// What to do about damage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repair {
    /// Only report it.
    Nothing,
    /// Move damaged blobs out of the way, into `damaged/`, so that they can be fetched or
    /// published again; write damaged outboards anew; remove what interrupted writes left.
    SetAside,
}

/// Why a check could not be carried through. Damage is no such error: it stands in the report.
#[derive(Debug, thiserror::Error)]
pub enum FsckError {
    /// The disk.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// The blobs.
    #[error(transparent)]
    Blob(#[from] BlobError),
    /// The trails' folder.
    #[error(transparent)]
    Trail(#[from] TrailError),
}

/// What was found.
#[derive(Clone, Debug)]
pub struct Fsck {
    /// Blobs that were read and hashed.
    pub blobs: u64,
    /// Bytes of these.
    pub bytes: u64,
    /// Blobs whose bytes do not have their hash. Set aside, if asked.
    pub damaged: Vec<ChunkId>,
    /// Blobs whose bytes are right and whose outboard was not. Written anew, if asked.
    pub outboards: Vec<ChunkId>,
    /// Names in the blobs' folder that no blob has; left alone.
    pub strangers: Vec<String>,
    /// Temporary files of interrupted writes. Removed, if asked.
    pub left_over: Vec<String>,
    /// The log.
    pub log: Audit,
    /// Trails that cannot be read back, with the reason.
    pub trails: Vec<String>,
}

impl Fsck {
    /// True if nothing was found that matters. Left-overs of a crash do not.
    pub fn is_clean(&self) -> bool {
        self.damaged.is_empty()
            && self.outboards.is_empty()
            && self.strangers.is_empty()
            && self.trails.is_empty()
            && self.log.is_clean()
    }
}

/// Checks a home. Reads every byte of it; `progress` is called with the bytes of blobs done so
/// far. Blocks.
pub fn fsck(
    home: &Parts,
    repair: Repair,
    mut progress: impl FnMut(u64),
) -> Result<Fsck, FsckError> {
    let left_over = match repair {
        Repair::SetAside => home.blobs.sweep()?,
        Repair::Nothing => home.blobs.left_over()?,
    };
    let mut found = Fsck {
        blobs: 0,
        bytes: 0,
        damaged: Vec::new(),
        outboards: Vec::new(),
        strangers: home.blobs.strangers()?,
        left_over,
        log: audit_log(home),
        trails: damaged_trails(home)?,
    };
    for id in home.blobs.list_blocking()? {
        blobs::check(home, &id, repair, &mut found)?;
        progress(found.bytes);
    }
    Ok(found)
}

fn audit_log(home: &Parts) -> Audit {
    let mut files = log_files::DiskLogFiles::new(&home.disk, home.log.place().folder());
    audit(&mut files, std::slice::from_ref(home.log.key()))
}

fn damaged_trails(home: &Parts) -> Result<Vec<String>, FsckError> {
    let mut damaged = Vec::new();
    for checked in home.trails.check()? {
        if let Err(e) = checked {
            damaged.push(e.to_string());
        }
    }
    Ok(damaged)
}

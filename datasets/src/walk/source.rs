//! One file that is to be published, and whether it stayed the same while it was read.

use std::fs::{File, Metadata, OpenOptions};
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::PathBuf;

use rustix::fs::OFlags;
use veritrail_provenance::layout::FilePath;

use super::WalkError;
use crate::ingest::bytes::Seen;

/// A file of the dataset to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Its path in the dataset.
    pub path: FilePath,
    /// Where it is.
    pub on_disk: PathBuf,
    /// How it looked when it was found.
    pub stamp: Stamp,
}

/// What the file system says of a file without reading it. A write that keeps the length within
/// the clock's grain may go unseen here, which is why two passes also compare digests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// Its length in bytes.
    pub size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
    device: u64,
    inode: u64,
}

/// Why a file cannot be read as what was found.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// It is another file now, or was written to.
    #[error("{0:?} changed while being read; publish again when nothing writes to it")]
    Changed(PathBuf),
    /// The file system refused.
    #[error("{path:?}: {cause}")]
    Io {
        /// Where.
        path: PathBuf,
        /// What it said.
        cause: io::Error,
    },
}

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        Stamp {
            size: metadata.size(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
            device: metadata.dev(),
            inode: metadata.ino(),
        }
    }
}

impl Source {
    pub(super) fn new(
        path: FilePath,
        on_disk: PathBuf,
        metadata: &Metadata,
    ) -> Result<Self, WalkError> {
        if !metadata.is_file() {
            return Err(WalkError::Special { path: on_disk, kind: kind_of(metadata) });
        }
        Ok(Source { path, on_disk, stamp: Stamp::of(metadata) })
    }

    /// Opens the file, if it still is what was found.
    pub fn open(&self) -> Result<File, SourceError> {
        let mut options = OpenOptions::new();
        // A named pipe that took the file's place would else be waited for; a file ignores it.
        options.read(true).custom_flags(OFlags::NONBLOCK.bits().cast_signed());
        let file = options.open(&self.on_disk).map_err(|cause| self.refused(cause))?;
        self.check_unchanged(&file)?;
        Ok(file)
    }

    /// Refuses a file that was written to or replaced since it was found. To be called on the
    /// open file after its last byte was read.
    pub fn check_unchanged(&self, file: &File) -> Result<(), SourceError> {
        let open = file.metadata().map_err(|cause| self.refused(cause))?;
        let there = std::fs::metadata(&self.on_disk).map_err(|cause| match cause.kind() {
            io::ErrorKind::NotFound => SourceError::Changed(self.on_disk.clone()),
            _ => self.refused(cause),
        })?;
        if Stamp::of(&open) == self.stamp && Stamp::of(&there) == self.stamp {
            Ok(())
        } else {
            Err(SourceError::Changed(self.on_disk.clone()))
        }
    }

    /// Refuses two passes over the file that did not see the same bytes.
    pub fn check_same(&self, first: &Seen, second: &Seen) -> Result<(), SourceError> {
        if first == second { Ok(()) } else { Err(SourceError::Changed(self.on_disk.clone())) }
    }

    fn refused(&self, cause: io::Error) -> SourceError {
        SourceError::Io { path: self.on_disk.clone(), cause }
    }
}

/// What an entry is that is neither file nor folder.
pub(super) fn kind_of(metadata: &Metadata) -> &'static str {
    let kind = metadata.file_type();
    match () {
        () if kind.is_dir() => "a folder",
        () if kind.is_fifo() => "a named pipe",
        () if kind.is_socket() => "a socket",
        () if kind.is_block_device() || kind.is_char_device() => "a device",
        () => "no file",
    }
}

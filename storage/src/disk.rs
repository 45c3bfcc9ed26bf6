//! The one door to durable bytes, small enough that a memory twin can model power loss.
//!
//! What POSIX promises, and no more: a write is durable only after `fsync` of its file, a name
//! (new, renamed or removed) only after `fsync_dir` of its folder, and until then both may
//! vanish, tear or arrive in another order. [`MemoryDisk`] takes that at its word. SQLite does its
//! own I/O and is the one exception; what it keeps is rebuilt from what is written here.

mod durable;
mod error;
mod memory;
#[cfg(feature = "disk")]
mod os;
mod path;

pub mod conformance;

use std::fmt::Debug;

pub use durable::{put_durable, replace_unsynced};
pub use error::DiskError;
pub use memory::{Crash, MemoryDisk};
#[cfg(feature = "disk")]
pub use os::OsDisk;
pub use path::DiskPath;

/// Who may read what is created.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// The owner alone: 0600 for files, 0700 for folders.
    Private,
    /// As the process's umask has it.
    Shared,
}

/// What an opened file is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpenFor {
    /// Reads only; every write fails.
    Reading,
    /// Reads and writes; the file must exist.
    Writing,
}

/// Whether a folder was made or found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Created {
    /// It did not exist before.
    New,
    /// It was there already.
    Existed,
}

/// How a lock is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockMode {
    /// Alone.
    Exclusive,
    /// Along with other shared holders.
    Shared,
}

/// What to do while another holds the lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockWait {
    /// Wait, however long.
    Block,
    /// Give up at once.
    Try,
}

/// What stands at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An ordinary file.
    File,
    /// A folder.
    Folder,
    /// A symbolic link, a socket, a device: never opened, never followed.
    Other,
}

/// Facts about a path, without opening what stands there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metadata {
    /// What stands there.
    pub kind: Kind,
    /// Length in bytes; 0 for anything but a file.
    pub len: u64,
    /// True if anybody but the owner has any right to it (mode & 0o077).
    pub open_to_others: bool,
    /// True if it belongs to the user this process runs as.
    pub ours: bool,
}

/// A held lock; dropping it, or the death of the process, gives it back.
pub trait DiskLock: Debug + Send + Sync {}

/// An open file. It stays readable and writable when renamed or unlinked.
pub trait DiskFile: Debug + Send + Sync {
    /// Fills `buf` from `offset`; a file that ends earlier is [`DiskError::Short`].
    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<(), DiskError>;
    /// Writes all of `bytes` at `offset`, growing the file with zeros where needed.
    fn write_at(&self, offset: u64, bytes: &[u8]) -> Result<(), DiskError>;
    /// Length in bytes.
    fn len(&self) -> Result<u64, DiskError>;
    /// True if the file holds no byte.
    fn is_empty(&self) -> Result<bool, DiskError> {
        Ok(self.len()? == 0)
    }
    /// Returns once the file's bytes and length are durable. Its name is not: see
    /// [`Disk::fsync_dir`].
    fn fsync(&self) -> Result<(), DiskError>;
}

/// A tree of files below one folder. Every call blocks; async callers use `spawn_blocking`.
///
/// Symbolic links are never followed, neither as the last part of a path nor on the way.
pub trait Disk: Debug + Send + Sync + 'static {
    /// Creates a file that must not exist ([`DiskError::Exists`]) and opens it for writing.
    fn create_new(&self, path: &DiskPath, access: Access) -> Result<Box<dyn DiskFile>, DiskError>;
    /// Opens a file that must exist ([`DiskError::NotFound`]).
    fn open(&self, path: &DiskPath, purpose: OpenFor) -> Result<Box<dyn DiskFile>, DiskError>;
    /// Renames a file, replacing the file at `to` if there is one: a reader sees the old or the
    /// new, never neither. Durable after `fsync_dir` of both folders.
    fn rename(&self, from: &DiskPath, to: &DiskPath) -> Result<(), DiskError>;
    /// Removes the name of a file. Durable after `fsync_dir`.
    fn unlink(&self, path: &DiskPath) -> Result<(), DiskError>;
    /// Makes a folder, whose parent must exist. Durable after `fsync_dir` of the parent.
    fn create_dir(&self, path: &DiskPath, access: Access) -> Result<Created, DiskError>;
    /// Returns once every change of names in the folder is durable.
    fn fsync_dir(&self, path: &DiskPath) -> Result<(), DiskError>;
    /// The names in a folder, sorted. A name that is not UTF-8 is [`DiskError::BadName`].
    fn list(&self, path: &DiskPath) -> Result<Vec<String>, DiskError>;
    /// Facts about a path, or None where nothing stands.
    fn metadata(&self, path: &DiskPath) -> Result<Option<Metadata>, DiskError>;
    /// Locks the file at `path`, creating it empty where it is missing. Advisory, between
    /// processes and within one; None if `wait` is [`LockWait::Try`] and another holds it.
    fn lock(
        &self,
        path: &DiskPath,
        mode: LockMode,
        wait: LockWait,
    ) -> Result<Option<Box<dyn DiskLock>>, DiskError>;
    /// Bytes that may still be written.
    fn free_space(&self) -> Result<u64, DiskError>;
    /// The whole of a file of at most `limit` bytes; a longer one is [`DiskError::TooLong`],
    /// found out before anything is allocated.
    fn read(&self, path: &DiskPath, limit: u64) -> Result<Vec<u8>, DiskError> {
        let file = self.open(path, OpenFor::Reading)?;
        let len = file.len()?;
        if len > limit {
            return Err(DiskError::TooLong { path: path.clone(), len, limit });
        }
        let mut bytes = vec![0; usize::try_from(len).unwrap_or(usize::MAX)];
        file.read_at(0, &mut bytes)?;
        Ok(bytes)
    }
    /// Like [`Disk::read`], with None for a file that does not exist.
    fn read_if_there(&self, path: &DiskPath, limit: u64) -> Result<Option<Vec<u8>>, DiskError> {
        match self.read(path, limit) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(DiskError::NotFound { .. }) => Ok(None),
            Err(e) => Err(e),
        }
    }
}

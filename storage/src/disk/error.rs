//! Why an operation on the disk failed, named by the probable cause.

use std::io;

use super::DiskPath;

/// Why an operation on a [`Disk`](super::Disk) failed.
#[derive(Debug, thiserror::Error)]
pub enum DiskError {
    /// Nothing stands at the path.
    #[error("{path}: not found")]
    NotFound {
        /// Where.
        path: DiskPath,
    },
    /// Something stands there already.
    #[error("{path}: exists already")]
    Exists {
        /// Where.
        path: DiskPath,
    },
    /// The disk, or the user's quota, is full; what was begun is not acknowledged.
    #[error("{path}: no space left on the disk; free some and try again")]
    Full {
        /// What was being written.
        path: DiskPath,
    },
    /// The system does not let us.
    #[error("{path}: permission denied")]
    Denied {
        /// Where.
        path: DiskPath,
    },
    /// A symbolic link, or something else that is no ordinary file or folder, is in the way.
    #[error("{path}: a symbolic link or special file is in the way; links are not followed here")]
    NotPlain {
        /// Where.
        path: DiskPath,
    },
    /// The file ends before the bytes that were asked for.
    #[error("{path}: shorter than expected, {wanted} bytes wanted")]
    Short {
        /// Which file.
        path: DiskPath,
        /// The end of the range that was asked for.
        wanted: u64,
    },
    /// The file is longer than its kind may be.
    #[error("{path}: {len} bytes, more than the {limit} that such a file may have")]
    TooLong {
        /// Which file.
        path: DiskPath,
        /// Its length in bytes.
        len: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// Not a name that this disk stores.
    #[error("`{name}` is not a usable file name")]
    BadName {
        /// The name, escaped.
        name: String,
    },
    /// The modelled machine has lost its power (memory disk only).
    #[error("the power is off")]
    PowerOff,
    /// Anything else that the system reports.
    #[error("{path}: {source}")]
    Io {
        /// Where.
        path: DiskPath,
        /// What the system says.
        source: io::Error,
    },
}

#[cfg(feature = "disk")]
impl DiskError {
    /// Sorts an error of the system by its probable cause.
    pub(crate) fn from_io(path: &DiskPath, source: io::Error) -> Self {
        let path = path.clone();
        match source.kind() {
            io::ErrorKind::NotFound => Self::NotFound { path },
            io::ErrorKind::AlreadyExists => Self::Exists { path },
            io::ErrorKind::PermissionDenied => Self::Denied { path },
            io::ErrorKind::StorageFull
            | io::ErrorKind::QuotaExceeded
            | io::ErrorKind::FileTooLarge => Self::Full { path },
            io::ErrorKind::NotADirectory | io::ErrorKind::IsADirectory => Self::NotPlain { path },
            _ => Self::Io { path, source },
        }
    }
}

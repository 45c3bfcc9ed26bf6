//! Why a home could not be made or opened.

use std::{io, path::PathBuf};

use veritrail_provenance::ledger::{LedgerError, ViewError};

use crate::{
    blob::BlobError,
    disk::DiskError,
    keys::{KeyFileError, KeyName},
    log::LogError,
};

/// Why a home could not be made or opened.
#[derive(Debug, thiserror::Error)]
pub enum HomeError {
    /// Nothing stands there, or not a home.
    #[error("{path}: no home here")]
    NoHome {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The folder has no `format` file. [`super::Home::open`] says [`HomeError::NoHome`].
    #[error("no home here")]
    NoFormat,
    /// There is a home already.
    #[error("there is a home here already")]
    Exists,
    /// The folder holds something that no making of a home writes.
    #[error("the folder is not empty (`{found}`), and what is in it is no unfinished home")]
    NotEmpty {
        /// One of the names in it.
        found: String,
    },
    /// It was a home: its log grew, or it was opened.
    #[error("this was a home, and its file `format` is gone")]
    LostFormat,
    /// Another process is making a home here.
    #[error("another process is making a home here")]
    Busy,
    /// Made by a newer version, or not by us.
    #[error("`format` says {found:?}; this version reads {expected:?}")]
    OtherFormat {
        /// What it says.
        found: String,
        /// What this version reads.
        expected: &'static str,
    },
    /// The statement that is to bind new keys does not bind this one to the log.
    #[error("no statement of the log's operator binds this {key} key")]
    NotBound {
        /// Which.
        key: KeyName,
    },
    /// The folder itself could not be made.
    #[error("{path}: {source}")]
    Folder {
        /// Which.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The disk.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// The keys.
    #[error(transparent)]
    Key(#[from] KeyFileError),
    /// The blobs.
    #[error(transparent)]
    Blob(#[from] BlobError),
    /// The log.
    #[error(transparent)]
    Log(#[from] LogError),
    /// What the log's entries say.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

impl From<ViewError> for HomeError {
    fn from(e: ViewError) -> Self {
        Self::Ledger(e.into())
    }
}

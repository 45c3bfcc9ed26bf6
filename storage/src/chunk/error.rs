//! Why a pass over a dataset's bytes was given up.

use veritrail_provenance::layout::{FilePath, LayoutError};

use crate::blob::BlobError;

/// Why a pass over a dataset's bytes was given up.
#[derive(Debug, thiserror::Error)]
pub enum PassError {
    /// A file gave more or fewer bytes than it had when it was listed.
    #[error("{path}: changed while being read: {listed} bytes when listed, {read} when read")]
    Changed {
        /// Which file.
        path: FilePath,
        /// Bytes when it was listed.
        listed: u64,
        /// Bytes that were read; reading stops at the first byte too many.
        read: u64,
    },
    /// Files were announced with other lengths in total than the pass was begun with.
    #[error("files of {given} bytes were read, {announced} were announced")]
    TotalDiffers {
        /// Bytes that were fed.
        given: u64,
        /// Bytes that the pass was begun with.
        announced: u64,
    },
    /// Bytes came, or a file ended, while no file was open; or one began inside another.
    #[error("files were fed out of turn")]
    OutOfTurn,
    /// A chunk could not be stored.
    #[error(transparent)]
    Blob(#[from] BlobError),
    /// The paths or their order make no layout.
    #[error(transparent)]
    Layout(#[from] LayoutError),
    /// A thread that hashes or stores ended early.
    #[error("a thread of the pass stopped before it was done")]
    Stopped,
}

//! Why a blob could not be put or read.

use std::ops::Range;

use veritrail_provenance::hash::ChunkId;

use crate::disk::DiskError;

/// Why a blob could not be put or read.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// This store does not have it.
    #[error("blob {id} is not in this store; fetch it again")]
    NotFound {
        /// Which.
        id: ChunkId,
    },
    /// The stored bytes do not have the hash they are stored under.
    #[error(
        "blob {id} is damaged at byte {offset}; `store fsck --rebuild` takes it away, to be fetched again"
    )]
    Corrupt {
        /// Which.
        id: ChunkId,
        /// Where the first wrong group begins; 0 if all of it is suspect.
        offset: u64,
    },
    /// A range that ends behind the blob's end.
    #[error("blob {id} has {len} bytes, {range:?} were asked for")]
    OutOfRange {
        /// Which.
        id: ChunkId,
        /// Its length in bytes.
        len: u64,
        /// What was asked for.
        range: Range<u64>,
    },
    /// More bytes than a blob may have.
    #[error("a blob of {len} bytes; at most {} are allowed", super::BLOB_LEN_MAX)]
    TooLong {
        /// How many.
        len: u64,
    },
    /// The disk.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// A thread that wrote blobs ended early, or the runtime is shutting down.
    #[error("a writer of blobs stopped before it was done")]
    Stopped,
}

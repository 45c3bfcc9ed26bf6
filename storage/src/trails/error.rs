//! Why evidence could not be kept or read back.

use veritrail_provenance::{
    evidence::{EvidenceError, MergeError},
    log::checkpoint::CheckpointError,
    statement::Origin,
};

use crate::disk::{DiskError, DiskPath};

/// Why evidence could not be kept or read back.
#[derive(Debug, thiserror::Error)]
pub enum TrailError {
    /// The disk.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// The evidence breaks a limit or its order; or all that is known of the log is too much for
    /// one file.
    #[error(transparent)]
    Evidence(#[from] EvidenceError),
    /// The head is malformed or not signed by a key that speaks for the log.
    #[error("the checkpoint of log {origin}: {source}")]
    Checkpoint {
        /// The log.
        origin: Origin,
        /// What is wrong.
        source: CheckpointError,
    },
    /// A head of another log than the evidence says.
    #[error("evidence of log {origin} holds a checkpoint of log {found}")]
    OtherLog {
        /// The log that the evidence names.
        origin: Origin,
        /// The log that the checkpoint names.
        found: Origin,
    },
    /// A proof does not hold, or the evidence contradicts what is known.
    #[error("log {origin}: {source}")]
    Merge {
        /// The log.
        origin: Origin,
        /// What is wrong, and where.
        source: MergeError,
    },
    /// The log has shown two different pasts. Nothing was imported; the proof is kept.
    #[error("log {origin} has shown two heads that cannot both be true; the proof is in {kept}")]
    Inconsistent {
        /// The log.
        origin: Origin,
        /// Where the pair is kept.
        kept: DiskPath,
    },
    /// A file of the trail is not what was written.
    #[error("{path}: damaged ({reason}); remove it and fetch again")]
    Damaged {
        /// The file.
        path: DiskPath,
        /// What is wrong with it.
        reason: String,
    },
}

//! Evidence: what it takes to check something about logs without asking anybody. What peers
//! exchange, what a bundle holds, and what is imported are all this one format.
//!
//! Evidence proves nothing by being well-formed; [`verify`] judges it against what the reader
//! trusts, and says what it relied on.

use crate::cbor::CborError;
use crate::hash::{ChunkId, LogHash};
use crate::log::entries::ENTRY_SIZE_MAX;
use crate::log::note::NOTE_SIZE_MAX;
use crate::log::proof::PROOF_LENGTH_MAX;
use crate::statement::{Origin, OriginError};

pub use self::consistency::{Consistency, InconsistentPair, KnownHead, PairError};
pub use self::merge::MergeError;
pub use self::report::{
    Conclusion, Failure, LogKnown, LogReport, MissingBlob, Open, Place, Report, SignerKnown,
    SignerReport, UnloggedInput, Unnamed, VerdictReport,
};
pub use self::request::{EvidenceRequest, REFERENCE_SIZE_MAX, REQUEST_SIZE_MAX};
pub use self::verify::{check, verify};

mod blobs;
mod codec;
mod consistency;
mod judge;
mod merge;
mod report;
mod request;
mod verify;

/// Bytes of encoded evidence.
pub const EVIDENCE_SIZE_MAX: usize = 64 << 20;

/// Logs in one piece of evidence.
pub const LOGS_MAX: usize = 256;

/// Entries in one piece of evidence, all logs together.
pub const ENTRIES_MAX: usize = 65_536;

/// Consistency proofs of one log.
pub const CONSISTENCY_MAX: usize = 256;

/// Blobs in one piece of evidence.
pub const BLOBS_MAX: usize = 65_536;

/// Bytes of one blob: what a manifest head, spec or details may have.
pub const BLOB_SIZE_MAX: usize = 1 << 20;

/// Statements of one or more logs with their proofs, and the blobs that they name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Evidence {
    /// The logs, ascending by origin, none twice.
    pub logs: Vec<LogEvidence>,
    /// Blobs that statements name, ascending by id, none twice.
    pub blobs: Vec<Blob>,
}

/// What is shown of one log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogEvidence {
    /// The log's name.
    pub origin: Origin,
    /// Its checkpoint: a signed note.
    pub checkpoint: Vec<u8>,
    /// Entries, ascending by index, none twice, the first of index 0.
    pub entries: Vec<EntryEvidence>,
    /// Proofs that the checkpoint extends earlier ones, ascending by size, none twice.
    pub consistency: Vec<ConsistencyEvidence>,
}

/// An entry and the proof that it is in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryEvidence {
    /// Its index.
    pub index: u64,
    /// The entry as it stands in the log.
    pub bytes: Vec<u8>,
    /// Inclusion proof against the log's checkpoint.
    pub proof: Vec<LogHash>,
}

/// That the log's checkpoint extends an earlier head.
///
/// The old root is stated so that a log which was rewritten convicts itself: the proof then shows
/// another root than the one that the reader remembers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsistencyEvidence {
    /// Entries of the earlier head.
    pub old_size: u64,
    /// Root of the earlier head.
    pub old_root: LogHash,
    /// Consistency proof from it to the checkpoint.
    pub proof: Vec<LogHash>,
}

/// A blob with the id under which statements name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blob {
    /// The id; [`verify`] checks that it is the bytes' own.
    pub id: ChunkId,
    /// The bytes.
    pub bytes: Vec<u8>,
}

impl Blob {
    /// A blob under its own id.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self { id: ChunkId::of(&bytes), bytes }
    }
}

/// Why bytes are no evidence, or evidence cannot be encoded. `place` is a path such as
/// `logs[1].entries[3].proof`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EvidenceError {
    /// Not the deterministic CBOR of this format.
    #[error(transparent)]
    Cbor(#[from] CborError),
    /// Of another version.
    #[error("version {0} of the evidence format is not understood")]
    Version(u64),
    /// Beyond a limit: refused before anything is allocated for it.
    #[error("{place} has {found}, at most {max} are allowed")]
    TooMany {
        /// What is too large.
        place: String,
        /// How large it is.
        found: u64,
        /// How large it may be.
        max: usize,
    },
    /// Out of order or twice: evidence has one encoding.
    #[error("{place} is out of order, or stands twice")]
    Order {
        /// The first that is out of order.
        place: String,
    },
    /// A log's name.
    #[error("{place}: {source}")]
    Origin {
        /// Where it stands.
        place: String,
        /// What is wrong with it.
        source: OriginError,
    },
    /// A log without the entry on which all others depend.
    #[error("{place} does not begin with entry 0, on which all others depend")]
    NoFirstEntry {
        /// The entries of the log.
        place: String,
    },
    /// A proof that is not a row of 32-byte hashes.
    #[error("{place} is not a row of hashes of 32 bytes")]
    Proof {
        /// The proof.
        place: String,
    },
}

impl Evidence {
    /// Encodes the evidence: deterministic CBOR, one encoding for one content.
    ///
    /// # Errors
    /// When it breaks a limit or the order: then nobody could decode it.
    pub fn encode(&self) -> Result<Vec<u8>, EvidenceError> {
        self.check_shape()?;
        let bytes = codec::encode(self);
        at_most("the evidence", bytes.len() as u64, EVIDENCE_SIZE_MAX)?;
        Ok(bytes)
    }

    /// Decodes evidence and checks its shape: limits first, then order. No hash, proof or
    /// signature is checked.
    ///
    /// # Errors
    /// When the bytes are not the one encoding of evidence within the limits.
    pub fn decode(bytes: &[u8]) -> Result<Self, EvidenceError> {
        at_most("the evidence", bytes.len() as u64, EVIDENCE_SIZE_MAX)?;
        let evidence = codec::decode(bytes)?;
        evidence.check_shape()?;
        Ok(evidence)
    }

    /// The blob with this id, if it is held.
    pub fn blob(&self, id: &ChunkId) -> Option<&[u8]> {
        let found = self.blobs.binary_search_by(|blob| blob.id.cmp(id)).ok()?;
        self.blobs.get(found).map(|blob| &blob.bytes[..])
    }

    /// What is held of this log.
    pub fn log(&self, origin: &Origin) -> Option<&LogEvidence> {
        self.logs.iter().find(|log| log.origin == *origin)
    }

    /// Checks limits and order, as [`Evidence::encode`] and [`Evidence::decode`] do.
    ///
    /// # Errors
    /// The first limit or order that is broken, with its place.
    pub fn check_shape(&self) -> Result<(), EvidenceError> {
        at_most("logs", self.logs.len() as u64, LOGS_MAX)?;
        at_most("blobs", self.blobs.len() as u64, BLOBS_MAX)?;
        let entries = self.logs.iter().map(|log| log.entries.len() as u64).sum();
        at_most("entries of all logs", entries, ENTRIES_MAX)?;
        in_order(&self.logs, |log| &log.origin, |at| format!("logs[{at}].origin"))?;
        in_order(&self.blobs, |blob| &blob.id, |at| format!("blobs[{at}].id"))?;
        for (at, log) in self.logs.iter().enumerate() {
            check_log(at, log)?;
        }
        for (at, blob) in self.blobs.iter().enumerate() {
            at_most(format!("blobs[{at}].bytes"), blob.bytes.len() as u64, BLOB_SIZE_MAX)?;
        }
        Ok(())
    }
}

fn check_log(at: usize, log: &LogEvidence) -> Result<(), EvidenceError> {
    let place = |what: &str| format!("logs[{at}].{what}");
    at_most(place("checkpoint"), log.checkpoint.len() as u64, NOTE_SIZE_MAX)?;
    at_most(place("consistency"), log.consistency.len() as u64, CONSISTENCY_MAX)?;
    in_order(&log.entries, |e| &e.index, |e| format!("logs[{at}].entries[{e}].index"))?;
    in_order(&log.consistency, |c| &c.old_size, |c| format!("logs[{at}].consistency[{c}]"))?;
    if log.entries.first().map(|entry| entry.index) != Some(0) {
        return Err(EvidenceError::NoFirstEntry { place: place("entries") });
    }
    for (e, entry) in log.entries.iter().enumerate() {
        let size = entry.bytes.len() as u64;
        at_most(place(&format!("entries[{e}].bytes")), size, ENTRY_SIZE_MAX)?;
        let length = entry.proof.len() as u64;
        at_most(place(&format!("entries[{e}].proof")), length, PROOF_LENGTH_MAX)?;
    }
    for (c, consistency) in log.consistency.iter().enumerate() {
        let length = consistency.proof.len() as u64;
        at_most(place(&format!("consistency[{c}].proof")), length, PROOF_LENGTH_MAX)?;
    }
    Ok(())
}

fn at_most(place: impl Into<String>, found: u64, max: usize) -> Result<(), EvidenceError> {
    if found > max as u64 {
        return Err(EvidenceError::TooMany { place: place.into(), found, max });
    }
    Ok(())
}

fn in_order<T, K: Ord>(
    items: &[T],
    key: impl Fn(&T) -> &K,
    place: impl Fn(usize) -> String,
) -> Result<(), EvidenceError> {
    match items.windows(2).position(|pair| matches!(pair, [a, b] if key(a) >= key(b))) {
        Some(at) => Err(EvidenceError::Order { place: place(at + 1) }),
        None => Ok(()),
    }
}

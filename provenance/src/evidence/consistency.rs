//! Heads of one log over time: does the one shown extend the one remembered?

use serde::Serialize;

use super::codec::{counted, decode_consistency, encode_consistency};
use super::{ConsistencyEvidence, EVIDENCE_SIZE_MAX, EvidenceError, LogEvidence, at_most};
use crate::cbor::{Reader, Writer};
use crate::log::checkpoint::{Checkpoint, CheckpointError};
use crate::log::note::{NOTE_SIZE_MAX, VKey};
use crate::log::proof::{ProofError, verify_consistency};
use crate::statement::Origin;

const VERSION: u64 = 1;

/// A head of a log that was verified before and is remembered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownHead {
    /// What it says.
    pub checkpoint: Checkpoint,
    /// The signed note, kept so that it can convict the log.
    pub note: Vec<u8>,
}

impl KnownHead {
    /// Reads a remembered note. Its signature was checked when it was first seen.
    ///
    /// # Errors
    /// When it is no checkpoint.
    pub fn read(note: Vec<u8>) -> Result<Self, CheckpointError> {
        let (checkpoint, _) = Checkpoint::read(&note)?;
        Ok(Self { checkpoint, note })
    }
}

/// How the checkpoint that is shown relates to the one that is remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "is", rename_all = "kebab-case")]
pub enum Consistency {
    /// Nothing of this log is remembered.
    FirstContact,
    /// It is the remembered one.
    Same,
    /// It extends the remembered one, as the evidence proves.
    Extends {
        /// Entries of the remembered head.
        old_size: u64,
    },
    /// It is older than the remembered one, so the evidence cannot prove how they relate.
    Older {
        /// Entries of the remembered head.
        known_size: u64,
    },
    /// It is newer, and the evidence holds no valid proof that it extends the remembered one.
    NotShown {
        /// Entries of the remembered head.
        old_size: u64,
    },
    /// Both cannot be heads of one log: the log has shown different people different things.
    Inconsistent {
        /// Entries of the remembered head.
        old_size: u64,
    },
}

/// Two heads of one log of which at most one can be true: the log convicted by its own key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InconsistentPair {
    /// The log.
    pub origin: Origin,
    /// The head that was remembered: a signed note.
    pub first: Vec<u8>,
    /// The head that was shown: a signed note.
    pub second: Vec<u8>,
    /// Where the sizes differ, the proof that the second extends another head than the first.
    pub link: Option<ConsistencyEvidence>,
}

/// Why two heads convict nobody.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PairError {
    /// The bytes are not in the form of a pair.
    #[error(transparent)]
    Form(#[from] EvidenceError),
    /// One of the heads is malformed, or not signed by the log's key.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// They are heads of different logs.
    #[error("the heads are not both of log {0}")]
    OtherLog(Origin),
    /// Both can be true.
    #[error("both heads can be true")]
    Consistent,
    /// The proof that links them is not valid, so it shows nothing.
    #[error("the proof that links the heads: {0}")]
    Link(#[from] ProofError),
}

impl InconsistentPair {
    /// Checks that the pair convicts the log: both heads signed by keys among `known`, and at most
    /// one of them true.
    ///
    /// # Errors
    /// When it does not.
    pub fn check(&self, known: &[VKey]) -> Result<(Checkpoint, Checkpoint), PairError> {
        let (first, _) = Checkpoint::open(&self.first, known)?;
        let (second, _) = Checkpoint::open(&self.second, known)?;
        if first.origin != self.origin || second.origin != self.origin {
            return Err(PairError::OtherLog(self.origin.clone()));
        }
        match &self.link {
            None if first.size == second.size && first.root != second.root => Ok((first, second)),
            Some(link) if link.old_size == first.size && link.old_root != first.root => {
                check_link(link, &second)?;
                Ok((first, second))
            }
            _ => Err(PairError::Consistent),
        }
    }

    /// Encodes the pair: `[1, origin, first, second, [link?]]`, deterministic CBOR.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Writer::new();
        out.array(5);
        out.uint(VERSION);
        out.text(self.origin.as_str());
        out.bytes(&self.first);
        out.bytes(&self.second);
        out.array(usize::from(self.link.is_some()));
        if let Some(link) = &self.link {
            encode_consistency(&mut out, link);
        }
        out.into_bytes()
    }

    /// Decodes a pair; nothing in it is checked yet.
    ///
    /// # Errors
    /// When the bytes are not the one encoding of a pair.
    pub fn decode(bytes: &[u8]) -> Result<Self, EvidenceError> {
        at_most("the pair", bytes.len() as u64, EVIDENCE_SIZE_MAX)?;
        let mut input = Reader::new(bytes);
        input.array_of(5, "a pair: version, origin, two heads, link")?;
        let version = input.uint("the version")?;
        if version != VERSION {
            return Err(EvidenceError::Version(version));
        }
        let origin = input.text("the origin")?.parse();
        let place = || "origin".to_owned();
        let origin = origin.map_err(|source| EvidenceError::Origin { place: place(), source })?;
        let first = input.bytes("the first head")?;
        at_most("first", first.len() as u64, NOTE_SIZE_MAX)?;
        let second = input.bytes("the second head")?;
        at_most("second", second.len() as u64, NOTE_SIZE_MAX)?;
        let (first, second) = (first.to_vec(), second.to_vec());
        let link = match counted(&mut input, "link", 1)? {
            0 => None,
            _ => Some(decode_consistency(&mut input, || "link".to_owned())?),
        };
        input.finish()?;
        Ok(Self { origin, first, second, link })
    }
}

impl Consistency {
    /// The one of two that a reader has to hear of.
    #[must_use]
    pub fn worse(self, other: Self) -> Self {
        if other.weight() > self.weight() { other } else { self }
    }

    fn weight(self) -> u8 {
        match self {
            Consistency::FirstContact => 0,
            Consistency::Same => 1,
            Consistency::Extends { .. } => 2,
            Consistency::Older { .. } => 3,
            Consistency::NotShown { .. } => 4,
            Consistency::Inconsistent { .. } => 5,
        }
    }
}

/// Compares the checkpoint of `log`, which reads as `shown`, with a remembered head of that log.
pub(super) fn compare(
    log: &LogEvidence,
    shown: &Checkpoint,
    known: &KnownHead,
) -> (Consistency, Option<InconsistentPair>) {
    let old = &known.checkpoint;
    let old_size = old.size;
    let convict = |link| InconsistentPair {
        origin: log.origin.clone(),
        first: known.note.clone(),
        second: log.checkpoint.clone(),
        link,
    };
    if old_size == shown.size {
        return if old.root == shown.root {
            (Consistency::Same, None)
        } else {
            (Consistency::Inconsistent { old_size }, Some(convict(None)))
        };
    }
    if old_size > shown.size {
        return (Consistency::Older { known_size: old_size }, None);
    }
    if old_size == 0 {
        // Every log extends the empty one.
        return (Consistency::Extends { old_size }, None);
    }
    let Some(link) = log.consistency.iter().find(|link| link.old_size == old_size) else {
        return (Consistency::NotShown { old_size }, None);
    };
    match check_link(link, shown) {
        Err(_) => (Consistency::NotShown { old_size }, None),
        Ok(()) if link.old_root == old.root => (Consistency::Extends { old_size }, None),
        // The checkpoint itself commits to another head of that size.
        Ok(()) => (Consistency::Inconsistent { old_size }, Some(convict(Some(link.clone())))),
    }
}

/// Checks a consistency proof against the root that it states itself.
pub(super) fn check_link(link: &ConsistencyEvidence, shown: &Checkpoint) -> Result<(), ProofError> {
    verify_consistency(link.old_size, shown.size, &link.old_root, &shown.root, &link.proof)
}

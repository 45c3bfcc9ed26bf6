//! The text form of one entry's proof (c2sp.org/tlog-proof), for people and other tools.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{PROOF_LENGTH_MAX, ProofError, verify_inclusion};
use crate::hash::LogHash;
use crate::log::checkpoint::{Checkpoint, CheckpointError, parse_decimal, parse_hash};
use crate::log::note::{Note, NoteError, VKey};
use crate::log::tree::leaf_hash;

const HEADER: &str = "c2sp.org/tlog-proof@v1";

/// Bytes of `extra` data that are read.
const EXTRA_SIZE_MAX: usize = 65_536;

/// Why a text is no tlog-proof, or proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TlogProofError {
    /// A line is missing or not in its form.
    #[error("line {line} of the proof: {reason}")]
    Line {
        /// Number of the line, from 1.
        line: usize,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The checkpoint behind the proof is malformed or not signed by a known key.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The entry is not in the log at that index.
    #[error(transparent)]
    Proof(#[from] ProofError),
}

impl From<NoteError> for TlogProofError {
    fn from(error: NoteError) -> Self {
        TlogProofError::Checkpoint(error.into())
    }
}

/// One entry's inclusion proof with the checkpoint it leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlogProof {
    /// Data for the entry's application; not covered by the proof.
    pub extra: Option<Vec<u8>>,
    /// Index of the entry.
    pub index: u64,
    /// Inclusion proof, from the leaf upwards.
    pub proof: Vec<LogHash>,
    /// The signed checkpoint.
    pub checkpoint: Note,
}

impl TlogProof {
    /// Checks that `entry` is in the log whose checkpoint one of `known` signed, and returns that
    /// checkpoint.
    ///
    /// # Errors
    /// When the checkpoint is not signed by a known key of its log's name, or the proof fails.
    pub fn verify(&self, entry: &[u8], known: &[VKey]) -> Result<Checkpoint, TlogProofError> {
        let checkpoint = Checkpoint::parse(self.checkpoint.text())?;
        checkpoint.signed_by(&self.checkpoint, known)?;
        let leaf = leaf_hash(entry);
        verify_inclusion(self.index, checkpoint.size, &leaf, &self.proof, &checkpoint.root)?;
        Ok(checkpoint)
    }
}

impl fmt::Display for TlogProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEADER}")?;
        if let Some(extra) = &self.extra {
            writeln!(f, "extra {}", STANDARD.encode(extra))?;
        }
        writeln!(f, "index {}", self.index)?;
        for hash in &self.proof {
            writeln!(f, "{}", STANDARD.encode(hash.as_bytes()))?;
        }
        write!(f, "\n{}", self.checkpoint)
    }
}

impl FromStr for TlogProof {
    type Err = TlogProofError;

    fn from_str(text: &str) -> Result<Self, TlogProofError> {
        let wrong = |line, reason| TlogProofError::Line { line, reason };
        let (head, checkpoint) =
            text.split_once("\n\n").ok_or(wrong(1, "no blank line stands before a checkpoint"))?;
        let mut lines = head.split('\n').enumerate().map(|(at, line)| (at + 1, line)).peekable();
        if lines.next().map(|(_, line)| line) != Some(HEADER) {
            return Err(wrong(1, "it must be c2sp.org/tlog-proof@v1"));
        }
        let mut extra = None;
        if let Some((at, data)) =
            lines.peek().and_then(|(at, l)| Some((*at, l.strip_prefix("extra ")?)))
        {
            let data = STANDARD.decode(data).map_err(|_| wrong(at, "extra is not base64"))?;
            if data.len() > EXTRA_SIZE_MAX {
                return Err(wrong(at, "extra is larger than 64 KiB"));
            }
            extra = Some(data);
            lines.next();
        }
        let (at, line) = lines.next().ok_or(wrong(2, "the index is missing"))?;
        let index = line.strip_prefix("index ").and_then(parse_decimal);
        let index = index.ok_or(wrong(at, "it must be `index N`"))?;
        let mut proof = Vec::new();
        for (at, line) in lines {
            if proof.len() == PROOF_LENGTH_MAX {
                return Err(wrong(at, "no proof has that many hashes"));
            }
            proof.push(parse_hash(line).ok_or(wrong(at, "it is not 32 bytes in base64"))?);
        }
        Ok(Self { extra, index, proof, checkpoint: Note::parse(checkpoint.as_bytes())? })
    }
}

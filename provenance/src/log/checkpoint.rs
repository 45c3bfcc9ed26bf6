//! Checkpoints (c2sp.org/tlog-checkpoint): the head of a log, as the text that its key signs.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::hash::LogHash;
use crate::identity::Signer;
use crate::log::note::{Note, NoteError, VKey};
use crate::log::tree::{ENTRIES_MAX, empty_root};
use crate::statement::Origin;

/// Why a text is no checkpoint, or a note is no checkpoint of the log in question.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// The note around it is malformed or its signature does not verify.
    #[error("the checkpoint's note: {0}")]
    Note(#[from] NoteError),
    /// The first line is no origin.
    #[error("the checkpoint's origin: {0}")]
    Origin(String),
    /// The second line is no size.
    #[error("the checkpoint's size must be a decimal number up to 2^62 without leading zeros")]
    Size,
    /// The third line is no hash.
    #[error("the checkpoint's root must be 32 bytes in base64")]
    Root,
    /// Fewer lines, or extension lines, which version 1.0.0 does not have.
    #[error("a checkpoint has three lines, not {0}")]
    Lines(usize),
    /// An empty log has one root only.
    #[error("the checkpoint names no entries and a root that is not the empty tree's")]
    EmptyRoot,
    /// Signed by the right key, but for another log.
    #[error("the checkpoint is of log {found}, not of {expected}")]
    OtherLog {
        /// The log that was asked for.
        expected: Origin,
        /// The log that the checkpoint names.
        found: Origin,
    },
}

/// The head of a log: its name, its entries' count, its tree's root.
///
/// A checkpoint is only a claim; [`Checkpoint::open`] tells who made it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Checkpoint {
    /// Name of the log.
    pub origin: Origin,
    /// Entries that the log has.
    pub size: u64,
    /// RFC 6962 root over them.
    pub root: LogHash,
}

impl Checkpoint {
    /// Reads the text of a checkpoint, without its signatures.
    ///
    /// # Errors
    /// When it is not exactly the three lines of the format.
    pub fn parse(text: &str) -> Result<Self, CheckpointError> {
        let lines = text.split_terminator('\n').collect::<Vec<_>>();
        let [origin, size, root] = lines[..] else {
            return Err(CheckpointError::Lines(lines.len()));
        };
        let origin =
            origin.parse::<Origin>().map_err(|e| CheckpointError::Origin(e.to_string()))?;
        let size = parse_decimal(size).filter(|size| *size <= ENTRIES_MAX);
        let size = size.ok_or(CheckpointError::Size)?;
        let root = parse_hash(root).ok_or(CheckpointError::Root)?;
        if size == 0 && root != empty_root() {
            return Err(CheckpointError::EmptyRoot);
        }
        let checkpoint = Self { origin, size, root };
        if checkpoint.to_string() == text {
            Ok(checkpoint)
        } else {
            Err(CheckpointError::Lines(lines.len() + 1))
        }
    }

    /// Reads a signed checkpoint without checking any signature.
    ///
    /// # Errors
    /// When the note or its text is malformed.
    pub fn read(note: &[u8]) -> Result<(Self, Note), CheckpointError> {
        let note = Note::parse(note)?;
        let checkpoint = Self::parse(note.text())?;
        Ok((checkpoint, note))
    }

    /// Reads a signed checkpoint and checks that a key among `known` signed it under the name of
    /// the log; keys of other names (witnesses') do not speak for a log. Returns those keys.
    ///
    /// # Errors
    /// When the note or its text is malformed, a known key's signature does not verify, or no
    /// known key of that name signed.
    pub fn open(note: &[u8], known: &[VKey]) -> Result<(Self, Vec<VKey>), CheckpointError> {
        let (checkpoint, note) = Self::read(note)?;
        let signed = checkpoint.signed_by(&note, known)?;
        Ok((checkpoint, signed))
    }

    /// Those keys among `known` that bear this log's name and signed `note`; never empty.
    ///
    /// # Errors
    /// When a known key's signature does not verify, or no known key of that name signed.
    pub fn signed_by(&self, note: &Note, known: &[VKey]) -> Result<Vec<VKey>, NoteError> {
        let own = known.iter().filter(|key| key.name() == self.origin.as_str());
        let own = own.cloned().collect::<Vec<_>>();
        Ok(note.verify(&own)?.into_iter().cloned().collect())
    }

    /// Signs the checkpoint as the log's own key does: under the log's name.
    ///
    /// # Errors
    /// None for an origin that was validated; the note's own checks are passed on.
    pub fn sign(&self, signer: &dyn Signer) -> Result<Note, NoteError> {
        Note::sign(&self.to_string(), self.origin.as_str(), signer)
    }
}

impl fmt::Display for Checkpoint {
    /// The text that is signed: origin, size and root, each on a line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let root = STANDARD.encode(self.root.as_bytes());
        write!(f, "{}\n{}\n{root}\n", self.origin, self.size)
    }
}

/// A decimal number as the formats of c2sp.org write it: digits only, no leading zero.
pub(crate) fn parse_decimal(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let plain = digits && (text == "0" || !text.starts_with('0'));
    if plain { text.parse().ok() } else { None }
}

/// A hash in standard base64, as proofs and checkpoints write it.
pub(crate) fn parse_hash(text: &str) -> Option<LogHash> {
    let bytes = STANDARD.decode(text).ok()?;
    Some(LogHash::from_bytes(bytes.try_into().ok()?))
}

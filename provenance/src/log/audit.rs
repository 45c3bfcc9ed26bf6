//! Audit of a whole log laid out as files, ours or another implementation's: every tile, entry and
//! signature against the checkpoint, each fault with the path where it lies.
//!
//! The right edge of the tiles is hashed to the checkpoint's root first; from there every tile is
//! checked against the one above it and every entry against its tile, so an altered file is named
//! and not merely noticed. Where the edge itself does not fit, tiles are compared with what lies
//! beneath them instead.

use std::collections::BTreeSet;
use std::fmt;

use crate::log::checkpoint::Checkpoint;
use crate::log::note::{NOTE_SIZE_MAX, Note, VKey};
use crate::log::tile::LogPath;

mod entries;
mod extras;
mod tiles;

use self::entries::Statements;

/// Faults and remarks that are listed; further ones are counted.
pub const LISTED_MAX: usize = 1_000;

/// The files of a log, by their paths beneath its prefix.
pub trait LogFiles {
    /// Why a file could not be read.
    type Error: fmt::Display;

    /// The bytes of a file, or none when there is no such file. At most `size_max` bytes are
    /// wanted: of a larger file any `size_max + 1` bytes will do, since its size is a fault.
    ///
    /// # Errors
    /// When the file is there and cannot be read.
    fn read(&mut self, path: &str, size_max: usize) -> Result<Option<Vec<u8>>, Self::Error>;

    /// Paths of all files that are there, in any order, so that files which the checkpoint does
    /// not call for are looked at too; empty where that cannot be known.
    ///
    /// # Errors
    /// When the files cannot be listed.
    fn list(&mut self) -> Result<Vec<String>, Self::Error>;
}

/// Something wrong, or worth knowing, about a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// Path of the file.
    pub path: String,
    /// Index of the entry that it is about, if it is about one.
    pub entry: Option<u64>,
    /// What was found.
    pub reason: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.entry {
            Some(entry) => write!(f, "{}, entry {entry}: {}", self.path, self.reason),
            None => write!(f, "{}: {}", self.path, self.reason),
        }
    }
}

/// Who is known to have signed the checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CheckpointSigned {
    /// Keys that the auditor named.
    ByGivenKeys(Vec<VKey>),
    /// Keys that the log's own identity statements name; the auditor named none.
    ByOwnKeys(Vec<VKey>),
    /// Nobody: no key was named and the log names none. The signature was not checked.
    NotChecked,
    /// A signature was checked and does not hold; it stands among the faults.
    Refused,
}

/// What an audit found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audit {
    /// The checkpoint, when it could be read at all; without it nothing else was audited.
    pub checkpoint: Option<Checkpoint>,
    /// Who signed it.
    pub signed: CheckpointSigned,
    /// Tiles of hashes checked.
    pub tiles: u64,
    /// Entries checked against their hashes.
    pub entries: u64,
    /// Of these, statements of ours whose signature holds.
    pub statements: u64,
    /// Of these, entries that are another application's.
    pub opaque: u64,
    /// Everything wrong, in the order found, at most [`LISTED_MAX`].
    pub faults: Vec<Finding>,
    /// Faults beyond those listed; after some ten thousand nothing further is looked for.
    pub faults_unlisted: u64,
    /// What is allowed and still worth knowing: conflicts, forks, files that belong to no log.
    pub remarks: Vec<Finding>,
}

impl Audit {
    /// Whether nothing is wrong. Whether anybody is known to have signed it is told apart, by
    /// [`Audit::signed`]: without a known key a whole log can be forged.
    pub fn is_clean(&self) -> bool {
        self.faults.is_empty() && self.faults_unlisted == 0
    }
}

/// Audits the log that `files` holds, with the keys that the auditor knows for it. Reads every
/// file once or twice, one at a time; memory grows with the statements' count, not their size.
pub fn audit<F: LogFiles>(files: &mut F, known: &[VKey]) -> Audit {
    let mut auditor = Auditor::new(files);
    let Some((checkpoint, note)) = auditor.read_checkpoint() else { return auditor.audit };
    auditor.statements = Statements::of(&checkpoint.origin);
    auditor.audit.checkpoint = Some(checkpoint.clone());
    auditor.check_tree(&checkpoint);
    auditor.check_signature(&checkpoint, &note, known);
    auditor.check_extras(checkpoint.size);
    auditor.audit
}

struct Auditor<'f, F> {
    files: &'f mut F,
    audit: Audit,
    statements: Statements,
    seen: BTreeSet<LogPath>,
}

impl<'f, F: LogFiles> Auditor<'f, F> {
    fn new(files: &'f mut F) -> Self {
        let audit = Audit {
            checkpoint: None,
            signed: CheckpointSigned::NotChecked,
            tiles: 0,
            entries: 0,
            statements: 0,
            opaque: 0,
            faults: Vec::new(),
            faults_unlisted: 0,
            remarks: Vec::new(),
        };
        Self { files, audit, statements: Statements::default(), seen: BTreeSet::new() }
    }

    fn read_checkpoint(&mut self) -> Option<(Checkpoint, Note)> {
        let path = LogPath::Checkpoint;
        let bytes = self.read(path, NOTE_SIZE_MAX)?.or_else(|| {
            self.fault(path, None, "it is missing");
            None
        })?;
        match Checkpoint::read(&bytes) {
            Ok(read) => Some(read),
            Err(error) => {
                self.fault(path, None, error.to_string());
                None
            }
        }
    }

    fn check_signature(&mut self, checkpoint: &Checkpoint, note: &Note, known: &[VKey]) {
        let name = checkpoint.origin.as_str();
        let given = known.iter().any(|key| key.name() == name && key.public_key().is_some());
        let own = self.statements.log_keys();
        let keys = if given { known } else { &own };
        self.audit.signed = match checkpoint.signed_by(note, keys) {
            Ok(keys) if given => CheckpointSigned::ByGivenKeys(keys),
            Ok(keys) => CheckpointSigned::ByOwnKeys(keys),
            Err(_) if keys.is_empty() => CheckpointSigned::NotChecked,
            Err(error) => {
                self.fault(LogPath::Checkpoint, None, error.to_string());
                CheckpointSigned::Refused
            }
        };
    }

    /// Reads a file; none when there is none. A file that cannot be read or is larger than it can
    /// be is a fault, and none as well.
    fn read(&mut self, path: LogPath, size_max: usize) -> Option<Option<Vec<u8>>> {
        self.seen.insert(path);
        match self.files.read(&path.to_string(), size_max) {
            Ok(Some(bytes)) if bytes.len() > size_max => {
                self.fault(path, None, format!("it has more than {size_max} bytes"));
                None
            }
            Ok(bytes) => Some(bytes),
            Err(error) => {
                self.fault(path, None, format!("it cannot be read: {error}"));
                None
            }
        }
    }

    fn fault(&mut self, path: LogPath, entry: Option<u64>, reason: impl Into<String>) {
        if self.audit.faults.len() < LISTED_MAX {
            let (path, reason) = (path.to_string(), reason.into());
            self.audit.faults.push(Finding { path, entry, reason });
        } else {
            self.audit.faults_unlisted += 1;
        }
    }

    fn remark(&mut self, path: String, entry: Option<u64>, reason: impl Into<String>) {
        if self.audit.remarks.len() < LISTED_MAX {
            self.audit.remarks.push(Finding { path, entry, reason: reason.into() });
        }
    }
}

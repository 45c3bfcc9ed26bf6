//! The home's own log: its head, its entries, and the proofs that others can check.

use serde::Serialize;
use veritrail_provenance::{
    hash::{LogHash, StatementId},
    ledger::Entry,
    log::{
        note::Note,
        proof::{TlogProof, verify_consistency},
    },
    statement::Origin,
};
use veritrail_storage::log::{LogError, Snapshot};

use super::{Node, show::ShownEntry};
use crate::error::{Kind, NodeError, OrKind as _, Result};

/// Entries that are read at once for a list.
const LINES_AT_ONCE: u64 = 256;

/// The newest checkpoint.
#[derive(Debug, Clone, Serialize)]
pub struct Head {
    /// The log.
    pub origin: Origin,
    /// Its entries.
    pub size: u64,
    /// The root over them.
    pub root: LogHash,
    /// The key that signed it.
    pub vkey: String,
    /// The signed note as it stands.
    pub note: String,
}

/// One entry in a list.
#[derive(Debug, Clone, Serialize)]
pub struct EntryLine {
    /// Counted from 0.
    pub index: u64,
    /// The statement's kind, or `opaque`.
    pub kind: String,
    /// The time that it states, if it is a statement.
    pub time: Option<u64>,
    /// Its id, if it is a statement.
    pub id: Option<StatementId>,
    /// What it is about.
    pub about: String,
}

/// The proof that an entry is in the log.
#[derive(Debug, Clone, Serialize)]
pub struct Proof {
    /// The log.
    pub origin: Origin,
    /// The entry.
    pub index: u64,
    /// The checkpoint's size.
    pub size: u64,
    /// The entry's leaf hash.
    pub leaf: LogHash,
    /// The checkpoint's root.
    pub root: LogHash,
    /// The hashes from the leaf to the root.
    pub proof: Vec<LogHash>,
    /// All of it as c2sp.org/tlog-proof has it.
    pub text: String,
}

/// The proof that a log of one size holds all of a smaller one.
#[derive(Debug, Clone, Serialize)]
pub struct Consistency {
    /// The log.
    pub origin: Origin,
    /// The earlier size.
    pub old_size: u64,
    /// The later size.
    pub new_size: u64,
    /// The root at the earlier size.
    pub old_root: LogHash,
    /// The root at the later size.
    pub new_root: LogHash,
    /// The hashes that lead from one to the other (RFC 9162, 2.1.4).
    pub proof: Vec<LogHash>,
}

impl Node {
    /// The newest checkpoint, its signature checked.
    pub fn log_head(&self) -> Result<Head> {
        let log = self.snapshot()?;
        let checkpoint = log.checkpoint();
        Ok(Head {
            origin: checkpoint.origin.clone(),
            size: checkpoint.size,
            root: checkpoint.root,
            vkey: self.vkey().to_string(),
            note: String::from_utf8_lossy(log.note()).into_owned(),
        })
    }

    /// All entries in order, each checked against the checkpoint; read a few at a time.
    pub fn log_lines(&self) -> Result<impl Iterator<Item = Result<EntryLine>>> {
        let log = self.snapshot()?;
        let size = log.size();
        let firsts = (0..size).step_by(LINES_AT_ONCE as usize);
        Ok(firsts.flat_map(move |first| {
            let range = first..size.min(first + LINES_AT_ONCE);
            match log.entries(range.clone()) {
                Ok(entries) => range.zip(entries).map(|(i, e)| Ok(line(i, &e))).collect(),
                Err(e) => vec![Err(refused(&e))],
            }
        }))
    }

    /// Entry `index` in full.
    pub fn log_entry(&self, index: u64) -> Result<ShownEntry> {
        self.shown_entry(&self.origin().clone(), index)
    }

    /// Entry `index` as it stands in the log.
    pub fn log_bytes(&self, index: u64) -> Result<Vec<u8>> {
        self.snapshot()?.entry(index).map_err(|e| refused(&e))
    }

    /// The proof that entry `index` is in the log, checked before it is handed out.
    pub fn log_prove(&self, index: u64) -> Result<Proof> {
        let log = self.snapshot()?;
        let (entry, proof) = log.entry_and_proof(index).map_err(|e| refused(&e))?;
        let checkpoint = log.checkpoint();
        let note = Note::parse(log.note()).or_refused()?;
        let text = TlogProof { extra: None, index, proof: proof.clone(), checkpoint: note };
        text.verify(&entry, std::slice::from_ref(self.vkey())).or_refused()?;
        Ok(Proof {
            origin: checkpoint.origin.clone(),
            index,
            size: checkpoint.size,
            leaf: veritrail_provenance::log::tree::leaf_hash(&entry),
            root: checkpoint.root,
            proof,
            text: text.to_string(),
        })
    }

    /// The proof that the log of `new_size` entries holds that of `old_size`, checked before it is
    /// handed out.
    pub fn log_consistency(&self, old_size: u64, new_size: u64) -> Result<Consistency> {
        let log = self.snapshot()?;
        if old_size > new_size {
            return Err(NodeError::usage("the earlier size comes first")
                .at("OLD NEW")
                .hint(format!("veritrail log consistency {new_size} {old_size}")));
        }
        let (old_root, new_root) = (
            log.root_at(old_size).map_err(|e| refused(&e))?,
            log.root_at(new_size).map_err(|e| refused(&e))?,
        );
        let proof = match old_size {
            // Every log begins with the empty one, and nothing proves it.
            0 => Vec::new(),
            _ => log.consistency_between(old_size, new_size).map_err(|e| refused(&e))?,
        };
        if old_size > 0 {
            verify_consistency(old_size, new_size, &old_root, &new_root, &proof).or_refused()?;
        }
        let origin = self.origin().clone();
        Ok(Consistency { origin, old_size, new_size, old_root, new_root, proof })
    }

    /// The bytes of an entry, of the own log or of a foreign one of which evidence is kept.
    pub(super) fn entry_bytes(&self, origin: &Origin, index: u64) -> Result<Vec<u8>> {
        if origin == self.origin() {
            return self.log_bytes(index);
        }
        let kept = self.home().parts().trails.entries(origin).or_refused()?;
        let found = kept.into_iter().find(|(at, _)| *at == index);
        found.map(|(_, bytes)| bytes).ok_or_else(|| {
            NodeError::not_found("no evidence of this entry is kept here")
                .at(format!("{origin}#{index}"))
                .hint("fetch it from whoever has it: veritrail get TICKET")
        })
    }

    pub(super) fn snapshot(&self) -> Result<Snapshot> {
        self.log().reader().snapshot().map_err(|e| refused(&e))
    }

    pub(super) fn log_size(&self) -> Result<u64> {
        Ok(self.snapshot()?.size())
    }
}

fn line(index: u64, bytes: &[u8]) -> EntryLine {
    match Entry::read(bytes) {
        Entry::Statement(statement) => EntryLine {
            index,
            kind: statement.kind().to_string(),
            time: Some(statement.iat()),
            id: Some(*statement.id()),
            about: statement.sub().to_owned(),
        },
        Entry::Opaque { .. } => EntryLine {
            index,
            kind: "opaque".to_owned(),
            time: None,
            id: None,
            about: String::new(),
        },
    }
}

/// What a log's failure means at the edge: a missing entry is not found, damage is a failed
/// verification, the rest is the disk.
pub(super) fn refused(error: &LogError) -> NodeError {
    let kind = match error {
        LogError::NoEntry { .. } => Kind::NotFound,
        LogError::Disk(_) | LogError::Unsettled(_) | LogError::Group(_) => Kind::Failed,
        LogError::Moved { .. } => Kind::Conflict,
        _ => Kind::VerificationFailed,
    };
    let hint = match kind {
        Kind::NotFound => "entries are counted from 0; see them all: veritrail log show",
        Kind::VerificationFailed => "look for the damage: veritrail store fsck",
        Kind::Conflict => "run the same command again",
        _ => "free the disk or its rights, then run the same command again",
    };
    let place = match error {
        LogError::Damaged { place, .. } => place.clone(),
        LogError::NoEntry { index, .. } => format!("log:{index}"),
        _ => "the log".to_owned(),
    };
    NodeError::new(kind, error.to_string()).at(place).hint(hint)
}

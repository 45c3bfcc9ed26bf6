//! Auditing a log laid out as files (c2sp.org/tlog-tiles), ours or another implementation's: which
//! keys the checkpoint is held against, and what was found, in words.

mod folder;

use std::path::Path;

use serde::Serialize;
use veritrail_provenance::{
    log::{
        audit::{self as arithmetic, CheckpointSigned},
        checkpoint::Checkpoint,
        note::VKey,
    },
    statement::Origin,
    trust::TrustRoots,
};

use self::folder::LogFolder;
use super::{Node, trust::command_line_roots};
use crate::{
    error::{NodeError, Result},
    progress::Progress,
};

/// What an audit found.
#[derive(Debug, Clone, Serialize)]
pub struct Audit {
    /// The answer as a sentence.
    pub conclusion: String,
    /// The log, as its checkpoint names it; empty if that cannot be read.
    pub origin: String,
    /// Entries that the checkpoint covers.
    pub size: u64,
    /// The root that the checkpoint states.
    pub root: String,
    /// The known keys that signed the checkpoint.
    pub signed_by: Vec<String>,
    /// How those keys are known.
    pub keys_from: String,
    /// Files of hashes that were checked.
    pub tiles: u64,
    /// Entries that were checked against their hashes.
    pub entries: u64,
    /// Of these, statements of ours whose signatures hold.
    pub statements: u64,
    /// Of these, entries of another application.
    pub opaque: u64,
    /// What is wrong, each with the file and entry where it lies.
    pub findings: Vec<String>,
    /// What is worth knowing and not wrong.
    pub remarks: Vec<String>,
    /// True if no key was known by which the checkpoint could be checked.
    pub signature_open: bool,
}

impl Audit {
    /// 0 if all is right, 3 if something is wrong, 1 if the signature could not be checked.
    pub fn exit_code(&self) -> u8 {
        match (self.findings.is_empty(), self.signature_open) {
            (false, _) => 3,
            (true, true) => 1,
            (true, false) => 0,
        }
    }
}

/// Audits the log in `dir`. Its checkpoint must be signed by one of `vkeys` where any are named;
/// else by a key that the reader trusts, else by one that the log's own entry 0 names. Reads every
/// file once or twice, one at a time.
pub fn audit(
    dir: &Path,
    vkeys: &[String],
    known: Option<&Node>,
    progress: &dyn Progress,
) -> Result<Audit> {
    let mut folder = LogFolder::new(dir, progress);
    let Some(origin) = origin(&mut folder)? else {
        return Err(NodeError::not_found("no checkpoint in this folder, so no log")
            .at(dir.display())
            .hint("name the folder that holds `checkpoint` and `tile/`, such as HOME/log"));
    };
    let (keys, keys_from) = keys(origin.as_ref(), vkeys, known)?;
    progress.begin("auditing", None);
    let found = arithmetic::audit(&mut folder, &keys);
    progress.end();
    let mut audit = told(found, keys_from);
    if !vkeys.is_empty() && keys.is_empty() && !audit.origin.is_empty() {
        // Keys of another log say nothing about this one; the auditor asked about these.
        audit.findings.push(format!("checkpoint: no --vkey is of log {}", audit.origin));
    }
    audit.conclusion = match audit.exit_code() {
        0 => "this log is in order",
        1 => "everything fits together, but no key is known that signed the checkpoint",
        _ => "this log is NOT in order",
    }
    .to_owned();
    Ok(audit)
}

/// The log's name as its checkpoint has it: None without a checkpoint, None inside where it cannot
/// be read, which the audit itself will tell.
fn origin(folder: &mut LogFolder<'_>) -> Result<Option<Option<Origin>>> {
    let note = folder.checkpoint()?;
    Ok(note.map(|note| Checkpoint::read(&note).ok().map(|(checkpoint, _)| checkpoint.origin)))
}

/// The keys that the checkpoint is held against, and how they are known.
fn keys(
    origin: Option<&Origin>,
    vkeys: &[String],
    known: Option<&Node>,
) -> Result<(Vec<VKey>, &'static str)> {
    let of = |roots: &TrustRoots| -> Vec<VKey> {
        let named = origin.into_iter().flat_map(|origin| roots.log_keys(origin));
        named.map(|(vkey, _)| vkey.clone()).collect()
    };
    let named = of(&command_line_roots(vkeys)?);
    if !vkeys.is_empty() {
        return Ok((named, "named by --vkey"));
    }
    match known {
        Some(node) => Ok((of(&node.trust_roots(&[])?), "trusted by this home")),
        None => Ok((Vec::new(), "")),
    }
}

fn told(found: arithmetic::Audit, keys_from: &str) -> Audit {
    let (signed_by, keys_from) = match &found.signed {
        CheckpointSigned::ByGivenKeys(keys) => (keys.as_slice(), keys_from),
        CheckpointSigned::ByOwnKeys(keys) => {
            (keys.as_slice(), "named by the log's own entries, and by nobody else")
        }
        CheckpointSigned::NotChecked | CheckpointSigned::Refused => (&[][..], keys_from),
    };
    let mut findings: Vec<String> = found.faults.iter().map(ToString::to_string).collect();
    if found.faults_unlisted > 0 {
        findings.push(format!("and {} more", found.faults_unlisted));
    }
    let head = found.checkpoint.as_ref();
    Audit {
        conclusion: String::new(),
        origin: head.map_or_else(String::new, |head| head.origin.to_string()),
        size: head.map_or(0, |head| head.size),
        root: head.map_or_else(String::new, |head| head.root.to_hex()),
        signed_by: signed_by.iter().map(ToString::to_string).collect(),
        keys_from: keys_from.to_owned(),
        tiles: found.tiles,
        entries: found.entries,
        statements: found.statements,
        opaque: found.opaque,
        findings,
        remarks: found.remarks.iter().map(ToString::to_string).collect(),
        signature_open: found.signed == CheckpointSigned::NotChecked,
    }
}

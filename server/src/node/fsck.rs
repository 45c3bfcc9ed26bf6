//! The health of a home: every byte against its hash, the log against its tiles and checkpoint,
//! the state against a new fold, and everything that was acknowledged against what is here.

mod held;
mod state;

use std::path::Path;

use serde::Serialize;
use veritrail_storage::{
    disk::DiskError,
    fsck::{Repair, fsck},
    home::{Home, HomeError},
    log::LogError,
};

use super::{
    Node, audit, home_error,
    writing::{Swept, Within},
};
use crate::{
    error::{Kind, NodeError, OrKind as _, Result},
    progress::Progress,
};

/// Findings of one kind that are told; the rest is counted.
const TOLD_MAX: usize = 200;

/// Whether fsck also makes the state anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rebuild {
    /// Only look, and take away what writers left that did not live to do it.
    Nothing,
    /// Make state.db anew from the logs, set damaged blobs aside, and take away all that no
    /// statement names.
    State,
}

/// What fsck found.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Fsck {
    /// Blobs whose hashes were checked.
    pub blobs: u64,
    /// Their bytes.
    pub blob_bytes: u64,
    /// Blobs that no statement names: leftovers of interrupted work, never served.
    pub unreferenced: u64,
    /// Half-written files, and blobs of no statement, that interrupted work left: taken away now.
    pub taken_away: u64,
    /// Entries of the own log.
    pub log_entries: u64,
    /// Foreign logs of which evidence is kept.
    pub trails: u64,
    /// Own versions and outputs whose every byte is here.
    pub versions: u64,
    /// What was found about the state: equal to a new fold, or made anew.
    pub state: String,
    /// What is wrong, each with its place.
    pub findings: Vec<String>,
    /// What is worth knowing and not wrong.
    pub remarks: Vec<String>,
}

impl Fsck {
    /// 0 if all is well, 3 if anything is damaged or missing.
    pub fn exit_code(&self) -> u8 {
        if self.findings.is_empty() { 0 } else { 3 }
    }
}

impl Node {
    /// Looks over the home at `path`, as far as it can be opened. Reads and hashes every byte.
    pub async fn fsck(path: &Path, rebuild: Rebuild, progress: &dyn Progress) -> Result<Fsck> {
        if !Home::stands(path) {
            return Err(home_error(HomeError::NoHome { path: path.to_owned() }, path));
        }
        let mut found = Fsck::default();
        if rebuild == Rebuild::State {
            state::remove_unreadable(path, &mut found)?;
        }
        let opened = match Home::open(path) {
            // A disk that fails, or may not be written to, says nothing about what is on it.
            Err(HomeError::Log(LogError::Disk(
                e @ (DiskError::Io { .. } | DiskError::Denied { .. } | DiskError::Full { .. }),
            ))) => {
                return Err(home_error(HomeError::Log(e.into()), path));
            }
            opened => opened.map_err(|e| home_error(e, path)).and_then(Self::over),
        };
        let node = match opened {
            Ok(node) => node,
            // What is not damage is told as it is: keys that others can read, a newer format.
            Err(e) if matches!(e.kind, Kind::NotAuthorised | Kind::CouldNotCheck) => return Err(e),
            Err(e) => {
                unopened(path, &e, &mut found, progress);
                return Ok(found);
            }
        };
        node.check_state(rebuild, &mut found);
        node.sweep_checked(Within::Marks, &mut found).await;
        tokio::task::block_in_place(|| node.check_files(rebuild, &mut found, progress))?;
        if let Err(e) = node.check_held(&mut found).await {
            found.findings.push(e.to_string());
        }
        if rebuild == Rebuild::State && found.unreferenced > 0 {
            node.sweep_checked(Within::Everything, &mut found).await;
        }
        Ok(found)
    }

    /// Takes away what interrupted work left, unless something is wrong so far: then what is named
    /// may not be known.
    async fn sweep_checked(&self, within: Within, found: &mut Fsck) {
        if !found.findings.is_empty() {
            return;
        }
        match self.sweep(within).await {
            Ok(Swept { temporary, blobs }) => {
                found.unreferenced = found.unreferenced.saturating_sub(blobs);
                found.taken_away += temporary + blobs;
            }
            Err(e) => found.remarks.push(format!("left-overs were not taken away: {e}")),
        }
    }

    /// Blobs, log and trails, file by file.
    fn check_files(
        &self,
        rebuild: Rebuild,
        found: &mut Fsck,
        progress: &dyn Progress,
    ) -> Result<()> {
        let repair = match rebuild {
            Rebuild::Nothing => Repair::Nothing,
            Rebuild::State => Repair::SetAside,
        };
        progress.begin("checking", None);
        let mut done = 0;
        let checked = fsck(self.home().parts(), repair, |bytes| {
            progress.advance(bytes - done);
            done = bytes;
        });
        progress.end();
        let checked = checked.or_failed()?;
        (found.blobs, found.blob_bytes) = (checked.blobs, checked.bytes);
        found.log_entries = checked.log.entries;
        found.trails = self.home().parts().trails.origins().or_refused()?.len() as u64;
        tell(checked, repair, found);
        Ok(())
    }
}

/// What was found in the files, in words.
fn tell(checked: veritrail_storage::fsck::Fsck, repair: Repair, found: &mut Fsck) {
    let (set_aside, anew) = match repair {
        Repair::SetAside => (", now in damaged/; fetch or publish it again", ", now made anew"),
        Repair::Nothing => ("", ""),
    };
    let damaged = checked.damaged.iter();
    let damaged = damaged.map(|id| format!("blob {id}: its bytes do not have its hash{set_aside}"));
    let outboards = checked.outboards.iter();
    let outboards = outboards.map(|id| format!("blob {id}: its tree of hashes is damaged{anew}"));
    let log = checked.log.faults.iter().map(|fault| format!("log/{fault}"));
    let trails = checked.trails.iter().map(|trail| format!("trails/: {trail}"));
    let all: Vec<String> = damaged.chain(outboards).chain(log).chain(trails).collect();
    let untold = all.len().saturating_sub(TOLD_MAX);
    found.findings.extend(all.into_iter().take(TOLD_MAX));
    if untold > 0 {
        found.findings.push(format!("and {untold} more"));
    }
    let strangers = checked.strangers.iter();
    found.remarks.extend(strangers.map(|name| format!("blobs/{name}: no blob; left alone")));
    if !checked.left_over.is_empty() {
        let count = checked.left_over.len();
        let then = if repair == Repair::SetAside { ", now taken away" } else { "" };
        found.remarks.push(format!("half-written blobs, of work under way: {count}{then}"));
    }
    found.remarks.extend(checked.log.remarks.iter().map(|remark| format!("log/{remark}")));
}

/// A home that cannot be opened: what its log's files tell, and why it cannot.
fn unopened(path: &Path, error: &NodeError, found: &mut Fsck, progress: &dyn Progress) {
    found.state = "not looked at".to_owned();
    if let Ok(audit) = audit::audit(&path.join("log"), &[], None, progress) {
        found.log_entries = audit.entries;
        found.findings.extend(audit.findings.iter().map(|finding| format!("log/{finding}")));
    }
    found.findings.push(error.to_string());
}

//! The health of a home: every byte against its hash, the log against its tiles and checkpoint,
//! the state against a new fold, and everything that was acknowledged against what is here.

mod blobs;
mod state;

use std::path::Path;

use serde::Serialize;
use veritrail_provenance::{
    evidence::{self, Evidence},
    trust::TrustRoots,
};
use veritrail_storage::home::Home;

use super::{Node, audit, home_error};
use crate::{
    error::{Kind, NodeError, OrKind as _, Result},
    progress::Progress,
};

/// Whether fsck also makes the state anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rebuild {
    /// Only look.
    Nothing,
    /// Make state.db anew from the logs, and take damaged blobs away.
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
            let missing = veritrail_storage::home::HomeError::NoHome { path: path.to_owned() };
            return Err(home_error(missing, path));
        }
        let mut found = Fsck::default();
        check_log(path, &mut found, progress);
        if rebuild == Rebuild::State {
            state::remove_unreadable(path, &mut found)?;
        }
        let node = match Home::open(path) {
            Ok(home) => Self::over(home),
            Err(e) => Err(home_error(e, path)),
        };
        let node = match node {
            Ok(node) => node,
            // What is not damage is told as it is: keys that others can read, a newer format.
            Err(e) if matches!(e.kind, Kind::NotAuthorised | Kind::CouldNotCheck) => return Err(e),
            Err(e) => {
                found.findings.push(e.to_string());
                found.state = "not looked at".to_owned();
                return Ok(found);
            }
        };
        node.check_state(rebuild, &mut found);
        node.check_trails(&mut found)?;
        node.check_blobs(rebuild, &mut found, progress).await?;
        node.check_held(&mut found).await?;
        Ok(found)
    }
}

impl Node {
    /// The evidence kept of foreign logs: every proof, checkpoint and signature in it.
    fn check_trails(&self, found: &mut Fsck) -> Result<()> {
        let trails = &self.home().parts().trails;
        let anybody = TrustRoots { any: true, ..TrustRoots::none() };
        for origin in trails.origins().or_refused()? {
            found.trails += 1;
            let log = match trails.log(&origin) {
                Ok(log) => log,
                Err(e) => {
                    found.findings.push(format!("trails/, log {origin}: {e}"));
                    continue;
                }
            };
            let kept = Evidence { logs: log.into_iter().collect(), blobs: Vec::new() };
            let report = evidence::check(&kept, &anybody, &[]);
            let failures = report.failures.iter();
            found.findings.extend(failures.map(|f| format!("trails/, {}: {}", f.place, f.reason)));
            let pairs = trails.pairs(&origin).or_refused()?.len();
            if pairs > 0 {
                found.remarks.push(format!("log {origin} contradicted itself; the proof is kept"));
            }
        }
        Ok(())
    }
}

/// The own log, file by file.
fn check_log(path: &Path, found: &mut Fsck, progress: &dyn Progress) {
    match audit::audit(&path.join("log"), &[], None, progress) {
        Ok(audit) => {
            found.log_entries = audit.size;
            found.findings.extend(audit.findings.iter().map(|finding| format!("log/{finding}")));
            found.remarks.extend(audit.remarks.iter().map(|remark| format!("log/{remark}")));
        }
        Err(NodeError { message, .. }) => found.findings.push(format!("log/: {message}")),
    }
}

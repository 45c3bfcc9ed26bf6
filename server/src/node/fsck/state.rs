//! The state against a new fold of the logs: the digests of both must be equal.

use std::{fs, io::ErrorKind, path::Path};

use veritrail_storage::{
    fsck::{Rebuilt, rebuild},
    state::{MemoryStateStore, SqliteState, StateStore as _},
};

use super::{Fsck, Rebuild};
use crate::{
    error::{NodeError, OrKind as _, Result},
    node::{Node, counted::counted},
};

/// The database and what SQLite keeps beside it.
const FILES: [&str; 3] = ["state.db", "state.db-wal", "state.db-shm"];

/// Removes a database that cannot even be opened; a readable one is emptied by its own means, as
/// other processes may have it open.
pub(super) fn remove_unreadable(path: &Path, found: &mut Fsck) -> Result<()> {
    if SqliteState::open(&path.join("state.db")).is_ok_and(|state| state.digest().is_ok()) {
        return Ok(());
    }
    for name in FILES {
        match fs::remove_file(path.join(name)) {
            Err(e) if e.kind() != ErrorKind::NotFound => {
                return Err(NodeError::failed(e.to_string()).at(name));
            }
            _ => {}
        }
    }
    found.remarks.push("state.db could not be read and was removed".to_owned());
    Ok(())
}

/// How often state and logs are compared: another process may append between the two looks.
const COMPARED_MAX: usize = 5;

impl Node {
    /// Compares the state with a new fold, or makes it anew.
    pub(super) fn check_state(&self, what: Rebuild, found: &mut Fsck) {
        let checked = match what {
            Rebuild::Nothing => self.compare_state(),
            Rebuild::State => self.rebuild_state(),
        };
        match checked {
            Ok(words) => found.state = words,
            Err(e) => {
                found.state = "damaged".to_owned();
                let hint = e.hint.as_ref().map(|hint| format!("; {hint}")).unwrap_or_default();
                found.findings.push(format!("state.db: {}{hint}", e.message));
            }
        }
    }

    fn compare_state(&self) -> Result<String> {
        for _ in 0..COMPARED_MAX {
            self.catch_up()?;
            let ours = self.state().digest().or_failed()?;
            let anew = rebuild(self.home().parts(), &MemoryStateStore::default()).or_refused()?;
            if ours == anew.digest {
                return Ok(words("equal to a new fold of the logs", &anew));
            }
        }
        Err(NodeError::refused("it is not what the logs fold to")
            .hint("make it anew: veritrail store fsck --rebuild"))
    }

    fn rebuild_state(&self) -> Result<String> {
        let anew = rebuild(self.home().parts(), self.state()).or_refused()?;
        Ok(words("made anew from the logs", &anew))
    }
}

fn words(what: &str, rebuilt: &Rebuilt) -> String {
    let refused = rebuilt.refused.iter().map(|(origin, why)| format!("; log {origin}: {why}"));
    let refused: String = refused.collect();
    format!("{what} ({}){refused}", counted(rebuilt.entries, "entry"))
}

//! What the entries say: statements of ours are folded, everything else is opaque.

use super::{Auditor, LogFiles};
use crate::ledger::rows::Standing;
use crate::ledger::{Entry, LedgerError, MemoryState, apply, queries};
use crate::log::note::VKey;
use crate::log::tile::{EntriesPath, LogPath};
use crate::statement::{Origin, Statement};

/// First byte of a COSE_Sign1 with tag 18.
const COSE_SIGN1: u8 = 0xd2;

/// What every content type of ours begins with.
const OUR_TYPE: &[u8] = b"application/vnd.veritrail.";

/// The statements of the log so far. Without an origin, or after an entry 0 that binds no
/// operator, nothing is folded and each statement is checked alone.
#[derive(Default)]
pub(super) struct Statements {
    origin: Option<Origin>,
    state: MemoryState,
    unfolded: bool,
}

/// What is to be said of an entry.
enum Said {
    Opaque,
    Holds,
    Remark(String),
    Fault(String),
}

impl Statements {
    pub(super) fn of(origin: &Origin) -> Self {
        Self { origin: Some(origin.clone()), ..Self::default() }
    }

    /// The keys that the log's own identity statements name.
    pub(super) fn log_keys(&self) -> Vec<VKey> {
        let row = self.origin.as_ref().and_then(|o| queries::log(&self.state, o).ok().flatten());
        row.into_iter().flat_map(|row| row.keys).map(|key| key.vkey).collect()
    }

    fn judge(&mut self, index: u64, bytes: &[u8]) -> Said {
        let Some(origin) = self.origin.clone() else { return Said::Opaque };
        let entry = Entry::read(bytes);
        if let Entry::Opaque { reason } = &entry
            && is_ours(bytes)
        {
            self.unfolded |= index == 0;
            return Said::Fault(format!("it is refused as a statement: {reason}"));
        }
        if self.unfolded {
            return judge_alone(&entry, &origin);
        }
        match apply(&self.state, &origin, index, &entry) {
            Ok(changes) => self.state.store(changes),
            Err(error) => return self.not_folded(&entry, &origin, &error),
        }
        let row = queries::entry(&self.state, &origin, index).ok().flatten();
        match row.map(|row| row.standing) {
            Some(Standing::Folded) => Said::Holds,
            Some(Standing::Opaque { .. }) => Said::Opaque,
            Some(Standing::Refused { reason }) => Said::Fault(format!("it is refused: {reason}")),
            Some(standing) => Said::Remark(standing.to_string()),
            None => Said::Fault("it could not be folded".to_owned()),
        }
    }

    /// Entry 0 of a log of ours binds its operator. Another application's log is free to begin
    /// with what it likes; a statement there that is not an operator's identity is a fault.
    fn not_folded(&mut self, entry: &Entry, origin: &Origin, error: &LedgerError) -> Said {
        self.unfolded = true;
        match (entry, error) {
            (Entry::Opaque { .. }, _) => Said::Opaque,
            (Entry::Statement(_), LedgerError::RefusedLog { .. }) => Said::Fault(error.to_string()),
            (Entry::Statement(_), LedgerError::NewerLog { .. }) => Said::Remark(error.to_string()),
            (Entry::Statement(_), _) => judge_alone(entry, origin),
        }
    }
}

impl<F: LogFiles> Auditor<'_, F> {
    pub(super) fn check_entry(&mut self, path: EntriesPath, index: u64, bytes: &[u8]) {
        let path = LogPath::Entries(path);
        match self.statements.judge(index, bytes) {
            Said::Opaque => self.audit.opaque += 1,
            Said::Holds => self.audit.statements += 1,
            Said::Fault(reason) => self.fault(path, Some(index), reason),
            Said::Remark(reason) => {
                self.audit.statements += 1;
                self.remark(path.to_string(), Some(index), reason);
            }
        }
    }
}

fn judge_alone(entry: &Entry, origin: &Origin) -> Said {
    let Entry::Statement(statement) = entry else { return Said::Opaque };
    match check_alone(statement, origin) {
        Ok(()) => Said::Holds,
        Err(reason) => Said::Fault(format!("it is refused: {reason}")),
    }
}

fn check_alone(statement: &Statement, origin: &Origin) -> Result<(), String> {
    if statement.aud() != origin {
        return Err(format!("it is meant for log {}", statement.aud()));
    }
    statement.verify_did_key().map_err(|error| error.to_string())
}

/// Whether an entry means to be a statement of ours.
fn is_ours(bytes: &[u8]) -> bool {
    bytes.first() == Some(&COSE_SIGN1) && bytes.windows(OUR_TYPE.len()).any(|w| w == OUR_TYPE)
}

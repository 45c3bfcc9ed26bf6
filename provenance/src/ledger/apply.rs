//! The fold: what one entry of a log changes in the ledger.

use super::entry::Entry;
use super::overlay::Overlay;
use super::rows::{At, Claims, EntryRow, LogKey, LogRow, NewerRow, Standing, read, write};
use super::view::{Change, Table, View, ViewError};
use super::{dataset, identity, key, queries, release, run};
use crate::statement::{Origin, Payload, Statement};

/// Why an entry could not be folded. Most that is wrong with an entry is no error but a
/// [`Standing`]; these are what is wrong with the log or with the call.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The rows could not be read.
    #[error(transparent)]
    View(#[from] ViewError),
    /// An entry came before entry 0, on which all others depend.
    #[error("entry {index} of log {origin} cannot be folded before entry 0")]
    NoFirstEntry {
        /// The log.
        origin: Origin,
        /// The entry that came first.
        index: u64,
    },
    /// An earlier entry arrived late: the log must be cleared and folded again.
    #[error("entry {index} of log {origin} came after entry {folded} was folded")]
    OutOfOrder {
        /// The log.
        origin: Origin,
        /// The entry.
        index: u64,
        /// The last entry folded.
        folded: u64,
    },
    /// Entry 0 does not bind an operator to this log, so nothing in it can be relied on.
    #[error("log {origin} is refused, its entry 0 does not bind an operator: {reason}")]
    RefusedLog {
        /// The log.
        origin: Origin,
        /// What is wrong with entry 0.
        reason: String,
    },
    /// Entry 0 is genuine but of a newer version.
    #[error("log {origin} cannot be read: its entry 0 is newer than this version ({reason})")]
    NewerLog {
        /// The log.
        origin: Origin,
        /// What is not understood.
        reason: String,
    },
}

/// What the fold makes of an entry, before it is written down.
pub(super) struct Judged {
    pub(super) standing: Standing,
    pub(super) changes: Vec<Change>,
    /// The log's checkpoint keys, where the entry changes them.
    pub(super) keys: Option<Vec<LogKey>>,
}

impl Judged {
    pub(super) fn without_change(standing: Standing) -> Self {
        Self { standing, changes: Vec::new(), keys: None }
    }

    pub(super) fn refused(reason: impl Into<String>) -> Self {
        Self::without_change(Standing::Refused { reason: reason.into() })
    }

    pub(super) fn folded(changes: Vec<Change>) -> Self {
        Self { standing: Standing::Folded, changes, keys: None }
    }
}

/// Where a statement is met, and against what it is judged.
pub(super) struct Place<'a> {
    pub(super) view: &'a dyn View,
    pub(super) origin: &'a Origin,
    pub(super) index: u64,
    pub(super) log: &'a LogRow,
    pub(super) statement: &'a Statement,
}

impl Place<'_> {
    pub(super) fn at(&self) -> At {
        At { index: self.index, id: *self.statement.id() }
    }

    /// A statement that depends on another which was not folded: refused when the log is known
    /// from its beginning without a gap, otherwise it has to wait for what the gap may hold.
    pub(super) fn missing(&self, reason: String) -> Judged {
        if self.log.gapless == self.index {
            Judged::refused(reason)
        } else {
            Judged::without_change(Standing::Waiting { reason })
        }
    }
}

/// What entry `index` of log `origin` changes, judged against the rows in `view`. Entries of a log
/// come in ascending order; gaps are allowed, since evidence rarely holds a whole log.
///
/// Pure and deterministic; costs one signature check and a few row reads.
///
/// # Errors
/// See [`LedgerError`].
pub fn apply(
    view: &dyn View,
    origin: &Origin,
    index: u64,
    entry: &Entry,
) -> Result<Vec<Change>, LedgerError> {
    let log = match queries::log(view, origin)? {
        None if index == 0 => return identity::first(origin, entry),
        None => return Err(LedgerError::NoFirstEntry { origin: origin.clone(), index }),
        Some(log) if index < log.next => {
            let folded = log.next - 1;
            return Err(LedgerError::OutOfOrder { origin: origin.clone(), index, folded });
        }
        Some(log) => log,
    };
    let judged = match entry {
        Entry::Opaque { reason } => {
            Judged::without_change(Standing::Opaque { reason: reason.clone() })
        }
        Entry::Statement(statement) => judge(&Place { view, origin, index, log: &log, statement })?,
    };
    record(origin, index, entry, log, judged)
}

/// Folds entries of one log, ascending by index, against `view`, and returns all changes at once:
/// at most one a row.
///
/// # Errors
/// When one of the entries cannot be folded; then none is.
pub fn fold<'e>(
    view: &dyn View,
    origin: &Origin,
    entries: impl IntoIterator<Item = (u64, &'e [u8])>,
) -> Result<Vec<Change>, LedgerError> {
    let mut overlay = Overlay::new(view);
    for (index, bytes) in entries {
        let changes = apply(&overlay, origin, index, &Entry::read(bytes))?;
        overlay.push(changes);
    }
    Ok(overlay.into_changes())
}

fn judge(place: &Place<'_>) -> Result<Judged, LedgerError> {
    let Place { view, origin, statement, .. } = *place;
    if statement.aud() != origin {
        return Ok(Judged::refused(format!("it is meant for log {}", statement.aud())));
    }
    // The id is a hash of what was signed, so an unchecked signature could let garbage take the
    // place of the genuine statement: the check comes before the search for duplicates.
    if let Err(standing) = identity::check_signature(statement) {
        return Ok(Judged::without_change(standing));
    }
    let by_id = key::subject(statement.id().as_bytes(), origin);
    if let Some(first) = read::<u64>(view, Table::Statement, &by_id)? {
        return Ok(Judged::without_change(Standing::Duplicate { of: first }));
    }
    match statement.payload() {
        Payload::Identity(payload) => identity::judge(place, payload),
        Payload::DatasetGenesis(payload) => dataset::judge_genesis(place, payload),
        Payload::DatasetVersion(payload) => dataset::judge_version(place, payload),
        Payload::RunReceipt(payload) => run::judge_receipt(place, payload),
        Payload::RunVerdict(payload) => run::judge_verdict(place, payload),
        Payload::ProofRelease(payload) => release::judge(place, payload),
        Payload::Unknown => newer(place),
    }
}

/// A statement that is genuine and not understood is remembered by its subject, so that answers
/// about that subject can say so.
fn newer(place: &Place<'_>) -> Result<Judged, LedgerError> {
    let statement = place.statement;
    let kind = statement.kind().to_string();
    let reason = format!("{kind} is of a kind or version that is not understood here");
    let row =
        NewerRow { at: place.at(), kind, iss: statement.iss().clone(), reason: reason.clone() };
    let key = key::numbered(&key::text(statement.sub()), place.origin, place.index);
    let changes = vec![write(Table::Newer, key, &row)?];
    Ok(Judged { standing: Standing::Newer { reason }, changes, keys: None })
}

/// Adds to the changes of an entry what every entry changes: its own row, the way from the id to
/// it, and how far the log is folded.
pub(super) fn record(
    origin: &Origin,
    index: u64,
    entry: &Entry,
    mut log: LogRow,
    judged: Judged,
) -> Result<Vec<Change>, LedgerError> {
    let Judged { standing, mut changes, keys } = judged;
    let claims = match entry {
        Entry::Opaque { .. } => None,
        Entry::Statement(statement) => {
            if matches!(
                standing,
                Standing::Folded
                    | Standing::Conflict { .. }
                    | Standing::Fork { .. }
                    | Standing::Newer { .. }
            ) {
                let key = key::subject(statement.id().as_bytes(), origin);
                changes.push(write(Table::Statement, key, &index)?);
            }
            Some(claims(statement))
        }
    };
    let row = EntryRow { standing, claims };
    changes.push(write(Table::Entry, key::entry(origin, index), &row)?);
    if let Some(keys) = keys {
        log.keys = keys;
    }
    log.next = index + 1;
    if log.gapless == index {
        log.gapless = index + 1;
    }
    changes.push(write(Table::Log, key::log(origin), &log)?);
    Ok(changes)
}

fn claims(statement: &Statement) -> Claims {
    Claims {
        id: *statement.id(),
        kind: statement.kind().to_string(),
        iss: statement.iss().clone(),
        sub: statement.sub().to_owned(),
        iat: statement.iat(),
    }
}

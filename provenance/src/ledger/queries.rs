//! Typed reads of the ledger: rows by what they are about, and the joins across logs.
//!
//! A function that takes an origin answers from that log alone; the others join all known logs
//! and say for each answer which log it comes from.

use serde::de::DeserializeOwned;

use super::key;
use super::rows::{
    ConflictRow, DatasetRow, EntryRow, IdentityRow, InLog, InputRow, LogRow, NewerRow, Newest,
    ReleaseRow, RootRow, RunRow, VerdictRow, VersionRow, decode, read,
};
use super::view::{Table, View, ViewError};
use crate::hash::{DatasetRoot, StatementId};
use crate::identity::Did;
use crate::statement::Origin;

/// A log, or none when nothing of it was folded.
///
/// # Errors
/// When the view fails.
pub fn log(view: &dyn View, origin: &Origin) -> Result<Option<LogRow>, ViewError> {
    read(view, Table::Log, &key::log(origin))
}

/// All logs, by their origin.
///
/// # Errors
/// When the view fails.
pub fn logs(view: &dyn View) -> Result<Vec<InLog<LogRow>>, ViewError> {
    in_logs(view, Table::Log, &[])
}

/// An entry, or none when it was not folded.
///
/// # Errors
/// When the view fails.
pub fn entry(view: &dyn View, origin: &Origin, index: u64) -> Result<Option<EntryRow>, ViewError> {
    read(view, Table::Entry, &key::entry(origin, index))
}

/// All folded entries of a log, ascending by index.
///
/// # Errors
/// When the view fails.
pub fn entries(view: &dyn View, origin: &Origin) -> Result<Vec<(u64, EntryRow)>, ViewError> {
    let mut entries = Vec::new();
    for (key, value) in view.scan(Table::Entry, &key::log(origin))? {
        let index = key::number(&key).ok_or_else(|| bad_key(Table::Entry))?;
        entries.push((index, decode(Table::Entry, &value)?));
    }
    Ok(entries)
}

/// Where a statement stands: its log and index. A statement is valid in one log only, so there is
/// at most one answer.
///
/// # Errors
/// When the view fails.
pub fn statement(view: &dyn View, id: &StatementId) -> Result<Option<(Origin, u64)>, ViewError> {
    let found = in_logs::<u64>(view, Table::Statement, id.as_bytes())?;
    Ok(found.into_iter().next().map(|found| (found.origin, found.row)))
}

/// The newest binding of a DID to a log.
///
/// # Errors
/// When the view fails.
pub fn identity(
    view: &dyn View,
    origin: &Origin,
    did: &Did,
) -> Result<Option<IdentityRow>, ViewError> {
    read(view, Table::Identity, &key::subject(&key::did(did), origin))
}

/// The newest bindings of a DID, in every log that binds it.
///
/// # Errors
/// When the view fails.
pub fn identities(view: &dyn View, did: &Did) -> Result<Vec<InLog<IdentityRow>>, ViewError> {
    in_logs(view, Table::Identity, &key::did(did))
}

/// A dataset as each log with a genesis of it has it. More than one answer is a fork: the
/// dataset's key was used twice, and only a pin on one genesis can tell which is meant.
///
/// # Errors
/// When the view fails.
pub fn datasets(view: &dyn View, did: &Did) -> Result<Vec<InLog<DatasetRow>>, ViewError> {
    in_logs(view, Table::Dataset, &key::did(did))
}

/// A dataset as one log has it.
///
/// # Errors
/// When the view fails.
pub fn dataset(
    view: &dyn View,
    origin: &Origin,
    did: &Did,
) -> Result<Option<DatasetRow>, ViewError> {
    read(view, Table::Dataset, &key::subject(&key::did(did), origin))
}

/// The versions of a dataset in one log, ascending by number.
///
/// # Errors
/// When the view fails.
pub fn versions(view: &dyn View, origin: &Origin, did: &Did) -> Result<Vec<VersionRow>, ViewError> {
    rows(view, Table::Version, &key::subject(&key::did(did), origin))
}

/// One version of a dataset.
///
/// # Errors
/// When the view fails.
pub fn version(
    view: &dyn View,
    origin: &Origin,
    did: &Did,
    number: u64,
) -> Result<Option<VersionRow>, ViewError> {
    read(view, Table::Version, &key::numbered(&key::did(did), origin, number))
}

/// The versions that lost their number to an earlier one, ascending by index.
///
/// # Errors
/// When the view fails.
pub fn conflicts(
    view: &dyn View,
    origin: &Origin,
    did: &Did,
) -> Result<Vec<ConflictRow>, ViewError> {
    rows(view, Table::Conflict, &key::subject(&key::did(did), origin))
}

/// The released proofs of a version in one log, ascending by number.
///
/// # Errors
/// When the view fails.
pub fn releases(
    view: &dyn View,
    origin: &Origin,
    did: &Did,
    version: u64,
) -> Result<Vec<ReleaseRow>, ViewError> {
    rows(view, Table::Release, &key::subject(&key::version(did, version), origin))
}

/// One released proof of a version.
///
/// # Errors
/// When the view fails.
pub fn release(
    view: &dyn View,
    origin: &Origin,
    did: &Did,
    version: u64,
    number: u64,
) -> Result<Option<ReleaseRow>, ViewError> {
    read(view, Table::Release, &key::numbered(&key::version(did, version), origin, number))
}

/// The newest release of a version: what the next one follows.
///
/// # Errors
/// When the view fails.
pub fn last_release(
    view: &dyn View,
    origin: &Origin,
    did: &Did,
    version: u64,
) -> Result<Option<Newest>, ViewError> {
    read(view, Table::LastRelease, &key::subject(&key::version(did, version), origin))
}

/// A run by its id, which is its receipt's statement id.
///
/// # Errors
/// When the view fails.
pub fn run(view: &dyn View, id: &StatementId) -> Result<Option<InLog<RunRow>>, ViewError> {
    Ok(in_logs(view, Table::Run, id.as_bytes())?.into_iter().next())
}

/// All runs whose id starts with these hex digits, ascending by id.
///
/// # Errors
/// When the view fails, or `prefix` is not 1 to 64 lowercase hex digits.
pub fn runs_by_prefix(view: &dyn View, prefix: &str) -> Result<Vec<InLog<RunRow>>, ViewError> {
    by_hex(view, Table::Run, prefix)?.into_iter().map(|(_, row)| Ok(row)).collect()
}

/// All verdicts about a run, from every known log, by origin and index.
///
/// # Errors
/// When the view fails.
pub fn verdicts(view: &dyn View, run: &StatementId) -> Result<Vec<InLog<VerdictRow>>, ViewError> {
    in_logs(view, Table::Verdict, run.as_bytes())
}

/// Everything that has this root, in every log: versions of datasets and outputs of runs.
///
/// # Errors
/// When the view fails.
pub fn find_root(view: &dyn View, root: &DatasetRoot) -> Result<Vec<InLog<RootRow>>, ViewError> {
    in_logs(view, Table::Root, root.as_bytes())
}

/// Everything whose root starts with these hex digits, with the whole root.
///
/// # Errors
/// When the view fails, or `prefix` is not 1 to 64 lowercase hex digits.
pub fn find_root_by_prefix(
    view: &dyn View,
    prefix: &str,
) -> Result<Vec<(DatasetRoot, InLog<RootRow>)>, ViewError> {
    let root = |(root, row)| (DatasetRoot::from_bytes(root), row);
    Ok(by_hex(view, Table::Root, prefix)?.into_iter().map(root).collect())
}

/// All runs that used this root as an input.
///
/// # Errors
/// When the view fails.
pub fn uses(view: &dyn View, root: &DatasetRoot) -> Result<Vec<InLog<InputRow>>, ViewError> {
    in_logs(view, Table::Input, root.as_bytes())
}

/// The statements of one log about `subject` (a DID or URN, as claimed) that this version does not
/// understand. While there is one, no answer about that subject is certain.
///
/// # Errors
/// When the view fails.
pub fn newer(view: &dyn View, origin: &Origin, subject: &str) -> Result<Vec<NewerRow>, ViewError> {
    rows(view, Table::Newer, &key::subject(&key::text(subject), origin))
}

/// The same from every known log. Anybody may say anything about anybody in a log of his own, so
/// whoever asks has to choose whose statements count.
///
/// # Errors
/// When the view fails.
pub fn newer_anywhere(view: &dyn View, subject: &str) -> Result<Vec<InLog<NewerRow>>, ViewError> {
    in_logs(view, Table::Newer, &key::text(subject))
}

/// The versions of all datasets in all logs, in the order of their keys: what a node computes its
/// public blobs from. Costs one scan of the table.
///
/// # Errors
/// When the view fails.
pub fn all_versions(view: &dyn View) -> Result<Vec<InLog<VersionRow>>, ViewError> {
    in_logs(view, Table::Version, &[])
}

/// All runs in all logs, ascending by id. Costs one scan of the table.
///
/// # Errors
/// When the view fails.
pub fn all_runs(view: &dyn View) -> Result<Vec<InLog<RunRow>>, ViewError> {
    in_logs(view, Table::Run, &[])
}

fn rows<R: DeserializeOwned>(
    view: &dyn View,
    table: Table,
    prefix: &[u8],
) -> Result<Vec<R>, ViewError> {
    view.scan(table, prefix)?.iter().map(|(_, value)| decode(table, value)).collect()
}

fn in_logs<R: DeserializeOwned>(
    view: &dyn View,
    table: Table,
    prefix: &[u8],
) -> Result<Vec<InLog<R>>, ViewError> {
    view.scan(table, prefix)?.iter().map(|(key, value)| in_log(table, key, value)).collect()
}

fn in_log<R: DeserializeOwned>(
    table: Table,
    key: &[u8],
    value: &[u8],
) -> Result<InLog<R>, ViewError> {
    let origin = key::log_of(table, key).ok_or_else(|| bad_key(table))?;
    Ok(InLog { origin, row: decode(table, value)? })
}

/// Rows whose key starts with hex digits, an odd last digit included, each with the 32 bytes.
fn by_hex<R: DeserializeOwned>(
    view: &dyn View,
    table: Table,
    prefix: &str,
) -> Result<Vec<([u8; 32], InLog<R>)>, ViewError> {
    let bad = || ViewError::Row { table, reason: "a prefix is 1 to 64 hex digits".to_owned() };
    let lower = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    if prefix.is_empty() || prefix.len() > 64 || !prefix.bytes().all(lower) {
        return Err(bad());
    }
    let whole = hex::decode(&prefix[..prefix.len() / 2 * 2]).map_err(|_| bad())?;
    let mut found = Vec::new();
    for (key, value) in view.scan(table, &whole)? {
        let subject = key.first_chunk::<32>().ok_or_else(|| bad_key(table))?;
        if hex::encode(subject).starts_with(prefix) {
            found.push((*subject, in_log(table, &key, &value)?));
        }
    }
    Ok(found)
}

fn bad_key(table: Table) -> ViewError {
    ViewError::Row { table, reason: "its key names no log".to_owned() }
}

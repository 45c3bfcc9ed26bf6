//! What the ledger's rows hold. A row is compact JSON, its members in the order declared here:
//! the same facts give the same bytes, so ledgers can be compared by digest.

use std::fmt;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::view::{Change, Table, View, ViewError};
use crate::hash::StatementId;
use crate::identity::Did;
use crate::log::note::VKey;
use crate::statement::{DatasetVersion, Origin, ProofRelease, Role, RunReceipt, RunVerdict};

/// Forks that a dataset's row lists: one is enough to convict, and rows must not grow with what
/// an attacker appends.
pub const FORKS_MAX: usize = 16;

/// Where a statement stands within its log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct At {
    /// Index of the entry.
    pub index: u64,
    /// Id of the statement.
    pub id: StatementId,
}

/// What is known of a log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogRow {
    /// Who operates it: the DID that entry 0 binds.
    pub operator: Did,
    /// Statement id of entry 0.
    pub first: StatementId,
    /// One more than the last index folded.
    pub next: u64,
    /// Entries from 0 on that were folded without a gap.
    pub gapless: u64,
    /// The keys that may sign its checkpoints, as the operator's newest identity names them.
    pub keys: Vec<LogKey>,
}

/// A checkpoint key of a log, and who says so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogKey {
    /// The key.
    pub vkey: VKey,
    /// The DID whose identity statement names it.
    pub by: Did,
    /// Index of that statement.
    pub index: u64,
}

/// What an entry is and what the fold made of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryRow {
    /// What the fold made of it.
    pub standing: Standing,
    /// What the statement says of itself; none where the entry is no statement.
    pub claims: Option<Claims>,
}

/// The claims that every statement makes, without its payload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// Id of the statement.
    pub id: StatementId,
    /// Kind of statement.
    pub kind: String,
    /// Who signed.
    pub iss: Did,
    /// What it is about.
    pub sub: String,
    /// When, as the signer says, in Unix seconds. Nothing is decided by it.
    pub iat: u64,
}

/// What the fold made of an entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "as", rename_all = "kebab-case")]
pub enum Standing {
    /// It counts.
    Folded,
    /// The same statement stands earlier in the log; the first one counts.
    Duplicate {
        /// Index of the first.
        of: u64,
    },
    /// A version whose number or predecessor is taken by an earlier one.
    Conflict {
        /// Index of the version that counts.
        with: u64,
    },
    /// A second genesis of a dataset: whoever held its key has made two datasets of one name.
    Fork {
        /// Index of the first genesis.
        genesis: u64,
    },
    /// It breaks a rule, so it says nothing. The reason names the rule.
    Refused {
        /// Which rule, in words.
        reason: String,
    },
    /// It depends on a statement that may lie in a gap of what was folded: nothing can be said
    /// until that is known.
    Waiting {
        /// What it depends on.
        reason: String,
    },
    /// Genuine, but of a kind, version or extension that this version does not understand: what
    /// it is about cannot be judged for certain.
    Newer {
        /// What is not understood.
        reason: String,
    },
    /// Not a statement of ours.
    Opaque {
        /// Why it does not read as one.
        reason: String,
    },
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Standing::Folded => f.write_str("it counts"),
            Standing::Duplicate { of } => write!(f, "it repeats entry {of}"),
            Standing::Conflict { with } => write!(f, "entry {with} took its place before"),
            Standing::Fork { genesis } => write!(f, "it is a second genesis after entry {genesis}"),
            Standing::Refused { reason } => write!(f, "it is refused: {reason}"),
            Standing::Waiting { reason } => write!(f, "what it depends on is not known: {reason}"),
            Standing::Newer { reason } => f.write_str(reason),
            Standing::Opaque { reason } => write!(f, "it is no statement: {reason}"),
        }
    }
}

/// The newest binding of a DID to a log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdentityRow {
    /// The identity statement that counts.
    pub at: At,
    /// Index of the first identity statement of this DID in the log.
    pub since: u64,
    /// Operator or member.
    pub role: Role,
    /// The name that the DID gives itself.
    pub name: Option<String>,
    /// The node that acts for it.
    pub node: Did,
    /// The checkpoint keys of the log, as this DID names them.
    pub vkeys: Vec<VKey>,
}

/// A dataset, in the log that holds its genesis.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatasetRow {
    /// The genesis that counts: the first in the log.
    pub genesis: At,
    /// Who may sign versions.
    pub controllers: Vec<Did>,
    /// The newest version, if there is one.
    pub newest: Option<Newest>,
    /// Further geneses of the same DID in this log, the first [`FORKS_MAX`]; empty unless its key
    /// was misused.
    pub forks: Vec<At>,
}

/// Number and place of a dataset's newest version, or of a version's newest release.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Newest {
    /// Its number.
    pub number: u64,
    /// Its statement.
    pub at: At,
}

/// A version of a dataset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersionRow {
    /// Its statement.
    pub at: At,
    /// The controller who signed it.
    pub iss: Did,
    /// When, as the signer says.
    pub iat: u64,
    /// Whether its predecessor is known.
    pub chain: Chain,
    /// What it says.
    pub payload: DatasetVersion,
}

/// Whether the version before stands in what was folded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Chain {
    /// It does, or this is the first version.
    Linked,
    /// The log was folded with gaps, and the version before lies in one.
    Gap,
}

/// A version that does not count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConflictRow {
    /// Its statement.
    pub at: At,
    /// The number it claims.
    pub number: u64,
    /// The version that counts instead.
    pub with: At,
}

/// A run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunRow {
    /// Its receipt; the receipt's id is the run's.
    pub at: At,
    /// Who signed the receipt.
    pub iss: Did,
    /// When, as the signer says.
    pub iat: u64,
    /// What it says.
    pub payload: RunReceipt,
}

/// A verdict about a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerdictRow {
    /// Its statement.
    pub at: At,
    /// Who signed it.
    pub iss: Did,
    /// When, as the signer says.
    pub iat: u64,
    /// What it says.
    pub payload: RunVerdict,
}

/// A released proof of a private version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReleaseRow {
    /// Its statement.
    pub at: At,
    /// Which controller signed it.
    pub iss: Did,
    /// When, as the signer says.
    pub iat: u64,
    /// Whether the release before is known.
    pub chain: Chain,
    /// What it says.
    pub payload: ProofRelease,
}

/// What has a root.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "kebab-case")]
pub enum RootRow {
    /// A version of a dataset.
    Version {
        /// The dataset.
        dataset: Did,
        /// The version's number.
        number: u64,
    },
    /// The output of a run.
    Output {
        /// The run.
        run: StatementId,
    },
}

/// A run that used a root as an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputRow {
    /// The run.
    pub run: StatementId,
}

/// A statement that this version carries and does not understand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewerRow {
    /// The statement.
    pub at: At,
    /// Its kind.
    pub kind: String,
    /// Who signed it.
    pub iss: Did,
    /// What is not understood.
    pub reason: String,
}

/// A row together with the log it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InLog<R> {
    /// The log.
    pub origin: Origin,
    /// The row.
    pub row: R,
}

/// Reads one row.
pub(super) fn read<R: DeserializeOwned>(
    view: &dyn View,
    table: Table,
    key: &[u8],
) -> Result<Option<R>, ViewError> {
    view.get(table, key)?.map(|value| decode(table, &value)).transpose()
}

/// Reads a row's value.
pub(super) fn decode<R: DeserializeOwned>(table: Table, value: &[u8]) -> Result<R, ViewError> {
    serde_json::from_slice(value).map_err(|e| ViewError::Row { table, reason: e.to_string() })
}

/// The change that writes a row.
pub(super) fn write<R: Serialize>(
    table: Table,
    key: Vec<u8>,
    row: &R,
) -> Result<Change, ViewError> {
    let value =
        serde_json::to_vec(row).map_err(|e| ViewError::Row { table, reason: e.to_string() })?;
    Ok(Change { table, key, value: Some(value) })
}

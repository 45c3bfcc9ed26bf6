//! The rows that the fold reads and writes, whatever keeps them.

use std::error::Error;

/// The tables of the ledger. Rows are bytes; [`super::rows`] gives them their types.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Table {
    /// One row a log: its operator, its keys, how far it is folded.
    Log,
    /// One row an entry: what it is and what the fold made of it.
    Entry,
    /// Where a statement stands, by its id.
    Statement,
    /// Who is bound to a log, by DID: the newest binding.
    Identity,
    /// Genesis, controllers and newest version of a dataset.
    Dataset,
    /// The versions of a dataset, by number.
    Version,
    /// Versions that lost their number to an earlier one.
    Conflict,
    /// Runs, by their id.
    Run,
    /// Verdicts, by the run they are about.
    Verdict,
    /// What has a root: versions and outputs of runs.
    Root,
    /// Runs that used a root as an input.
    Input,
    /// Statements that this version carries but does not understand, by their subject.
    Newer,
    /// Released proofs of a private version, by number.
    Release,
    /// The newest release of a private version.
    LastRelease,
}

impl Table {
    /// All tables, in the order in which [`super::RowDigest`] takes them.
    pub const ALL: [Table; 14] = [
        Table::Log,
        Table::Entry,
        Table::Statement,
        Table::Identity,
        Table::Dataset,
        Table::Version,
        Table::Conflict,
        Table::Run,
        Table::Verdict,
        Table::Root,
        Table::Input,
        Table::Newer,
        Table::Release,
        Table::LastRelease,
    ];

    /// Number of the table, fixed for good: it enters the digest of the ledger.
    pub fn number(self) -> u8 {
        match self {
            Table::Log => 1,
            Table::Entry => 2,
            Table::Statement => 3,
            Table::Identity => 4,
            Table::Dataset => 5,
            Table::Version => 6,
            Table::Conflict => 7,
            Table::Run => 8,
            Table::Verdict => 9,
            Table::Root => 10,
            Table::Input => 11,
            Table::Newer => 12,
            Table::Release => 13,
            Table::LastRelease => 14,
        }
    }
}

/// Why a row could not be had.
#[derive(Debug, thiserror::Error)]
pub enum ViewError {
    /// The store beneath failed.
    #[error("the state could not be read")]
    Read(#[source] Box<dyn Error + Send + Sync>),
    /// A row is not what the fold writes: the state is damaged or by another version, and can be
    /// deleted and folded again.
    #[error("a row of table {table:?} is damaged: {reason}")]
    Row {
        /// The table.
        table: Table,
        /// What is wrong with the row.
        reason: String,
    },
}

/// Rows to read: a sorted key/value store per table.
pub trait View {
    /// The value under `key`.
    ///
    /// # Errors
    /// When the store fails.
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, ViewError>;

    /// All rows of the table whose key starts with `prefix`, ascending by key; an empty prefix is
    /// the whole table.
    ///
    /// # Errors
    /// When the store fails.
    fn scan(&self, table: Table, prefix: &[u8]) -> Result<Vec<(Vec<u8>, Vec<u8>)>, ViewError>;
}

/// One row to write, or with no value to remove. The changes of an entry are one transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The table.
    pub table: Table,
    /// The key; it names the log that the row belongs to ([`super::log_of`]).
    pub key: Vec<u8>,
    /// The value, or none where the row is removed.
    pub value: Option<Vec<u8>>,
}

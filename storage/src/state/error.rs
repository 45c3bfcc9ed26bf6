//! Why the state could not be read or changed.

use veritrail_provenance::ledger::{LedgerError, ViewError};

/// Why the state could not be read or changed.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// The database is damaged, or by another version: it may be deleted and folded again.
    #[error("the state cannot be used ({0}); `store fsck --rebuild` makes it again from the logs")]
    Damaged(String),
    /// The database failed: a full disk, a missing right, a lock held too long.
    #[error("the state's database: {0}")]
    Database(String),
    /// Another process has folded further entries of this log meanwhile.
    #[error("the state is at entry {found} of the log, not {expected}: read it again and retry")]
    Moved {
        /// Where the caller's fold began.
        expected: u64,
        /// Where the state is.
        found: u64,
    },
    /// A row could not be read.
    #[error(transparent)]
    View(#[from] ViewError),
    /// The log is refused.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

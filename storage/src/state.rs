//! The state: what the fold of all known logs says, kept so that it need not be folded again.
//!
//! It may be deleted at any time: a fold of the logs makes the same rows from the logs, and the
//! [digest](StateStore::digest) proves it. No SQL computes anything here; the ledger's fold does.

mod error;
mod fold;
mod memory;
#[cfg(feature = "sqlite")]
mod sqlite;

pub mod conformance;

use std::fmt::Debug;

use veritrail_provenance::{
    ledger::{Change, LedgerDigest, View},
    statement::Origin,
};

pub use error::StateError;
pub use fold::{FollowError, fold, follow, refold};
pub use memory::MemoryStateStore;
#[cfg(feature = "sqlite")]
pub use sqlite::SqliteState;

/// An entry of a log with its index there.
pub type IndexedEntry = (u64, Vec<u8>);

/// Rows that survive. Reading is [`View`]'s; every call may block.
pub trait StateStore: View + Debug + Send + Sync + 'static {
    /// The index behind the last folded entry of a log: 0 for a log that is not known.
    fn position(&self, origin: &Origin) -> Result<u64, StateError>;

    /// Stores the changes of a fold over entries `from..to` of a log, and the new position, in one
    /// transaction. [`StateError::Moved`] if another process has folded on meanwhile.
    fn apply(
        &self,
        origin: &Origin,
        from: u64,
        to: u64,
        changes: Vec<Change>,
    ) -> Result<(), StateError>;

    /// Replaces all rows of a log by those of a fold over all its known entries, of which `to` is
    /// the index behind the last, in one transaction.
    fn replace(&self, origin: &Origin, to: u64, changes: Vec<Change>) -> Result<(), StateError>;

    /// Forgets a log: its rows and its position.
    fn clear(&self, origin: &Origin) -> Result<(), StateError>;

    /// Forgets everything.
    fn clear_all(&self) -> Result<(), StateError>;

    /// The digest by which two states are compared, whatever stores them.
    fn digest(&self) -> Result<LedgerDigest, StateError>;
}

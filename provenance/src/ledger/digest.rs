//! The digest of the ledger: how two states are compared, whatever stores them.

use std::fmt;

use sha2::{Digest, Sha256};

use super::view::{Table, View, ViewError};

/// SHA-256 over all rows of a ledger, in order. Equal digests mean equal ledgers; the positions
/// of the logs enter through their rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LedgerDigest([u8; 32]);

impl LedgerDigest {
    /// Digest of everything that a view shows; reads one table at a time.
    ///
    /// # Errors
    /// When the view fails.
    pub fn of(view: &dyn View) -> Result<Self, ViewError> {
        let mut digest = RowDigest::new();
        for table in Table::ALL {
            for (key, value) in view.scan(table, &[])? {
                digest.row(table, &key, &value);
            }
        }
        Ok(digest.finish())
    }

    /// The digest's bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for LedgerDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

/// Computes a [`LedgerDigest`] from rows that come one by one, in the order of [`Table::ALL`] and
/// ascending by key: for stores that can iterate without holding a table in memory.
#[derive(Debug, Clone)]
pub struct RowDigest(Sha256);

impl RowDigest {
    /// The digest of no rows.
    pub fn new() -> Self {
        let mut hasher = Sha256::new();
        hasher.update(b"veritrail/ledger/1\n");
        Self(hasher)
    }

    /// Takes the next row: table number, then key and value, each behind its length as u64.
    pub fn row(&mut self, table: Table, key: &[u8], value: &[u8]) {
        self.0.update([table.number()]);
        self.0.update((key.len() as u64).to_be_bytes());
        self.0.update(key);
        self.0.update((value.len() as u64).to_be_bytes());
        self.0.update(value);
    }

    /// The digest of all rows taken.
    pub fn finish(self) -> LedgerDigest {
        LedgerDigest(self.0.finalize().into())
    }
}

impl Default for RowDigest {
    fn default() -> Self {
        Self::new()
    }
}

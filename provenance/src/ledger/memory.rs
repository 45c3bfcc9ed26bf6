//! The ledger in memory: the twin of the durable one, and what evidence is folded into.

use std::collections::BTreeMap;

use super::apply::{LedgerError, fold};
use super::digest::LedgerDigest;
use super::key::log_of;
use super::view::{Change, Table, View, ViewError};
use crate::statement::Origin;

/// A ledger in memory.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MemoryState {
    rows: BTreeMap<(Table, Vec<u8>), Vec<u8>>,
}

impl MemoryState {
    /// A ledger that knows nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Stores changes as [`super::apply`] or [`super::fold`] made them.
    pub fn store(&mut self, changes: Vec<Change>) {
        for Change { table, key, value } in changes {
            match value {
                Some(value) => self.rows.insert((table, key), value),
                None => self.rows.remove(&(table, key)),
            };
        }
    }

    /// Folds further entries of a log, ascending by index and behind all that is folded already;
    /// gaps are allowed. On an error nothing has changed.
    ///
    /// # Errors
    /// When the log is refused, or an entry comes out of order: then [`MemoryState::clear`] it and
    /// fold all its entries again.
    pub fn fold<'e>(
        &mut self,
        origin: &Origin,
        entries: impl IntoIterator<Item = (u64, &'e [u8])>,
    ) -> Result<(), LedgerError> {
        let changes = fold(self, origin, entries)?;
        self.store(changes);
        Ok(())
    }

    /// Forgets a log: removes every row that belongs to it.
    pub fn clear(&mut self, origin: &Origin) {
        self.rows.retain(|(table, key), _| log_of(*table, key).as_ref() != Some(origin));
    }

    /// The digest by which ledgers are compared.
    pub fn digest(&self) -> LedgerDigest {
        let mut digest = super::digest::RowDigest::new();
        // Table numbers ascend as the tables are declared, so the map's order is the digest's.
        for ((table, key), value) in &self.rows {
            digest.row(*table, key, value);
        }
        digest.finish()
    }
}

impl View for MemoryState {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, ViewError> {
        Ok(self.rows.get(&(table, key.to_vec())).cloned())
    }

    fn scan(&self, table: Table, prefix: &[u8]) -> Result<Vec<(Vec<u8>, Vec<u8>)>, ViewError> {
        let from = (table, prefix.to_vec());
        let rows = self.rows.range(from..);
        let matching = rows.take_while(|((of, key), _)| *of == table && key.starts_with(prefix));
        Ok(matching.map(|((_, key), value)| (key.clone(), value.clone())).collect())
    }
}

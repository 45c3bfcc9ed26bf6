//! The memory twin of the state.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use veritrail_provenance::{
    ledger::{Change, LedgerDigest, MemoryState, Table, View, ViewError},
    statement::Origin,
};

use super::{StateError, StateStore};

/// A state in memory.
#[derive(Debug, Default)]
pub struct MemoryStateStore {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    rows: MemoryState,
    positions: BTreeMap<Origin, u64>,
}

impl MemoryStateStore {
    /// A state that knows nothing.
    pub fn new() -> Self {
        Self::default()
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl View for MemoryStateStore {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, ViewError> {
        self.inner().rows.get(table, key)
    }

    fn scan(&self, table: Table, prefix: &[u8]) -> Result<Vec<(Vec<u8>, Vec<u8>)>, ViewError> {
        self.inner().rows.scan(table, prefix)
    }
}

impl StateStore for MemoryStateStore {
    fn position(&self, origin: &Origin) -> Result<u64, StateError> {
        Ok(self.inner().positions.get(origin).copied().unwrap_or(0))
    }

    fn apply(
        &self,
        origin: &Origin,
        from: u64,
        to: u64,
        changes: Vec<Change>,
    ) -> Result<(), StateError> {
        let mut inner = self.inner();
        let found = inner.positions.get(origin).copied().unwrap_or(0);
        if found != from {
            return Err(StateError::Moved { expected: from, found });
        }
        inner.rows.store(changes);
        inner.positions.insert(origin.clone(), to);
        Ok(())
    }

    fn replace(&self, origin: &Origin, to: u64, changes: Vec<Change>) -> Result<(), StateError> {
        let mut inner = self.inner();
        inner.rows.clear(origin);
        inner.rows.store(changes);
        inner.positions.insert(origin.clone(), to);
        Ok(())
    }

    fn clear(&self, origin: &Origin) -> Result<(), StateError> {
        let mut inner = self.inner();
        inner.rows.clear(origin);
        inner.positions.remove(origin);
        Ok(())
    }

    fn clear_all(&self) -> Result<(), StateError> {
        *self.inner() = Inner::default();
        Ok(())
    }

    fn digest(&self) -> Result<LedgerDigest, StateError> {
        Ok(self.inner().rows.digest())
    }
}

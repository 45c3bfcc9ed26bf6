//! Folding a log's entries into a store.

use veritrail_provenance::{
    ledger::{self, MemoryState},
    statement::Origin,
};

use super::{IndexedEntry, StateError, StateStore};
use crate::log::{LogError, Snapshot};

/// Folds entries of a log, ascending by index and behind all that is folded already, in one
/// transaction. Gaps are allowed. Nothing is changed on an error.
pub fn fold(
    store: &dyn StateStore,
    origin: &Origin,
    entries: &[IndexedEntry],
) -> Result<(), StateError> {
    let Some((last, _)) = entries.last() else { return Ok(()) };
    let from = store.position(origin)?;
    let pairs = entries.iter().map(|(index, bytes)| (*index, bytes.as_slice()));
    let changes = ledger::fold(store, origin, pairs)?;
    store.apply(origin, from, last + 1, changes)
}

/// Folds what the home's own log has grown by since the state was last there; several processes
/// may do so at once. Returns the position that the state is at. Blocks.
pub fn follow(store: &dyn StateStore, snapshot: &Snapshot) -> Result<u64, FollowError> {
    let (origin, size) = (&snapshot.checkpoint().origin, snapshot.size());
    loop {
        let position = store.position(origin)?;
        if position >= size {
            return Ok(position);
        }
        let entries = snapshot.entries(position..size)?;
        let entries: Vec<_> = (position..size).zip(entries).collect();
        match fold(store, origin, &entries) {
            // Another process folded meanwhile, so this one goes on from there.
            Err(StateError::Moved { .. }) => {}
            Err(_) if store.position(origin)? != position => {}
            folded => folded?,
        }
    }
}

/// Why the state could not follow the log.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// The log.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The state.
    #[error(transparent)]
    State(#[from] StateError),
}

/// Folds all known entries of a log anew, in place of what the state says of it: after an earlier
/// entry was learnt. A crash leaves the old rows or the new. Nothing is changed on an error.
pub fn refold(
    store: &dyn StateStore,
    origin: &Origin,
    entries: &[IndexedEntry],
) -> Result<(), StateError> {
    let Some((last, _)) = entries.last() else { return store.clear(origin) };
    let pairs = entries.iter().map(|(index, bytes)| (*index, bytes.as_slice()));
    // Each log is folded alone, so an empty view is all that its fold may see.
    let changes = ledger::fold(&MemoryState::new(), origin, pairs)?;
    store.replace(origin, last + 1, changes)
}

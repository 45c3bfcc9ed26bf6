//! Folding a log's entries into a store.

use veritrail_provenance::{ledger, statement::Origin};

use super::{StateError, StateStore};

/// Folds entries of a log, ascending by index and behind all that is folded already, in one
/// transaction. Gaps are allowed. Nothing is changed on an error.
pub fn fold(
    store: &dyn StateStore,
    origin: &Origin,
    entries: &[(u64, Vec<u8>)],
) -> Result<(), StateError> {
    let Some((last, _)) = entries.last() else { return Ok(()) };
    let from = store.position(origin)?;
    let pairs = entries.iter().map(|(index, bytes)| (*index, bytes.as_slice()));
    let changes = ledger::fold(store, origin, pairs)?;
    store.apply(origin, from, last + 1, changes)
}

/// Forgets a log and folds all its entries anew: after an earlier entry of it was learnt.
pub fn refold(
    store: &dyn StateStore,
    origin: &Origin,
    entries: &[(u64, Vec<u8>)],
) -> Result<(), StateError> {
    store.clear(origin)?;
    fold(store, origin, entries)
}

//! What every [`StateStore`] must do, run by the tests on each implementation.

use veritrail_provenance::{
    ledger::{LedgerError, MemoryState, Table, View, ViewError},
    statement::Origin,
};

use super::{IndexedEntry, StateError, StateStore, fold, refold};

/// A promise that was not kept.
#[derive(Debug, thiserror::Error)]
pub enum Broken {
    /// What should have held.
    #[error("not kept: {0}")]
    Promise(&'static str),
    /// An operation failed that should not.
    #[error(transparent)]
    State(#[from] StateError),
    /// A row could not be read.
    #[error(transparent)]
    View(#[from] ViewError),
    /// The log that the check was given is refused.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// Runs all checks on an empty store, with two logs of at least three entries each.
pub fn check(store: &dyn StateStore, logs: [(&Origin, &[IndexedEntry]); 2]) -> Result<(), Broken> {
    let [(origin, entries), (other, others)] = logs;
    keep(entries.len() >= 3 && others.len() >= 3, "the logs have entries enough")?;
    let empty = store.digest()?;
    keep(empty == MemoryState::new().digest(), "an empty state has the empty digest")?;
    keep(store.position(origin)? == 0, "an unknown log is at 0")?;

    let (first, rest) = entries.split_at(1);
    fold(store, origin, first)?;
    fold(store, other, others)?;
    fold(store, origin, rest)?;
    let expected = twin(&logs)?;
    same(store, &expected)?;
    let end = |entries: &[IndexedEntry]| entries.last().map_or(0, |(index, _)| index + 1);
    keep(store.position(origin)? == end(entries), "the position is behind the last entry")?;
    keep(store.position(other)? == end(others), "of each log")?;

    moved(store, origin)?;
    same(store, &expected)?;
    keep(fold(store, origin, entries).is_err(), "entries are folded once")?;
    same(store, &expected)?;

    store.clear(other)?;
    same(store, &twin(&[(origin, entries)])?)?;
    keep(store.position(other)? == 0, "a log that was cleared is not known")?;
    refold(store, other, others)?;
    refold(store, origin, entries)?;
    same(store, &expected)?;

    store.clear_all()?;
    keep(store.digest()? == empty, "a state that was cleared is empty")?;
    keep(store.position(origin)? == 0, "and knows no log")
}

fn keep(held: bool, promise: &'static str) -> Result<(), Broken> {
    if held { Ok(()) } else { Err(Broken::Promise(promise)) }
}

fn twin(logs: &[(&Origin, &[IndexedEntry])]) -> Result<MemoryState, Broken> {
    let mut state = MemoryState::new();
    for (origin, entries) in logs {
        state.fold(origin, entries.iter().map(|(index, bytes)| (*index, bytes.as_slice())))?;
    }
    Ok(state)
}

/// Every row, by key and by every prefix of a key, and the digest.
fn same(store: &dyn StateStore, expected: &MemoryState) -> Result<(), Broken> {
    keep(store.digest()? == expected.digest(), "the digest is that of the rows")?;
    let mut rows = 0;
    for table in Table::ALL {
        let all = expected.scan(table, &[])?;
        keep(store.scan(table, &[])? == all, "an empty prefix is the whole table, in order")?;
        for (key, value) in &all {
            rows += 1;
            keep(store.get(table, key)?.as_ref() == Some(value), "a row is found by its key")?;
            let prefixes = (1..key.len()).step_by(7).filter_map(|len| key.get(..len));
            for prefix in prefixes {
                let wanted = expected.scan(table, prefix)?;
                keep(store.scan(table, prefix)? == wanted, "a prefix finds its rows, in order")?;
            }
        }
        keep(store.get(table, b"no such key")?.is_none(), "what is not there is None")?;
        keep(store.scan(table, &[0xff; 9])?.is_empty(), "nothing begins with 0xff")?;
    }
    keep(rows > 0, "there are rows to compare")
}

/// A fold that was made on an older state changes nothing.
fn moved(store: &dyn StateStore, origin: &Origin) -> Result<(), Broken> {
    let change = veritrail_provenance::ledger::Change {
        table: Table::Log,
        key: b"stray".to_vec(),
        value: Some(Vec::new()),
    };
    let stale = store.apply(origin, 0, 1, vec![change]);
    keep(matches!(stale, Err(StateError::Moved { expected: 0, .. })), "a stale fold is refused")
}

//! Making the state again from nothing but the logs.

use veritrail_provenance::{ledger::LedgerDigest, statement::Origin};

use crate::{
    home::Parts,
    log::LogError,
    state::{IndexedEntry, StateError, StateStore, fold},
    trails::TrailError,
};

/// Why the state could not be made again.
#[derive(Debug, thiserror::Error)]
pub enum RebuildError {
    /// The home's own log.
    #[error(transparent)]
    Log(#[from] LogError),
    /// A trail.
    #[error(transparent)]
    Trail(#[from] TrailError),
    /// The state itself.
    #[error(transparent)]
    State(#[from] StateError),
}

/// What a rebuild made.
#[derive(Clone, Debug)]
pub struct Rebuilt {
    /// The digest of the new state.
    pub digest: LedgerDigest,
    /// Entries that were folded, all logs together.
    pub entries: u64,
    /// Logs that the fold refuses, with the reason; nothing of them is in the state.
    pub refused: Vec<(Origin, String)>,
}

/// Clears the state and folds the home's own log and every trail into it. Nothing but the logs is
/// read, so the digest is the same wherever they are. Blocks.
pub fn rebuild(home: &Parts, store: &dyn StateStore) -> Result<Rebuilt, RebuildError> {
    store.clear_all()?;
    let snapshot = home.log.reader().snapshot()?;
    let own = (0_u64..).zip(snapshot.entries(0..snapshot.size())?).collect();
    let mut logs: Vec<(Origin, Vec<IndexedEntry>)> = vec![(home.log.origin().clone(), own)];
    for origin in home.trails.origins()? {
        // Somebody may have sent us evidence of our own log; the log itself says more.
        if origin != *home.log.origin() {
            let entries = home.trails.entries(&origin)?;
            logs.push((origin, entries));
        }
    }
    let (mut entries, mut refused) = (0, Vec::new());
    for (origin, log) in logs {
        match fold(store, &origin, &log) {
            Ok(()) => entries += log.len() as u64,
            Err(StateError::Ledger(e)) => refused.push((origin, e.to_string())),
            Err(e) => return Err(e.into()),
        }
    }
    Ok(Rebuilt { digest: store.digest()?, entries, refused })
}

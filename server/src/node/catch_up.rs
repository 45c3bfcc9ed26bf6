//! Keeping the state true to the logs: what was appended or imported, by whichever process, is
//! folded before anything is read from the state.

use veritrail_storage::state::{StateError, StateStore, fold};

use super::{Node, log::refused, state_error};
use crate::error::{OrKind as _, Result};

/// Entries that are folded in one transaction.
const ENTRIES_AT_ONCE: u64 = 1_024;

impl Node {
    /// Folds what the own log holds beyond the state's position. Another process may do the same
    /// meanwhile: then its work counts.
    pub(super) fn catch_up(&self) -> Result<()> {
        self.fold_own_into(self.state())?;
        self.fold_trails_into(self.state())
    }

    fn fold_own_into(&self, store: &dyn StateStore) -> Result<()> {
        let log = self.snapshot()?;
        loop {
            let from = store.position(self.origin()).map_err(|e| state_error(&e))?;
            let to = log.size().min(from + ENTRIES_AT_ONCE);
            if from >= to {
                return Ok(());
            }
            let bytes = log.entries(from..to).map_err(|e| refused(&e))?;
            let entries: Vec<(u64, Vec<u8>)> = (from..to).zip(bytes).collect();
            match fold(store, self.origin(), &entries) {
                Ok(()) | Err(StateError::Moved { .. }) => {}
                Err(e) => return Err(state_error(&e)),
            }
        }
    }

    /// Folds foreign logs of which evidence is kept and nothing is folded: their import was
    /// interrupted, or the state was deleted.
    fn fold_trails_into(&self, store: &dyn StateStore) -> Result<()> {
        let trails = &self.home().parts().trails;
        for origin in trails.origins().or_refused()? {
            // Of the own log somebody may have sent evidence; the log itself says more.
            if origin == *self.origin() || store.position(&origin).map_err(|e| state_error(&e))? > 0
            {
                continue;
            }
            let entries = trails.entries(&origin).or_refused()?;
            match fold(store, &origin, &entries) {
                // A log that the fold refuses was kept as evidence against itself, and says nothing.
                Ok(()) | Err(StateError::Moved { .. } | StateError::Ledger(_)) => {}
                Err(e) => return Err(state_error(&e)),
            }
        }
        Ok(())
    }
}

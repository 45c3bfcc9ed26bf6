//! How one statement names another.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::origin::Origin;
use crate::hash::StatementId;

/// A logged statement: where it stands, and what stands there. Unlike a bare id it can be looked
/// up in the log; unlike a bare place it cannot be answered with something else.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct StatementRef {
    /// The log.
    pub origin: Origin,
    /// The index of its entry, from 0.
    pub index: u64,
    /// Its id.
    pub id: StatementId,
}

impl fmt::Display for StatementRef {
    /// As a REF of the command line: `ORIGIN#N`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.origin, self.index)
    }
}

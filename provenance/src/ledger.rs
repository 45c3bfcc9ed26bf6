//! The ledger: what the statements of all known logs say together, as a pure fold.
//!
//! [`apply`] reads one entry of one log against a [`View`] of the rows so far and answers with the
//! [`Change`]s it makes; whoever keeps the rows stores them together with the position. Each log is
//! folded alone, in index order, so the order in which logs are learnt changes nothing; what joins
//! logs is a query ([`queries`]), never a row. Every row belongs to exactly one log, named in its
//! key, so a log whose earlier entry arrives late is cleared and folded again.

pub mod queries;
pub mod rows;

mod apply;
mod dataset;
mod digest;
mod entry;
mod identity;
mod key;
mod memory;
mod overlay;
mod release;
mod run;
mod view;

pub use self::apply::{LedgerError, apply, fold};
pub use self::digest::{LedgerDigest, RowDigest};
pub use self::entry::Entry;
pub use self::key::log_of;
pub use self::memory::MemoryState;
pub use self::overlay::Overlay;
pub use self::view::{Change, Table, View, ViewError};

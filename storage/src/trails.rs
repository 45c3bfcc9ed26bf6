//! Evidence from other logs, kept under folders named by the hash of the log's name.
//!
//! Of each log there is one file: the newest head that was shown consistent, and every entry ever
//! fetched with a proof against that head. Heads that were not shown consistent are kept apart;
//! pairs that cannot both be true are kept as proof against the log.

mod error;
mod import;
mod store;

pub use error::TrailError;
pub use import::Imported;
pub use store::Trails;

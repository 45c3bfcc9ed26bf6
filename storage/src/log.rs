//! The home's own log as files: one writer at a time, any number of readers.
//!
//! The files are c2sp.org/tlog-tiles, as a web server could offer them: `checkpoint`, `tile/…`.
//! Beside them stands the intent, the last batch as it was decided: it makes an append atomic and
//! remembers the newest head that was ever signed, whatever happens to the log's folder.

mod error;
mod files;
mod intent;
mod queue;
mod reader;
mod settle;
mod unkeyed;
mod writer;

pub use error::LogError;
pub use reader::{Reader, Snapshot};
pub use unkeyed::Unkeyed;
pub use writer::{Appended, Expect, LogPlace, Writer};

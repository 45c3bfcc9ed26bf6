//! Bytes that last: disk, blobs, the log's writer, state, keys and peers.
//!
//! Everything here is content or derived from content: no schemas, no table formats, no SQL, no
//! HTTP. Without the engine features (`disk`, `sqlite`, `peer`) the traits, the chunker and the
//! memory twins remain, which is all that readers of tables need.

pub mod blob;
pub mod chunk;
pub mod disk;
#[cfg(feature = "disk")]
pub mod fsck;
#[cfg(feature = "disk")]
pub mod home;
#[cfg(feature = "disk")]
pub mod keys;
pub mod log;
pub mod object_face;
#[cfg(feature = "peer")]
pub mod peer;
pub mod private;
#[cfg(feature = "sqlite")]
pub mod settings;
pub mod state;
pub mod trails;

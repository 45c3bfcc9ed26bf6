//! Peers over iroh: what a node offers to others, and what it takes from them.
//!
//! Two protocols run over one QUIC endpoint. `iroh-blobs` moves chunks and other blobs, each
//! checked against its BLAKE3 hash while it arrives; `veritrail/trail/1` moves evidence, one
//! length-limited question and answer at a time. What this module never does: it trusts no byte
//! before its hash is checked, it writes to no peer's behalf (push is refused), and it tells a
//! peer nothing about blobs outside of that peer's [`View`](view::View).
//!
//! - [`endpoint`]: the socket and the node's key. Loopback only, unless told otherwise.
//! - [`ticket`]: what a person copies to another person: node, addresses, reference, log.
//! - [`view`]: the gate. What one peer may read now; all else does not exist for it.
//! - [`store`]: the read-only iroh-blobs store over [`crate::blob::Blobs`].
//! - [`serve`]: accepts connections, within [`limits`].
//! - [`fetch`]: missing blobs from one node into [`crate::blob::Blobs`].
//! - [`trail`]: evidence, asked and answered.

pub mod connect;
pub mod endpoint;
pub mod fetch;
pub mod limits;
pub mod serve;
pub mod store;
pub mod ticket;
pub mod trail;
pub mod view;

mod admission;
mod export;
mod pace;

pub use iroh::EndpointId;

//! Who signs: DIDs, Ed25519 keys, signatures, and the documents that DIDs resolve to.
//!
//! There is one definition of a valid signature, ZIP 215, used wherever one is checked; and one
//! definition of a usable key, stricter than ZIP 215's, checked once where a key enters.

pub mod did;
pub mod document;
pub mod key;
pub mod signer;
pub mod verify;

pub use did::{Did, DidError};
pub use document::Document;
pub use key::{KeyError, PublicKey, Signature, SignatureTextError};
pub use signer::{SeedSigner, Signer};
pub use verify::{SignatureError, SignedMessage, verify, verify_batch};

//! Private bytes at rest: padded, encrypted as one age file, cut into chunks of one length
//! (docs/formats/private.md). What they are is the caller's affair.
//!
//! Each version has an identity of its own, a secret key that opens its one file. It is kept
//! wrapped to the person's recovery key, which the 24 words bring back.

#[cfg(feature = "disk")]
mod identity;
#[cfg(feature = "disk")]
mod open;
mod padding;
#[cfg(feature = "disk")]
mod seal;

#[cfg(feature = "disk")]
pub use identity::{RecoveryKey, VersionIdentity};
#[cfg(feature = "disk")]
pub use open::open;
pub use padding::{PADDED_MIN, padded_len};
#[cfg(feature = "disk")]
pub use seal::{Sealing, payload_len};

use crate::chunk::PassError;

/// Why private bytes could not be encrypted or read.
#[derive(Debug, thiserror::Error)]
pub enum PrivateError {
    /// The text is no age identity or recipient.
    #[error("this is no age X25519 key: {0}")]
    NotAKey(String),
    /// age could not encrypt.
    #[error("the bytes could not be encrypted: {0}")]
    Encrypt(String),
    /// The bytes are no age file, or of another recipient, or were altered.
    #[error("the encrypted file cannot be opened: {0}")]
    Decrypt(String),
    /// More or fewer bytes came than were announced.
    #[error("{given} bytes came, {announced} were announced")]
    Length {
        /// What came.
        given: u64,
        /// What was announced.
        announced: u64,
    },
    /// A secret that was unwrapped has another form than it should.
    #[error("what was wrapped is no {0}")]
    NotASecret(&'static str),
    /// The system gave no random bytes.
    #[error("the system gave no random bytes: {0}")]
    NoRandomness(String),
    /// Reading or writing.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// Cutting and storing.
    #[error(transparent)]
    Pass(#[from] PassError),
}

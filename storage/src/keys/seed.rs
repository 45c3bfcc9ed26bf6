//! 32 secret bytes that are wiped from memory and never printed.

use std::fmt;

use zeroize::Zeroizing;

use super::KeyFileError;

/// The seed of an Ed25519 key (RFC 8032 §5.1.5). Wiped when dropped.
#[derive(Clone)]
pub struct Seed(Zeroizing<[u8; 32]>);

impl Seed {
    /// A new one, from the system's randomness.
    pub fn generate() -> Result<Self, KeyFileError> {
        let mut bytes = Zeroizing::new([0; 32]);
        getrandom::fill(&mut *bytes).map_err(|e| KeyFileError::NoRandomness(e.to_string()))?;
        Ok(Self(bytes))
    }

    /// A known one.
    pub fn from_bytes(bytes: Zeroizing<[u8; 32]>) -> Self {
        Self(bytes)
    }

    /// The secret itself, for whoever makes a key of it. Copies are the caller's to wipe.
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seed(…)")
    }
}

//! Who can sign: the trait, and the implementation over a seed in memory.

use std::fmt;

use ed25519_zebra::SigningKey;
use zeroize::Zeroizing;

use super::key::{PublicKey, Signature};

/// Signs with one Ed25519 key. Deterministic (RFC 8032): the same message gives the same
/// signature, so a statement that is signed twice is one statement.
pub trait Signer: Send + Sync {
    /// The key that verifies what this signs.
    fn public_key(&self) -> &PublicKey;

    /// The signature over `message` as it stands.
    fn sign(&self, message: &[u8]) -> Signature;
}

/// A key pair made of a 32-byte seed (RFC 8032 section 5.1.5), wiped from memory when dropped.
/// Where the seed comes from is the caller's affair: this package draws no randomness.
pub struct SeedSigner {
    key: Zeroizing<SigningKey>,
    public: PublicKey,
}

impl SeedSigner {
    /// Expands the seed into its key pair. Every seed gives a good key: a clamped scalar is a
    /// multiple of 8 between 2^254 and 2^255, and none of those is a multiple of the group's order.
    pub fn from_seed(seed: Zeroizing<[u8; 32]>) -> Self {
        let key = Zeroizing::new(SigningKey::from(*seed));
        let public = PublicKey::of_multiple(key.verification_key());
        Self { key, public }
    }
}

impl Signer for SeedSigner {
    fn public_key(&self) -> &PublicKey {
        &self.public
    }

    fn sign(&self, message: &[u8]) -> Signature {
        Signature::from_bytes(self.key.sign(message).to_bytes())
    }
}

impl fmt::Debug for SeedSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SeedSigner").field("public", &self.public).finish_non_exhaustive()
    }
}

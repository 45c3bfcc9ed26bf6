//! The keys of private bytes: one X25519 identity a version, and the person's recovery key, to which
//! the others are wrapped.

use std::{fmt, io::Read as _, iter};

use age::secrecy::ExposeSecret as _;
use bech32::{ToBase32 as _, Variant};
use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroizing;

use super::PrivateError;
use crate::keys::Seed;

/// Bytes of a wrapped secret at most.
const WRAPPED_LEN_MAX: u64 = 4096;
/// What an age X25519 identity's text begins with, in lower case as bech32 encodes.
const IDENTITY_PREFIX: &str = "age-secret-key-";

/// The secret key of one version's bytes. Unlike a [`Seed`] it encrypts and signs nothing.
#[derive(Clone)]
pub struct VersionIdentity(age::x25519::Identity);

/// The key that secrets are wrapped to. It follows from a person's key, and so from the words.
pub struct RecoveryKey(age::x25519::Identity);

impl VersionIdentity {
    /// A new one, from the system's randomness.
    pub fn generate() -> Result<Self, PrivateError> {
        let seed = Seed::generate().map_err(|e| PrivateError::NoRandomness(e.to_string()))?;
        Ok(Self(identity_of(seed.expose())?))
    }

    /// Reads `AGE-SECRET-KEY-1…`. Small letters, which age takes as well, are another text.
    pub fn read(text: &str) -> Result<Self, PrivateError> {
        let read = Self(text.parse().map_err(|e: &str| PrivateError::NotAKey(e.to_owned()))?);
        if read.secret_text().as_str() != text {
            return Err(PrivateError::NotAKey("its letters are small".to_owned()));
        }
        Ok(read)
    }

    /// `AGE-SECRET-KEY-1…`.
    pub fn secret_text(&self) -> Zeroizing<String> {
        Zeroizing::new(self.0.to_string().expose_secret().to_owned())
    }

    /// `age1…`, whom the bytes are encrypted to. Not secret.
    pub fn recipient(&self) -> String {
        self.0.to_public().to_string()
    }

    pub(super) fn age(&self) -> &age::x25519::Identity {
        &self.0
    }
}

impl RecoveryKey {
    /// The recovery key of the person with this key: HKDF-SHA256, salt `veritrail/recovery/1`,
    /// info `age x25519`.
    pub fn of(person: &Seed) -> Result<Self, PrivateError> {
        let mut secret = Zeroizing::new([0; 32]);
        Hkdf::<Sha256>::new(Some(b"veritrail/recovery/1"), person.expose())
            .expand(b"age x25519", &mut *secret)
            .map_err(|e| PrivateError::Encrypt(e.to_string()))?;
        Ok(Self(identity_of(&secret)?))
    }

    /// `age1…`, whom secrets are wrapped to. Not secret.
    pub fn recipient(&self) -> String {
        self.0.to_public().to_string()
    }

    /// `secret` as an age file that this key alone opens.
    pub fn wrap(&self, secret: &[u8]) -> Result<Vec<u8>, PrivateError> {
        age::encrypt(&self.0.to_public(), secret).map_err(|e| PrivateError::Encrypt(e.to_string()))
    }

    /// What was wrapped to this key.
    pub fn unwrap(&self, wrapped: &[u8]) -> Result<Zeroizing<Vec<u8>>, PrivateError> {
        let failed = |e: age::DecryptError| PrivateError::Decrypt(e.to_string());
        let decryptor = age::Decryptor::new(wrapped).map_err(failed)?;
        let reader =
            decryptor.decrypt(iter::once(&self.0 as &dyn age::Identity)).map_err(failed)?;
        // Large enough at once: a buffer that grows leaves copies behind.
        let mut secret = Zeroizing::new(Vec::with_capacity(WRAPPED_LEN_MAX as usize));
        reader.take(WRAPPED_LEN_MAX).read_to_end(&mut secret)?;
        Ok(secret)
    }
}

/// age takes secrets as text alone.
fn identity_of(secret: &[u8; 32]) -> Result<age::x25519::Identity, PrivateError> {
    let text = bech32::encode(IDENTITY_PREFIX, secret.to_base32(), Variant::Bech32);
    let text = Zeroizing::new(text.map_err(|e| PrivateError::NotAKey(e.to_string()))?);
    let text = Zeroizing::new(text.to_ascii_uppercase());
    text.parse().map_err(|e: &str| PrivateError::NotAKey(e.to_owned()))
}

impl fmt::Debug for VersionIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VersionIdentity({})", self.recipient())
    }
}

impl fmt::Debug for RecoveryKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecoveryKey(…)")
    }
}

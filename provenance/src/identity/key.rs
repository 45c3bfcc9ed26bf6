//! Ed25519 public keys and signatures as values.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use curve25519_dalek::edwards::CompressedEdwardsY;
use ed25519_zebra::VerificationKey;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use thiserror::Error;

use super::did::DidError;

/// Bytes in a public key.
pub const PUBLIC_KEY_LEN: usize = 32;
/// Bytes in a signature.
pub const SIGNATURE_LEN: usize = 64;

/// The multicodec prefix of an Ed25519 public key, 0xed as a varint.
const ED25519_MULTICODEC: [u8; 2] = [0xed, 0x01];
/// Base58 of 34 bytes never takes more characters; checked before decoding, which is quadratic.
const MULTIBASE_LEN_MAX: usize = 64;

/// An Ed25519 public key that passed all checks: a canonical encoding of a point that lies in the
/// prime-order subgroup and is not the identity.
///
/// Stricter than what ZIP 215 verifies with, so that a key has one text and a signature cannot be
/// valid for everything. Reads and writes as multibase (`z6Mk…`), the form of did:key and of
/// Multikey.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicKey([u8; PUBLIC_KEY_LEN]);

/// Why 32 bytes are refused as a public key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum KeyError {
    /// The bytes are no point on the curve.
    #[error("the bytes are no point of edwards25519")]
    NotAPoint,
    /// The point has another, shorter encoding.
    #[error("the key is not in its canonical encoding")]
    NotCanonical,
    /// The point has small order: some signatures verify under it for every message.
    #[error("the key is weak: its order is small")]
    Weak,
    /// The point has a component outside the prime-order subgroup.
    #[error("the key is of mixed order: it lies outside the prime-order subgroup")]
    MixedOrder,
}

impl PublicKey {
    /// Checks the bytes and keeps them.
    ///
    /// # Errors
    /// See [`KeyError`]. Cost: one decompression and one scalar multiplication.
    pub fn from_bytes(bytes: [u8; PUBLIC_KEY_LEN]) -> Result<Self, KeyError> {
        let point = CompressedEdwardsY(bytes).decompress().ok_or(KeyError::NotAPoint)?;
        if point.is_small_order() {
            return Err(KeyError::Weak);
        }
        if point.compress().0 != bytes {
            return Err(KeyError::NotCanonical);
        }
        if !point.is_torsion_free() {
            return Err(KeyError::MixedOrder);
        }
        Ok(Self(bytes))
    }

    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; PUBLIC_KEY_LEN] {
        &self.0
    }

    /// `z` and base58btc of the multicodec prefix and the key (W3C Multikey).
    pub fn to_multibase(&self) -> String {
        let mut tagged = Vec::with_capacity(ED25519_MULTICODEC.len() + PUBLIC_KEY_LEN);
        tagged.extend_from_slice(&ED25519_MULTICODEC);
        tagged.extend_from_slice(&self.0);
        format!("z{}", bs58::encode(tagged).into_string())
    }

    /// Reads what [`Self::to_multibase`] writes.
    ///
    /// # Errors
    /// Other bases, other key types, and keys that [`Self::from_bytes`] refuses.
    pub fn from_multibase(text: &str) -> Result<Self, DidError> {
        let base58 = text.strip_prefix('z').ok_or(DidError::Multibase)?;
        if base58.len() > MULTIBASE_LEN_MAX {
            return Err(DidError::KeyType);
        }
        let tagged = bs58::decode(base58).into_vec().map_err(|_| DidError::Multibase)?;
        let bytes = tagged.strip_prefix(&ED25519_MULTICODEC).ok_or(DidError::KeyType)?;
        let bytes = bytes.try_into().map_err(|_| DidError::KeyType)?;
        Ok(Self::from_bytes(bytes)?)
    }

    /// A key that was made as a multiple of the base point, which passes every check.
    pub(super) fn of_multiple(key: VerificationKey) -> Self {
        Self(key.into())
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_multibase())
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", self.to_multibase())
    }
}

impl FromStr for PublicKey {
    type Err = DidError;

    fn from_str(text: &str) -> Result<Self, DidError> {
        Self::from_multibase(text)
    }
}

impl Serialize for PublicKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_multibase())
    }
}

impl<'de> Deserialize<'de> for PublicKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// 64 bytes that claim to be an Ed25519 signature, R and s; see
/// [`verify`](super::verify::verify) for whether they are one.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Signature([u8; SIGNATURE_LEN]);

/// Why a text or a byte string is no signature.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SignatureTextError {
    /// Not standard base64 with padding (RFC 4648 section 4).
    #[error("a signature is written in standard base64 with padding")]
    Base64,
    /// Another number of bytes than 64.
    #[error("an Ed25519 signature has {SIGNATURE_LEN} bytes, this has {0}")]
    Length(usize),
}

impl Signature {
    /// Takes the bytes as they stand.
    pub const fn from_bytes(bytes: [u8; SIGNATURE_LEN]) -> Self {
        Self(bytes)
    }

    /// Takes a slice of 64 bytes.
    ///
    /// # Errors
    /// Any other length.
    pub fn from_slice(bytes: &[u8]) -> Result<Self, SignatureTextError> {
        bytes.try_into().map(Self).map_err(|_| SignatureTextError::Length(bytes.len()))
    }

    /// The 64 bytes, R then s.
    pub const fn as_bytes(&self) -> &[u8; SIGNATURE_LEN] {
        &self.0
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&STANDARD.encode(self.0))
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signature({self})")
    }
}

impl FromStr for Signature {
    type Err = SignatureTextError;

    fn from_str(text: &str) -> Result<Self, SignatureTextError> {
        if text.len() > 2 * SIGNATURE_LEN {
            return Err(SignatureTextError::Base64);
        }
        let bytes = STANDARD.decode(text).map_err(|_| SignatureTextError::Base64)?;
        Self::from_slice(&bytes)
    }
}

impl Serialize for Signature {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Signature {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

//! Decentralized identifiers (W3C DID Core section 3.1) and the did:key method for Ed25519.
//!
//! Our own codec: the crate did-key panics on short input and accepts keys that are refused here.
//! It is the oracle of this module's tests.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use thiserror::Error;

use super::key::{KeyError, PublicKey};

/// The longest DID, in bytes.
pub const DID_BYTES_MAX: usize = 256;

const KEY_METHOD: &str = "did:key:";

/// A DID of any method, checked against the grammar of DID Core: it never holds a path, a query
/// or a fragment, which would make it a DID URL.
///
/// Being well-formed says nothing about the key behind it; see [`Did::public_key`].
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Did(String);

/// Why a text is no DID, or why its key cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DidError {
    /// Longer than [`DID_BYTES_MAX`].
    #[error("a DID has at most {DID_BYTES_MAX} bytes, this has {0}")]
    TooLong(usize),
    /// It does not begin with `did:<method>:`.
    #[error("a DID begins with did:<method>:, the method in lowercase letters and digits")]
    Prefix,
    /// The part after the method is empty, ends in a colon, or holds a character that is not
    /// allowed.
    #[error(
        "the part of a DID after its method may hold letters, digits, . - _ : and %XX; byte {0} is something else"
    )]
    Character(usize),
    /// The key of this method cannot be computed from the DID itself.
    #[error(
        "the key of a did:{0} does not follow from its text; it must be bound by an identity statement"
    )]
    Method(String),
    /// A did:key that is not base58btc behind the multibase prefix `z`.
    #[error("a did:key continues with z and base58btc")]
    Multibase,
    /// A did:key of another key type than Ed25519, or of a wrong length.
    #[error("this did:key does not hold an Ed25519 key (multicodec 0xed and 32 bytes)")]
    KeyType,
    /// The key itself is refused.
    #[error("the key of this DID is refused: {0}")]
    Key(#[from] KeyError),
}

impl Did {
    /// The did:key of an Ed25519 key: `did:key:z6Mk…`.
    pub fn of_key(key: &PublicKey) -> Self {
        Self(format!("{KEY_METHOD}{}", key.to_multibase()))
    }

    /// The whole text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The method's name, such as `key` or `web`.
    pub fn method(&self) -> &str {
        self.0.split(':').nth(1).unwrap_or_default()
    }

    /// The key that a did:key is made of.
    ///
    /// # Errors
    /// Any other method; a did:key that is not Ed25519, or whose key is weak, of mixed order or
    /// not canonical.
    pub fn public_key(&self) -> Result<PublicKey, DidError> {
        match self.0.strip_prefix(KEY_METHOD) {
            Some(multibase) => PublicKey::from_multibase(multibase),
            None => Err(DidError::Method(self.method().to_owned())),
        }
    }
}

impl FromStr for Did {
    type Err = DidError;

    fn from_str(text: &str) -> Result<Self, DidError> {
        if text.len() > DID_BYTES_MAX {
            return Err(DidError::TooLong(text.len()));
        }
        let after_scheme = text.strip_prefix("did:").ok_or(DidError::Prefix)?;
        let (method, id) = after_scheme.split_once(':').ok_or(DidError::Prefix)?;
        let is_method_char = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        if method.is_empty() || !method.bytes().all(is_method_char) {
            return Err(DidError::Prefix);
        }
        check_id(id.as_bytes(), text.len() - id.len())?;
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for Did {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Did {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Did({})", self.0)
    }
}

impl AsRef<str> for Did {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl Serialize for Did {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Did {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// method-specific-id = *( *idchar ":" ) 1*idchar
fn check_id(id: &[u8], offset: usize) -> Result<(), DidError> {
    if matches!(id.last(), None | Some(b':')) {
        return Err(DidError::Character(offset + id.len()));
    }
    let mut at = 0;
    while let Some(byte) = id.get(at) {
        at += match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' | b'_' | b':' => 1,
            b'%' if id
                .get(at + 1..at + 3)
                .is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit)) =>
            {
                3
            }
            _ => return Err(DidError::Character(offset + at)),
        };
    }
    Ok(())
}

//! Verifier keys of signed notes: the one line by which a log's key is named and pinned.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{NoteError, is_key_name};
use crate::identity::PublicKey;

/// Type byte of an Ed25519 key, the only type that is verified here.
pub const ED25519: u8 = 0x01;

/// Characters of a vkey that is read: an ML-DSA-44 key takes about 1,800.
const VKEY_LENGTH_MAX: usize = 4_096;

/// Why a line is no verifier key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VKeyError {
    /// Not `name+hex8+base64`.
    #[error("a verifier key is name+hex8+base64: {0}")]
    Form(&'static str),
    /// The id is not the hash of name and key: a typing error, or a key put under another's name.
    #[error("key id {found} does not belong to this name and key (it would be {expected})")]
    KeyId {
        /// The id computed from name and key.
        expected: String,
        /// The id that stands in the line.
        found: String,
    },
    /// An Ed25519 key that is weak, of mixed order or not canonical.
    #[error("the Ed25519 key is refused: {0}")]
    Key(String),
}

/// A note's verifier key, `name+hex8(key id)+base64(type ‖ key)`.
///
/// In contrast to a DID it names a log's key and not a person's: it answers "logged by", never
/// "signed by". Keys of types other than Ed25519 are carried, compared and printed, not used.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct VKey {
    name: String,
    key: Key,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Key {
    Ed25519(PublicKey),
    Other { kind: u8, bytes: Vec<u8> },
}

impl VKey {
    /// The key `key` under the name `name`.
    ///
    /// # Errors
    /// When `name` cannot stand in a note.
    pub fn ed25519(name: &str, key: &PublicKey) -> Result<Self, NoteError> {
        if !is_key_name(name) {
            return Err(NoteError::Name(name.to_owned()));
        }
        Ok(Self { name: name.to_owned(), key: Key::Ed25519(*key) })
    }

    /// Name of the key; of a log's own key, its origin.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The Ed25519 key, or none for a type that is only carried.
    pub fn public_key(&self) -> Option<&PublicKey> {
        match &self.key {
            Key::Ed25519(key) => Some(key),
            Key::Other { .. } => None,
        }
    }

    /// Type byte of the key.
    pub fn key_type(&self) -> u8 {
        match &self.key {
            Key::Ed25519(_) => ED25519,
            Key::Other { kind, .. } => *kind,
        }
    }

    /// SHA-256(name ‖ newline ‖ type ‖ key), the first four bytes.
    pub fn key_id(&self) -> [u8; 4] {
        let mut hasher = Sha256::new();
        hasher.update(self.name.as_bytes());
        hasher.update(b"\n");
        hasher.update(self.typed_key());
        let hash: [u8; 32] = hasher.finalize().into();
        [hash[0], hash[1], hash[2], hash[3]]
    }

    fn typed_key(&self) -> Vec<u8> {
        match &self.key {
            Key::Ed25519(key) => [&[ED25519], &key.as_bytes()[..]].concat(),
            Key::Other { kind, bytes } => [&[*kind], &bytes[..]].concat(),
        }
    }
}

impl fmt::Display for VKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = STANDARD.encode(self.typed_key());
        write!(f, "{}+{}+{key}", self.name, hex::encode(self.key_id()))
    }
}

impl FromStr for VKey {
    type Err = VKeyError;

    fn from_str(line: &str) -> Result<Self, VKeyError> {
        if line.len() > VKEY_LENGTH_MAX {
            return Err(VKeyError::Form("it is longer than any key"));
        }
        let (name, rest) = line.split_once('+').ok_or(VKeyError::Form("it has no '+'"))?;
        let (id, key) = rest.split_once('+').ok_or(VKeyError::Form("it has one '+' only"))?;
        if !is_key_name(name) {
            return Err(VKeyError::Form("its name is empty or holds a space"));
        }
        let key = STANDARD.decode(key).map_err(|_| VKeyError::Form("its key is not base64"))?;
        let (kind, bytes) = key.split_first().ok_or(VKeyError::Form("its key is empty"))?;
        let key = if *kind == ED25519 {
            let bytes: [u8; 32] =
                bytes.try_into().map_err(|_| VKeyError::Form("an Ed25519 key has 32 bytes"))?;
            let key = PublicKey::from_bytes(bytes).map_err(|e| VKeyError::Key(e.to_string()))?;
            Key::Ed25519(key)
        } else if bytes.is_empty() {
            return Err(VKeyError::Form("its key is empty"));
        } else {
            Key::Other { kind: *kind, bytes: bytes.to_vec() }
        };
        let vkey = Self { name: name.to_owned(), key };
        let expected = hex::encode(vkey.key_id());
        if id == expected {
            Ok(vkey)
        } else {
            Err(VKeyError::KeyId { expected, found: id.chars().take(16).collect() })
        }
    }
}

impl TryFrom<String> for VKey {
    type Error = VKeyError;

    fn try_from(line: String) -> Result<Self, VKeyError> {
        line.parse()
    }
}

impl From<VKey> for String {
    fn from(key: VKey) -> String {
        key.to_string()
    }
}

//! One type per hash, so that no digest can stand where another is meant.
//!
//! Every type holds 32 bytes and reads and writes as 64 lowercase hex digits. None converts into
//! another: a [`ChunkId`] says what bytes are, a [`DatasetRoot`] what a dataset is, a [`LogHash`]
//! what a log holds, and a mix-up is a compile error.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::{Digest, Sha256};
use thiserror::Error;

/// Bytes in every hash of this module.
pub const HASH_LEN: usize = 32;

/// Why a text is no hash.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum HashTextError {
    /// The text has another length than 64 digits.
    #[error("a hash is 64 hex digits, this text has {0} bytes")]
    Length(usize),
    /// A character is no lowercase hex digit; uppercase is refused so that a hash has one text.
    #[error("a hash is written in the digits 0-9 and a-f, byte {0} is something else")]
    Digit(usize),
}

macro_rules! hash_types {
    ($($(#[$doc:meta])+ $name:ident)+) => {$(
        $(#[$doc])+
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; HASH_LEN]);

        impl $name {
            /// Takes the 32 bytes as they stand; they are not checked against anything.
            pub const fn from_bytes(bytes: [u8; HASH_LEN]) -> Self {
                Self(bytes)
            }

            /// The 32 bytes.
            pub const fn as_bytes(&self) -> &[u8; HASH_LEN] {
                &self.0
            }

            /// 64 lowercase hex digits, as `Display` writes them.
            pub fn to_hex(&self) -> String {
                hex::encode(self.0)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.to_hex())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.to_hex())
            }
        }

        impl FromStr for $name {
            type Err = HashTextError;

            fn from_str(text: &str) -> Result<Self, HashTextError> {
                parse_hex(text).map(Self)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.to_hex())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                text.parse().map_err(de::Error::custom)
            }
        }
    )+};
}

hash_types! {
    /// BLAKE3 of a blob's bytes: what a blob is stored and fetched by. Chunks of datasets, layout
    /// pages, manifest heads, specs and details are all blobs.
    ChunkId
    /// BLAKE3 of one whole file, as iroh and `b3sum` compute it. Unlike a [`ChunkId`] it names no
    /// stored blob: a file may span many chunks, and a chunk many files.
    FileBlake3
    /// SHA-256 of one whole file, as `sha256sum` prints it.
    FileDigest
    /// The root over both lists of a layout: it names a version of a dataset exactly.
    DatasetRoot
    /// The root of one page of a layout; it binds what the page lists and how many entries.
    PageRoot
    /// A node inside the tree of one layout page, as proofs carry it. Unlike a [`LogHash`] it is
    /// not made as RFC 6962 says.
    LayoutNode
    /// A hash of an RFC 6962 Merkle tree: a leaf, a node, or a log's root.
    LogHash
    /// SHA-256 of the COSE `Sig_structure` of a statement: what was signed, never its envelope.
    StatementId
    /// SHA-256 of a text that was executed: SQL, a resolved spec, a kernel.
    TextHash
    /// Digest of the typed values of a table in canonical order, free of any file format.
    TableHash
    /// Digest of the list of files of a dataset: equal exactly when the content is the same,
    /// however it was chunked.
    ContentHash
    /// SHA-256 of the executable that did the work.
    BinaryHash
    /// BLAKE3, in derive-key mode, of a nonce with who drew it and what it is for: known before the
    /// nonce is told.
    QuestionHash
}

impl ChunkId {
    /// The BLAKE3 hash of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        Self(*blake3::hash(bytes).as_bytes())
    }
}

impl FileBlake3 {
    /// The BLAKE3 hash of a file's bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(*blake3::hash(bytes).as_bytes())
    }
}

impl FileDigest {
    /// The SHA-256 hash of a file's bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(sha256(&[bytes]))
    }
}

impl TextHash {
    /// The SHA-256 hash of a text's UTF-8 bytes.
    pub fn of(text: &[u8]) -> Self {
        Self(sha256(&[text]))
    }
}

impl BinaryHash {
    /// The SHA-256 hash of an executable's bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(sha256(&[bytes]))
    }
}

/// SHA-256 of the parts, one after another.
pub(crate) fn sha256(parts: &[&[u8]]) -> [u8; HASH_LEN] {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part);
    }
    hasher.finalize().into()
}

fn parse_hex(text: &str) -> Result<[u8; HASH_LEN], HashTextError> {
    if text.len() != 2 * HASH_LEN {
        return Err(HashTextError::Length(text.len()));
    }
    let mut bytes = [0u8; HASH_LEN];
    for (place, digit) in text.bytes().enumerate() {
        let value = match digit {
            b'0'..=b'9' => digit - b'0',
            b'a'..=b'f' => digit - b'a' + 10,
            _ => return Err(HashTextError::Digit(place)),
        };
        bytes[place / 2] = bytes[place / 2] << 4 | value;
    }
    Ok(bytes)
}

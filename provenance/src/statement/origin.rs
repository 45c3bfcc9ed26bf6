//! The name of a log.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use thiserror::Error;

use crate::hash::sha256;

/// The longest origin, in bytes.
pub const ORIGIN_BYTES_MAX: usize = 128;

/// A log's name (the first line of its checkpoints, c2sp.org/tlog-checkpoint). Fixed when the log
/// is made and never parsed: it is no URL, no path and no key. It survives every change of keys.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin(String);

/// Why a text cannot name a log.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum OriginError {
    /// Empty, or longer than [`ORIGIN_BYTES_MAX`].
    #[error("a log's origin has 1 to {ORIGIN_BYTES_MAX} bytes, this has {0}")]
    Length(usize),
    /// A character that notes, keys or references could not carry.
    #[error("a log's origin holds no space, control character, + or #; {0:?} is not allowed")]
    Character(char),
}

impl Origin {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name of the folder that keeps what was fetched from this log: the hex SHA-256 of the
    /// origin. An origin never becomes a path itself, so `../../x` is a name like any other.
    pub fn trail_folder(&self) -> String {
        hex::encode(sha256(&[self.0.as_bytes()]))
    }
}

impl FromStr for Origin {
    type Err = OriginError;

    fn from_str(text: &str) -> Result<Self, OriginError> {
        if text.is_empty() || text.len() > ORIGIN_BYTES_MAX {
            return Err(OriginError::Length(text.len()));
        }
        // '+' separates the parts of a vkey, a space those of a note's signature line, '#' an
        // origin from an index.
        let refused = |c: &char| {
            c.is_whitespace() || matches!(c, '+' | '#') || super::text::is_unprintable(*c)
        };
        match text.chars().find(refused) {
            Some(c) => Err(OriginError::Character(c)),
            None => Ok(Self(text.to_owned())),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Origin({})", self.0)
    }
}

impl AsRef<str> for Origin {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl Serialize for Origin {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Origin {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

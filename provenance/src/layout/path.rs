//! Paths within a dataset: one spelling for each, safe to create on every file system.

use std::fmt;
use std::str::FromStr;

use caseless::Caseless;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use thiserror::Error;
use unicode_normalization::{UnicodeNormalization, is_nfc};

/// The longest path, in bytes.
pub const PATH_BYTES_MAX: usize = 4_096;
/// The longest part between slashes, in bytes: what common file systems hold.
pub const PART_BYTES_MAX: usize = 255;

/// A path within a dataset: UTF-8 in NFC, parts joined by `/`, none of them empty, `.`, `..` or
/// unusable on Windows. Relative, and never a path of this machine. Ordered by its bytes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FilePath(Box<str>);

/// Why a text is no path within a dataset.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PathError {
    /// Longer than [`PATH_BYTES_MAX`].
    #[error("the path has {0} bytes, at most {PATH_BYTES_MAX} are allowed")]
    TooLong(usize),
    /// Not in Unicode's normal form C.
    #[error("the path {0:?} is not in Unicode normal form C")]
    NotNfc(String),
    /// A part is empty: the path is empty, absolute, ends in a slash or has two in a row.
    #[error("the path {0:?} has an empty part")]
    EmptyPart(String),
    /// A part is `.` or `..`.
    #[error("the path {0:?} has the part {1:?}")]
    Dots(String, String),
    /// A part is longer than [`PART_BYTES_MAX`].
    #[error("the path {0:?} has a part of more than {PART_BYTES_MAX} bytes")]
    PartTooLong(String),
    /// A character that no path may hold.
    #[error("the path {0:?} holds {1:?}")]
    Character(String, char),
    /// A part that Windows reserves or would change.
    #[error("the path {0:?} has the part {1:?}, which Windows cannot create")]
    Reserved(String, String),
}

impl FilePath {
    /// The path, with `/` between its parts.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its parts: folders, then the file's name.
    pub fn parts(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.0.split('/')
    }

    /// A key under which paths that differ only in case are equal (Unicode canonical caseless
    /// matching, full folding), and under which a folder sorts directly before what it holds.
    pub(super) fn fold(&self) -> String {
        if self.0.is_ascii() {
            return self.0.to_ascii_lowercase().replace('/', "\0");
        }
        self.0
            .chars()
            .nfd()
            .default_case_fold()
            .nfd()
            .map(|c| if c == '/' { '\0' } else { c })
            .collect()
    }
}

impl FromStr for FilePath {
    type Err = PathError;

    fn from_str(text: &str) -> Result<Self, PathError> {
        if text.len() > PATH_BYTES_MAX {
            return Err(PathError::TooLong(text.len()));
        }
        let owned = || text.to_owned();
        if let Some(c) = text.chars().find(|c| is_refused(*c)) {
            return Err(PathError::Character(owned(), c));
        }
        if !is_nfc(text) {
            return Err(PathError::NotNfc(owned()));
        }
        for part in text.split('/') {
            match part {
                "" => return Err(PathError::EmptyPart(owned())),
                "." | ".." => return Err(PathError::Dots(owned(), part.to_owned())),
                _ if part.len() > PART_BYTES_MAX => return Err(PathError::PartTooLong(owned())),
                _ if is_reserved(part) => {
                    return Err(PathError::Reserved(owned(), part.to_owned()));
                }
                _ => {}
            }
        }
        Ok(Self(text.into()))
    }
}

impl fmt::Display for FilePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for FilePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FilePath({})", self.0)
    }
}

impl AsRef<str> for FilePath {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl Serialize for FilePath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for FilePath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// Controls, what Windows reserves, and the marks that reorder a line on a screen.
fn is_refused(c: char) -> bool {
    c.is_control()
        || matches!(c, '\\' | '<' | '>' | ':' | '"' | '|' | '?' | '*')
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{200e}' | '\u{200f}' | '\u{feff}')
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Device names, with any extension and in any case, and parts whose end Windows drops.
fn is_reserved(part: &str) -> bool {
    if part.ends_with(['.', ' ']) {
        return true;
    }
    let stem = part.split('.').next().unwrap_or_default().trim_end_matches(' ');
    let stem = stem.to_ascii_uppercase();
    let is_numbered = |prefix: &str| {
        stem.strip_prefix(prefix).is_some_and(|number| {
            matches!(number.chars().collect::<Vec<_>>()[..], ['1'..='9' | '¹' | '²' | '³'])
        })
    };
    matches!(stem.as_str(), "CON" | "PRN" | "AUX" | "NUL" | "CONIN$" | "CONOUT$")
        || is_numbered("COM")
        || is_numbered("LPT")
}

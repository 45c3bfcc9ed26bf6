//! REF: how people name datasets, versions, runs and statements on the command line.
//!
//! The grammar is in docs/formats/reference.md. A reference says where to look, never what is
//! found: a prefix may fit several things, a local name may be unknown, a ticket may be stale.

mod parse;

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::identity::{Did, DidError};
use crate::statement::{Origin, OriginError};

/// Fewest hex digits of a prefix.
pub const PREFIX_DIGITS_MIN: usize = 8;
/// The longest local name, in bytes.
pub const NAME_BYTES_MAX: usize = 63;
/// The longest ticket, in characters: 2 KiB in base32 and its kind.
pub const TICKET_CHARS_MAX: usize = 4_096;

/// A parsed REF. `Display` writes it back, character for character.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Reference {
    /// `DID`: the newest version.
    Dataset(Did),
    /// `DID@N`: the version of that number, from 1.
    DatasetNumber(Did, u64),
    /// `DID@r:HEX`: the version whose root begins so.
    DatasetRoot(Did, HexPrefix),
    /// `run:HEX`: the run whose id begins so.
    Run(HexPrefix),
    /// `run:HEX/output`: what that run made.
    RunOutput(HexPrefix),
    /// `log:N`: the entry of the home's own log.
    OwnLog(u64),
    /// `ORIGIN#N`: the entry of a log.
    Log(Origin, u64),
    /// A ticket, not decoded: `veritrail…`.
    Ticket(String),
    /// A local name: the newest version of what it stands for.
    Name(LocalName),
    /// `NAME@N`: a version by its number.
    NameNumber(LocalName, u64),
}

/// The first 8 to 64 hex digits of a hash, lowercase.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HexPrefix(String);

/// A name that the home gives to a dataset: `[a-z][a-z0-9._-]{0,62}`, and none that begins with
/// `veritrail`, `did`, `run` or `log`. Unlike a DID it means nothing elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LocalName(String);

/// Why a text is no REF.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ReferenceError {
    /// Nothing at all.
    #[error("a reference is empty; it is a DID, a run, a log entry, a ticket or a local name")]
    Empty,
    /// A DID that is not well-formed.
    #[error("{text}: {cause}")]
    Did {
        /// What was given.
        text: String,
        /// What is wrong with it.
        cause: DidError,
    },
    /// A log's origin that is not well-formed.
    #[error("{text}: {cause}")]
    Origin {
        /// What was given.
        text: String,
        /// What is wrong with it.
        cause: OriginError,
    },
    /// Not a number in the form that it has.
    #[error("{0:?} is no number without sign and leading zeros")]
    Number(String),
    /// A version that does not exist.
    #[error("versions count from 1")]
    VersionZero,
    /// Not enough digits, too many, or other characters.
    #[error("{0:?} is no prefix of a hash: {PREFIX_DIGITS_MIN} to 64 of the digits 0-9 and a-f")]
    Prefix(String),
    /// Something other than `/output` follows a run.
    #[error("{0:?} cannot follow a run; /output can")]
    RunPart(String),
    /// Not a ticket's characters.
    #[error("a ticket is veritrail and lowercase base32, at most {TICKET_CHARS_MAX} characters")]
    Ticket,
    /// A name that is not well-formed.
    #[error("{0:?} is no local name: [a-z][a-z0-9._-], at most {NAME_BYTES_MAX} characters")]
    Name(String),
    /// A name that could be taken for another kind of reference.
    #[error("{0:?} is no local name: names do not begin with veritrail, did, run or log")]
    ReservedName(String),
    /// A path where a reference alone is wanted, or behind what has no files.
    #[error("{0:?} cannot follow here: a path follows only what has files")]
    Path(String),
}

impl Reference {
    /// Parses a REF that fills `text`.
    ///
    /// # Errors
    /// Anything outside the grammar, with the part that is wrong.
    pub fn parse(text: &str) -> Result<Self, ReferenceError> {
        parse::reference(text)
    }

    /// Parses `REF` or `REF/PATH`, as `--input NAME=REF[/path-or-glob]` has it: the path is
    /// what follows the first `/` that is not part of the REF, never empty, and not checked
    /// further.
    ///
    /// # Errors
    /// As [`Reference::parse`], and a path behind a log entry, which has no files.
    pub fn parse_with_path(text: &str) -> Result<(Self, Option<&str>), ReferenceError> {
        parse::reference_and_path(text)
    }
}

impl FromStr for Reference {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        Self::parse(text)
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dataset(did) => write!(f, "{did}"),
            Self::DatasetNumber(did, number) => write!(f, "{did}@{number}"),
            Self::DatasetRoot(did, prefix) => write!(f, "{did}@r:{prefix}"),
            Self::Run(prefix) => write!(f, "run:{prefix}"),
            Self::RunOutput(prefix) => write!(f, "run:{prefix}/output"),
            Self::OwnLog(index) => write!(f, "log:{index}"),
            Self::Log(origin, index) => write!(f, "{origin}#{index}"),
            Self::Ticket(ticket) => f.write_str(ticket),
            Self::Name(name) => write!(f, "{name}"),
            Self::NameNumber(name, number) => write!(f, "{name}@{number}"),
        }
    }
}

impl HexPrefix {
    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a hash begins with these digits.
    pub fn matches(&self, hash: &[u8; 32]) -> bool {
        hex::encode(hash).starts_with(&self.0)
    }
}

impl FromStr for HexPrefix {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        let is_digit = |b: u8| matches!(b, b'0'..=b'9' | b'a'..=b'f');
        if (PREFIX_DIGITS_MIN..=64).contains(&text.len()) && text.bytes().all(is_digit) {
            Ok(Self(text.to_owned()))
        } else {
            Err(ReferenceError::Prefix(text.to_owned()))
        }
    }
}

impl fmt::Display for HexPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl LocalName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for LocalName {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        let is_inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b);
        let begins = text.bytes().next().is_some_and(|b| b.is_ascii_lowercase());
        if !begins || text.len() > NAME_BYTES_MAX || !text.bytes().all(is_inner) {
            return Err(ReferenceError::Name(text.to_owned()));
        }
        if ["veritrail", "did", "run", "log"].iter().any(|reserved| text.starts_with(reserved)) {
            return Err(ReferenceError::ReservedName(text.to_owned()));
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for LocalName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

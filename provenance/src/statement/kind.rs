//! Kinds of statements, as the content type names them.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

const PREFIX: &str = "application/vnd.veritrail.";
const SUFFIX: &str = "+json";
const NAME_BYTES_MAX: usize = 64;

/// What kind of statement it is. The name stands in the protected content type,
/// `application/vnd.veritrail.<kind>+json`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// `identity`: binds a DID, a node and log keys to a log.
    Identity,
    /// `dataset.genesis`: the first statement of a dataset, by its own key.
    DatasetGenesis,
    /// `dataset.version`: a version of a dataset, by one of its controllers.
    DatasetVersion,
    /// `run.receipt`: what was computed from what.
    RunReceipt,
    /// `run.verdict`: what came out when a run was repeated.
    RunVerdict,
    /// `proof.release`: a proven statistic of a private version, by one of its controllers.
    ProofRelease,
    /// A kind that this version does not know. Made by parsing only, so that it never holds the
    /// name of a known kind.
    Other(String),
}

/// Why a content type or name is no kind of statement.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum KindError {
    /// Not `application/vnd.veritrail.<kind>+json`.
    #[error("the content type is {0:?}, a statement has {PREFIX}<kind>{SUFFIX}")]
    ContentType(String),
    /// The name has other characters than lowercase letters, digits and single inner dots.
    #[error("a kind's name is made of lowercase letters, digits and dots, this is {0:?}")]
    Name(String),
}

impl Kind {
    /// The name, such as `dataset.version`.
    pub fn name(&self) -> &str {
        match self {
            Self::Identity => "identity",
            Self::DatasetGenesis => "dataset.genesis",
            Self::DatasetVersion => "dataset.version",
            Self::RunReceipt => "run.receipt",
            Self::RunVerdict => "run.verdict",
            Self::ProofRelease => "proof.release",
            Self::Other(name) => name,
        }
    }

    /// The content type in the protected header.
    pub fn content_type(&self) -> String {
        format!("{PREFIX}{}{SUFFIX}", self.name())
    }

    /// Reads a content type.
    ///
    /// # Errors
    /// Types of another tree, and names that are not well-formed.
    pub fn from_content_type(text: &str) -> Result<Self, KindError> {
        let name = text.strip_prefix(PREFIX).and_then(|rest| rest.strip_suffix(SUFFIX));
        name.ok_or_else(|| KindError::ContentType(text.to_owned()))?.parse()
    }
}

impl FromStr for Kind {
    type Err = KindError;

    fn from_str(name: &str) -> Result<Self, KindError> {
        let is_part = |part: &str| {
            !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        };
        if name.len() > NAME_BYTES_MAX || !name.split('.').all(is_part) {
            return Err(KindError::Name(name.to_owned()));
        }
        Ok(match name {
            "identity" => Self::Identity,
            "dataset.genesis" => Self::DatasetGenesis,
            "dataset.version" => Self::DatasetVersion,
            "run.receipt" => Self::RunReceipt,
            "run.verdict" => Self::RunVerdict,
            "proof.release" => Self::ProofRelease,
            other => Self::Other(other.to_owned()),
        })
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

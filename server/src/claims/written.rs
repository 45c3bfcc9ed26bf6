//! CLAIM.toml: a claim written down, with the version that it is about and who asked for it.

use serde::Deserialize;
use veritrail_proof::statement::Audience;
use veritrail_provenance::identity::Did;

/// The only version of the file.
const VERSION: i64 = 1;

/// What a CLAIM.toml says. Its text is not compiled yet: see [`super::Claim::compile`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenClaim {
    /// The version it is about, as a reference; where it is missing the caller says.
    pub dataset: Option<String>,
    /// The claim.
    pub sql: String,
    /// For whom it is proven, if for somebody.
    pub audience: Option<Audience>,
}

/// Why a file is no claim.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WrittenClaimError {
    /// Not TOML, or a key that is missing, unknown or of another type; with its line.
    #[error("it is no CLAIM.toml: line {0}: {1}")]
    Toml(usize, String),
    /// Of another version.
    #[error("its version is {0}; this program knows version {VERSION}")]
    Version(i64),
    /// Only one of the two that belong together.
    #[error("audience and nonce stand together or not at all")]
    Audience,
    /// Not 64 hex digits.
    #[error("nonce is 32 bytes as 64 lower-case hex digits")]
    Nonce,
    /// No DID.
    #[error("audience: {0}")]
    Did(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    /// Looked at before.
    #[serde(rename = "version")]
    _version: i64,
    dataset: Option<String>,
    sql: String,
    audience: Option<String>,
    nonce: Option<String>,
}

#[derive(Deserialize)]
struct Versioned {
    version: i64,
}

impl WrittenClaim {
    /// Reads a file's text.
    ///
    /// # Errors
    /// When it is not TOML of these keys and version 1.
    pub fn parse(text: &str) -> Result<Self, WrittenClaimError> {
        let toml = |error: toml::de::Error| {
            let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
            WrittenClaimError::Toml(before.matches('\n').count() + 1, error.message().to_owned())
        };
        // A later version may have other keys, so its number is looked at first.
        let Versioned { version } = toml::from_str(text).map_err(toml)?;
        if version != VERSION {
            return Err(WrittenClaimError::Version(version));
        }
        let File { _version, dataset, sql, audience, nonce } =
            toml::from_str(text).map_err(toml)?;
        let audience = match (audience, nonce) {
            (None, None) => None,
            (Some(did), Some(nonce)) => Some(Self::audience(&did, &nonce)?),
            _ => return Err(WrittenClaimError::Audience),
        };
        Ok(Self { dataset, sql, audience })
    }

    /// Who asked: a DID, and 32 bytes as 64 lower-case hex digits.
    ///
    /// # Errors
    /// When one of them is not written so.
    pub fn audience(did: &str, nonce: &str) -> Result<Audience, WrittenClaimError> {
        Ok(Audience { did: read_did(did)?, nonce: hex32(nonce)? })
    }

    /// A nonce.
    ///
    /// # Errors
    /// When it is not 64 lower-case hex digits.
    pub fn nonce(nonce: &str) -> Result<[u8; 32], WrittenClaimError> {
        hex32(nonce)
    }
}

fn read_did(text: &str) -> Result<Did, WrittenClaimError> {
    text.parse()
        .map_err(|error: <Did as std::str::FromStr>::Err| WrittenClaimError::Did(error.to_string()))
}

pub(super) fn hex32(text: &str) -> Result<[u8; 32], WrittenClaimError> {
    let small = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let bytes = hex::decode(text).ok().filter(|_| small);
    bytes.and_then(|bytes| bytes.try_into().ok()).ok_or(WrittenClaimError::Nonce)
}

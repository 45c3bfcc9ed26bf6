//! QUESTION: the hash of a nonce, signed by who will tell it; and NONCE, which they keep meanwhile.

use serde::{Deserialize, Serialize};
use veritrail_proof::body::Body;
use veritrail_proof::noise::{NoiseError, question, question_message};
use veritrail_provenance::Origin;
use veritrail_provenance::identity::{Did, Signature, Signer, verify};

use super::super::written::hex32;

/// The only version of both files.
const VERSION: u32 = 1;

/// What somebody sends who wants a claim answered with noise that nobody chose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    version: u32,
    /// The dataset that it is about.
    pub dataset: Did,
    /// Its version's number.
    pub number: u64,
    /// The log that holds the version.
    pub origin: Origin,
    /// Who asks.
    pub audience: Did,
    /// The nonce's hash, as hex.
    question: String,
    /// Of who asks.
    pub signature: Signature,
}

/// What they keep until the noise was logged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeptNonce {
    version: u32,
    /// The question's hash, as hex: for people, to tell files apart.
    question: String,
    /// The nonce, as hex.
    nonce: String,
}

/// Why a text is no question, or no nonce that is kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QuestionError {
    /// Not TOML of these keys.
    #[error("it is no {0}: {1}")]
    Toml(&'static str, String),
    /// Of another version.
    #[error("its version is {0}; this program knows version {VERSION}")]
    Version(u32),
    /// A hash or nonce is not 64 hex digits.
    #[error("its {0} is not 64 lower-case hex digits")]
    Hex(&'static str),
    /// Somebody else signed it, or it was changed.
    #[error(transparent)]
    Unsigned(#[from] NoiseError),
}

impl Question {
    /// Asks about a version, with a nonce that is told when noise was logged for it.
    pub fn ask(signer: &impl Signer, body: &Body, origin: &Origin, nonce: &[u8; 32]) -> Self {
        let audience = Did::of_key(signer.public_key());
        let hash = question(nonce, &audience, body, origin.as_str());
        Self {
            version: VERSION,
            dataset: body.dataset.clone(),
            number: body.version,
            origin: origin.clone(),
            audience,
            question: hex::encode(hash),
            signature: signer.sign(&question_message(&hash)),
        }
    }

    /// Reads a question, which must be signed by who asks.
    ///
    /// # Errors
    /// When it is not one.
    pub fn parse(text: &str) -> Result<Self, QuestionError> {
        let read: Self = toml::from_str(text)
            .map_err(|e| QuestionError::Toml("question", e.message().to_owned()))?;
        if read.version != VERSION {
            return Err(QuestionError::Version(read.version));
        }
        let key = read.audience.public_key().map_err(|_| NoiseError::Unsigned)?;
        verify(&key, &question_message(&read.hash()?), &read.signature)
            .map_err(|_| NoiseError::Unsigned)?;
        Ok(read)
    }

    /// The nonce's hash.
    ///
    /// # Errors
    /// When it is not written as one.
    pub fn hash(&self) -> Result<[u8; 32], QuestionError> {
        hex32(&self.question).map_err(|_| QuestionError::Hex("question"))
    }

    /// What belongs to it and is kept.
    pub fn kept(&self, nonce: &[u8; 32]) -> KeptNonce {
        let (question, nonce) = (self.question.clone(), hex::encode(nonce));
        KeptNonce { version: VERSION, question, nonce }
    }
}

impl KeptNonce {
    /// Reads what was kept.
    ///
    /// # Errors
    /// When it is not that.
    pub fn parse(text: &str) -> Result<Self, QuestionError> {
        let read: Self = toml::from_str(text)
            .map_err(|e| QuestionError::Toml("nonce that was kept", e.message().to_owned()))?;
        match read.version {
            VERSION => Ok(read),
            other => Err(QuestionError::Version(other)),
        }
    }

    /// The nonce.
    ///
    /// # Errors
    /// When it is not written as one.
    pub fn nonce(&self) -> Result<[u8; 32], QuestionError> {
        hex32(&self.nonce).map_err(|_| QuestionError::Hex("nonce"))
    }
}

//! Why a statement is refused, cannot be signed, or does not verify.

use thiserror::Error;

use super::cose::{ENVELOPE_BYTES_MAX, IAT_MAX, SUBJECT_BYTES_MAX};
use super::json::JsonError;
use super::kind::KindError;
use super::origin::OriginError;
use super::text::Broken;
use crate::cbor::CborError;
use crate::identity::{Did, DidError, SignatureError, SignatureTextError};

/// Why bytes are no statement. Each variant names the place.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refused {
    /// More bytes than a log entry can hold.
    #[error("the envelope has {0} bytes, an entry of a log holds at most {ENVELOPE_BYTES_MAX}")]
    TooLong(usize),
    /// The envelope is not deterministic CBOR.
    #[error("the envelope is not deterministic CBOR: {0}")]
    Envelope(CborError),
    /// The protected header is not deterministic CBOR.
    #[error("the protected header is not deterministic CBOR: {0}")]
    Protected(CborError),
    /// Not a tagged COSE_Sign1 of protected, unprotected, payload and signature.
    #[error("the envelope is no COSE_Sign1 (tag 18 and four elements): {0}")]
    NotSign1(String),
    /// Something stands in the unprotected header, which no signature covers.
    #[error("the unprotected header is not empty")]
    Unprotected,
    /// The payload is missing: it was detached.
    #[error("the payload does not stand in the envelope")]
    Detached,
    /// A critical header: none is understood by this version.
    #[error("the protected header marks {0} as critical, which this version does not understand")]
    Critical(String),
    /// Another algorithm than EdDSA.
    #[error("the algorithm is {0}, this version checks EdDSA (-8) alone")]
    Algorithm(String),
    /// A protected header is missing or has a wrong type or value.
    #[error("protected header {place}: {cause}")]
    Header {
        /// Which header or claim.
        place: &'static str,
        /// What is wrong with it.
        cause: String,
    },
    /// The content type names no kind of statement.
    #[error("protected header 3 (content type): {0}")]
    Kind(#[from] KindError),
    /// The issuer is no DID.
    #[error("claim 1 (iss): {0}")]
    Issuer(DidError),
    /// The audience is no log's origin.
    #[error("claim 3 (aud): {0}")]
    Audience(OriginError),
    /// The subject is empty, too long, or not printable.
    #[error("claim 2 (sub) must have 1 to {SUBJECT_BYTES_MAX} bytes, all printable and no space")]
    Subject,
    /// The time is no number of seconds up to the year 9999.
    #[error("claim 6 (iat) must be whole seconds since 1970, at most {IAT_MAX}")]
    IssuedAt,
    /// The signature has a wrong size.
    #[error("the signature element: {0}")]
    Signature(#[from] SignatureTextError),
    /// The payload is not I-JSON.
    #[error("the payload is not I-JSON: {0}")]
    Json(#[from] JsonError),
    /// The payload does not fit its kind.
    #[error("the {kind} payload does not fit its kind: {cause}")]
    Payload {
        /// The kind's name.
        kind: String,
        /// What is wrong, with the place as far as it is known.
        cause: String,
    },
    /// A member breaks a rule or a limit.
    #[error("payload member {place} {cause}")]
    Member {
        /// Which member.
        place: &'static str,
        /// What is wrong with it.
        cause: String,
    },
    /// The claims contradict the payload.
    #[error("claim {claim} contradicts the payload: {cause}")]
    Claims {
        /// Which claim.
        claim: &'static str,
        /// How.
        cause: String,
    },
}

impl From<Broken> for Refused {
    fn from(broken: Broken) -> Self {
        Self::Member { place: broken.place, cause: broken.cause }
    }
}

/// Why a draft was not signed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SignError {
    /// A payload of an unknown kind cannot be written by this version.
    #[error("a payload of an unknown kind cannot be signed")]
    Unknown,
    /// The issuer's did:key is not the signer's key.
    #[error("the signer's key is not the key of {0}")]
    WrongKey(Did),
    /// The payload cannot be written as JSON.
    #[error("the payload cannot be written as JSON: {0}")]
    Json(String),
    /// What was drafted would be refused by every reader.
    #[error("this would be refused by every reader: {0}")]
    Refused(#[from] Refused),
}

/// Why a statement's signature does not hold.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum VerifyError {
    /// The issuer's key is not to be had from its DID.
    #[error("the issuer's key: {0}")]
    Key(#[from] DidError),
    /// The signature is not the issuer's.
    #[error(transparent)]
    Signature(#[from] SignatureError),
}

//! Statements: what a DID says in a log, signed as COSE_Sign1 (RFC 9052) over a JSON payload.
//!
//! A [`Statement`] was decoded and its structure checked; whether its signature holds is asked
//! apart, because the key may have to be looked up. docs/formats/statement.md is the format.

mod cose;
mod dataset_genesis;
mod dataset_version;
mod identity;
mod json;
mod kind;
mod origin;
mod payload;
mod proof_release;
mod reference;
mod refused;
mod run_receipt;
mod run_verdict;
mod text;

use crate::hash::StatementId;
use crate::identity::{Did, PublicKey, Signature, SignatureError, Signer, verify};

pub use cose::{ENVELOPE_BYTES_MAX, IAT_MAX, SUBJECT_BYTES_MAX};
pub use dataset_genesis::DatasetGenesis;
pub use dataset_version::{Access, Creator, DatasetVersion};
pub use identity::{Identity, IdentityError, KeyProof, LogKey, Role, proof_message};
pub use json::JsonError;
pub use kind::{Kind, KindError};
pub use origin::{ORIGIN_BYTES_MAX, Origin, OriginError};
pub use payload::Payload;
pub use proof_release::{CommittedNoise, ProofRelease};
pub use reference::StatementRef;
pub use refused::{Refused, SignError, VerifyError};
pub use run_receipt::{RunInput, RunOutput, RunReceipt};
pub use run_verdict::{Difference, Outcome, RunVerdict};
pub use text::{INTEGER_MAX, LIST_MAX, TEXT_CHARS_MAX};

/// A statement whose envelope, claims and payload were checked, and whose bytes are kept as they
/// came. Immutable. Its signature is not checked yet: see [`Statement::verify_with`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    envelope: Vec<u8>,
    content: cose::Content,
    payload: Payload,
    id: StatementId,
}

/// What is to be signed: the claims and the payload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// Who says it; with a did:key, the signer's own.
    pub iss: Did,
    /// What it is about: a DID, or a `urn:veritrail:…` (see [`RunReceipt::subject`] and
    /// [`RunVerdict::subject`]).
    pub sub: String,
    /// The only log in which it is valid.
    pub aud: Origin,
    /// When, in seconds since 1970 in UTC. Informative: validity is judged by log index.
    pub iat: u64,
    /// What is said.
    pub payload: Payload,
}

impl Statement {
    /// Decodes an envelope and checks everything but the signature.
    ///
    /// # Errors
    /// An envelope that is not the one deterministic encoding, unknown critical headers, another
    /// algorithm than EdDSA, a payload that is not I-JSON, and a known payload that breaks its
    /// kind's rules or does not fit its claims. Unknown kinds, versions and `must` members are no
    /// error: they give [`Payload::Unknown`].
    pub fn decode(envelope: &[u8]) -> Result<Self, Refused> {
        let content = cose::decode(envelope)?;
        let payload = Payload::decode(&content.kind, &content.payload)?;
        payload.check_claims(&content)?;
        let id = content.id();
        Ok(Self { envelope: envelope.to_vec(), content, payload, id })
    }

    /// Signs a draft. Deterministic: the same draft and key give the same bytes.
    ///
    /// # Errors
    /// A draft that [`Statement::decode`] would refuse, [`Payload::Unknown`], a did:key issuer
    /// that is not the signer's, and envelopes beyond [`ENVELOPE_BYTES_MAX`].
    pub fn sign(draft: Draft, signer: &dyn Signer) -> Result<Self, SignError> {
        let (kind, json) = draft.payload.encode()?;
        if draft.iss.method() == "key" && draft.iss != Did::of_key(signer.public_key()) {
            return Err(SignError::WrongKey(draft.iss));
        }
        let envelope = cose::sign(&draft, &kind, json, signer)?;
        Ok(Self::decode(&envelope)?)
    }

    /// SHA-256 of what was signed (the `Sig_structure`), whoever re-encodes the envelope.
    pub fn id(&self) -> &StatementId {
        &self.id
    }

    /// The whole COSE_Sign1, as it stands in the log.
    pub fn envelope(&self) -> &[u8] {
        &self.envelope
    }

    /// Who says it.
    pub fn iss(&self) -> &Did {
        &self.content.iss
    }

    /// What it is about.
    pub fn sub(&self) -> &str {
        &self.content.sub
    }

    /// The only log in which it is valid.
    pub fn aud(&self) -> &Origin {
        &self.content.aud
    }

    /// When, in seconds since 1970 in UTC, as the signer says.
    pub fn iat(&self) -> u64 {
        self.content.iat
    }

    /// What kind of statement it is, known to this version or not.
    pub fn kind(&self) -> &Kind {
        &self.content.kind
    }

    /// The decoded payload.
    pub fn payload(&self) -> &Payload {
        &self.payload
    }

    /// The payload's JSON, byte for byte as it was signed.
    pub fn payload_bytes(&self) -> &[u8] {
        &self.content.payload
    }

    /// The signature, not checked.
    pub fn signature(&self) -> &Signature {
        &self.content.signature
    }

    /// The bytes that the signature is over: COSE's `Sig_structure` with empty external data.
    /// For batches; a single check is [`Self::verify_with`].
    pub fn signed_bytes(&self) -> &[u8] {
        &self.content.signed
    }

    /// Checks the signature with a key that the caller knows to be the issuer's.
    ///
    /// # Errors
    /// The signature is not by this key over this statement.
    pub fn verify_with(&self, key: &PublicKey) -> Result<(), SignatureError> {
        verify(key, &self.content.signed, &self.content.signature)
    }

    /// Checks the signature with the key that the issuer's did:key is made of.
    ///
    /// # Errors
    /// The issuer has another method, its key is refused, or the signature does not verify.
    pub fn verify_did_key(&self) -> Result<(), VerifyError> {
        Ok(self.verify_with(&self.content.iss.public_key()?)?)
    }
}

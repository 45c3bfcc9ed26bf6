//! What a DID resolves to: a DID document with Multikeys (W3C DID Core, Controlled Identifiers).

use serde::{Deserialize, Serialize};

use super::did::{Did, DidError};
use super::key::PublicKey;

/// A DID document as JSON has it. The keys are Ed25519 Multikeys, each usable for every purpose
/// that a signature can have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Document {
    /// The JSON-LD contexts, DID Core first.
    #[serde(rename = "@context")]
    pub context: Vec<String>,
    /// The DID that this document is about.
    pub id: Did,
    /// Its keys.
    pub verification_method: Vec<VerificationMethod>,
    /// Ids of keys that may log in.
    pub authentication: Vec<String>,
    /// Ids of keys that may make statements.
    pub assertion_method: Vec<String>,
    /// Ids of keys that may use a capability.
    pub capability_invocation: Vec<String>,
    /// Ids of keys that may pass a capability on.
    pub capability_delegation: Vec<String>,
}

/// One key of a [`Document`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VerificationMethod {
    /// The DID, `#`, and the key's multibase text.
    pub id: String,
    /// Always `Multikey`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Whose key it is.
    pub controller: Did,
    /// The key.
    pub public_key_multibase: PublicKey,
}

impl Document {
    /// The document of a did:key, computed from the DID alone.
    ///
    /// # Errors
    /// Other methods, and keys that are refused.
    pub fn of_did_key(did: &Did) -> Result<Self, DidError> {
        Ok(Self::with_keys(did, &[did.public_key()?]))
    }

    /// A document that lists these keys, for a DID whose keys an identity statement binds.
    pub fn with_keys(did: &Did, keys: &[PublicKey]) -> Self {
        let verification_method: Vec<_> = keys
            .iter()
            .map(|key| VerificationMethod {
                id: format!("{did}#{}", key.to_multibase()),
                kind: "Multikey".to_owned(),
                controller: did.clone(),
                public_key_multibase: *key,
            })
            .collect();
        let ids: Vec<_> = verification_method.iter().map(|method| method.id.clone()).collect();
        Self {
            context: vec![
                "https://www.w3.org/ns/did/v1".to_owned(),
                "https://w3id.org/security/multikey/v1".to_owned(),
            ],
            id: did.clone(),
            verification_method,
            authentication: ids.clone(),
            assertion_method: ids.clone(),
            capability_invocation: ids.clone(),
            capability_delegation: ids,
        }
    }
}

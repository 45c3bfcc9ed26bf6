//! `identity`: binds a DID, its keys, a node and log keys to a log, each key proving that it
//! agrees.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::Statement;
use super::cose::Content;
use super::origin::Origin;
use super::payload::{Body, Payload, claim_is};
use super::refused::Refused;
use super::text::{Broken, broken, check_filled_list, check_list, check_text};
use crate::identity::{Did, PublicKey, Signature, Signer, verify};
use crate::log::note::{VKey, VKeyError};

/// The longest vkey, in bytes; an ML-DSA-44 key takes about 1,800.
const VKEY_BYTES_MAX: usize = 4_096;
/// Most vkeys of one statement.
const VKEYS_MAX: usize = 16;

/// The payload. `iss` and `sub` are both `did`, `aud` is `origin`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// What the DID is to the log.
    pub role: Role,
    /// A name for people; informative, anybody may claim any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The DID that is bound.
    pub did: Did,
    /// Its public keys, as Multikeys. Of a did:key, exactly the one that it is made of.
    pub keys: Vec<PublicKey>,
    /// The did:key of the node, which is also its iroh endpoint.
    pub node: Did,
    /// The log.
    pub origin: Origin,
    /// The keys that sign the log's checkpoints, as vkeys (c2sp.org/signed-note) named by the
    /// origin. An operator names one at least.
    pub vkeys: Vec<String>,
    /// A signature by every key named here, but the one that signs the statement, over
    /// [`proof_message`].
    pub proofs: Vec<KeyProof>,
}

/// What a DID is to a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Runs the log; stands at entry 0.
    Operator,
    /// Signs statements in it.
    Member,
}

/// A key's agreement to be bound.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyProof {
    /// The key as the payload names it: the node's DID, a vkey, or a Multikey of `keys`.
    pub key: String,
    /// Its signature over [`proof_message`], in base64.
    pub signature: Signature,
}

/// A log's key on its way into an [`Identity`]: its vkey, and what can sign with it.
pub struct LogKey<'a> {
    /// The vkey, `origin+hex8+base64`.
    pub vkey: String,
    /// Signs with that key.
    pub signer: &'a dyn Signer,
}

/// Why an identity's proofs do not hold.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum IdentityError {
    /// The statement says something else.
    #[error("the statement is no identity")]
    NotAnIdentity,
    /// A key is named whose type cannot be checked.
    #[error("{0} is a key whose possession this version cannot check")]
    KeyType(String),
    /// A vkey is malformed, or its key refused.
    #[error("the vkey {vkey}: {cause}")]
    VKey {
        /// The vkey.
        vkey: String,
        /// Why.
        cause: VKeyError,
    },
    /// A named key did not agree.
    #[error("{0} did not sign: there is no proof of possession")]
    Missing(String),
    /// A proof does not verify.
    #[error("the proof of possession by {0} does not verify")]
    Proof(String),
}

/// What every key that an identity names has to sign: the label, the DID and the origin, then each
/// vkey, each on a line.
pub fn proof_message(did: &Did, origin: &Origin, vkeys: &[String]) -> Vec<u8> {
    let mut message = format!("veritrail/identity/1\n{did}\n{origin}\n");
    for vkey in vkeys {
        message.push_str(vkey);
        message.push('\n');
    }
    message.into_bytes()
}

impl Identity {
    /// The identity of a person with a did:key: collects the proofs of the node's and the log's
    /// keys.
    pub fn bind(
        role: Role,
        name: Option<String>,
        person: &PublicKey,
        node: &dyn Signer,
        origin: Origin,
        logs: &[LogKey<'_>],
    ) -> Self {
        let did = Did::of_key(person);
        let node_did = Did::of_key(node.public_key());
        let vkeys: Vec<_> = logs.iter().map(|log| log.vkey.clone()).collect();
        let message = proof_message(&did, &origin, &vkeys);
        let mut proofs = Vec::new();
        if node_did != did {
            let key = node_did.as_str().to_owned();
            proofs.push(KeyProof { key, signature: node.sign(&message) });
        }
        for log in logs {
            let key = log.vkey.clone();
            proofs.push(KeyProof { key, signature: log.signer.sign(&message) });
        }
        Self { role, name, did, keys: vec![*person], node: node_did, origin, vkeys, proofs }
    }

    /// Checks that every key which `statement`'s identity names agreed to it, except the one that
    /// `signer` says signed the statement. That the claims fit was checked when it was decoded;
    /// the statement's own signature is [`Statement::verify_with`]'s affair.
    ///
    /// # Errors
    /// A key that did not sign, or whose type cannot be checked.
    pub fn check(statement: &Statement, signer: &PublicKey) -> Result<(), IdentityError> {
        let Payload::Identity(identity) = statement.payload() else {
            return Err(IdentityError::NotAnIdentity);
        };
        identity.check_proofs(signer)
    }

    fn check_proofs(&self, signer: &PublicKey) -> Result<(), IdentityError> {
        let message = proof_message(&self.did, &self.origin, &self.vkeys);
        for (name, key) in self.named_keys()? {
            if key == *signer {
                continue;
            }
            let proof = self.proofs.iter().find(|proof| proof.key == name);
            let proof = proof.ok_or_else(|| IdentityError::Missing(name.clone()))?;
            verify(&key, &message, &proof.signature).map_err(|_| IdentityError::Proof(name))?;
        }
        Ok(())
    }

    /// Every key with the name under which the payload has it.
    fn named_keys(&self) -> Result<Vec<(String, PublicKey)>, IdentityError> {
        let mut named: Vec<_> = self.keys.iter().map(|key| (key.to_multibase(), *key)).collect();
        let node = self.node.as_str().to_owned();
        let key = self.node.public_key().map_err(|_| IdentityError::KeyType(node.clone()))?;
        named.push((node, key));
        for vkey in &self.vkeys {
            let parsed: VKey =
                vkey.parse().map_err(|cause| IdentityError::VKey { vkey: vkey.clone(), cause })?;
            let key = parsed.public_key().ok_or_else(|| IdentityError::KeyType(vkey.clone()))?;
            named.push((vkey.clone(), *key));
        }
        Ok(named)
    }

    fn check_vkey(&self, vkey: &str) -> Result<(), Broken> {
        if vkey.len() > VKEY_BYTES_MAX {
            return Err(broken("vkeys", format!("has a key beyond {VKEY_BYTES_MAX} bytes")));
        }
        match vkey.split_once('+') {
            Some((name, _)) if name == self.origin.as_str() => Ok(()),
            _ => Err(broken("vkeys", "has a key that is not named by the origin")),
        }
    }
}

impl Body for Identity {
    const MEMBERS: &'static [&'static str] =
        &["role", "name", "did", "keys", "node", "origin", "vkeys", "proofs"];

    fn check(&self) -> Result<(), Broken> {
        if let Some(name) = &self.name {
            check_text("name", name)?;
        }
        check_filled_list("keys", &self.keys)?;
        check_list("proofs", &self.proofs)?;
        if self.vkeys.len() > VKEYS_MAX {
            return Err(broken("vkeys", format!("has more than {VKEYS_MAX} keys")));
        }
        if self.role == Role::Operator && self.vkeys.is_empty() {
            return Err(broken("vkeys", "is empty, but an operator signs checkpoints"));
        }
        self.vkeys.iter().try_for_each(|vkey| self.check_vkey(vkey))?;
        let mut names: Vec<_> = self.proofs.iter().map(|proof| &proof.key).collect();
        names.sort();
        if names.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(broken("proofs", "has two proofs of one key"));
        }
        if self.did.method() == "key" {
            let key = self.did.public_key().map_err(|error| broken("did", error.to_string()))?;
            if self.keys != [key] {
                return Err(broken("keys", "must hold the did:key's own key and no other"));
            }
        }
        if self.node.method() != "key" {
            return Err(broken("node", "must be a did:key"));
        }
        Ok(())
    }

    fn check_claims(&self, claims: &Content) -> Result<(), Refused> {
        claim_is("1 (iss)", claims.iss.as_str(), self.did.as_str())?;
        claim_is("2 (sub)", &claims.sub, self.did.as_str())?;
        claim_is("3 (aud)", claims.aud.as_str(), self.origin.as_str())
    }
}

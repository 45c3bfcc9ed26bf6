//! Persons: making a further one, showing those of this home, and what a DID stands for.

use serde::Serialize;
use veritrail_provenance::{
    identity::{Did, Signer as _, document::Document},
    ledger::queries,
    statement::{Identity, LogKey, Origin, Payload, Role},
};
use veritrail_storage::keys::{KeyName, Seed};

use super::{
    Node,
    init::{Phrase, check_name},
};
use crate::error::{Kind, NodeError, OrKind as _, Result};

/// A person of this home.
#[derive(Debug, Serialize)]
pub struct Person {
    /// Who.
    pub did: Did,
    /// The name they give themselves.
    pub name: Option<String>,
    /// `operator`, `member`, or `not bound` where only the key is here.
    pub role: String,
    /// The identity statement that counts, in the home's log.
    pub index: Option<u64>,
    /// The recovery phrase of a new key, to be shown once on a terminal and never written.
    #[serde(skip)]
    pub phrase: Option<Phrase>,
}

/// The persons of this home, its node and its log.
#[derive(Debug, Serialize)]
pub struct Persons {
    /// The operator first.
    pub persons: Vec<Person>,
    /// The node.
    pub node: Did,
    /// The log.
    pub origin: Origin,
    /// The keys that may sign the log's checkpoints.
    pub vkeys: Vec<String>,
    /// What its owner reads to whoever meets the log for the first time.
    pub fingerprint: String,
}

/// What a DID stands for.
#[derive(Debug, Serialize)]
pub struct ResolvedDid {
    /// Who.
    pub did: Did,
    /// Its document (DID Core, Multikey).
    pub document: Document,
    /// What the document was made from.
    pub known_from: String,
}

impl Node {
    /// Makes a further person of this home: a key, and an identity statement in the log.
    pub fn new_person(&self, name: Option<String>) -> Result<Person> {
        check_name(name.as_deref())?;
        let keys = &self.home().parts().keys;
        let seed = Seed::generate().or_failed()?;
        let signer = seed.signer();
        let node = self.node_seed()?.signer();
        let log = keys.read(&KeyName::Log).or_kind(Kind::NotAuthorised)?.signer();
        let identity = Identity::bind(
            Role::Member,
            name.clone(),
            signer.public_key(),
            &node,
            self.origin().clone(),
            &[LogKey { vkey: self.vkey().to_string(), signer: &log }],
        );
        let did = identity.did.clone();
        let key = KeyName::member(&seed);
        keys.write(&key, &seed).or_failed()?;
        let appended = self.append(|node| {
            let payload = Payload::Identity(identity.clone());
            Ok(Some(vec![node.sign(&signer, did.to_string(), payload)?]))
        });
        let appended = appended.inspect_err(|_| self.forget_unbound(&key, &did))?;
        let index = appended.and_then(|(appended, _)| appended.indices.first().copied());
        let phrase = Some(Phrase::of(&seed)?);
        Ok(Person { did, name, role: "member".to_owned(), index, phrase })
    }

    /// Removes a key whose identity was not appended. An append that failed may yet be finished by
    /// whoever opens the log next, so it is opened here, to know. On doubt the key stays.
    fn forget_unbound(&self, key: &KeyName, did: &Did) {
        let again = Self::open(self.home().path());
        let bound = again.and_then(|node| {
            queries::identity(node.view(), node.origin(), did).or_failed().map(|row| row.is_some())
        });
        if let Ok(false) = bound {
            // Best effort: the error that led here is the one to tell.
            drop(self.home().parts().keys.remove(key));
        }
    }

    /// The persons of this home.
    pub fn persons(&self) -> Result<Persons> {
        let mut persons = Vec::new();
        for name in self.key_names()? {
            let seed = self.home().parts().keys.read(&name).or_kind(Kind::NotAuthorised)?;
            let did = Did::of_key(seed.signer().public_key());
            let bound = queries::identity(self.view(), self.origin(), &did).or_failed()?;
            let role = match bound.as_ref().map(|row| row.role) {
                Some(Role::Operator) => "operator",
                Some(Role::Member) => "member",
                None => "not bound",
            };
            persons.push(Person {
                did,
                name: bound.as_ref().and_then(|row| row.name.clone()),
                role: role.to_owned(),
                index: bound.as_ref().map(|row| row.at.index),
                phrase: None,
            });
        }
        let log = queries::log(self.view(), self.origin()).or_failed()?;
        let vkeys = log.into_iter().flat_map(|log| log.keys).map(|key| key.vkey.to_string());
        Ok(Persons {
            persons,
            node: self.node_did()?,
            origin: self.origin().clone(),
            vkeys: vkeys.collect(),
            fingerprint: self.fingerprint()?,
        })
    }

    /// The node's DID.
    pub fn node_did(&self) -> Result<Did> {
        Ok(Did::of_key(self.node_seed()?.signer().public_key()))
    }

    /// The document of `text`: computed for a did:key, else made of what an identity statement in
    /// a known log binds. Never from the network.
    pub fn resolve_did(&self, text: &str) -> Result<ResolvedDid> {
        let did: Did = text.parse().map_err(|e| {
            NodeError::usage(format!("this is no DID: {e}")).at(text).hint("such as did:key:z6Mk…")
        })?;
        let bound = queries::identities(self.view(), &did).or_failed()?;
        let places: Vec<String> = bound
            .iter()
            .map(|found| {
                let name =
                    found.row.name.as_ref().map(|n| format!(" as {n:?}")).unwrap_or_default();
                format!("{}#{}{name}", found.origin, found.row.at.index)
            })
            .collect();
        if did.method() == "key" {
            let document = Document::of_did_key(&did)
                .map_err(|e| NodeError::refused(e.to_string()).at(text))?;
            let known_from = match places.is_empty() {
                true => "the DID itself; no known log binds it".to_owned(),
                false => format!("the DID itself; bound by {}", places.join(", ")),
            };
            return Ok(ResolvedDid { did, document, known_from });
        }
        let Some(found) = bound.first() else {
            return Err(NodeError::not_found("no identity in a known log binds this DID")
                .at(text)
                .hint(
                    "other methods than did:key are known from logs alone: veritrail get TICKET",
                ));
        };
        let bytes = self.entry_bytes(&found.origin, found.row.at.index)?;
        let statement = veritrail_provenance::statement::Statement::decode(&bytes).or_refused()?;
        let keys = match statement.payload() {
            Payload::Identity(identity) => identity.keys.clone(),
            _ => Vec::new(),
        };
        let document = Document::with_keys(&did, &keys);
        Ok(ResolvedDid { did, document, known_from: format!("bound by {}", places.join(", ")) })
    }
}

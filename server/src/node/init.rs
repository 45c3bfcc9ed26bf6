//! Making a home: three keys, a log, and entry 0 that binds them.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use serde::Serialize;
use veritrail_provenance::{
    hash::StatementId,
    identity::{Did, Signer},
    log::note::VKey,
    statement::{Draft, Identity, LogKey, Origin, Payload, Role, Statement},
};
use veritrail_storage::{
    home::Home,
    keys::{KeySet, Seed, phrase, seed_of_phrase},
};
use zeroize::Zeroizing;

use super::{Node, clock, home_error};
use crate::error::{Kind, NodeError, OrKind as _, Result};

/// What a new home is to be.
#[derive(Debug, Default)]
pub struct InitOptions {
    /// The operator's name as others shall see it.
    pub name: Option<String>,
    /// The log's name; made from the log's key where none is given.
    pub origin: Option<String>,
    /// The phrase of a key that is known already.
    pub recover: Option<Phrase>,
}

/// A new home.
#[derive(Debug, Serialize)]
pub struct Initialised {
    /// Where it stands.
    pub home: PathBuf,
    /// The operator.
    pub did: Did,
    /// The operator's name.
    pub name: Option<String>,
    /// The node's DID, which is also its iroh endpoint.
    pub node: Did,
    /// The log.
    pub origin: Origin,
    /// The key that signs the log's checkpoints.
    pub vkey: String,
    /// The statement that binds them.
    pub statement: StatementId,
    /// Where it stands in the log: 0 in a new one.
    pub index: u64,
    /// The keys that were made or brought back: `person`, `node`, `log`.
    pub keys: Vec<String>,
    /// The recovery phrase of a new key, to be shown once on a terminal and never written.
    #[serde(skip)]
    pub phrase: Option<Phrase>,
}

/// A recovery phrase: 24 words (BIP-39) that are a person's secret key. Wiped when dropped, never
/// printed by `Debug`, never serialised.
pub struct Phrase(Zeroizing<String>);

impl Phrase {
    /// The words as they were typed; they are checked where they are used.
    pub fn new(words: String) -> Self {
        Self(Zeroizing::new(words))
    }

    /// The words of a key.
    pub(super) fn of(seed: &Seed) -> Result<Self> {
        Ok(Self(phrase(seed).or_failed()?))
    }

    /// The words one by one.
    pub fn words(&self) -> Vec<&str> {
        self.0.split_whitespace().collect()
    }
}

impl fmt::Debug for Phrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Phrase(…)")
    }
}

impl Node {
    /// Makes a home at `path`, which must be missing or an empty folder. Durable on return. Where a
    /// home stands that has lost keys, the operator's phrase makes them anew in the same log.
    pub fn init(path: &Path, options: InitOptions) -> Result<(Self, Initialised)> {
        if Home::stands(path) {
            return match &options.recover {
                Some(phrase) => Self::recover(path, &options, seed_of(phrase)?),
                None => Err(home_error(veritrail_storage::home::HomeError::Exists, path)),
            };
        }
        check_name(options.name.as_deref())?;
        let known = options.recover.as_ref().map(seed_of).transpose()?;
        let keys = match &known {
            Some(person) => KeySet::recover(person.clone()),
            None => KeySet::generate(),
        }
        .or_failed()?;
        let made = entry_zero(&keys, options)?;
        let entries = vec![made.statement.envelope().to_vec()];
        let home =
            Home::init(path, &keys, &made.origin, entries).map_err(|e| home_error(e, path))?;
        let opened = Self::over(home).and_then(|node| node.catch_up().map(|()| node));
        let node = opened.inspect_err(|_| {
            // Nobody was told of its keys. Best effort: the first error is the one that matters.
            drop(std::fs::remove_dir_all(path));
        })?;
        let phrase = match known {
            Some(_) => None,
            None => Some(Phrase::of(&keys.person)?),
        };
        let initialised = Initialised {
            home: node.home().path().to_owned(),
            did: made.statement.iss().clone(),
            name: made.name,
            node: made.node,
            origin: made.origin,
            vkey: made.vkey,
            statement: *made.statement.id(),
            index: 0,
            keys: ["person", "node", "log"].map(str::to_owned).to_vec(),
            phrase,
        };
        Ok((node, initialised))
    }
}

/// The statement that binds a home's keys, and what it says.
pub(super) struct Binding {
    pub(super) statement: Statement,
    pub(super) name: Option<String>,
    pub(super) node: Did,
    pub(super) origin: Origin,
    pub(super) vkey: String,
}

fn entry_zero(keys: &KeySet, options: InitOptions) -> Result<Binding> {
    let origin = match options.origin {
        Some(origin) => origin.parse::<Origin>().map_err(|e| {
            NodeError::usage(e.to_string()).at("--origin").hint("such as lab.example/trail")
        })?,
        None => default_origin(&keys.log.signer())?,
    };
    bind(keys, options.name, origin)
}

/// Signs the statement that binds the three keys, each proving that it agrees.
pub(super) fn bind(keys: &KeySet, name: Option<String>, origin: Origin) -> Result<Binding> {
    let person = keys.person.signer();
    let node = keys.node.signer();
    let log = keys.log.signer();
    let vkey = VKey::ed25519(origin.as_str(), log.public_key()).or_kind(Kind::Usage)?.to_string();
    let identity = Identity::bind(
        Role::Operator,
        name.clone(),
        person.public_key(),
        &node,
        origin.clone(),
        &[LogKey { vkey: vkey.clone(), signer: &log }],
    );
    let (did, node) = (identity.did.clone(), identity.node.clone());
    let draft = Draft {
        sub: did.to_string(),
        iss: did,
        aud: origin.clone(),
        iat: clock::now(),
        payload: Payload::Identity(identity),
    };
    let statement = Statement::sign(draft, &person).or_kind(Kind::Usage)?;
    Ok(Binding { statement, name, node, origin, vkey })
}

/// A name that no other log has: a recovered person's new log must never be taken for the old one.
fn default_origin(log: &dyn Signer) -> Result<Origin> {
    let key = hex::encode(log.public_key().as_bytes().get(..16).unwrap_or_default());
    format!("veritrail/{key}").parse().or_failed()
}

fn seed_of(phrase: &Phrase) -> Result<Seed> {
    seed_of_phrase(&phrase.0).map_err(|e| {
        NodeError::usage(e.to_string())
            .at("the recovery phrase")
            .hint("type the 24 words in their order, with spaces between them")
    })
}

/// A name that the statement would refuse is refused before any key is made.
pub(super) fn check_name(name: Option<&str>) -> Result<()> {
    let Some(name) = name else { return Ok(()) };
    let fits = !name.trim().is_empty() && name.chars().count() <= 1_024;
    if fits && !name.chars().any(char::is_control) {
        return Ok(());
    }
    Err(NodeError::usage("a name has 1 to 1,024 characters, none of them a control character")
        .at("--name")
        .hint("such as --name \"Ada, Lab X\""))
}

//! Signing and appending: what is appended was decided on the newest state, or is decided again.

use veritrail_provenance::{
    identity::{Did, SeedSigner, Signer as _},
    statement::{Draft, Payload, Statement},
};
use veritrail_storage::{
    disk::DiskError,
    keys::{KeyFileError, KeyName, Seed},
    log::{Appended, Expect, LogError},
};

use super::{Node, clock, log::refused};
use crate::error::{Kind, NodeError, OrKind as _, Result};

/// How often a decision is made anew because others appended first.
const ATTEMPTS_MAX: usize = 64;

impl Node {
    /// Appends what `decide` makes of the newest state, as one batch, and folds it. When another
    /// process appended first, the state is read and `decide` asked again; None appends nothing.
    /// Everything that the statements name must be durable before.
    pub fn append(
        &self,
        mut decide: impl FnMut(&Self) -> Result<Option<Vec<Statement>>>,
    ) -> Result<Option<(Appended, Vec<Statement>)>> {
        for _ in 0..ATTEMPTS_MAX {
            self.catch_up()?;
            let size = self.state().position(self.origin()).or_failed()?;
            let Some(statements) = decide(self)? else { return Ok(None) };
            let entries = statements.iter().map(|s| s.envelope().to_vec()).collect();
            match self.log().append(entries, Expect::Size(size)) {
                Ok(appended) => {
                    self.catch_up()?;
                    return Ok(Some((appended, statements)));
                }
                Err(LogError::Moved { .. }) => {}
                Err(e) => return Err(refused(&e)),
            }
        }
        Err(NodeError::conflict("others append to this log all the time")
            .at(self.origin())
            .hint("run the same command again"))
    }

    /// Signs `payload` about `sub` for the home's own log, now.
    pub fn sign(&self, signer: &SeedSigner, sub: String, payload: Payload) -> Result<Statement> {
        let draft = Draft {
            iss: Did::of_key(signer.public_key()),
            sub,
            aud: self.origin().clone(),
            iat: clock::now(),
            payload,
        };
        Statement::sign(draft, signer).or_kind(Kind::Usage)
    }

    /// The signer of a person of this home: the operator, or whom `--as` names.
    pub fn signer(&self, person: Option<&Did>) -> Result<SeedSigner> {
        let keys = &self.home().parts().keys;
        let operator = self.operator()?;
        let person = person.unwrap_or(&operator);
        let name = if *person == operator { KeyName::Person } else { member(person)? };
        let known = self.key_names()?;
        if !known.contains(&name) {
            return Err(NodeError::new(Kind::NotAuthorised, "this home has no key of this person")
                .at(person)
                .hint("see whose keys it has: veritrail id show"));
        }
        let signer = seed(keys.read(&name), &name)?.signer();
        if Did::of_key(signer.public_key()) != *person {
            return Err(NodeError::refused("the key file is not this person's").at(person));
        }
        Ok(signer)
    }

    /// The node's own signer, which is also its iroh endpoint's key.
    pub fn node_seed(&self) -> Result<Seed> {
        seed(self.home().parts().keys.read(&KeyName::Node), &KeyName::Node)
    }

    /// The persons whose keys are here, the operator first.
    pub(super) fn key_names(&self) -> Result<Vec<KeyName>> {
        let members = self.home().parts().keys.members().or_kind(Kind::NotAuthorised)?;
        Ok(std::iter::once(KeyName::Person).chain(members).collect())
    }
}

/// The name of the file that keeps a further person's key.
fn member(person: &Did) -> Result<KeyName> {
    let key = person.public_key().map_err(|e| {
        NodeError::usage(e.to_string()).at(person).hint("persons of a home are did:key")
    })?;
    Ok(KeyName::Member(hex::encode(key.as_bytes().get(..8).unwrap_or_default())))
}

fn seed(read: Result<Seed, KeyFileError>, name: &KeyName) -> Result<Seed> {
    read.map_err(|e| {
        let hint = match e {
            KeyFileError::Disk(DiskError::NotFound { .. }) => {
                "put it back from a copy of the folder keys/; or make it anew with your 24 words: \
                 veritrail init --recover"
            }
            _ => "keys must be yours alone: chmod -R go= keys",
        };
        NodeError::new(Kind::NotAuthorised, e.to_string())
            .at(format!("keys/, the {name} key"))
            .hint(hint)
    })
}

//! Bringing a home back whose keys are lost: the person's from the recovery phrase, the node's and
//! the log's as new ones, which a further `identity` binds in the same log.

use std::path::Path;

use veritrail_provenance::{
    identity::{Did, Signer as _},
    ledger::queries,
};
use veritrail_storage::{
    home::{Home, Rekey},
    keys::{KeyName, Seed},
};

use super::{
    Node, home_error,
    init::{InitOptions, Initialised, bind, check_name},
};
use crate::error::{Kind, NodeError, OrKind as _, Result};

impl Node {
    /// Makes the keys anew that the home at `path` has lost. `person` must be the operator of its
    /// log. Durable on return.
    pub(super) fn recover(
        path: &Path,
        options: &InitOptions,
        person: Seed,
    ) -> Result<(Self, Initialised)> {
        check_name(options.name.as_deref())?;
        let home = Home::rekey(path).map_err(|e| home_error(e, path))?;
        check(&home, options, &person, path)?;
        let lost = home.lost().to_vec();
        let keys = home.new_keys(person).map_err(|e| home_error(e, path))?;
        let name = options.name.clone().or_else(|| home.identity().name.clone());
        let bound = match lost.contains(&KeyName::Node) || lost.contains(&KeyName::Log) {
            true => Some(bind(&keys, name, home.origin().clone())?),
            false => None,
        };
        let envelope = bound.as_ref().map(|bound| bound.statement.envelope().to_vec());
        home.finish(&keys, envelope).map_err(|e| home_error(e, path))?;
        let node = Self::open(path)?;
        node.home().parts().secrets().restore().or_kind(Kind::NotAuthorised)?;
        let made = node.recovered(&lost)?;
        Ok((node, made))
    }

    fn recovered(&self, lost: &[KeyName]) -> Result<Initialised> {
        let did = self.operator()?;
        let identity = queries::identity(self.view(), self.origin(), &did).or_failed()?;
        let identity = identity.ok_or_else(|| {
            NodeError::refused("the operator's identity was not folded")
                .at(self.origin())
                .hint("make the state anew: veritrail store fsck --rebuild")
        })?;
        Ok(Initialised {
            home: self.home().path().to_owned(),
            did,
            name: identity.name,
            node: identity.node,
            origin: self.origin().clone(),
            vkey: self.vkey().to_string(),
            statement: identity.at.id,
            index: identity.at.index,
            keys: lost.iter().map(KeyName::to_string).collect(),
            phrase: None,
        })
    }
}

/// Whether these words may bring this home back, and whether there is anything to bring back.
fn check(home: &Rekey, options: &InitOptions, person: &Seed, path: &Path) -> Result<()> {
    let did = Did::of_key(person.signer().public_key());
    let operator = home.operator();
    if did != *operator {
        return Err(NodeError::new(
            Kind::NotAuthorised,
            format!("these words are the key of {did}, and this home's log is that of {operator}"),
        )
        .at("the recovery phrase")
        .hint("type the operator's words, or make a home for these: --home DIR"));
    }
    if options.origin.as_ref().is_some_and(|origin| origin != home.origin().as_str()) {
        return Err(NodeError::usage(format!("this home's log is {} for good", home.origin()))
            .at("--origin")
            .hint("leave it away"));
    }
    if home.lost().is_empty() {
        return Err(NodeError::conflict("this home has all its keys").at(path.display()).hint(
            "if somebody else may have the node's or the log's key, move keys/node.key or \
                 keys/log.key away and run the same command again: a new one is made",
        ));
    }
    Ok(())
}

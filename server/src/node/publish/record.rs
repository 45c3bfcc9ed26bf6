//! The statements of a publication: genesis and version, decided on the newest state and appended
//! as one batch.

use veritrail_provenance::{
    identity::{Did, Signer as _},
    ledger::{
        queries,
        rows::{InLog, VersionRow},
    },
    reference::LocalName,
    statement::{Access, DatasetGenesis, DatasetVersion, Payload, Statement, StatementRef},
};
use veritrail_storage::{
    disk::{Disk as _, DiskPath, LockMode, LockWait},
    keys::Seed,
};

use super::{Outcome, Published, Stored};
use crate::{
    error::{NodeError, OrKind as _, Result},
    node::Node,
};

/// Held while a name is looked up and given, so that two publications under one name make two
/// versions and not two datasets.
pub(super) const LOCK: &str = "publish.lock";

impl Node {
    /// Signs and appends what was stored; the same content of the same dataset is told, not
    /// published again.
    pub(super) fn record(
        &self,
        stored: Stored,
        name: Option<&LocalName>,
        signer: Option<&Did>,
    ) -> Result<Published> {
        self.record_made_by(stored, name, signer, None)
    }

    /// As [`Node::record`], for the output of a run where `run` names its receipt.
    pub(in crate::node) fn record_made_by(
        &self,
        stored: Stored,
        name: Option<&LocalName>,
        signer: Option<&Did>,
        run: Option<StatementRef>,
    ) -> Result<Published> {
        let path = DiskPath::new(LOCK).or_failed()?;
        let lock = self.home().disk().lock(&path, LockMode::Exclusive, LockWait::Block);
        let _lock = lock.or_failed()?;
        let mut existing = None;
        let mut dataset = None;
        let appended = self.append(|node| {
            existing = None;
            let known = node.own_dataset(name, signer)?;
            let (did, statements) = match known {
                Some(did) => match node
                    .check_never_private(&did)
                    .and_then(|()| node.next(&did, &stored, signer, run.clone()))?
                {
                    Next::Version(statement) => (did, vec![*statement]),
                    Next::Exists(row) => {
                        existing = Some((did, row));
                        return Ok(None);
                    }
                },
                None => node.first(&stored, signer, run.clone())?,
            };
            if let Some(name) = name {
                // Before the append: a name of nothing is no harm, a dataset without its name is.
                node.set_name(name, &did)?;
            }
            dataset = Some(did);
            Ok(Some(statements))
        })?;
        match (appended, dataset, existing) {
            (Some((appended, statements)), Some(did), _) => {
                let (index, statement) = (appended.indices.last(), statements.last());
                let (Some(index), Some(statement)) = (index, statement) else {
                    return Err(NodeError::failed("the log took no statement"));
                };
                let Payload::DatasetVersion(payload) = statement.payload() else {
                    return Err(NodeError::failed("the log took another statement"));
                };
                let at =
                    veritrail_provenance::ledger::rows::At { index: *index, id: *statement.id() };
                Ok(self.published(Outcome::Published, did, name, at, payload, &stored))
            }
            (None, _, Some((did, row))) => {
                Ok(self.published(Outcome::Existing, did, name, row.at, &row.payload, &stored))
            }
            _ => Err(NodeError::failed("nothing was decided")),
        }
    }

    /// The dataset that `name` stands for, if it stands for one: it must be of this log, and ours.
    pub(super) fn own_dataset(
        &self,
        name: Option<&LocalName>,
        signer: Option<&Did>,
    ) -> Result<Option<Did>> {
        let Some(name) = name else { return Ok(None) };
        let Some(did) = self.own_name(name.as_str())? else { return Ok(None) };
        let taken = |why: &str| {
            NodeError::conflict(format!("{name} stands for {did}, {why}"))
                .at("--name")
                .hint("publish under another --name")
        };
        let Some(dataset) = queries::dataset(self.view(), self.origin(), &did).or_failed()? else {
            let elsewhere: Vec<InLog<_>> = queries::datasets(self.view(), &did).or_failed()?;
            // Given, but never published: an interrupted publication gave it.
            return if elsewhere.is_empty() { Ok(None) } else { Err(taken("another's dataset")) };
        };
        let operator = self.operator()?;
        match dataset.controllers.contains(signer.unwrap_or(&operator)) {
            true => Ok(Some(did)),
            false => Err(taken("which another person of this home controls (--as)")),
        }
    }

    /// Refuses a public version of a dataset that has private ones: whoever forgets `--private` once
    /// would give away for good what nobody may see.
    pub(super) fn check_never_private(&self, did: &Did) -> Result<()> {
        let versions = queries::versions(self.view(), self.origin(), did).or_failed()?;
        match versions.iter().find(|version| version.payload.access == Access::Private) {
            None => Ok(()),
            Some(version) => Err(NodeError::conflict(format!(
                "version {} of {did} is private, and this one would be for everybody",
                version.payload.number
            ))
            .at("--name")
            .hint(
                "publish it with --private --commit …; or, what everybody may see, under another \
                 --name",
            )),
        }
    }

    fn first(
        &self,
        stored: &Stored,
        signer: Option<&Did>,
        run: Option<StatementRef>,
    ) -> Result<(Did, Vec<Statement>)> {
        // The dataset's key signs once, here, and is gone when this function ends.
        let key = Seed::generate().or_failed()?.signer();
        let did = Did::of_key(key.public_key());
        let person = self.signer(signer)?;
        let controllers = vec![Did::of_key(person.public_key())];
        let genesis = Payload::DatasetGenesis(DatasetGenesis { controllers });
        let genesis = self.sign(&key, did.to_string(), genesis)?;
        let version = Payload::DatasetVersion(stored.version(None, run));
        let version = self.sign(&person, did.to_string(), version)?;
        Ok((did, vec![genesis, version]))
    }

    fn next(
        &self,
        did: &Did,
        stored: &Stored,
        signer: Option<&Did>,
        run: Option<StatementRef>,
    ) -> Result<Next> {
        let mut versions = queries::versions(self.view(), self.origin(), did).or_failed()?;
        let content = stored.layout.content();
        if let Some(same) = versions.iter().position(|row| row.payload.content == *content) {
            return Ok(Next::Exists(Box::new(versions.swap_remove(same))));
        }
        let payload = Payload::DatasetVersion(stored.version(versions.last(), run));
        let person = self.signer(signer)?;
        Ok(Next::Version(Box::new(self.sign(&person, did.to_string(), payload)?)))
    }

    fn published(
        &self,
        outcome: Outcome,
        dataset: Did,
        name: Option<&LocalName>,
        at: veritrail_provenance::ledger::rows::At,
        payload: &DatasetVersion,
        stored: &Stored,
    ) -> Published {
        Published {
            outcome,
            dataset,
            number: payload.number,
            name: name.map(|name| name.as_str().to_owned()),
            title: payload.title.clone(),
            licence: payload.licence.clone(),
            root: payload.root,
            content: payload.content,
            manifest: payload.manifest,
            origin: self.origin().clone(),
            index: at.index,
            statement: at.id,
            files: payload.files,
            bytes: payload.bytes,
            chunks: stored.layout.chunks().len() as u64,
            tables: stored.tables.clone(),
            committed: None,
            ticket: None,
        }
    }
}

/// What comes after the versions that are there.
enum Next {
    Version(Box<Statement>),
    Exists(Box<VersionRow>),
}

impl Stored {
    /// What the version's statement says, after `last`.
    fn version(&self, last: Option<&VersionRow>, run: Option<StatementRef>) -> DatasetVersion {
        DatasetVersion {
            number: last.map_or(1, |last| last.payload.number + 1),
            previous: last.map(|last| last.at.id),
            root: *self.layout.root(),
            content: *self.layout.content(),
            manifest: self.manifest,
            files: self.layout.files().len() as u64,
            bytes: self.layout.bytes(),
            title: self.about.title.clone(),
            creators: self.about.creators.clone(),
            licence: self.about.licence.clone().unwrap_or_default(),
            keywords: self.about.keywords.clone(),
            access: Access::Public,
            run,
        }
    }
}

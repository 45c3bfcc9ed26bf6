//! The statements of a private publication. Dataset and number are settled before anything is
//! committed to, as the commitments name both; if others published meanwhile, nothing is logged.

use veritrail_provenance::{
    hash::StatementId,
    identity::{Did, Signer as _},
    ledger::{
        queries,
        rows::{At, VersionRow},
    },
    reference::LocalName,
    statement::{Access, DatasetGenesis, DatasetVersion, Payload, Statement},
};
use veritrail_storage::{
    disk::{Disk as _, DiskPath, LockMode, LockWait},
    keys::Seed,
    private::VersionIdentity,
};

use super::{Outcome, Published, private::Made, record::LOCK};
use crate::{
    error::{NodeError, OrKind as _, Result},
    node::Node,
};

/// Which version is to be made.
pub(super) struct Place {
    pub(super) did: Did,
    pub(super) number: u64,
    previous: Option<StatementId>,
    /// The key of a new dataset; it signs once and is gone.
    key: Option<Seed>,
}

impl Node {
    /// The version that comes next under `name`; the first of a new dataset without one.
    pub(super) fn private_place(
        &self,
        name: Option<&LocalName>,
        signer: Option<&Did>,
    ) -> Result<Place> {
        self.catch_up()?;
        match self.own_dataset(name, signer)? {
            Some(did) => {
                let versions = queries::versions(self.view(), self.origin(), &did).or_failed()?;
                let last = versions.last();
                let number = last.map_or(1, |last| last.payload.number + 1);
                Ok(Place { did, number, previous: last.map(|last| last.at.id), key: None })
            }
            None => {
                let key = Seed::generate().or_failed()?;
                let did = Did::of_key(key.signer().public_key());
                Ok(Place { did, number: 1, previous: None, key: Some(key) })
            }
        }
    }

    /// Keeps the identity, signs and appends. What fails leaves neither.
    pub(super) fn record_private(
        &self,
        made: &Made,
        place: &Place,
        identity: &VersionIdentity,
        name: Option<&LocalName>,
        signer: Option<&Did>,
    ) -> Result<Published> {
        let path = DiskPath::new(LOCK).or_failed()?;
        let lock = self.home().disk().lock(&path, LockMode::Exclusive, LockWait::Block);
        let _lock = lock.or_failed()?;
        if let Some(same) = self.same_private(place, made)? {
            return Ok(self.published_private(Outcome::Existing, made, place, name, &same));
        }
        self.keep_identity(identity)?;
        let appended = self.append(|node| {
            let statements = node.private_statements(made, place, name, signer)?;
            if let Some(name) = name {
                node.set_name(name, &place.did)?;
            }
            Ok(Some(statements))
        });
        let appended = match appended {
            Ok(appended) => appended,
            Err(e) => {
                // Unless the log took it after all: then nothing else opens it.
                if self.same_root(place, made)?.is_none() {
                    self.forget_identity(identity)?;
                }
                return Err(e);
            }
        };
        let row = self.same_root(place, made)?;
        let row = row.filter(|_| appended.is_some());
        let row = row.ok_or_else(|| NodeError::failed("the log took no statement"))?;
        self.settings().set_private(&row.at.id, &made.content).or_failed()?;
        Ok(self.published_private(Outcome::Published, made, place, name, &row))
    }

    fn private_statements(
        &self,
        made: &Made,
        place: &Place,
        name: Option<&LocalName>,
        signer: Option<&Did>,
    ) -> Result<Vec<Statement>> {
        let now = self.private_place(name, signer)?;
        let same = match &place.key {
            // Nobody gave the name to another dataset meanwhile.
            Some(_) => now.key.is_some(),
            None => {
                (&now.did, now.number, now.previous) == (&place.did, place.number, place.previous)
            }
        };
        if !same {
            return Err(NodeError::conflict("somebody published under this name meanwhile")
                .at("--name")
                .hint("run the same command again: the commitments name the version"));
        }
        let person = self.signer(signer)?;
        let mut statements = Vec::new();
        if let Some(key) = &place.key {
            let controllers = vec![Did::of_key(person.public_key())];
            let genesis = Payload::DatasetGenesis(DatasetGenesis { controllers });
            statements.push(self.sign(&key.signer(), place.did.to_string(), genesis)?);
        }
        let version = Payload::DatasetVersion(made.version(place));
        statements.push(self.sign(&person, place.did.to_string(), version)?);
        Ok(statements)
    }

    /// A version of the same plaintext under the same declarations, which only this home can know.
    fn same_private(&self, place: &Place, made: &Made) -> Result<Option<VersionRow>> {
        let versions = queries::versions(self.view(), self.origin(), &place.did).or_failed()?;
        for row in versions {
            let known = self.settings().private(&row.at.id).or_failed()?;
            if known.is_some_and(|known| known == made.content) {
                return Ok(Some(row));
            }
        }
        Ok(None)
    }

    fn same_root(&self, place: &Place, made: &Made) -> Result<Option<VersionRow>> {
        let versions = queries::versions(self.view(), self.origin(), &place.did).or_failed()?;
        Ok(versions.into_iter().find(|row| row.payload.root == *made.layout.root()))
    }

    fn published_private(
        &self,
        outcome: Outcome,
        made: &Made,
        place: &Place,
        name: Option<&LocalName>,
        row: &VersionRow,
    ) -> Published {
        let (payload, At { index, id }) = (&row.payload, row.at);
        Published {
            outcome,
            dataset: place.did.clone(),
            number: payload.number,
            name: name.map(|name| name.as_str().to_owned()),
            title: payload.title.clone(),
            licence: payload.licence.clone(),
            root: payload.root,
            content: payload.content,
            manifest: payload.manifest,
            origin: self.origin().clone(),
            index,
            statement: id,
            files: payload.files,
            bytes: payload.bytes,
            chunks: made.layout.chunks().len() as u64,
            tables: Vec::new(),
            committed: Some(made.committed.clone()),
            ticket: None,
        }
    }
}

impl Made {
    fn version(&self, place: &Place) -> DatasetVersion {
        DatasetVersion {
            number: place.number,
            previous: place.previous,
            root: *self.layout.root(),
            content: *self.layout.content(),
            manifest: self.manifest,
            files: self.layout.files().len() as u64,
            bytes: self.layout.bytes(),
            title: self.about.title.clone(),
            creators: self.about.creators.clone(),
            licence: self.about.licence.clone().unwrap_or_default(),
            keywords: self.about.keywords.clone(),
            access: Access::Private,
            run: None,
        }
    }
}

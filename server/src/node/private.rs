//! Private versions: what everybody may have of one, and what their holder alone can open.
//!
//! Others get the manifest and the commitments with their ingest proofs; the ciphertext and its
//! lists stay with the holder, whom no peer is served them by.

mod audit;
mod commitments;
mod opened;
pub(super) mod rows;
mod secrets;
mod seed_text;

use std::fmt::Display;

use veritrail_datasets::manifest::Manifest;
use veritrail_provenance::{
    hash::DatasetRoot,
    ledger::{queries, rows::RootRow},
    lineage::{Lineage, Node as Fact},
    statement::Access,
};

pub use self::{
    audit::{AuditRequest, Audited},
    commitments::{Committed, HeldCommitments},
    opened::OpenedVersion,
    seed_text::{SeedTextError, read_seed_text, seed_text},
};
pub(super) use self::{
    commitments::{check, parse, same_access, well_formed},
    secrets::Make,
};
use super::Node;
use crate::error::{Kind, NodeError, OrKind as _, Result};

/// What may be done instead, for as long as there are no grants.
const INSTEAD: &str = "statistics of it can be proven by its holder (veritrail prove) and checked \
                       by anybody (veritrail check)";

/// Exit 4: bytes that nobody is granted yet.
pub(super) fn refused(what: &str, place: impl Display) -> NodeError {
    NodeError::new(Kind::NotAuthorised, format!("this dataset is private: {what}"))
        .at(place)
        .hint(INSTEAD)
}

/// Refuses a manifest of private bytes.
pub(super) fn refuse(manifest: &Manifest, what: &str, place: impl Display) -> Result<()> {
    match manifest.private() {
        Some(_) => Err(refused(what, place)),
        None => Ok(()),
    }
}

impl Node {
    /// Refuses a root that a private version is known by.
    pub(super) fn refuse_root(&self, root: &DatasetRoot, what: &str) -> Result<()> {
        for found in queries::find_root(self.view(), root).or_failed()? {
            let RootRow::Version { dataset, number } = found.row else { continue };
            let version =
                queries::version(self.view(), &found.origin, &dataset, number).or_failed()?;
            if version.is_some_and(|version| version.payload.access == Access::Private) {
                return Err(refused(what, format!("{dataset}@{number}")));
            }
        }
        Ok(())
    }

    /// Refuses a lineage with a private version in it.
    pub(super) fn refuse_lineage(&self, lineage: &Lineage, what: &str) -> Result<()> {
        for fact in &lineage.nodes {
            if let Fact::Version { root, .. } = fact {
                self.refuse_root(root, what)?;
            }
        }
        Ok(())
    }
}

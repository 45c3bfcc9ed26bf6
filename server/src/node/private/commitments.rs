//! What everybody may have of a private version: the commitments to its columns with the proofs
//! that they are well formed, and where the log says so.

use serde::Serialize;
use veritrail_datasets::manifest::{CommitmentsRef, Private};
use veritrail_proof::{
    body::{
        Body,
        manifest::{Manifest as ProofManifest, manifest_hash},
    },
    ingest::{self, Checked},
};
use veritrail_provenance::{
    hash::{ChunkId, LogHash},
    identity::Did,
    log::tree::leaf_hash,
    statement::{Access, Origin},
};

use crate::{
    claims::LogPlace,
    error::{NodeError, Result},
    node::{Node, resolve::FoundVersion, shelf::Shelf},
};

/// The commitments of a private version, as they are held here, and their place in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldCommitments {
    /// The dataset.
    pub dataset: Did,
    /// The version's number.
    pub number: u64,
    /// The log that holds the version's statement.
    pub origin: Origin,
    /// The statement's entry.
    pub index: u64,
    /// The entry's RFC 6962 leaf hash.
    pub leaf: LogHash,
    /// The proof manifest (docs/formats/proof.md): body, commitments, ingest proofs. Its hash is
    /// in the manifest's head, which the statement names.
    pub manifest: Vec<u8>,
}

/// What is committed, in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Committed {
    /// How many rows.
    pub rows: u64,
    /// The columns as they were declared.
    pub columns: Vec<String>,
    /// The least number of rows that a released count may have.
    pub minimum_cell: u32,
    /// Bytes of commitments and ingest proofs.
    pub bytes: u64,
}

impl Committed {
    pub(in crate::node) fn of(body: &Body, bytes: u64) -> Self {
        Self {
            rows: body.rows,
            columns: body.schema.columns().iter().map(ToString::to_string).collect(),
            minimum_cell: body.policy.minimum_cell(),
            bytes,
        }
    }
}

impl HeldCommitments {
    /// Where the version's statement stands: what its proofs are bound to.
    pub fn place(&self) -> LogPlace {
        LogPlace { origin: self.origin.clone(), index: self.index, leaf: self.leaf }
    }

    /// What was committed. Its commitments and proofs are not checked by this.
    pub fn body(&self) -> Result<Body> {
        parse(&self.manifest, &self.dataset, self.number)
    }

    /// Checks that every column is what the schema says: some 20 µs a 2,048 rows and bit.
    pub fn check(&self) -> Result<Checked> {
        check(&self.manifest, &self.dataset, self.number)
    }
}

impl Node {
    /// The commitments of a private version. Reads them from this home, checks that they are those
    /// that the log names, and no proof: [`HeldCommitments::check`] does.
    ///
    /// # Errors
    /// The version is public; its commitments are not held here; they are those of another.
    pub async fn commitments(&self, found: &FoundVersion) -> Result<HeldCommitments> {
        let place = found.portable();
        let private = self.private_of(found).await?.ok_or_else(|| {
            NodeError::usage("this version is public, and nothing of it is committed").at(&place)
        })?;
        let manifest = Shelf(self.blobs()).commitments(&private.commitments).await?;
        let manifest = manifest.ok_or_else(|| not_held(&place))?;
        parse(&manifest, &found.did, found.row.payload.number)?;
        let index = found.row.at.index;
        let leaf = leaf_hash(&self.entry_bytes(&found.origin, index)?);
        Ok(HeldCommitments {
            dataset: found.did.clone(),
            number: found.row.payload.number,
            origin: found.origin.clone(),
            index,
            leaf,
            manifest,
        })
    }

    /// What the manifest says of a private version; None of a public one. Statement and manifest
    /// must say the same.
    pub(in crate::node) async fn private_of(
        &self,
        found: &FoundVersion,
    ) -> Result<Option<Private>> {
        let payload = &found.row.payload;
        let place = found.portable();
        let manifest = self.manifest(&payload.manifest).await?.ok_or_else(|| not_held(&place))?;
        if manifest.layout().root != payload.root {
            return Err(NodeError::refused("its manifest is of another root").at(&place));
        }
        same_access(&payload.access, manifest.private().is_some()).map_err(|e| e.at(&place))?;
        Ok(manifest.private().cloned())
    }
}

impl Shelf {
    /// The parts of commitments put together, checked against their hash; None where one is not
    /// held.
    pub(in crate::node) async fn commitments(
        &self,
        named: &CommitmentsRef,
    ) -> Result<Option<Vec<u8>>> {
        let mut bytes = Vec::new();
        for (id, length) in named.lengths() {
            let Some(part) = self.held(&id).await? else { return Ok(None) };
            if part.len() as u64 != length {
                return Err(wrong_hash(&named.hash));
            }
            bytes.extend_from_slice(&part);
        }
        if manifest_hash(&bytes) != named.hash {
            return Err(wrong_hash(&named.hash));
        }
        Ok(Some(bytes))
    }
}

/// A statement that says private of plain bytes, or the other way round, is refused.
pub(in crate::node) fn same_access(access: &Access, encrypted: bool) -> Result<()> {
    match (access, encrypted) {
        (Access::Public, true) => {
            Err(NodeError::refused("its statement says public, and its bytes are encrypted"))
        }
        (Access::Private, false) => {
            Err(NodeError::refused("its statement says private, and its bytes are not encrypted"))
        }
        _ => Ok(()),
    }
}

/// What was checked of a private version, whose bytes nobody has.
pub(in crate::node) fn well_formed(rows: u64) -> String {
    format!(
        "private: the root is over encrypted bytes, which only their holder has; the commitments to \
         {rows} rows are well formed, every ingest proof was checked"
    )
}

/// The body of commitments, which must be those of this version.
pub(in crate::node) fn parse(bytes: &[u8], dataset: &Did, number: u64) -> Result<Body> {
    let manifest = ProofManifest::parse(bytes)
        .map_err(|e| NodeError::refused(format!("its commitments are refused: {e}")))?;
    of_version(&manifest.body, dataset, number)?;
    Ok(manifest.body)
}

/// The same, with every ingest proof.
pub(in crate::node) fn check(bytes: &[u8], dataset: &Did, number: u64) -> Result<Checked> {
    let checked = ingest::check(bytes)
        .map_err(|e| NodeError::refused(format!("its ingest proofs are refused: {e}")))?;
    of_version(checked.body(), dataset, number)?;
    Ok(checked)
}

fn of_version(body: &Body, dataset: &Did, number: u64) -> Result<()> {
    if body.dataset == *dataset && body.version == number {
        return Ok(());
    }
    let (of, version) = (&body.dataset, body.version);
    Err(NodeError::refused(format!("its commitments are those of {of}@{version}")))
}

fn wrong_hash(hash: &ChunkId) -> NodeError {
    NodeError::refused("its commitments are not those that its manifest names")
        .at(format!("commitments {hash}"))
}

fn not_held(place: &str) -> NodeError {
    NodeError::not_found("its commitments are not held here")
        .at(place)
        .hint("fetch them from whoever serves them: veritrail get TICKET")
}

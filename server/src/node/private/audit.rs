//! The auditor's mode: with a version's seed and its bytes, every commitment is computed again.

use std::path::PathBuf;

use serde::Serialize;
use veritrail_datasets::describe::Description;
use veritrail_proof::{
    argument::Commitments,
    body::manifest::Manifest as ProofManifest,
    columns::{Role, build::EncodedColumn},
    commit::{
        blinds::{ChunkPlace, VersionSeed},
        commit_column,
    },
    curve::ENCODED_LEN,
    generators::CHUNK_ROWS,
};
use zeroize::Zeroizing;

use super::{
    commitments::HeldCommitments,
    secrets::Make,
    seed_text::{read_seed_text, seed_text},
};
use crate::{
    error::{NodeError, OrKind as _, Result},
    node::{
        Node,
        new_file::write_private,
        publish::{describe, files_of},
        resolve::{FoundVersion, Resolved},
        text_file::read_text,
    },
    progress::Progress,
};

/// Differences that are told; the rest is counted.
const TOLD_MAX: usize = 100;

/// What to audit, and by what.
#[derive(Debug, Clone, Default)]
pub struct AuditRequest {
    /// The version.
    pub reference: String,
    /// A file with the version's seed; without one, the home's own.
    pub seed: Option<PathBuf>,
    /// The files that were published; without any, the home's own bytes.
    pub data: Vec<PathBuf>,
    /// How these files are to be read.
    pub describe: Option<PathBuf>,
}

/// What came out.
#[derive(Debug, Clone, Serialize)]
pub struct Audited {
    /// The version, `DID@N`.
    pub subject: String,
    /// Where its statement stands, `ORIGIN#N`.
    pub log: String,
    /// Rows that were read.
    pub rows: u64,
    /// Commitments that were computed again.
    pub commitments: u64,
    /// What differs; empty if nothing does.
    pub differences: Vec<String>,
}

impl Audited {
    /// 0 if every commitment is the published one, else 3.
    pub fn exit_code(&self) -> u8 {
        if self.differences.is_empty() { 0 } else { 3 }
    }
}

impl Node {
    /// Computes every commitment of a private version again, from its rows and its seed.
    ///
    /// # Errors
    /// Its commitments are not held here; its seed or its bytes are neither given nor here.
    pub async fn audit_commitments(
        &self,
        request: &AuditRequest,
        progress: &dyn Progress,
    ) -> Result<Audited> {
        let found = self.private_version(&request.reference)?;
        let held = self.commitments(&found).await?;
        let body = held.body()?;
        let number = found.row.payload.number;
        let seed = match &request.seed {
            Some(path) => read_seed(path, &found)?,
            None => self.version_seed(&found.did, number, Make::Never)?,
        };
        let columns = if request.data.is_empty() {
            self.open_version(&found, progress).await?.columns
        } else {
            let description = match &request.describe {
                Some(path) => describe(path)?,
                None => Description::default(),
            };
            tokio::task::block_in_place(|| {
                files_of(&request.data, &description, &body.schema, progress)
            })?
        };
        let compared = tokio::task::block_in_place(|| compare(&held, &columns, &seed, progress))?;
        let (commitments, differences) = compared;
        let rows = columns.first().map_or(0, |column| column.rows() as u64);
        let log = format!("{}#{}", found.origin, found.row.at.index);
        Ok(Audited { subject: found.portable(), log, rows, commitments, differences })
    }

    /// Writes a version's seed to a new file, for an auditor: it opens that version for ever.
    pub fn export_seed(&self, reference: &str, out: &std::path::Path) -> Result<()> {
        let found = self.private_version(reference)?;
        let seed = self.version_seed(&found.did, found.row.payload.number, Make::Never)?;
        let text = seed_text(&found.portable(), &seed);
        write_private(out, text.as_bytes()).map_err(|e| {
            NodeError::failed(e.to_string())
                .at(out.display())
                .hint("name a file that does not exist yet")
        })
    }

    fn private_version(&self, reference: &str) -> Result<FoundVersion> {
        match self.resolve(reference)? {
            Resolved::Version(found) => Ok(*found),
            other => Err(NodeError::usage("this is no version of a dataset")
                .at(other.portable())
                .hint("name it by its DID, DID@N or local name")),
        }
    }
}

fn read_seed(path: &std::path::Path, found: &FoundVersion) -> Result<VersionSeed> {
    let wrong = |words: &str| {
        NodeError::usage(words.to_owned())
            .at(path.display())
            .hint("ask the holder for it: veritrail audit-commitments REF --export-seed FILE")
    };
    let text = read_text(path, 4096).map_err(|e| wrong(&e.to_string()))?.ok_or_else(|| {
        NodeError::not_found("no such file").at(path.display()).hint("name the seed's file")
    })?;
    let text = Zeroizing::new(text);
    read_seed_text(&found.portable(), &text).map_err(|error| wrong(&error.to_string()))
}

/// The number of commitments that were computed, and what differs from the published ones.
fn compare(
    held: &HeldCommitments,
    columns: &[EncodedColumn],
    seed: &VersionSeed,
    progress: &dyn Progress,
) -> Result<(u64, Vec<String>)> {
    let manifest = ProofManifest::parse(&held.manifest).or_refused()?;
    let body = &manifest.body;
    let rows = columns.first().map_or(0, EncodedColumn::rows) as u64;
    if rows != body.rows {
        let words = format!("{rows} rows were read, {} were committed to", body.rows);
        return Ok((0, vec![words]));
    }
    let mut published: Vec<(u16, Role, &[u8])> = manifest.published().to_vec();
    let column_len = body.chunks() * ENCODED_LEN;
    for (at, (column, part)) in body.schema.columns().iter().zip(manifest.ingest()).enumerate() {
        let bits = part.bits.chunks_exact(column_len);
        let roles = column.ingest_roles().into_iter().zip(bits);
        published.extend(roles.map(|(role, bytes)| (at as u16, role, bytes)));
    }
    progress.begin("computing commitments again", Some(published.len() as u64));
    let (mut count, mut differences) = (0, Vec::new());
    for (column, role, bytes) in published {
        progress.stop().check()?;
        let Some(encoded) = columns.get(usize::from(column)) else { continue };
        let cells = encoded.cells(role);
        let place = ChunkPlace { dataset: &held.dataset, version: held.number, column, role };
        let blinds = seed.blinds(place, &cells, body.chunks());
        let again = Commitments::new(commit_column(&cells, &blinds)).or_failed()?;
        let pairs = again.bytes().chunks(ENCODED_LEN).zip(bytes.chunks(ENCODED_LEN)).enumerate();
        for (chunk, _) in pairs.filter(|(_, (again, published))| again != published) {
            let name = &encoded.column().name;
            let (from, to) = (chunk * CHUNK_ROWS + 1, (chunk + 1) * CHUNK_ROWS);
            let to = to.min(usize::try_from(body.rows).unwrap_or(to));
            differences.push(format!("column {name:?}, {role:?}: rows {from} to {to} differ"));
        }
        count += body.chunks() as u64;
        progress.advance(1);
    }
    progress.end();
    let untold = differences.len().saturating_sub(TOLD_MAX);
    differences.truncate(TOLD_MAX);
    if untold > 0 {
        differences.push(format!("and {untold} more"));
    }
    Ok((count, differences))
}

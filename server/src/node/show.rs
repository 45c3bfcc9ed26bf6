//! What a reference names, told in full: a version of a dataset, a run, an output, an entry.

pub(super) mod dataset;
mod entry;
mod run;

use serde::Serialize;
use veritrail_provenance::{
    hash::{ChunkId, ContentHash, DatasetRoot, LogHash, StatementId, TableHash, TextHash},
    identity::Did,
    statement::Origin,
};

use super::{Node, private::Committed, resolve::Resolved, run::details::Scanned};
use crate::error::Result;

/// What `show` found.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum Shown {
    /// A dataset, seen at one of its versions.
    Dataset(Box<ShownDataset>),
    /// A run, with the verdicts about it.
    Run(Box<ShownRun>),
    /// What a run made.
    Output(Box<ShownOutput>),
    /// One entry of a log.
    Entry(Box<ShownEntry>),
}

/// A dataset, seen at one of its versions.
#[derive(Debug, Clone, Serialize)]
pub struct ShownDataset {
    /// The dataset's DID.
    pub dataset: Did,
    /// What it is called in this home.
    pub name: Option<String>,
    /// The log that its statements live in.
    pub origin: Origin,
    /// Who may publish its versions.
    pub controllers: Vec<Did>,
    /// The version that was asked for.
    pub version: ShownVersion,
    /// All its versions, the oldest first.
    pub versions: Vec<VersionLine>,
    /// Conflicts, forks and statements newer than this program.
    pub warnings: Vec<String>,
}

/// One version in full.
#[derive(Debug, Clone, Serialize)]
pub struct ShownVersion {
    /// Counted from 1.
    pub number: u64,
    /// The root over its files and chunks.
    pub root: DatasetRoot,
    /// The digest of its file list.
    pub content: ContentHash,
    /// Its manifest's head.
    pub manifest: ChunkId,
    /// The statement that made it.
    pub statement: StatementId,
    /// That statement's place in the log.
    pub index: u64,
    /// Who signed it.
    pub signer: Did,
    /// The time that it states, in seconds since 1970.
    pub time: u64,
    /// What it is called.
    pub title: String,
    /// Who made the data.
    pub creators: Vec<String>,
    /// An SPDX expression or `LicenseRef-…`.
    pub licence: String,
    /// Words to find it by.
    pub keywords: Vec<String>,
    /// Who may read it: `public`, or `private` with what that means.
    pub access: String,
    /// How many files.
    pub files: u64,
    /// How many bytes.
    pub bytes: u64,
    /// How many of the bytes this home holds.
    pub held_bytes: u64,
    /// The run that made it, where one did.
    pub run: Option<String>,
    /// Of a private version: what is committed, where the commitments are held here. Their proofs
    /// are not checked by this; `verify` does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub committed: Option<Committed>,
    /// Of a private version: whether this home keeps what opens its bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub can_open: Option<bool>,
    /// The proofs that were released of it, as far as its log is known here.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub releases: Vec<ShownRelease>,
    /// The files that are tables; empty where the manifest is not held here.
    pub tables: Vec<ShownTable>,
    /// The first files, at most [`FILES_SHOWN_MAX`].
    pub file_list: Vec<ShownFile>,
}

/// How many files `show` lists.
pub const FILES_SHOWN_MAX: usize = 1_000;

/// A released proof of a version.
#[derive(Debug, Clone, Serialize)]
pub struct ShownRelease {
    /// Counted from 1.
    pub number: u64,
    /// The statement that releases it.
    pub statement: StatementId,
    /// That statement's place in the log.
    pub index: u64,
    /// Who signed it.
    pub signer: Did,
    /// The time that it states, in seconds since 1970.
    pub time: u64,
    /// The proof file's BLAKE3.
    pub proof: ChunkId,
    /// Its length.
    pub bytes: u64,
    /// ε of the noise that it commits to, where it holds no results yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commits_to_epsilon: Option<String>,
    /// The release whose noise its results bear.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answers: Option<StatementId>,
}

/// One file of a version.
#[derive(Debug, Clone, Serialize)]
pub struct ShownFile {
    /// Its path in the dataset.
    pub path: String,
    /// Its length in bytes.
    pub bytes: u64,
    /// Its SHA-256, as `sha256sum` prints it.
    pub sha256: String,
}

/// One version in a list.
#[derive(Debug, Clone, Serialize)]
pub struct VersionLine {
    /// Counted from 1.
    pub number: u64,
    /// Its root.
    pub root: DatasetRoot,
    /// Its title.
    pub title: String,
    /// Its entry in the log.
    pub index: u64,
    /// The time that it states.
    pub time: u64,
}

/// One table and its columns: one file or several of one schema.
#[derive(Debug, Clone, Serialize)]
pub struct ShownTable {
    /// Its first file; empty where the list of files is not held here.
    pub path: String,
    /// How many files it has.
    pub files: u64,
    /// Its rows, as they were counted when it was published.
    pub rows: u64,
    /// `csv` or `parquet`.
    pub format: String,
    /// Its columns in order.
    pub columns: Vec<ShownColumn>,
}

/// One column.
#[derive(Debug, Clone, Serialize)]
pub struct ShownColumn {
    /// Its name.
    pub name: String,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its unit, where one is declared.
    pub unit: Option<String>,
    /// What it means, where that is declared.
    pub description: Option<String>,
}

/// A run and what others say about it.
#[derive(Debug, Clone, Serialize)]
pub struct ShownRun {
    /// The run's id: the statement id of its receipt.
    pub run: StatementId,
    /// The log that holds the receipt.
    pub origin: Origin,
    /// The receipt's entry.
    pub index: u64,
    /// Who signed it.
    pub signer: Did,
    /// The nodes that executed it.
    pub executors: Vec<Did>,
    /// The time that the receipt states.
    pub time: u64,
    /// Its inputs, `name = root` with the version where it was logged.
    pub inputs: Vec<String>,
    /// SHA-256 of the resolved spec.
    pub spec: TextHash,
    /// SHA-256 of the SQL text.
    pub sql: TextHash,
    /// The SQL text, where the spec is held here and has one query.
    pub sql_text: Option<String>,
    /// The steps of a spec of several, where it is held here; in the order of execution.
    pub steps: Vec<ShownStep>,
    /// The outputs of such a spec, `name = step` each.
    pub outputs: Vec<String>,
    /// What each scan of a table read and dropped, and why, where the details are held here.
    pub scans: Vec<Scanned>,
    /// The digest of the result's typed values.
    pub table_hash: TableHash,
    /// The root of the output.
    pub output_root: DatasetRoot,
    /// Rows of the output.
    pub rows: u64,
    /// Engine versions, device, counts of rows: what the run's details say, where held here.
    pub details: Option<serde_json::Value>,
    /// Who reproduced it, with what outcome.
    pub verdicts: Vec<ShownVerdict>,
    /// How many different others than the run's signer say that it reproduces.
    pub independent: u64,
}

/// One step of a run.
#[derive(Debug, Clone, Serialize)]
pub struct ShownStep {
    /// Its name.
    pub name: String,
    /// Its query, if it is one.
    pub sql: Option<String>,
    /// The kernel and its arguments, if it is one.
    pub kernel: Option<String>,
}

/// One verdict about a run.
#[derive(Debug, Clone, Serialize)]
pub struct ShownVerdict {
    /// identical, within tolerance, different, could not check.
    pub outcome: String,
    /// Who says so.
    pub signer: Did,
    /// On which node.
    pub node: Did,
    /// With which binary (SHA-256).
    pub binary: String,
    /// Whether inputs were fetched anew.
    pub fresh: bool,
    /// True unless it is by the run's own signer.
    pub independent: bool,
    /// The log that holds it.
    pub origin: Origin,
    /// Its entry.
    pub index: u64,
    /// The first difference, or what was missing.
    pub details: Vec<String>,
}

/// The output of a run.
#[derive(Debug, Clone, Serialize)]
pub struct ShownOutput {
    /// The run.
    pub run: StatementId,
    /// The output's root.
    pub root: DatasetRoot,
    /// The digest of its typed values.
    pub table_hash: TableHash,
    /// Its rows.
    pub rows: u64,
    /// Its manifest's head.
    pub manifest: ChunkId,
    /// Its tables; empty where the manifest is not held here.
    pub tables: Vec<ShownTable>,
}

/// One entry of a log.
#[derive(Debug, Clone, Serialize)]
pub struct ShownEntry {
    /// The log.
    pub origin: Origin,
    /// Counted from 0.
    pub index: u64,
    /// The statement's kind, or `opaque`.
    pub kind: String,
    /// The entry's leaf hash: SHA-256 of a zero byte and the entry.
    pub leaf: LogHash,
    /// The entry's length.
    pub bytes: u64,
    /// What it says, if it is a statement.
    pub statement: Option<ShownStatement>,
    /// How the ledger took it.
    pub standing: String,
}

/// What a statement says.
#[derive(Debug, Clone, Serialize)]
pub struct ShownStatement {
    /// Its id: SHA-256 of what was signed.
    pub id: StatementId,
    /// Who signed it.
    pub signer: Did,
    /// What it is about.
    pub about: String,
    /// The time that it states.
    pub time: u64,
    /// Its payload as it stands.
    pub payload: serde_json::Value,
}

impl Node {
    /// Tells what `reference` names. Reads the manifest where it is held here, and no data.
    pub async fn show(&self, reference: &str) -> Result<Shown> {
        Ok(match self.resolve(reference)? {
            Resolved::Version(version) => {
                Shown::Dataset(Box::new(self.shown_dataset(&version).await?))
            }
            Resolved::Run(run) => Shown::Run(Box::new(self.shown_run(&run).await?)),
            Resolved::Output(run) => Shown::Output(Box::new(self.shown_output(&run).await?)),
            Resolved::Entry { origin, index } => {
                Shown::Entry(Box::new(self.shown_entry(&origin, index)?))
            }
        })
    }
}

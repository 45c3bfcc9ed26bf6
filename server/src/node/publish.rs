//! Publishing: files become a version of a dataset, signed, logged and public.
//!
//! The order is what makes it safe to interrupt: everything is inspected before a byte is stored,
//! every byte is durable before a statement names it, and genesis and version are one batch of the
//! log. What an interruption leaves are blobs that no statement names, which are never served.

mod declare;
mod inspect;
mod private;
mod private_pass;
mod private_record;
mod record;
mod run;
mod store;
mod suggest;

use std::path::PathBuf;

use serde::Serialize;
use veritrail_datasets::describe::{self, Description, TemplateFile};
use veritrail_proof::{columns::build::EncodedColumn, schema::Schema};
use veritrail_provenance::{
    hash::{ChunkId, ContentHash, DatasetRoot, StatementId},
    identity::Did,
    reference::LocalName,
    statement::Origin,
};

use self::{declare::Declared, inspect::Inspected};
use super::{Node, private::Committed, show::ShownTable, writing::Writing};
use crate::{
    error::{NodeError, Result},
    progress::Progress,
};

pub(super) use self::store::unwritten;
pub use self::{
    private::PrivateRequest,
    store::Stored,
    suggest::{Suggestion, suggest},
};

/// What is to be published, as the command line has it.
#[derive(Debug, Clone, Default)]
pub struct PublishRequest {
    /// Files and folders.
    pub paths: Vec<PathBuf>,
    /// A local name; a name that is ours makes the next version.
    pub name: Option<String>,
    /// The title; else the description's, else the last version's, else the file's name.
    pub title: Option<String>,
    /// An SPDX expression; else the description's.
    pub licence: Option<String>,
    /// A file that holds the text of a `LicenseRef-…`.
    pub licence_text: Option<PathBuf>,
    /// A description (docs/formats/describe.md).
    pub describe: Option<PathBuf>,
    /// Who signs; else the operator.
    pub signer: Option<String>,
    /// Privately: encrypted, with commitments to declared columns.
    pub private: Option<PrivateRequest>,
}

/// Whether anything was published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// A new version.
    Published,
    /// The same content is a version already, which is what is told.
    Existing,
}

/// A published version.
#[derive(Debug, Clone, Serialize)]
pub struct Published {
    /// Whether it is new.
    pub outcome: Outcome,
    /// The dataset.
    pub dataset: Did,
    /// The version's number.
    pub number: u64,
    /// What it is called in this home.
    pub name: Option<String>,
    /// What it is called.
    pub title: String,
    /// Its licence.
    pub licence: String,
    /// The root over its files and chunks.
    pub root: DatasetRoot,
    /// The digest of its list of files.
    pub content: ContentHash,
    /// Its manifest's head.
    pub manifest: ChunkId,
    /// The log that holds it.
    pub origin: Origin,
    /// Its entry.
    pub index: u64,
    /// Its statement.
    pub statement: StatementId,
    /// How many files.
    pub files: u64,
    /// How many bytes.
    pub bytes: u64,
    /// How many chunks.
    pub chunks: u64,
    /// The files that are tables.
    pub tables: Vec<ShownTable>,
    /// What is committed, of a private version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub committed: Option<Committed>,
    /// What others can fetch it with, where one was asked for.
    pub ticket: Option<String>,
}

impl Node {
    /// Publishes files. Memory is bounded by a few chunks, whatever their size; costs one pass
    /// over all bytes, and one more over each CSV.
    pub async fn publish(
        &self,
        request: PublishRequest,
        progress: &dyn Progress,
    ) -> Result<Published> {
        let name = request.name.as_deref().map(local_name).transpose()?;
        let signer = request.signer.as_deref().map(did).transpose()?;
        // Asked for early: a key that is not here is told before any byte is read.
        self.signer(signer.as_ref())?;
        let declared = Declared::of(&request)?;
        if let Some(wanted) = &request.private {
            if let Some(run) = request.run() {
                return Err(NodeError::usage("the output of a run is public, as its inputs are")
                    .at(run)
                    .hint("leave --private out, or publish files"));
            }
            let (name, signer) = (name.as_ref(), signer.as_ref());
            return self.publish_private(&request, wanted, declared, name, signer, progress).await;
        }
        declared.check_public()?;
        // Told before any byte is read; asked again when the version is decided.
        if let Some(known) = self.own_dataset(name.as_ref(), signer.as_ref())? {
            self.check_never_private(&known)?;
        }
        if let Some(run) = request.run() {
            let published =
                self.publish_run(&run, declared, name.as_ref(), signer.as_ref(), progress).await?;
            say_public(&published, progress);
            return self.with_ticket(published);
        }
        // Both long passes block; they hold this thread of the runtime and no other.
        let found = tokio::task::block_in_place(|| {
            inspect::inspect(&request.paths, &declared.description, progress)
        })?;
        for note in inspect::notes(&found) {
            progress.say(&note);
        }
        let about = declared.about(&found);
        let writing = self.writing(&progress.stop()).await?;
        let recorded = tokio::task::block_in_place(|| {
            let stored = self.store(found, about, writing.batch(), progress)?;
            self.record(stored, name.as_ref(), signer.as_ref())
        });
        let published = written(writing, recorded).await?;
        say_public(&published, progress);
        self.with_ticket(published)
    }

    fn with_ticket(&self, mut published: Published) -> Result<Published> {
        let reference = format!("{}@r:{}", published.dataset, published.root);
        published.ticket = Some(self.ticket(&reference)?.ticket);
        Ok(published)
    }
}

/// Ends writing: of a version that existed, what was written anew is named by nothing.
async fn written(writing: Writing<'_>, recorded: Result<Published>) -> Result<Published> {
    match recorded {
        Ok(published) if published.outcome == Outcome::Existing => {
            writing.settle().await?;
            Ok(published)
        }
        recorded => writing.end(recorded).await,
    }
}

/// Once, of what is public from now on; a refusal publishes nothing.
fn say_public(published: &Published, progress: &dyn Progress) {
    if published.outcome == Outcome::Published {
        progress
            .say("what is published is public: whoever asks this node gets these bytes, for good");
    }
}

/// A description from a file.
pub(super) fn describe(path: &std::path::Path) -> Result<Description> {
    declare::parse(path)
}

/// The committed columns of files that somebody has in plain. Blocks.
pub(super) fn files_of(
    paths: &[PathBuf],
    description: &Description,
    schema: &Schema,
    progress: &dyn Progress,
) -> Result<Vec<EncodedColumn>> {
    let found = inspect::inspect(paths, description, progress)?;
    private_pass::plain(&found, schema, progress)
}

/// The description that says what was inferred from `paths`, to be edited. Needs no home.
pub async fn template(paths: &[PathBuf], progress: &dyn Progress) -> Result<String> {
    let nothing = Description::default();
    let found = tokio::task::block_in_place(|| inspect::inspect(paths, &nothing, progress))?;
    let files: Vec<TemplateFile<'_>> = found.iter().map(Inspected::for_template).collect();
    Ok(describe::template(&files))
}

pub(super) fn local_name(name: &str) -> Result<LocalName> {
    name.parse().map_err(|e| {
        NodeError::usage(format!("{e}"))
            .at("--name")
            .hint("such as --name rain: a letter first, then a-z, 0-9, dot, dash, underscore")
    })
}

pub(super) fn did(text: &str) -> Result<Did> {
    text.parse().map_err(|e| {
        NodeError::usage(format!("this is no DID: {e}"))
            .at("--as")
            .hint("the persons of this home: veritrail id show")
    })
}

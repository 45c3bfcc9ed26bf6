//! Publishing privately: files are packed, padded, encrypted and cut, their declared columns are
//! committed to in the same pass, and what is logged says nothing of their rows.
//!
//! The order is that of every publication, and before the statements stand the secret that opens
//! the bytes does: a version is never logged that its holder could not open.

use std::str::FromStr as _;

use bytes::Bytes;
use sha2::{Digest as _, Sha256};
use veritrail_datasets::{
    describe::Description,
    manifest::{
        About, COMMITMENTS_BYTES_MAX, CommitmentsRef, Manifest, PART_BYTES, Private, PrivateColumn,
    },
    private::{Committing, PackHeader},
};
use veritrail_proof::{
    columns::build::EncodedColumn,
    ingest,
    policy::{CELL_FLOOR, Policy},
    schema::Schema,
    transcript::Entropy,
};
use veritrail_provenance::{hash::ChunkId, identity::Did, layout::Layout, reference::LocalName};
use veritrail_storage::{
    blob::Batch, chunk::Passed, keys::Seed, private::VersionIdentity, settings::PrivateContent,
};

use super::{
    Outcome, PublishRequest, Published,
    declare::Declared,
    inspect::{self, Inspected},
    private_pass::{self, Read},
    private_record::Place,
    store::unwritten,
    written,
};
use crate::{
    error::{Kind, NodeError, OrKind as _, Result},
    node::{
        Node,
        private::{Committed, Make, rows::Rows},
    },
    progress::Progress,
};

/// What a private publication asks for beyond a public one.
#[derive(Debug, Clone, Default)]
pub struct PrivateRequest {
    /// The columns to commit to, in the grammar of docs/formats/private.md; else the description's.
    pub commit: Option<String>,
    /// The least number of rows that a released count may have; else the description's, else 10.
    pub minimum_cell: Option<u32>,
}

/// What was declared, checked before a byte is read.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    pub(super) schema: Schema,
    pub(super) policy: Policy,
    columns: Vec<PrivateColumn>,
    about: About,
}

impl Plan {
    fn of(wanted: &PrivateRequest, declared: Declared) -> Result<Self> {
        let description = &declared.description;
        let text = wanted.commit.as_ref().or(description.commit.as_ref()).ok_or_else(|| {
            NodeError::usage("nothing says what is committed of a private dataset")
                .at("--commit")
                .hint(
                    "declare columns, ranges and levels before the data are looked at, such as \
                     --commit 'age:int[0..127],weight:fixed(2)?[-200..200],sex:category(f|m)'; a \
                     guess from the data, for you alone: veritrail publish PATH --suggest",
                )
        })?;
        let schema = Schema::from_str(text).map_err(|e| {
            NodeError::usage(e.to_string()).at(format!("--commit {text}")).hint(
                "such as age:int[0..127],weight:fixed(2)?[-200..200],sex:category(f|m),a:bool",
            )
        })?;
        let policy = match wanted.minimum_cell.or(description.minimum_cell) {
            None => Policy::default(),
            Some(cell) => Policy::new(cell).map_err(|e| {
                NodeError::usage(e.to_string())
                    .at("--minimum-cell")
                    .hint(format!("at least {CELL_FLOOR}; 10 where nothing is said"))
            })?,
        };
        let columns = said_of(&schema, description)?;
        let about = declared.about(&[]);
        if about.title.is_empty() {
            return Err(NodeError::usage("a private dataset is not called by its file's name")
                .at("--title")
                .hint("say what everybody may know it as: --title \"…\""));
        }
        Ok(Self { schema, policy, columns, about })
    }
}

/// Units and meanings that the description gives committed columns, wherever it says them.
fn said_of(schema: &Schema, description: &Description) -> Result<Vec<PrivateColumn>> {
    let mut said = Vec::new();
    for column in schema.columns() {
        let mut found =
            description.files.values().filter_map(|file| file.columns.get(&column.name));
        let Some(first) = found.next() else { continue };
        if found.any(|other| (&other.unit, &other.description) != (&first.unit, &first.description))
        {
            return Err(NodeError::usage("it is described in two ways")
                .at(format!("column {:?}", column.name))
                .hint("say the same of it in every file of --describe"));
        }
        if first.unit.is_some() || first.description.is_some() {
            let (unit, description) = (first.unit.clone(), first.description.clone());
            said.push(PrivateColumn { name: column.name.clone(), unit, description });
        }
    }
    Ok(said)
}

/// A private version whose bytes, commitments and manifest are durable.
pub(super) struct Made {
    pub(super) layout: Layout,
    pub(super) manifest: ChunkId,
    pub(super) about: About,
    pub(super) content: PrivateContent,
    pub(super) committed: Committed,
}

impl Node {
    /// Publishes files privately. Memory: a few chunks, and 8 bytes a row and committed column.
    pub(super) async fn publish_private(
        &self,
        request: &PublishRequest,
        wanted: &PrivateRequest,
        declared: Declared,
        name: Option<&LocalName>,
        signer: Option<&Did>,
        progress: &dyn Progress,
    ) -> Result<Published> {
        let described = declared.description.clone();
        let plan = Plan::of(wanted, declared)?;
        let found =
            tokio::task::block_in_place(|| inspect::inspect(&request.paths, &described, progress))?;
        for note in inspect::notes(&found) {
            progress.say(&note);
        }
        let writing = self.writing(&progress.stop()).await?;
        let recorded = tokio::task::block_in_place(|| {
            let place = self.private_place(name, signer)?;
            let identity = VersionIdentity::generate().or_failed()?;
            let batch = writing.batch();
            let made = self.make_private(&found, &plan, &place, &identity, batch, progress)?;
            self.record_private(&made, &place, &identity, name, signer)
        });
        let published = written(writing, recorded).await?;
        if published.outcome == Outcome::Published {
            say_private(progress);
            let least = u64::from(plan.policy.minimum_cell());
            if published.committed.as_ref().is_some_and(|one| one.rows < 2 * least) {
                progress.say(&format!(
                    "its minimum cell is {least}, and it has less than twice as many rows: nothing \
                     can be proven about a part of them, or where values are missing"
                ));
            }
        }
        self.with_ticket(published)
    }

    /// The pass, the proofs and the manifest; all of it durable on return. Blocks.
    fn make_private(
        &self,
        found: &[Inspected],
        plan: &Plan,
        place: &Place,
        identity: &VersionIdentity,
        batch: Box<dyn Batch>,
        progress: &dyn Progress,
    ) -> Result<Made> {
        let header = PackHeader { files: found.iter().map(Inspected::packed).collect() };
        if header.files.iter().all(|file| file.table.is_none()) {
            return Err(NodeError::usage("none of the files is a table, so nothing is committed")
                .at("--commit")
                .hint("name a CSV or Parquet file, or say in --describe how the file is read"));
        }
        let mut committing = Committing::new(&plan.schema);
        let sealed = private_pass::seal(
            found,
            &header,
            identity,
            Rows { schema: &plan.schema, committing: &mut committing, stop: progress.stop() },
            batch,
            progress,
        )?;
        let Read { passed: Passed { layout, mut batch }, digests } = sealed;
        let content = content(&header, &digests, plan)?;
        let (commitments, committed) = self.commit(committing.finish(), plan, place, progress)?;
        for page in layout.pages().or_failed()?.iter() {
            batch.put(Bytes::from(page.bytes.clone())).map_err(|e| unwritten(&e))?;
        }
        let named = CommitmentsRef::of(&commitments);
        let commitments = Bytes::from(commitments);
        for start in (0..commitments.len()).step_by(PART_BYTES as usize) {
            let end = commitments.len().min(start + PART_BYTES as usize);
            batch.put(commitments.slice(start..end)).map_err(|e| unwritten(&e))?;
        }
        let private = Private {
            recipient: identity.recipient(),
            commitments: named,
            columns: plan.columns.clone(),
        };
        let head = layout.head().clone();
        let manifest =
            Manifest::new_private(head, plan.about.clone(), private).or_kind(Kind::Usage)?;
        let manifest = Bytes::from(manifest.encode().or_failed()?);
        let manifest = batch.put(manifest).map_err(|e| unwritten(&e))?;
        batch.commit_blocking().map_err(|e| unwritten(&e))?;
        Ok(Made { layout, manifest, about: plan.about.clone(), content, committed })
    }

    /// Commits to the columns and proves each well formed.
    fn commit(
        &self,
        columns: Vec<EncodedColumn>,
        plan: &Plan,
        place: &Place,
        progress: &dyn Progress,
    ) -> Result<(Vec<u8>, Committed)> {
        progress.begin("committing", None);
        let seed = self.version_seed(&place.did, place.number, Make::IfMissing)?;
        let entropy = Seed::generate().or_failed()?;
        let entropy = Entropy(*entropy.expose());
        let made = ingest::publish(&place.did, place.number, plan.policy, columns, seed, &entropy);
        progress.end();
        let made = made.map_err(|e| {
            NodeError::usage(e.to_string()).at("--commit").hint("commit to a table")
        })?;
        let (body, manifest) = (made.open.body, made.manifest);
        progress.stop().check()?;
        if manifest.len() as u64 > COMMITMENTS_BYTES_MAX {
            let bytes = manifest.len();
            return Err(NodeError::usage(format!(
                "the commitments and their proofs have {bytes} bytes, {COMMITMENTS_BYTES_MAX} at most"
            ))
            .at("--commit")
            .hint("commit to fewer columns or narrower ranges, or publish the table in parts"));
        }
        let committed = Committed::of(&body, manifest.len() as u64);
        Ok((manifest, committed))
    }
}

/// What the plaintext is, for this home alone: names, bytes, and what was declared of them.
fn content(header: &PackHeader, digests: &[[u8; 32]], plan: &Plan) -> Result<PrivateContent> {
    let mut hasher = Sha256::new();
    let mut text = |text: &str| {
        hasher.update((text.len() as u64).to_be_bytes());
        hasher.update(text.as_bytes());
    };
    text("veritrail/private/1/content");
    text(&plan.schema.to_string());
    text(&plan.policy.minimum_cell().to_string());
    for (file, digest) in header.files.iter().zip(digests) {
        text(file.path.as_str());
        text(&hex::encode(digest));
    }
    let bytes = header.file_bytes().or_failed()?;
    let digest = hex::encode(hasher.finalize());
    Ok(PrivateContent { digest, files: header.files.len() as u64, bytes })
}

/// What is public of it, and what losing its keys means.
fn say_private(progress: &dyn Progress) {
    progress.say(
        "what is public of it, for good: its title, licence, names and declarations of the \
         committed columns, its number of rows, the padded size, and the commitments; nobody is \
         given its bytes",
    );
    progress.say(
        "what opens it lies in keys/, wrapped to your recovery key, with a copy in recovery/: \
         without person.key and your 24 words, or without both folders, nobody opens its bytes \
         any more, and nothing more can be proven about them. Keep copies of both",
    );
}

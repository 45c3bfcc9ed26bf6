//! What goes into a bundle: the evidence, the blobs that its statements name, and files.

use std::{collections::BTreeMap, sync::Arc};

use veritrail_datasets::manifest::{Manifest, Private};
use veritrail_provenance::{
    evidence::Evidence,
    hash::{ChunkId, DatasetRoot, FileDigest},
    layout::{FilePath, Layout},
    lineage::{BlobKind, Lineage, Node as Fact},
};

use super::{
    DataInside, OUTPUT_BYTES_MAX,
    container::{EntryKind, Listed},
};
use crate::{
    error::{NodeError, OrKind as _, Result},
    node::Node,
};

/// The name of the entry that holds the evidence.
pub(super) const EVIDENCE_NAME: &str = "evidence.cbor";

/// Everything that a bundle will hold but its listing.
#[derive(Debug)]
pub(super) struct Contents {
    parts: BTreeMap<String, Part>,
    /// Files that are not put in, each with the reason.
    pub(super) left_out: Vec<String>,
}

/// One entry and where its bytes come from.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) listed: Listed,
    pub(super) source: Source,
}

/// Where an entry's bytes come from.
#[derive(Debug)]
pub(super) enum Source {
    /// Here.
    Bytes(Vec<u8>),
    /// A file of a layout.
    File(Arc<Layout>, FilePath),
}

impl Contents {
    /// Reads every blob that the lineage names, and looks up files.
    pub(super) async fn gather(
        node: &Node,
        lineage: &Lineage,
        evidence: &Evidence,
        data: DataInside,
    ) -> Result<Self> {
        let mut contents = Self { parts: BTreeMap::new(), left_out: Vec::new() };
        contents.add(EVIDENCE_NAME.to_owned(), EntryKind::Evidence, evidence.encode().or_failed()?);
        contents.add("README.txt".to_owned(), EntryKind::Readme, README.as_bytes().to_vec());
        let outputs = outputs(lineage);
        for (id, uses) in &lineage.blobs {
            let Some(kind) = uses.first().map(|named| named.kind) else { continue };
            let bytes = node.held(id).await?.ok_or_else(|| not_held(id, &kind))?;
            if matches!(kind, BlobKind::Manifest { .. }) {
                contents.add_dataset(node, &bytes, &outputs, data).await?;
            }
            contents.add(blob_name(id), entry_kind(&kind), bytes);
        }
        Ok(contents)
    }

    /// The entries as the listing names them.
    pub(super) fn listed(&self) -> Vec<Listed> {
        self.parts.values().map(|part| part.listed.clone()).collect()
    }

    /// The part of this name.
    pub(super) fn part(&self, name: &str) -> Option<&Part> {
        self.parts.get(name)
    }

    /// The files of outputs and datasets, by entry name.
    pub(super) fn files(&self) -> Vec<String> {
        let file = |part: &&Part| matches!(part.source, Source::File(..));
        self.parts.values().filter(file).map(|part| part.listed.name.clone()).collect()
    }

    fn add(&mut self, name: String, kind: EntryKind, bytes: Vec<u8>) {
        let listed = Listed {
            name: name.clone(),
            kind,
            size: bytes.len() as u64,
            sha256: FileDigest::of(&bytes),
        };
        self.parts.insert(name, Part { listed, source: Source::Bytes(bytes) });
    }

    /// The pages of a manifest's layout, and its files where they belong in.
    async fn add_dataset(
        &mut self,
        node: &Node,
        head: &[u8],
        outputs: &BTreeMap<DatasetRoot, String>,
        data: DataInside,
    ) -> Result<()> {
        let manifest = Manifest::decode(head).or_refused()?;
        let root = manifest.layout().root;
        if let Some(private) = manifest.private() {
            return self.add_commitments(node, &root, private).await;
        }
        let pages = manifest.layout().file_pages.iter().chain(&manifest.layout().chunk_pages);
        for page in pages {
            match node.held(&page.blob).await? {
                Some(bytes) => self.add(blob_name(&page.blob), EntryKind::Page, bytes),
                None => {
                    self.left_out.push(format!("{root}: its list of files is not held here"));
                    return Ok(());
                }
            }
        }
        let Some(layout) = node.layout(&manifest).await? else { return Ok(()) };
        let layout = Arc::new(layout);
        let is_output = outputs.contains_key(&root);
        let name = outputs.get(&root).cloned().unwrap_or_else(|| root.to_string());
        let size = layout.bytes();
        match (is_output, data) {
            (true, _) if size <= OUTPUT_BYTES_MAX => {}
            (_, DataInside::Whole) => {}
            (true, DataInside::OutputsOnly) => {
                self.left_out.push(format!(
                    "{name}: {size} bytes, more than {OUTPUT_BYTES_MAX}; --data puts it in"
                ));
                return Ok(());
            }
            (false, DataInside::OutputsOnly) => {
                self.left_out.push(format!("{name}: {size} bytes of input; --data puts it in"));
                return Ok(());
            }
        }
        if node.held_bytes(&layout).await? < size {
            let missing = format!("{name}: not all of its bytes are held here");
            if data == DataInside::Whole {
                return Err(NodeError::could_not_check(missing)
                    .hint("fetch it first: veritrail get TICKET; or leave --data out"));
            }
            self.left_out.push(missing);
            return Ok(());
        }
        self.add_files(&layout, size <= OUTPUT_BYTES_MAX && is_output);
        Ok(())
    }

    /// Of a private version the commitments alone: its lists say where its ciphertext is.
    async fn add_commitments(
        &mut self,
        node: &Node,
        root: &DatasetRoot,
        private: &Private,
    ) -> Result<()> {
        self.left_out.push(format!("{root}: private, its bytes are in no bundle"));
        for part in &private.commitments.parts {
            match node.held(part).await? {
                Some(bytes) => self.add(blob_name(part), EntryKind::Commitments, bytes),
                None => {
                    self.left_out.push(format!("{root}: its commitments are not held here"));
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    fn add_files(&mut self, layout: &Arc<Layout>, small_output: bool) {
        // A large output is data: it must not fill what is kept for everything else.
        let (folder, kind) =
            if small_output { ("output", EntryKind::Output) } else { ("data", EntryKind::Data) };
        for file in layout.files() {
            let name = format!("{folder}/{}/{}", layout.root(), file.path);
            let listed = Listed {
                name: name.clone(),
                kind: kind.clone(),
                size: file.size,
                sha256: file.sha256,
            };
            let source = Source::File(Arc::clone(layout), file.path.clone());
            self.parts.insert(name, Part { listed, source });
        }
    }
}

/// The name of a blob's entry.
pub(super) fn blob_name(id: &ChunkId) -> String {
    format!("blobs/{id}")
}

fn entry_kind(kind: &BlobKind) -> EntryKind {
    match kind {
        BlobKind::Manifest { .. } => EntryKind::Manifest,
        BlobKind::Spec { .. } => EntryKind::Spec,
        BlobKind::Details => EntryKind::Details,
    }
}

/// The roots that runs of the lineage made, each with how to name it.
fn outputs(lineage: &Lineage) -> BTreeMap<DatasetRoot, String> {
    let output = |fact: &Fact| match fact {
        Fact::Run { at, output, .. } => Some((*output, format!("run:{}/output", at.id))),
        _ => None,
    };
    lineage.nodes.iter().filter_map(output).collect()
}

fn not_held(id: &ChunkId, kind: &BlobKind) -> NodeError {
    let what = entry_kind(kind);
    NodeError::could_not_check(format!("the {what} that a statement names is not held here"))
        .at(format!("blob {id}"))
        .hint("fetch what it belongs to: veritrail get TICKET")
}

const README: &str = "\
This is a Veritrail bundle. It holds signed statements about data and about how a result was made
from it, the proofs that the statements stand in public logs, and small outputs.

Check it offline, with the program `veritrail`:

    veritrail verify THIS-FILE

It says whether everything fits together, which logs hold the statements, and who signed them. Who
signed is only worth what you know about them: name those you know with `veritrail id trust DID`.

veritrail.json lists every other entry with its size and SHA-256; output/ holds files that were
computed, data/ (if there) files that were published. The format: docs/formats/bundle.md of the
project.
";

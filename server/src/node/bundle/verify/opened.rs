//! A bundle whose container was checked, and the parts of it that fit into memory.

use std::{collections::BTreeMap, fs::File};

use veritrail_provenance::{
    evidence::{Blob, Evidence, EvidenceError},
    hash::ChunkId,
};

use crate::{
    error::{NodeError, Result},
    node::bundle::{
        container::{ContainerError, Entry, EntryKind, Reader},
        contents::{EVIDENCE_NAME, blob_name},
    },
};

/// What to do about evidence that no writer of bundles makes.
const ASK_AGAIN: &str = "it was cut, altered, or made by another program: ask for it again";

/// The parts.
pub(super) struct Opened {
    pub(super) subject: String,
    pub(super) reader: Reader<File>,
    /// Entries under `blobs/`, by the hash of their bytes.
    pub(super) blobs: BTreeMap<ChunkId, (EntryKind, Vec<u8>)>,
    /// Files under `output/` and `data/`.
    pub(super) files: Vec<Entry>,
    /// What is wrong with entries.
    pub(super) findings: Vec<String>,
    /// Entries of kinds that this program does not know.
    pub(super) not_understood: Vec<String>,
    evidence: Vec<Vec<u8>>,
}

impl Opened {
    /// Checks the container and reads all that is not a file of a dataset: at most 64 MiB.
    pub(super) fn read(file: File) -> std::result::Result<Self, ContainerError> {
        let reader = Reader::open(file)?;
        let mut opened = Self {
            subject: reader.subject().to_owned(),
            reader,
            blobs: BTreeMap::new(),
            files: Vec::new(),
            findings: Vec::new(),
            not_understood: Vec::new(),
            evidence: Vec::new(),
        };
        for entry in opened.reader.entries().to_vec() {
            opened.take(entry)?;
        }
        Ok(opened)
    }

    fn take(&mut self, entry: Entry) -> std::result::Result<(), ContainerError> {
        let name = entry.listed.name.clone();
        match &entry.listed.kind {
            EntryKind::Evidence if name == EVIDENCE_NAME => {
                let bytes = self.reader.read(&entry)?;
                self.evidence.push(bytes);
            }
            EntryKind::Manifest
            | EntryKind::Page
            | EntryKind::Spec
            | EntryKind::Details
            | EntryKind::Commitments => {
                let bytes = self.reader.read(&entry)?;
                let id = ChunkId::of(&bytes);
                if name != blob_name(&id) {
                    self.findings.push(format!("entry {name}: its bytes are blob {id}"));
                }
                self.blobs.insert(id, (entry.listed.kind, bytes));
            }
            EntryKind::Output | EntryKind::Data => self.files.push(entry),
            EntryKind::Readme if name == "README.txt" => {}
            EntryKind::Evidence | EntryKind::Readme => {
                self.findings.push(format!("entry {name}: no {} has this name", entry.listed.kind));
            }
            EntryKind::Other(kind) => {
                self.not_understood.push(format!("entry {name}, of kind {kind:?}"));
            }
        }
        Ok(())
    }

    /// The evidence, with the blobs that its statements name.
    pub(super) fn evidence(&self) -> Result<Evidence> {
        let [bytes] = self.evidence.as_slice() else {
            return Err(NodeError::refused("the bundle holds no evidence")
                .at(EVIDENCE_NAME)
                .hint(ASK_AGAIN));
        };
        let mut evidence = Evidence::decode(bytes).map_err(|e| {
            let error = match &e {
                EvidenceError::Version(_) => NodeError::could_not_check(e.to_string()),
                _ => NodeError::refused(e.to_string()),
            };
            let hint = match e {
                EvidenceError::Version(_) => "a newer version of this program may read it",
                _ => ASK_AGAIN,
            };
            error.at(EVIDENCE_NAME).hint(hint)
        })?;
        if !evidence.blobs.is_empty() {
            let wrong = "it holds blobs; in a bundle they are entries";
            return Err(NodeError::refused(wrong).at(EVIDENCE_NAME).hint(ASK_AGAIN));
        }
        let beside = [EntryKind::Page, EntryKind::Commitments];
        let named = self.blobs.iter().filter(|(_, (kind, _))| !beside.contains(kind));
        evidence.blobs =
            named.map(|(id, (_, bytes))| Blob { id: *id, bytes: bytes.clone() }).collect();
        Ok(evidence)
    }
}

//! Logs in memory, built statement by statement: what the topics above a single statement need.

use veritrail_provenance::evidence::{
    Blob, ConsistencyEvidence, EntryEvidence, Evidence, KnownHead, LogEvidence,
};
use veritrail_provenance::hash::*;
use veritrail_provenance::identity::{Did, SeedSigner, Signer};
use veritrail_provenance::layout::{ChunkEntry, FileEntry, Layout};
use veritrail_provenance::ledger::MemoryState;
use veritrail_provenance::lineage::Lineage;
use veritrail_provenance::log::checkpoint::Checkpoint;
use veritrail_provenance::log::note::VKey;
use veritrail_provenance::log::proof;
use veritrail_provenance::statement::*;
use zeroize::Zeroizing;

use crate::trees;

pub const IAT: u64 = 1_760_000_000;

pub fn signer(n: u8) -> SeedSigner {
    SeedSigner::from_seed(Zeroizing::new([n; 32]))
}

pub fn did(n: u8) -> Did {
    Did::of_key(signer(n).public_key())
}

/// A log with its operator; all keys come from small numbers.
pub struct Log {
    pub origin: Origin,
    pub key: u8,
    pub entries: Vec<Vec<u8>>,
}

impl Log {
    /// A log whose entry 0 binds person `operator` with log key `operator + 100`.
    pub fn new(origin: &str, operator: u8) -> Self {
        let origin = origin.parse().unwrap();
        let mut log = Self { origin, key: operator + 100, entries: Vec::new() };
        log.identity(operator, Role::Operator);
        log
    }

    pub fn vkey(&self) -> VKey {
        VKey::ed25519(self.origin.as_str(), signer(self.key).public_key()).unwrap()
    }

    pub fn sign(&self, iss: u8, sub: &str, payload: Payload) -> Statement {
        let draft = Draft {
            iss: did(iss),
            sub: sub.to_owned(),
            aud: self.origin.clone(),
            iat: IAT + self.entries.len() as u64,
            payload,
        };
        Statement::sign(draft, &signer(iss)).unwrap()
    }

    pub fn append(&mut self, statement: &Statement) -> StatementRef {
        let index = self.entries.len() as u64;
        self.entries.push(statement.envelope().to_vec());
        StatementRef { origin: self.origin.clone(), index, id: *statement.id() }
    }

    pub fn identity_payload(&self, person: u8, role: Role) -> Identity {
        let (log_key, node) = (signer(self.key), signer(person.wrapping_add(50)));
        let vkey = self.vkey().to_string();
        let name = Some(format!("person {person}"));
        let logs = [LogKey { vkey, signer: &log_key }];
        let public = *signer(person).public_key();
        Identity::bind(role, name, &public, &node, self.origin.clone(), &logs)
    }

    pub fn identity(&mut self, person: u8, role: Role) -> StatementRef {
        let payload = Payload::Identity(self.identity_payload(person, role));
        let statement = self.sign(person, did(person).as_str(), payload);
        self.append(&statement)
    }

    pub fn genesis(&mut self, dataset: u8, controllers: &[u8]) -> StatementRef {
        let controllers = controllers.iter().map(|n| did(*n)).collect();
        let payload = Payload::DatasetGenesis(DatasetGenesis { controllers });
        let statement = self.sign(dataset, did(dataset).as_str(), payload);
        self.append(&statement)
    }

    pub fn version(&mut self, iss: u8, dataset: u8, version: DatasetVersion) -> StatementRef {
        let payload = Payload::DatasetVersion(version);
        let statement = self.sign(iss, did(dataset).as_str(), payload);
        self.append(&statement)
    }

    pub fn receipt(&mut self, iss: u8, receipt: RunReceipt) -> StatementRef {
        let sub = RunReceipt::subject(&receipt.output.root);
        let statement = self.sign(iss, &sub, Payload::RunReceipt(receipt));
        self.append(&statement)
    }

    pub fn verdict(&mut self, iss: u8, verdict: RunVerdict) -> StatementRef {
        let sub = RunVerdict::subject(&verdict.receipt.id);
        let statement = self.sign(iss, &sub, Payload::RunVerdict(verdict));
        self.append(&statement)
    }

    pub fn checkpoint(&self, size: u64) -> Checkpoint {
        let root = trees::root(&self.entries[..size as usize]);
        Checkpoint { origin: self.origin.clone(), size, root }
    }

    pub fn note(&self, size: u64) -> Vec<u8> {
        self.checkpoint(size).sign(&signer(self.key)).unwrap().to_bytes()
    }

    pub fn head(&self, size: u64) -> KnownHead {
        KnownHead::read(self.note(size)).unwrap()
    }

    pub fn size(&self) -> u64 {
        self.entries.len() as u64
    }

    pub fn numbered(&self) -> impl Iterator<Item = (u64, &[u8])> {
        self.entries.iter().enumerate().map(|(index, entry)| (index as u64, &entry[..]))
    }

    /// Evidence of some entries; `known` are sizes that the asker knows.
    pub fn evidence(&self, indexes: impl IntoIterator<Item = u64>, known: &[u64]) -> LogEvidence {
        let size = self.size();
        let mut reader = trees::reader(&self.entries);
        let mut entry = |index: u64| EntryEvidence {
            index,
            bytes: self.entries[index as usize].clone(),
            proof: proof::inclusion(&mut reader, index, size).unwrap(),
        };
        let entries = indexes.into_iter().map(&mut entry).collect();
        let consistency = known.iter().map(|old_size| ConsistencyEvidence {
            old_size: *old_size,
            old_root: self.checkpoint(*old_size).root,
            proof: proof::consistency(&mut trees::reader(&self.entries), *old_size, size).unwrap(),
        });
        let consistency = consistency.collect();
        LogEvidence {
            origin: self.origin.clone(),
            checkpoint: self.note(size),
            entries,
            consistency,
        }
    }
}

/// Everything of these logs.
pub fn whole(logs: &[&Log], blobs: &[Vec<u8>]) -> Evidence {
    let mut logs: Vec<_> = logs.iter().map(|log| log.evidence(0..log.size(), &[])).collect();
    logs.sort_by(|a, b| a.origin.cmp(&b.origin));
    Evidence { logs, blobs: sorted(blobs) }
}

/// Just what a lineage needs of these logs.
pub fn needed(lineage: &Lineage, logs: &[&Log], blobs: &[Vec<u8>]) -> Evidence {
    let mut shown = Vec::new();
    for log in logs {
        let mine = lineage.statements.keys().filter(|(origin, _)| *origin == log.origin);
        let indexes: Vec<u64> = mine.map(|(_, index)| *index).collect();
        if !indexes.is_empty() {
            shown.push(log.evidence(indexes, &[]));
        }
    }
    shown.sort_by(|a, b| a.origin.cmp(&b.origin));
    Evidence { logs: shown, blobs: sorted(blobs) }
}

fn sorted(blobs: &[Vec<u8>]) -> Vec<Blob> {
    let mut blobs: Vec<Blob> = blobs.iter().cloned().map(Blob::new).collect();
    blobs.sort_by_key(|a| a.id);
    blobs
}

pub fn folded(logs: &[&Log]) -> MemoryState {
    let mut state = MemoryState::new();
    for log in logs {
        state.fold(&log.origin, log.numbered()).unwrap();
    }
    state
}

/// A dataset of one file, its manifest's head, and the statement about it.
pub struct Data {
    pub layout: Layout,
    pub manifest: Vec<u8>,
}

impl Data {
    pub fn new(content: &[u8]) -> Self {
        let file = FileEntry {
            path: "rain.csv".parse().unwrap(),
            size: content.len() as u64,
            offset: 0,
            sha256: FileDigest::of(content),
            blake3: FileBlake3::of(content),
        };
        let length = content.len() as u32;
        let chunk = ChunkEntry { offset: 0, length, id: ChunkId::of(content) };
        let layout = Layout::new(vec![file], vec![chunk]).unwrap();
        let head = serde_json::json!({"v": 1, "layout": layout.head()});
        Self { layout, manifest: serde_json::to_vec(&head).unwrap() }
    }

    pub fn root(&self) -> DatasetRoot {
        *self.layout.root()
    }

    pub fn manifest_id(&self) -> ChunkId {
        ChunkId::of(&self.manifest)
    }

    pub fn version(&self, number: u64, previous: Option<&StatementRef>) -> DatasetVersion {
        DatasetVersion {
            number,
            previous: previous.map(|previous| previous.id),
            root: self.root(),
            content: *self.layout.content(),
            manifest: self.manifest_id(),
            files: 1,
            bytes: self.layout.bytes(),
            title: format!("Rain {number}"),
            creators: Vec::new(),
            licence: "CC-BY-4.0".to_owned(),
            keywords: Vec::new(),
            access: Access::Public,
            run: None,
        }
    }
}

pub const SPEC: &[u8] = b"version = 1\n";
pub const DETAILS: &[u8] = b"{\"engine\":\"test\"}";

pub fn receipt(iss: u8, input: &Data, version: Option<StatementRef>, output: &Data) -> RunReceipt {
    RunReceipt {
        inputs: vec![RunInput {
            name: "rain".to_owned(),
            root: input.root(),
            version,
            select: None,
            manifest: input.manifest_id(),
        }],
        spec: TextHash::of(SPEC),
        spec_blob: ChunkId::of(SPEC),
        sql: TextHash::of(b"select 1"),
        output: RunOutput {
            root: output.root(),
            manifest: output.manifest_id(),
            table_hash: TableHash::from_bytes([9; 32]),
            rows: 1,
        },
        details: ChunkId::of(DETAILS),
        signer: did(iss),
        executors: vec![did(iss + 50)],
        access: Access::Public,
    }
}

pub fn verdict(iss: u8, receipt: &StatementRef) -> RunVerdict {
    RunVerdict {
        receipt: receipt.clone(),
        outcome: Outcome::Identical,
        expected: TableHash::from_bytes([9; 32]),
        found: Some(TableHash::from_bytes([9; 32])),
        difference: None,
        missing: None,
        signer: did(iss),
        node: did(iss + 50),
        binary: BinaryHash::from_bytes([12; 32]),
        engine: "test 1".to_owned(),
        fresh: true,
    }
}

//! What several topics build on: keys, drafts of every kind, layouts, hand-made envelopes.

use coset::iana::{self, CwtClaimName, EnumI64};
use coset::{CoseSign1Builder, HeaderBuilder, TaggedCborSerializable, cbor::Value};
use veritrail_provenance::hash::*;
use veritrail_provenance::identity::{Did, SeedSigner, Signer};
use veritrail_provenance::layout::{ChunkEntry, FileEntry, Layout};
use veritrail_provenance::statement::*;
use zeroize::Zeroizing;

pub const IAT: u64 = 1_760_000_000;

pub fn signer(n: u8) -> SeedSigner {
    SeedSigner::from_seed(Zeroizing::new([n; 32]))
}

pub fn did(n: u8) -> Did {
    Did::of_key(signer(n).public_key())
}

pub fn origin() -> Origin {
    "example.org/lab".parse().unwrap()
}

/// The vkey of an Ed25519 key, computed here and not by the crate under test.
pub fn vkey(name: &str, signer: &SeedSigner) -> String {
    use base64::Engine as _;
    use sha2::{Digest, Sha256};
    let typed = [&[1u8][..], signer.public_key().as_bytes()].concat();
    let id = Sha256::digest([name.as_bytes(), b"\n", &typed].concat());
    let base64 = base64::engine::general_purpose::STANDARD.encode(&typed);
    format!("{name}+{}+{base64}", hex::encode(&id[..4]))
}

pub fn statement_ref(n: u8) -> StatementRef {
    StatementRef { origin: origin(), index: u64::from(n), id: StatementId::from_bytes([n; 32]) }
}

pub fn identity() -> Identity {
    let (person, node, log) = (signer(1), signer(2), signer(3));
    let vkey = vkey(origin().as_str(), &log);
    let logs = [LogKey { vkey, signer: &log }];
    let name = Some("Ada, Lab X".to_owned());
    Identity::bind(Role::Operator, name, person.public_key(), &node, origin(), &logs)
}

pub fn version() -> DatasetVersion {
    DatasetVersion {
        number: 1,
        previous: None,
        root: DatasetRoot::from_bytes([1; 32]),
        content: ContentHash::from_bytes([2; 32]),
        manifest: ChunkId::from_bytes([3; 32]),
        files: 2,
        bytes: 1_234,
        title: "Rain in Zürich".to_owned(),
        creators: vec![
            Creator { name: "Ada".to_owned(), did: Some(did(1)) },
            Creator { name: "Lab X".to_owned(), did: None },
        ],
        licence: "CC-BY-4.0".to_owned(),
        keywords: vec!["rain".to_owned()],
        access: Access::Public,
        run: None,
    }
}

pub fn receipt() -> RunReceipt {
    RunReceipt {
        inputs: vec![RunInput {
            name: "rain".to_owned(),
            root: DatasetRoot::from_bytes([1; 32]),
            version: Some(statement_ref(2)),
            select: Some("days/*.csv".to_owned()),
            manifest: ChunkId::from_bytes([3; 32]),
        }],
        spec: TextHash::from_bytes([4; 32]),
        spec_blob: ChunkId::from_bytes([5; 32]),
        sql: TextHash::from_bytes([6; 32]),
        output: RunOutput {
            root: DatasetRoot::from_bytes([7; 32]),
            manifest: ChunkId::from_bytes([8; 32]),
            table_hash: TableHash::from_bytes([9; 32]),
            rows: 12,
        },
        details: ChunkId::from_bytes([10; 32]),
        signer: did(1),
        executors: vec![did(2)],
        access: Access::Public,
    }
}

pub fn verdict() -> RunVerdict {
    RunVerdict {
        receipt: statement_ref(7),
        outcome: Outcome::Different,
        expected: TableHash::from_bytes([9; 32]),
        found: Some(TableHash::from_bytes([11; 32])),
        difference: Some(Difference {
            column: "mean".to_owned(),
            row: 3,
            expected: "4.5".to_owned(),
            found: "4.6".to_owned(),
        }),
        missing: None,
        signer: did(1),
        node: did(2),
        binary: BinaryHash::from_bytes([12; 32]),
        engine: "datafusion 55.2.0".to_owned(),
        fresh: true,
    }
}

pub fn release() -> ProofRelease {
    ProofRelease {
        number: 2,
        previous: Some(StatementId::from_bytes([13; 32])),
        version: statement_ref(2),
        version_number: 1,
        proof: ChunkId::from_bytes([14; 32]),
        bytes: 3_000,
        noise: None,
        answers: None,
    }
}

/// A draft of every kind with the signer that it needs.
pub fn drafts() -> Vec<(Draft, SeedSigner)> {
    let draft =
        |iss: Did, sub: String, payload| Draft { iss, sub, aud: origin(), iat: IAT, payload };
    let dataset = did(4);
    let genesis = DatasetGenesis { controllers: vec![did(1)] };
    vec![
        (draft(did(1), did(1).to_string(), Payload::Identity(identity())), signer(1)),
        (draft(dataset.clone(), dataset.to_string(), Payload::DatasetGenesis(genesis)), signer(4)),
        (draft(did(1), dataset.to_string(), Payload::DatasetVersion(version())), signer(1)),
        (
            draft(
                did(1),
                RunReceipt::subject(&receipt().output.root),
                Payload::RunReceipt(receipt()),
            ),
            signer(1),
        ),
        (
            draft(
                did(1),
                RunVerdict::subject(&verdict().receipt.id),
                Payload::RunVerdict(verdict()),
            ),
            signer(1),
        ),
        (draft(did(1), did(4).to_string(), Payload::ProofRelease(release())), signer(1)),
    ]
}

/// An envelope made by hand, so that it may be wrong.
pub struct Envelope {
    pub alg: iana::Algorithm,
    pub content_type: String,
    pub kid: Vec<u8>,
    pub claims: Vec<(i64, Value)>,
    pub more: Vec<(i64, Value)>,
    pub payload: Vec<u8>,
}

impl Envelope {
    /// Says `payload` about the signer's own DID; right in every other respect.
    pub fn of(kind: &str, payload: &str) -> Self {
        let iss = did(1);
        Self {
            alg: iana::Algorithm::EdDSA,
            content_type: format!("application/vnd.veritrail.{kind}+json"),
            kid: iss.as_str().as_bytes().to_vec(),
            claims: vec![
                (CwtClaimName::Iss.to_i64(), Value::from(iss.as_str())),
                (CwtClaimName::Sub.to_i64(), Value::from(iss.as_str())),
                (CwtClaimName::Aud.to_i64(), Value::from(origin().as_str())),
                (CwtClaimName::Iat.to_i64(), Value::from(IAT)),
            ],
            more: Vec::new(),
            payload: payload.as_bytes().to_vec(),
        }
    }

    pub fn claim(mut self, name: i64, value: impl Into<Value>) -> Self {
        self.claims.retain(|(known, _)| *known != name);
        self.claims.push((name, value.into()));
        self.claims.sort_by_key(|(name, _)| *name);
        self
    }

    pub fn without_claim(mut self, name: i64) -> Self {
        self.claims.retain(|(known, _)| *known != name);
        self
    }

    pub fn sign(self) -> Vec<u8> {
        self.sign_by(&signer(1))
    }

    pub fn sign_by(self, signer: &SeedSigner) -> Vec<u8> {
        let claims = self.claims.into_iter().map(|(name, value)| (Value::from(name), value));
        let mut header = HeaderBuilder::new()
            .algorithm(self.alg)
            .content_type(self.content_type)
            .key_id(self.kid)
            .value(15, Value::Map(claims.collect()));
        for (label, value) in self.more {
            header = header.value(label, value);
        }
        CoseSign1Builder::new()
            .protected(header.build())
            .payload(self.payload)
            .create_signature(&[], |signed| signer.sign(signed).as_bytes().to_vec())
            .build()
            .to_tagged_vec()
            .unwrap()
    }
}

/// Signs a map of protected headers written by hand.
pub fn sign_header(protected: Vec<u8>, payload: &[u8]) -> Vec<u8> {
    use veritrail_provenance::cbor;
    let signed = cbor::encode(&Value::Array(vec![
        Value::from("Signature1"),
        Value::Bytes(protected.clone()),
        Value::Bytes(Vec::new()),
        Value::Bytes(payload.to_vec()),
    ]));
    let signature = signer(1).sign(&signed).as_bytes().to_vec();
    let elements = vec![
        Value::Bytes(protected),
        Value::Map(Vec::new()),
        Value::Bytes(payload.to_vec()),
        Value::Bytes(signature),
    ];
    cbor::encode(&Value::Tag(18, Box::new(Value::Array(elements))))
}

pub fn chunk(offset: u64, length: u32) -> ChunkEntry {
    ChunkEntry { offset, length, id: ChunkId::of(&offset.to_be_bytes()) }
}

/// Files of the given paths and sizes, in this order.
pub fn files(list: &[(&str, u64)]) -> Vec<FileEntry> {
    let mut offset = 0;
    list.iter()
        .map(|(path, size)| {
            let entry = FileEntry {
                path: path.parse().unwrap(),
                size: *size,
                offset,
                sha256: FileDigest::of(path.as_bytes()),
                blake3: FileBlake3::of(path.as_bytes()),
            };
            offset += size;
            entry
        })
        .collect()
}

pub fn chunks(lengths: &[u32]) -> Vec<ChunkEntry> {
    let mut offset = 0;
    lengths
        .iter()
        .map(|length| {
            let entry = chunk(offset, *length);
            offset += u64::from(*length);
            entry
        })
        .collect()
}

/// `count` files of `size` bytes in chunks of `length` bytes, which divide the total.
pub fn many_files(count: usize, size: u64, length: u32) -> Layout {
    let names: Vec<String> = (0..count).map(|n| format!("f/{n:06}.csv")).collect();
    let list: Vec<(&str, u64)> = names.iter().map(|name| (name.as_str(), size)).collect();
    let total = count as u64 * size;
    let chunk_count = usize::try_from(total / u64::from(length)).unwrap();
    Layout::new(files(&list), chunks(&vec![length; chunk_count])).unwrap()
}

/// A small deterministic generator, so that a failing case can be found again.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }
}

//! Keys, logs and evidence that several topics need.

use std::sync::Arc;

use veritrail_provenance::{
    evidence::{ConsistencyEvidence, EntryEvidence, LogEvidence},
    identity::{Did, SeedSigner, Signer},
    log::note::VKey,
    statement::{Draft, Identity, LogKey, Origin, Payload, Role, Statement},
};
use veritrail_storage::{
    disk::{Disk, MemoryDisk},
    home::Parts,
    keys::{KeySet, Seed},
    log::Snapshot,
};
use zeroize::Zeroizing;

pub fn seed(n: u8) -> Seed {
    Seed::from_bytes(Zeroizing::new([n; 32]))
}

/// Keys of home number `n`.
pub fn keys(n: u8) -> KeySet {
    KeySet { person: seed(n), node: seed(n + 100), log: seed(n + 200) }
}

pub fn origin(n: u8) -> Origin {
    format!("lab-{n}.example/log").parse().unwrap()
}

pub fn vkey(n: u8) -> VKey {
    VKey::ed25519(origin(n).as_str(), keys(n).log.signer().public_key()).unwrap()
}

/// Entry 0 of home number `n`.
pub fn identity(n: u8) -> Vec<u8> {
    let keys = keys(n);
    let (person, node, log) = (keys.person.signer(), keys.node.signer(), keys.log.signer());
    let logs = [LogKey { vkey: vkey(n).to_string(), signer: &log }];
    let identity =
        Identity::bind(Role::Operator, None, person.public_key(), &node, origin(n), &logs);
    sign(n, identity, &person)
}

/// A further entry of home number `n`: it binds person number `m`.
pub fn member(n: u8, m: u8) -> Vec<u8> {
    let (person, node) = (seed(m).signer(), keys(n).node.signer());
    let identity = Identity::bind(Role::Member, None, person.public_key(), &node, origin(n), &[]);
    sign(n, identity, &person)
}

fn sign(n: u8, identity: Identity, person: &SeedSigner) -> Vec<u8> {
    let did = Did::of_key(person.public_key());
    let draft = Draft {
        sub: did.to_string(),
        iss: did,
        aud: origin(n),
        iat: 1_700_000_000,
        payload: Payload::Identity(identity),
    };
    Statement::sign(draft, person).unwrap().envelope().to_vec()
}

/// A home in memory with entry 0.
pub fn home(n: u8) -> (MemoryDisk, Parts) {
    let disk = MemoryDisk::new();
    let shared: Arc<dyn Disk> = Arc::new(disk.clone());
    let parts = Parts::init(shared, &keys(n), &origin(n), vec![identity(n)]).unwrap();
    (disk, parts)
}

/// What a snapshot shows of some entries, and of older heads.
pub fn evidence(snapshot: &Snapshot, indices: &[u64], older: &[u64]) -> LogEvidence {
    let entry = |index: &u64| {
        let (bytes, proof) = snapshot.entry_and_proof(*index).unwrap();
        EntryEvidence { index: *index, bytes, proof }
    };
    let head = |size: &u64| ConsistencyEvidence {
        old_size: *size,
        old_root: snapshot.root_at(*size).unwrap(),
        proof: snapshot.consistency(*size).unwrap(),
    };
    LogEvidence {
        origin: snapshot.checkpoint().origin.clone(),
        checkpoint: snapshot.note().to_vec(),
        entries: indices.iter().map(entry).collect(),
        consistency: older.iter().map(head).collect(),
    }
}

//! Encoding of evidence: arrays in a fixed order, read item by item, so that no length that is
//! claimed costs memory before its limit is checked.

use super::{
    BLOB_SIZE_MAX, BLOBS_MAX, Blob, CONSISTENCY_MAX, ConsistencyEvidence, ENTRIES_MAX,
    EntryEvidence, Evidence, EvidenceError, LOGS_MAX, LogEvidence, at_most,
};
use crate::cbor::{Reader, Writer};
use crate::hash::{ChunkId, LogHash};
use crate::log::entries::ENTRY_SIZE_MAX;
use crate::log::note::NOTE_SIZE_MAX;
use crate::log::proof::PROOF_LENGTH_MAX;

const VERSION: u64 = 1;
const HASH_SIZE: usize = 32;

/// `[1, [log…], [blob…]]`.
pub(super) fn encode(evidence: &Evidence) -> Vec<u8> {
    let mut out = Writer::new();
    out.array(3);
    out.uint(VERSION);
    out.array(evidence.logs.len());
    for log in &evidence.logs {
        encode_log(&mut out, log);
    }
    out.array(evidence.blobs.len());
    for blob in &evidence.blobs {
        out.array(2);
        out.bytes(blob.id.as_bytes());
        out.bytes(&blob.bytes);
    }
    out.into_bytes()
}

pub(super) fn decode(bytes: &[u8]) -> Result<Evidence, EvidenceError> {
    let mut input = Reader::new(bytes);
    input.array_of(3, "evidence: an array of version, logs and blobs")?;
    let version = input.uint("the version")?;
    if version != VERSION {
        return Err(EvidenceError::Version(version));
    }
    let mut evidence = Evidence::default();
    let count = counted(&mut input, "logs", LOGS_MAX)?;
    let mut entries_left = ENTRIES_MAX;
    for at in 0..count {
        let log = decode_log(&mut input, at, entries_left)?;
        entries_left -= log.entries.len().min(entries_left);
        evidence.logs.push(log);
    }
    let count = counted(&mut input, "blobs", BLOBS_MAX)?;
    for at in 0..count {
        input.array_of(2, "a blob: id and bytes")?;
        let id = ChunkId::from_bytes(input.hash("a blob's id")?);
        let bytes = input.bytes("a blob's bytes")?;
        at_most(format!("blobs[{at}].bytes"), bytes.len() as u64, BLOB_SIZE_MAX)?;
        evidence.blobs.push(Blob { id, bytes: bytes.to_vec() });
    }
    input.finish()?;
    Ok(evidence)
}

/// `[origin, checkpoint, [[index, bytes, proof]…], [consistency…]]`.
fn encode_log(out: &mut Writer, log: &LogEvidence) {
    out.array(4);
    out.text(log.origin.as_str());
    out.bytes(&log.checkpoint);
    out.array(log.entries.len());
    for entry in &log.entries {
        out.array(3);
        out.uint(entry.index);
        out.bytes(&entry.bytes);
        out.bytes(&join(&entry.proof));
    }
    out.array(log.consistency.len());
    for consistency in &log.consistency {
        encode_consistency(out, consistency);
    }
}

fn decode_log(
    input: &mut Reader<'_>,
    at: usize,
    entries_left: usize,
) -> Result<LogEvidence, EvidenceError> {
    let place = |what: &str| format!("logs[{at}].{what}");
    input.array_of(4, "a log: origin, checkpoint, entries, consistency")?;
    let origin = input.text("a log's origin")?.parse();
    let origin =
        origin.map_err(|source| EvidenceError::Origin { place: place("origin"), source })?;
    let checkpoint = input.bytes("a log's checkpoint")?;
    at_most(place("checkpoint"), checkpoint.len() as u64, NOTE_SIZE_MAX)?;
    let checkpoint = checkpoint.to_vec();
    let count = counted(input, &place("entries"), entries_left)?;
    let mut entries = Vec::new();
    for e in 0..count {
        input.array_of(3, "an entry: index, bytes, proof")?;
        let index = input.uint("an entry's index")?;
        let bytes = input.bytes("an entry's bytes")?;
        at_most(place(&format!("entries[{e}].bytes")), bytes.len() as u64, ENTRY_SIZE_MAX)?;
        let proof = decode_proof(input, || place(&format!("entries[{e}].proof")))?;
        entries.push(EntryEvidence { index, bytes: bytes.to_vec(), proof });
    }
    let count = counted(input, &place("consistency"), CONSISTENCY_MAX)?;
    let mut consistency = Vec::new();
    for c in 0..count {
        consistency.push(decode_consistency(input, || place(&format!("consistency[{c}]")))?);
    }
    Ok(LogEvidence { origin, checkpoint, entries, consistency })
}

/// `[old size, old root, proof]`.
pub(super) fn encode_consistency(out: &mut Writer, consistency: &ConsistencyEvidence) {
    out.array(3);
    out.uint(consistency.old_size);
    out.bytes(consistency.old_root.as_bytes());
    out.bytes(&join(&consistency.proof));
}

pub(super) fn decode_consistency(
    input: &mut Reader<'_>,
    place: impl Fn() -> String,
) -> Result<ConsistencyEvidence, EvidenceError> {
    input.array_of(3, "a consistency proof: size, root, proof")?;
    let old_size = input.uint("the old size")?;
    let old_root = LogHash::from_bytes(input.hash("the old root")?);
    let proof = decode_proof(input, || place() + ".proof")?;
    Ok(ConsistencyEvidence { old_size, old_root, proof })
}

/// The length of a list, once it is known to be within its limit.
pub(super) fn counted(
    input: &mut Reader<'_>,
    place: &str,
    max: usize,
) -> Result<usize, EvidenceError> {
    let count = input.array("a list")?;
    at_most(place, count, max)?;
    Ok(count as usize)
}

fn decode_proof(
    input: &mut Reader<'_>,
    place: impl Fn() -> String,
) -> Result<Vec<LogHash>, EvidenceError> {
    let bytes = input.bytes("a proof")?;
    let (hashes, rest) = bytes.as_chunks::<HASH_SIZE>();
    if !rest.is_empty() {
        return Err(EvidenceError::Proof { place: place() });
    }
    at_most(place(), hashes.len() as u64, PROOF_LENGTH_MAX)?;
    Ok(hashes.iter().map(|hash| LogHash::from_bytes(*hash)).collect())
}

fn join(proof: &[LogHash]) -> Vec<u8> {
    proof.iter().flat_map(|hash| *hash.as_bytes()).collect()
}

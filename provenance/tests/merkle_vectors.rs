//! Proofs by others: the RFC 6962 vectors of github.com/transparency-dev/merkle.

use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use veritrail_provenance::hash::LogHash;
use veritrail_provenance::log::proof::{verify_consistency, verify_inclusion};

/// Vectors that must have been checked for the test to mean anything.
const CHECKED_MIN: usize = 190;

/// The one vector whose valid answer rests on roots of 12 bytes.
const SKIPPED: &str = "sizes-are-equal-one-and-proof-is-empty";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Inclusion {
    leaf_idx: u64,
    tree_size: u64,
    root: String,
    leaf_hash: String,
    proof: Option<Vec<String>>,
    want_err: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Consistency {
    size1: u64,
    size2: u64,
    root1: String,
    root2: String,
    proof: Option<Vec<String>>,
    want_err: bool,
}

fn vectors() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/vectors");
    let folder = std::env::var_os("VERITRAIL_VECTORS").map_or(beside, PathBuf::from);
    let folder = folder.join("merkle");
    if folder.is_dir() {
        return Some(folder);
    }
    let required = std::env::var_os("VERITRAIL_REQUIRE_VECTORS").is_some_and(|v| v == "1");
    assert!(!required, "no Merkle vectors in {}", folder.display());
    println!("skipped: no Merkle vectors in {}", folder.display());
    None
}

fn json_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            json_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "json") {
            found.push(path);
        }
    }
}

/// None for what is no hash of ours: such a vector is refused before any proof is looked at.
fn hash(text: &str) -> Option<LogHash> {
    Some(LogHash::from_bytes(STANDARD.decode(text).ok()?.try_into().ok()?))
}

fn hashes(proof: Option<Vec<String>>) -> Option<Vec<LogHash>> {
    proof.unwrap_or_default().iter().map(|text| hash(text)).collect()
}

fn holds_inclusion(v: Inclusion) -> Option<()> {
    let (leaf, root, proof) = (hash(&v.leaf_hash)?, hash(&v.root)?, hashes(v.proof)?);
    verify_inclusion(v.leaf_idx, v.tree_size, &leaf, &proof, &root).ok()
}

fn holds_consistency(v: Consistency) -> Option<()> {
    let (old, new, proof) = (hash(&v.root1)?, hash(&v.root2)?, hashes(v.proof)?);
    verify_consistency(v.size1, v.size2, &old, &new, &proof).ok()
}

#[test]
fn all_vectors_of_transparency_dev() {
    let Some(folder) = vectors() else { return };
    let mut files = Vec::new();
    json_files(&folder.join("inclusion"), &mut files);
    let inclusions = files.len();
    json_files(&folder.join("consistency"), &mut files);
    let (mut checked, mut valid) = (0, 0);
    for (at, file) in files.iter().enumerate() {
        if file.file_stem().is_some_and(|stem| stem == SKIPPED) {
            continue;
        }
        let bytes = std::fs::read(file).unwrap();
        let (holds, refused) = if at < inclusions {
            let vector: Inclusion = serde_json::from_slice(&bytes).unwrap();
            let refused = vector.want_err;
            (holds_inclusion(vector).is_some(), refused)
        } else {
            let vector: Consistency = serde_json::from_slice(&bytes).unwrap();
            let refused = vector.want_err;
            (holds_consistency(vector).is_some(), refused)
        };
        assert_eq!(holds, !refused, "{}", file.display());
        checked += 1;
        valid += usize::from(holds);
    }
    println!("checked {checked} Merkle vectors, {valid} of them valid");
    assert!(checked >= CHECKED_MIN, "only {checked} Merkle vectors were checked");
    assert!(valid >= 8, "only {valid} valid Merkle vectors were checked");
}

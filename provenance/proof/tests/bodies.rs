//! The body's and the manifest's layout, and what happens to altered ones.

use veritrail_proof::body::manifest::{Manifest, ManifestError, manifest_hash};
use veritrail_proof::body::tree::{ColumnNode, ColumnRoot, path};
use veritrail_proof::body::{Body, BodyError};
use veritrail_proof::columns::Role;
use veritrail_proof::curve::ENCODED_LEN;
use veritrail_proof::generators::SUITE;
use veritrail_proof::ingest::check;
use veritrail_proof::wire::WireError;

use crate::fixtures::*;

fn body() -> Body {
    hospital().1.open.body.clone()
}

/// The manifest of a small table, and where its commitments begin and end.
fn small() -> (Vec<u8>, usize, usize) {
    let published = published(&people(40, 2));
    let start = 4 + published.open.body.encode().len();
    let columns = published.open.body.schema.published().len();
    (published.manifest, start, start + columns * ENCODED_LEN)
}

#[test]
fn a_body_has_one_text() {
    let bytes = body().encode();
    assert_eq!(Body::decode(&bytes).unwrap(), body());
    for cut in 0..bytes.len() {
        assert!(Body::decode(&bytes[..cut]).is_err(), "{cut}");
    }
    assert!(Body::decode(&[&bytes[..], &[0]].concat()).is_err());
    // Whatever byte is changed, it is refused or another body.
    for at in 0..bytes.len() {
        let mut other = bytes.clone();
        other[at] ^= 1;
        if let Ok(read) = Body::decode(&other) {
            assert_ne!(read, body());
            assert_eq!(read.encode(), other);
            assert_ne!(read.hash(), body().hash());
        }
    }
}

#[test]
fn another_suite_and_other_generators_are_refused() {
    let bytes = body().encode();
    for at in [16, 47, 48, 79] {
        let mut other = bytes.clone();
        other[at] ^= 1;
        assert_eq!(Body::decode(&other), Err(BodyError::Suite));
    }
    assert_eq!(&bytes[16..48], SUITE);
    let mut other = bytes;
    other[0] = b'V';
    assert!(matches!(Body::decode(&other), Err(BodyError::Wire(WireError::Value(_)))));
}

#[test]
fn rows_and_chunks_that_do_not_fit_are_refused() {
    let bytes = body().encode();
    let rows_at = 16 + 32 + 32 + 2 + body().dataset.as_str().len() + 8;
    let with = |rows: u64, chunk_rows: u32, chunks: u64| {
        let mut other = bytes.clone();
        other[rows_at..rows_at + 8].copy_from_slice(&rows.to_le_bytes());
        other[rows_at + 8..rows_at + 12].copy_from_slice(&chunk_rows.to_le_bytes());
        other[rows_at + 12..rows_at + 20].copy_from_slice(&chunks.to_le_bytes());
        Body::decode(&other).err()
    };
    assert_eq!(with(3000, 2048, 2), None);
    for (rows, chunk_rows, chunks) in [
        (0, 2048, 0),
        (0, 2048, 1),
        (4097, 2048, 2),
        (3000, 2048, 0),
        (3000, 2048, 3),
        (3000, 2048, u64::MAX),
        (3000, 1024, 3),
        (u64::MAX, 2048, u64::MAX / 2048 + 1),
        ((1 << 31) + 1, 2048, (1 << 20) + 1),
    ] {
        assert_eq!(with(rows, chunk_rows, chunks), Some(BodyError::Rows), "{rows} {chunks}");
    }
}

#[test]
fn an_honest_manifest_passes_and_every_altered_part_is_refused() {
    let (manifest, commitments, proofs) = small();
    let checked = check(&manifest).unwrap();
    assert_eq!(checked.body().rows, 40);
    let mut altered = 0;
    let body = (0..commitments).step_by(3);
    let points = (commitments..proofs).step_by(11);
    for at in body.chain(points).chain((proofs..manifest.len()).step_by(397)) {
        let mut other = manifest.clone();
        other[at] ^= 1;
        // A body that says something else is another body; its proofs are not for it.
        assert!(check(&other).is_err(), "byte {at}");
        altered += 1;
    }
    assert!(altered > 120, "{altered}");
}

#[test]
fn a_manifest_has_one_length() {
    let (manifest, _, _) = small();
    for cut in [0, 3, 4, 100, manifest.len() - 1] {
        assert!(Manifest::parse(&manifest[..cut]).is_err());
    }
    assert!(Manifest::parse(&[&manifest[..], &[0]].concat()).is_err());
    let mut huge = manifest.clone();
    huge[..4].copy_from_slice(&u32::MAX.to_le_bytes());
    assert_eq!(Manifest::parse(&huge).err(), Some(ManifestError::Wire(WireError::Length)));
    assert_ne!(manifest_hash(&manifest), manifest_hash(&huge));
}

#[test]
fn columns_in_another_order_are_refused() {
    let (manifest, start, end) = small();
    let columns = (end - start) / ENCODED_LEN;
    for at in 1..columns {
        let mut other = manifest.clone();
        let (a, b) = (start + (at - 1) * ENCODED_LEN, start + at * ENCODED_LEN);
        let (first, second) = (manifest[a..b].to_vec(), manifest[b..b + ENCODED_LEN].to_vec());
        other[a..b].copy_from_slice(&second);
        other[b..b + ENCODED_LEN].copy_from_slice(&first);
        assert_eq!(Manifest::parse(&other).err(), Some(ManifestError::Root));
    }
}

#[test]
fn commitments_of_one_dataset_are_not_those_of_another() {
    // The commitments, the root and the proofs copied under another DID.
    let (manifest, start, _) = small();
    let length = start - 4;
    let body = Body::decode(&manifest[4..start]).unwrap();
    let copied = Body { dataset: other_did(), ..body }.encode();
    assert_eq!(copied.len(), length);
    let mut other = manifest.clone();
    other[4..start].copy_from_slice(&copied);
    assert!(Manifest::parse(&other).is_ok());
    assert!(check(&other).is_err());
}

#[test]
fn a_column_is_shown_at_its_own_place_alone() {
    let leaf = |at: u16| ColumnNode::leaf(at, Role::Value, &[at as u8; 64]);
    for count in 1..12usize {
        let leaves: Vec<ColumnNode> = (0..count as u16).map(leaf).collect();
        let root = ColumnRoot::over(&leaves);
        for at in 0..count {
            let shown = path(&leaves, at);
            assert!(root.includes(leaves[at], at, count, &shown));
            for other in 0..count + 1 {
                assert_eq!(root.includes(leaves[at], other, count, &shown), other == at);
                if other != at && other < count {
                    assert!(!root.includes(leaves[other], at, count, &shown));
                }
            }
            assert!(!root.includes(leaves[at], at, count, &[&shown[..], &[leaf(77)]].concat()));
        }
    }
    // A leaf depends on place, role and commitments.
    assert_ne!(leaf(1), ColumnNode::leaf(2, Role::Value, &[1; 64]));
    assert_ne!(leaf(1), ColumnNode::leaf(1, Role::Valid, &[1; 64]));
    assert_ne!(ColumnNode::leaf(1, Role::Bit(1), &[]), ColumnNode::leaf(1, Role::Bit(2), &[]));
}

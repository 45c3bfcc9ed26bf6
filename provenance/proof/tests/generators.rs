//! The generators' table: recomputed from its definition with another implementation of the group.

use pasta_curves::arithmetic::CurveExt;
use pasta_curves::group::GroupEncoding;
use pasta_curves::pallas;
use veritrail_proof::curve::{ENCODED_LEN, encode_point};
use veritrail_proof::generators::{
    CHUNK_ROWS, HASH_DOMAIN, SUITE, TABLE_DIGEST, digest, generators, table,
};

fn recomputed() -> Vec<u8> {
    let hash = pallas::Point::hash_to_curve(HASH_DOMAIN);
    let mut messages: Vec<Vec<u8>> =
        (0..CHUNK_ROWS as u32).map(|i| [b"G".as_slice(), &i.to_le_bytes()].concat()).collect();
    messages.push(b"Q".to_vec());
    messages.push(b"H".to_vec());
    messages.iter().flat_map(|message| hash(message).to_bytes()).collect()
}

#[test]
fn the_table_is_the_hash_to_the_curve() {
    assert_eq!(table(), recomputed());
}

#[test]
fn its_digest_is_pinned() {
    assert_eq!(digest(), TABLE_DIGEST);
}

#[test]
fn all_points_are_read_and_differ() {
    let generators = generators();
    let all: Vec<_> =
        generators.rows.iter().chain([&generators.value, &generators.blind]).collect();
    assert_eq!(all.len(), CHUNK_ROWS + 2);
    let bytes: Vec<_> = all.iter().map(|point| encode_point(point).unwrap()).collect();
    assert_eq!(bytes.concat(), table());
    let mut sorted = bytes.clone();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!(sorted.len(), bytes.len());
    // Not one another's negative either: x alone tells all of them apart.
    let mut xs: Vec<_> = bytes
        .iter()
        .map(|b| {
            let mut x = *b;
            x[ENCODED_LEN - 1] &= 0x7f;
            x
        })
        .collect();
    xs.sort_unstable();
    xs.dedup();
    assert_eq!(xs.len(), bytes.len());
}

#[test]
fn the_suite_names_protocol_group_layout_and_chunk() {
    assert_eq!(SUITE, b"zkstat/v1 pallas hyrax 2048 \0\0\0\0");
}

//! The independent points that everything is committed to, and the name of the whole suite.
//!
//! G_0 … G_2047 carry the rows of a chunk, Q carries values, H blinds. Nobody knows a relation
//! between them: each is pasta_curves' `hash_to_curve("zkstat/v1")` of `G`‖u32le(i), `Q` or `H`.
//! ark-pallas has no such map, so the encodings are a checked-in table, and a test recomputes it.

use std::sync::OnceLock;

use crate::curve::{self, ENCODED_LEN, Point};

/// Rows of one chunk, which is one commitment.
pub const CHUNK_ROWS: usize = 2048;
/// log2 of [`CHUNK_ROWS`].
pub const CHUNK_BITS: usize = 11;

/// What a body and a transcript are made under: protocol, group, layout, rows of a chunk.
pub const SUITE: &[u8; 32] = b"zkstat/v1 pallas hyrax 2048 \0\0\0\0";

/// The domain of the map onto the curve, which the generators come from.
pub const HASH_DOMAIN: &str = "zkstat/v1";

/// BLAKE3 of the table: the 2,050 encodings in the order G_0 … G_2047, Q, H.
pub const TABLE_DIGEST: [u8; 32] = [
    0xc1, 0x68, 0x67, 0xe9, 0xb0, 0x70, 0xac, 0x40, 0xbb, 0xa6, 0xc3, 0x42, 0x3e, 0x2a, 0xf5, 0x00,
    0x79, 0xc1, 0x3a, 0xe1, 0xbb, 0x0a, 0x00, 0xfd, 0xac, 0x60, 0x91, 0x6c, 0x62, 0x43, 0x1a, 0x21,
];

static TABLE: &[u8; (CHUNK_ROWS + 2) * ENCODED_LEN] = include_bytes!("generators.bin");

/// The points, decoded once in a process (about 25 ms).
pub struct Generators {
    /// G: one for each row of a chunk.
    pub rows: Vec<Point>,
    /// Q: what a value is a multiple of.
    pub value: Point,
    /// H: what a blind is a multiple of.
    pub blind: Point,
}

/// The points of the suite.
pub fn generators() -> &'static Generators {
    static DECODED: OnceLock<Generators> = OnceLock::new();
    DECODED.get_or_init(decode)
}

/// The table's bytes, as they are checked in.
pub fn table() -> &'static [u8] {
    TABLE
}

/// The 32 bytes that stand for the generators in bodies and transcripts.
pub fn digest() -> [u8; 32] {
    *blake3::hash(TABLE).as_bytes()
}

fn decode() -> Generators {
    // The table is part of the program, and tests hold it against its definition and read every
    // point of it: none can be missing here.
    let mut rows: Vec<Point> = TABLE
        .chunks_exact(ENCODED_LEN)
        .map(|bytes| bytes.try_into().ok().and_then(|bytes| curve::decode_point(bytes).ok()))
        .map(Option::unwrap_or_default)
        .collect();
    let blind = rows.pop().unwrap_or_default();
    let value = rows.pop().unwrap_or_default();
    Generators { rows, value, blind }
}

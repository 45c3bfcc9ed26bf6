//! Blinds of published commitments, derived so that a second ingest never hides two different
//! chunks under one blind.
//!
//! The version's seed comes from the holder's master by HKDF-SHA256; whoever has it, and the rows,
//! can recompute every commitment, and it opens that version for ever. A chunk's blind is a keyed
//! BLAKE3 output over what the chunk is and over a keyed digest of what it holds: equal blinds only
//! for equal data, also after a crash, a restore from backup or a repeated ingest.

use hkdf::Hkdf;
use sha2::Sha256;
use veritrail_provenance::identity::Did;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::columns::{Cells, Role};
use crate::curve::{self, Scalar};
use crate::generators::CHUNK_ROWS;

/// The secret that all blinds of one dataset version come from. Unlike the master it opens one
/// version alone: an auditor may be given it.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct VersionSeed([u8; 32]);

/// Which chunk of which column a blind is for.
#[derive(Clone, Copy)]
pub struct ChunkPlace<'a> {
    /// The dataset.
    pub dataset: &'a Did,
    /// Its version.
    pub version: u64,
    /// The column's place in the schema.
    pub column: u16,
    /// Which of the column's commitments it is.
    pub role: Role,
}

impl VersionSeed {
    /// The seed of one version, from the holder's master of 32 bytes.
    pub fn derive(master: &[u8; 32], dataset: &Did, version: u64) -> Self {
        let mut info = b"zkstat/v1 version seed".to_vec();
        push_text(&mut info, dataset.as_str());
        info.extend_from_slice(&version.to_le_bytes());
        let mut seed = [0; 32];
        // HKDF refuses only outputs beyond 8,160 bytes; 32 are always given.
        let expanded = Hkdf::<Sha256>::new(Some(b"zkstat/v1"), master).expand(&info, &mut seed);
        debug_assert!(expanded.is_ok());
        Self(seed)
    }

    /// Takes a seed as it was handed over, to an auditor for instance.
    pub fn from_bytes(seed: [u8; 32]) -> Self {
        Self(seed)
    }

    /// The 32 secret bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// One blind for each of the first `chunks` chunks of a column.
    pub fn blinds(
        &self,
        place: ChunkPlace<'_>,
        cells: &Cells,
        chunks: usize,
    ) -> Zeroizing<Vec<Scalar>> {
        let mut message = b"blind".to_vec();
        push_text(&mut message, place.dataset.as_str());
        message.extend_from_slice(&place.version.to_le_bytes());
        message.extend_from_slice(&place.column.to_le_bytes());
        message.extend_from_slice(&place.role.to_bytes());
        Zeroizing::new((0..chunks).map(|chunk| self.blind(&message, cells, chunk)).collect())
    }

    fn blind(&self, place: &[u8], cells: &Cells, chunk: usize) -> Scalar {
        let content = self.chunk_digest(cells, chunk);
        let mut hasher = blake3::Hasher::new_keyed(&self.0);
        hasher.update(place);
        hasher.update(&(chunk as u64).to_le_bytes());
        hasher.update(content.as_bytes());
        let mut wide = Zeroizing::new([0; 64]);
        hasher.finalize_xof().fill(wide.as_mut_slice());
        curve::wide_scalar(&wide)
    }

    /// Every chunk is written as its 2,048 numbers, whatever kind of column it is of.
    fn chunk_digest(&self, cells: &Cells, chunk: usize) -> blake3::Hash {
        let mut values = Zeroizing::new(vec![0u32; CHUNK_ROWS]);
        cells.read(chunk * CHUNK_ROWS, &mut values);
        let mut bytes = Zeroizing::new(Vec::with_capacity(5 + 4 * CHUNK_ROWS));
        bytes.extend_from_slice(b"chunk");
        values.iter().for_each(|value| bytes.extend_from_slice(&value.to_le_bytes()));
        blake3::keyed_hash(&self.0, &bytes)
    }
}

fn push_text(bytes: &mut Vec<u8>, text: &str) {
    bytes.extend_from_slice(&(text.len() as u32).to_le_bytes());
    bytes.extend_from_slice(text.as_bytes());
}

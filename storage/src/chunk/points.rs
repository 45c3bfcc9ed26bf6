//! Named cut points: where a file format wants chunks to end.

/// Cut points closer together than this are thinned out: a format with many tiny columns must not
/// make a chunk of each.
pub const PIECE_LEN_MIN: u64 = 64 * 1024;

/// Offsets in the whole sequence at which a chunk ends, whatever its content. Between two of them
/// FastCDC cuts as if the piece were a sequence of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CutPoints(Vec<u64>);

impl CutPoints {
    /// None: FastCDC alone.
    pub fn none() -> Self {
        Self::default()
    }

    /// From any offsets, in any order: those that leave a piece of less than [`PIECE_LEN_MIN`],
    /// before them or at the end of a sequence of `total` bytes, are passed over. Never an error:
    /// a wrong offset costs deduplication, not truth.
    pub fn new(mut offsets: Vec<u64>, total: u64) -> Self {
        offsets.sort_unstable();
        let mut points = Vec::new();
        let mut last = 0_u64;
        for offset in offsets {
            let piece = offset.checked_sub(last).filter(|len| *len >= PIECE_LEN_MIN);
            let rest = total.checked_sub(offset).filter(|len| *len >= PIECE_LEN_MIN);
            if piece.is_some() && rest.is_some() {
                points.push(offset);
                last = offset;
            }
        }
        Self(points)
    }

    /// The offsets that are kept, ascending.
    pub fn offsets(&self) -> &[u64] {
        &self.0
    }
}

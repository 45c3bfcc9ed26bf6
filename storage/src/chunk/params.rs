//! How long chunks are, by the length of the whole sequence.

use fastcdc::v2020::{Normalization, select_masks};
use veritrail_provenance::layout::private_chunk_len;

const MIB: u64 = 1 << 20;

/// Chunks that a sequence is cut into before the average grows: keeps a layout of 16 GiB within
/// one page of entries, and that of 20 TB within twenty.
const CHUNKS_PER_STEP: u64 = 16_384;

/// How one sequence is cut: by the parameters of FastCDC v2020 in bytes, the least being a quarter
/// of the average and the most four times it; or, of private bytes, into pieces of one length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChunkParams {
    average: usize,
    by: CutBy,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum CutBy {
    Content,
    Length,
}

impl ChunkParams {
    /// The average is 1 MiB up to 16 GiB; beyond, the power of two that gives at most 16,384
    /// chunks, up to 16 MiB. So every sequence of one length is cut alike by everybody.
    pub fn for_length(total: u64) -> Self {
        let wanted = total.div_ceil(CHUNKS_PER_STEP).checked_next_power_of_two();
        let average = wanted.unwrap_or(u64::MAX).clamp(MIB, 16 * MIB);
        Self { average: usize::try_from(average).unwrap_or(1 << 20), by: CutBy::Content }
    }

    /// For `total` encrypted bytes: every chunk but the last has one length, whatever its content.
    pub fn for_private(total: u64) -> Self {
        Self { average: private_chunk_len(total) as usize, by: CutBy::Length }
    }

    pub(super) fn is_private(&self) -> bool {
        self.by == CutBy::Length
    }

    /// No cut before so many bytes.
    pub fn least(&self) -> usize {
        if self.is_private() { self.average } else { self.average / 4 }
    }

    /// The average that cuts are steered to (normalization level 1).
    pub fn average(&self) -> usize {
        self.average
    }

    /// A cut at the latest after so many bytes.
    pub fn most(&self) -> usize {
        if self.is_private() { self.average } else { self.average * 4 }
    }

    /// Length of the first chunk of `bytes`, which hold [`ChunkParams::most`] bytes or all that
    /// are left. At least 1 unless `bytes` is empty.
    pub fn cut(&self, bytes: &[u8]) -> usize {
        if self.is_private() {
            return bytes.len().min(self.average);
        }
        let (strict, loose) = select_masks(self.average, Normalization::Level1);
        let (least, average, most) = (self.least(), self.average, self.most());
        let (_, len) = fastcdc::v2020::cut(
            bytes,
            least,
            average,
            most,
            strict,
            loose,
            strict << 1,
            loose << 1,
        );
        len
    }
}

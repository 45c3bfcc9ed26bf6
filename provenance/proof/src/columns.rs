//! The numbers of committed columns, on the holder's side.
//!
//! A schema column becomes one or more columns of small numbers, each told apart by its [`Role`].
//! Most of them are views of one vector: bit 3 of a value, "the code is 5".

pub mod build;

use std::sync::Arc;

use zeroize::Zeroizing;

use crate::curve::Scalar;

/// What a committed column says about its schema column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// The number u = q − lo, or a boolean; 0 for nulls.
    Value,
    /// 1 where the row holds something; published for nullable columns only.
    Valid,
    /// 1 where the category is level g; the last level is never published.
    Level(u8),
    /// Bit j ≥ 1 of u; part of the ingest proof, as bit 0 follows from u.
    Bit(u8),
    /// Bit j ≥ 1 of hi − lo − u, for ranges that are no power of two.
    ComplementBit(u8),
    /// 1 where u reaches threshold j; 0 for nulls.
    Threshold(u8),
    /// Step s of threshold j: 1 where the lowest bits of u reach those of the threshold; part of the
    /// ingest proof.
    Step(u8, u8),
}

/// The first byte of a threshold's steps: 16 for the first threshold.
const STEP_TAG: u8 = 16;

impl Role {
    /// Two bytes that stand for the role in layouts.
    pub fn to_bytes(self) -> [u8; 2] {
        match self {
            Self::Value => [0, 0],
            Self::Valid => [1, 0],
            Self::Level(level) => [2, level],
            Self::Bit(bit) => [3, bit],
            Self::ComplementBit(bit) => [4, bit],
            Self::Threshold(threshold) => [5, threshold],
            Self::Step(threshold, step) => [STEP_TAG + threshold, step],
        }
    }
}

/// Numbers of a vector that is wiped when its last view is dropped.
pub type Words = Arc<Zeroizing<Vec<u32>>>;

/// One column of numbers; rows beyond its length count as 0.
#[derive(Clone)]
pub enum Cells {
    /// Numbers of at most `bits` bits.
    Values {
        /// One number a row.
        words: Words,
        /// The most bits that any of them has, 1 to 32.
        bits: u8,
    },
    /// One bit of each number.
    Bit {
        /// One number a row.
        words: Words,
        /// Which bit.
        shift: u8,
    },
    /// 1 where a code is this one.
    Equals {
        /// One code a row.
        words: Words,
        /// The code.
        code: u32,
    },
    /// 1 where some bits of a number, as a number, are at least this.
    AtLeast {
        /// One number a row.
        words: Words,
        /// The bits that count.
        mask: u32,
        /// At least 1, so that rows beyond the words count as 0.
        least: u32,
    },
    /// Any numbers; slow, and never needed for the columns of a schema.
    Scalars(Arc<Zeroizing<Vec<Scalar>>>),
}

impl Cells {
    /// Numbers of at most `bits` bits.
    pub fn values(words: Vec<u32>, bits: u8) -> Self {
        Self::Values { words: Arc::new(Zeroizing::new(words)), bits }
    }

    /// Rows that are stored.
    pub fn len(&self) -> usize {
        match self {
            Self::Values { words, .. }
            | Self::Bit { words, .. }
            | Self::Equals { words, .. }
            | Self::AtLeast { words, .. } => words.len(),
            Self::Scalars(scalars) => scalars.len(),
        }
    }

    /// True without rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The most bits that a number of this column has; 0 where that is not known.
    pub fn bits(&self) -> u8 {
        match self {
            Self::Values { bits, .. } => *bits,
            Self::Bit { .. } | Self::Equals { .. } | Self::AtLeast { .. } => 1,
            Self::Scalars(_) => 0,
        }
    }

    /// The number of a row, for all columns but those of [`Cells::Scalars`], which are read as 0.
    pub fn word(&self, row: usize) -> u32 {
        match self {
            Self::Values { words, .. } => words.get(row).copied().unwrap_or_default(),
            Self::Bit { words, shift } => words.get(row).copied().unwrap_or_default() >> shift & 1,
            Self::Equals { words, code } => u32::from(words.get(row) == Some(code)),
            Self::AtLeast { words, mask, least } => {
                u32::from(words.get(row).is_some_and(|word| word & mask >= *least))
            }
            Self::Scalars(_) => 0,
        }
    }

    /// The number of a row.
    pub fn scalar(&self, row: usize) -> Scalar {
        match self {
            Self::Scalars(scalars) => scalars.get(row).copied().unwrap_or_default(),
            small => Scalar::from(small.word(row)),
        }
    }

    /// Fills `into` with the numbers from row `start` on.
    pub fn read(&self, start: usize, into: &mut [u32]) {
        let rows = self.rest(start, into.len());
        let (stored, beyond) = into.split_at_mut(rows);
        beyond.fill(0);
        match self {
            Self::Values { words, .. } => {
                stored.copy_from_slice(words.get(start..start + rows).unwrap_or_default());
            }
            _ => stored.iter_mut().enumerate().for_each(|(i, to)| *to = self.word(start + i)),
        }
    }

    /// Eight booleans from row `start` on, the first in the lowest bit.
    pub fn eight(&self, start: usize) -> u8 {
        (0..self.rest(start, 8)).fold(0, |byte, i| byte | (self.word(start + i) as u8 & 1) << i)
    }

    fn rest(&self, start: usize, wanted: usize) -> usize {
        self.len().saturating_sub(start).min(wanted)
    }
}

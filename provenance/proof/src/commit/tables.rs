//! Multiples of the generators that are looked up instead of computed, made once in a process.

use std::sync::OnceLock;

use ark_ec::AffineRepr;
use ark_ff::{AdditiveGroup, Zero};

use super::{BYTES, scalar_bytes};
use crate::curve::{self, Point, Scalar, Sum};
use crate::generators::{CHUNK_ROWS, generators};

/// Bytes of a value that is committed by buckets.
const VALUE_BYTES: usize = 4;
/// Bytes of a scalar.
const SCALAR_BYTES: usize = 32;

/// All tables, about 6 MiB.
pub(super) struct Tables {
    /// 256^w·G_i at w·2048 + i.
    pub rows: Vec<Point>,
    /// The sum of the generators 8g + j for the bits j of s, at g·256 + s.
    pub subsets: Vec<Point>,
    /// Multiples of H.
    pub blind: FixedBase,
    /// Multiples of Q.
    pub value: FixedBase,
}

/// d·256^w·P at w·256 + d, for one point P.
pub(super) struct FixedBase(Vec<Point>);

impl FixedBase {
    fn new(point: &Point) -> Self {
        let mut power = point.into_group();
        let mut multiples = Vec::with_capacity(SCALAR_BYTES * BYTES);
        for _ in 0..SCALAR_BYTES {
            let mut multiple = Sum::zero();
            for _ in 0..BYTES {
                multiples.push(multiple);
                multiple += power;
            }
            power = multiple;
        }
        Self(curve::normalize(&multiples))
    }

    /// Calls with the points whose sum is the scalar's multiple.
    pub(super) fn digits(&self, scalar: &Scalar, mut visit: impl FnMut(&Point)) {
        for (window, byte) in scalar_bytes(scalar).enumerate() {
            if byte != 0 {
                visit(&self.0[window * BYTES + usize::from(byte)]);
            }
        }
    }
}

/// The tables, made at the first call (about 50 ms).
pub(super) fn tables() -> &'static Tables {
    static MADE: OnceLock<Tables> = OnceLock::new();
    MADE.get_or_init(|| {
        let generators = generators();
        Tables {
            rows: shifted(&generators.rows),
            subsets: subsets(&generators.rows),
            blind: FixedBase::new(&generators.blind),
            value: FixedBase::new(&generators.value),
        }
    })
}

fn shifted(rows: &[Point]) -> Vec<Point> {
    let mut current: Vec<Sum> = rows.iter().map(|point| point.into_group()).collect();
    let mut all = Vec::with_capacity(VALUE_BYTES * rows.len());
    for _ in 0..VALUE_BYTES {
        all.extend_from_slice(&current);
        for point in &mut current {
            for _ in 0..8 {
                point.double_in_place();
            }
        }
    }
    curve::normalize(&all)
}

fn subsets(rows: &[Point]) -> Vec<Point> {
    let mut sums = vec![Sum::zero(); CHUNK_ROWS / 8 * BYTES];
    for (group, eight) in rows.chunks_exact(8).enumerate() {
        for subset in 1..BYTES {
            let without_lowest = subset & (subset - 1);
            let lowest = eight[subset.trailing_zeros() as usize];
            sums[group * BYTES + subset] = sums[group * BYTES + without_lowest] + lowest;
        }
    }
    curve::normalize(&sums)
}

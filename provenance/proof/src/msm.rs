//! Sums of multiples of many points: all that a verifier does with the group, and most of a folding.
//!
//! Pippenger's method, window by window: each point goes into the bucket of its digit. Additions are
//! the shared ones of [`lists`], at about 6 multiplications where arkworks' own function spends 10,
//! and which starts a thread pool at every call besides.

use ark_ff::{AdditiveGroup, BigInt, BigInteger, PrimeField, Zero};
use rayon::prelude::*;
use zeroize::Zeroizing;

use crate::commit::lists;
use crate::curve::{Point, Scalar, Sum};

/// Bits of a scalar.
const SCALAR_BITS: usize = Scalar::MODULUS_BIT_SIZE as usize;
/// Widths of a digit; wider ones pay from 80,000 terms on, and nobody adds up as many at a time.
const WIDTHS: std::ops::RangeInclusive<usize> = 4..=12;

/// Σ scalar·point, whatever the points are: equal, opposite or the identity. Not constant time.
pub fn msm(terms: &[(Point, Scalar)]) -> Sum {
    let digits = Digits::for_terms(terms.len());
    let shifted: Vec<_> = terms.iter().map(|(_, scalar)| digits.shift(scalar)).collect();
    let shifted = Zeroizing::new(shifted);
    let window = |window| {
        let entries = terms.iter().zip(shifted.iter()).filter_map(|((point, _), shifted)| {
            let digit = digits.digit(shifted, window);
            let signed = if digit < 0 { -*point } else { *point };
            (digit != 0).then_some((digit.unsigned_abs() as usize, signed))
        });
        lists::weigh(&lists::add_up_buckets(digits.buckets(), entries))
    };
    let windows: Vec<Sum> = (0..digits.windows()).into_par_iter().map(window).collect();
    windows.iter().rev().fold(Sum::zero(), |mut sum, window| {
        (0..digits.width).for_each(|_| {
            sum.double_in_place();
        });
        sum + window
    })
}

/// A scalar's digits of `width` bits, least significant first: −2^(width−1) to 2^(width−1) − 1, the
/// last one from 0 to 2^(width−1). Signs halve the buckets.
///
/// They are read off the scalar plus 2^(width−1) in every place but the last, and that is taken off
/// each again: no digit depends on another, as it would through carries.
struct Digits {
    width: usize,
    offset: BigInt<4>,
}

impl Digits {
    /// The width that costs least.
    fn for_terms(count: usize) -> Self {
        // Weighing a bucket costs what about 4.5 shared additions do, and there are 2^(width−1).
        let cost = |width: &usize| windows(*width) * (count + (9 << (width - 2)));
        let width = WIDTHS.min_by_key(cost).unwrap_or(*WIDTHS.start());
        let mut offset = BigInt::zero();
        for window in 0..windows(width) - 1 {
            let bit = window * width + width - 1;
            offset.0[bit / 64] |= 1 << (bit % 64);
        }
        Self { width, offset }
    }

    fn windows(&self) -> usize {
        windows(self.width)
    }

    /// One more than the largest digit, as bucket 0 stays empty.
    fn buckets(&self) -> usize {
        (1 << (self.width - 1)) + 1
    }

    /// Below 2^256: the offset is below 2^255, and so is the scalar.
    fn shift(&self, scalar: &Scalar) -> BigInt<4> {
        let mut shifted = scalar.into_bigint();
        shifted.add_with_carry(&self.offset);
        shifted
    }

    fn digit(&self, shifted: &BigInt<4>, window: usize) -> i32 {
        let bits = bits(shifted, window * self.width, self.width) as i32;
        if window + 1 < self.windows() { bits - (1 << (self.width - 1)) } else { bits }
    }
}

/// Windows of a scalar: one more than whole ones within its bits, for the offset.
fn windows(width: usize) -> usize {
    SCALAR_BITS / width + 1
}

/// `width` bits from bit `start` on; beyond the number they are 0.
fn bits(number: &BigInt<4>, start: usize, width: usize) -> u64 {
    let (limb, shift) = (start / 64, start % 64);
    let low = number.0[limb] >> shift;
    let above = number.0.get(limb + 1).filter(|_| shift > 0);
    let high = above.map_or(0, |above| above << (64 - shift));
    (low | high) & ((1 << width) - 1)
}

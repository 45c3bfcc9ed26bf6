//! The inner-product argument of 11 rounds (Bulletproofs, section 3), for a vector that is masked
//! already and so needs no hiding.
//!
//! Shown is W = ⟨w, G⟩ + ⟨w, R⟩·U for public R. A round halves everything: with
//! L = ⟨w_hi, G_lo⟩ + ⟨w_hi, R_lo⟩U and its mirror image on the other side, challenge u gives
//! w' = w_lo + u·w_hi, G' = G_lo + u⁻¹·G_hi, R' likewise, and W' = W + u·L + u⁻¹·M.

use ark_ff::{Field, One};

use super::{ProveError, encode_sums, inner_product};
use crate::curve::{Encoded, Scalar, Sum};
use crate::generators::{CHUNK_BITS, CHUNK_ROWS, generators};
use crate::msm::msm;
use crate::transcript::{Channel, ZeroChallenge};

/// What the prover sends.
pub(super) struct Folded {
    /// L and M of each round.
    pub sides: Vec<[Encoded; 2]>,
    /// The vector's one number that is left.
    pub last: Scalar,
}

/// Proves for w and R of 2,048 numbers; `unit` is U as a multiple of Q.
pub(super) fn prove(
    transcript: &mut impl Channel,
    mut w: Vec<Scalar>,
    mut public: Vec<Scalar>,
    unit: &Scalar,
) -> Result<Folded, ProveError> {
    let mut factors = vec![Scalar::one()];
    let mut sides = Vec::with_capacity(CHUNK_BITS);
    while w.len() > 1 {
        let half = w.len() / 2;
        let (w_low, w_high) = w.split_at(half);
        let (r_low, r_high) = public.split_at(half);
        let (left, right) = rayon::join(
            || side(&factors, w_high, 0, inner_product(w_high, r_low) * unit),
            || side(&factors, w_low, half, inner_product(w_low, r_high) * unit),
        );
        let encoded = encode_sums(&[left, right])?;
        let pair = [encoded[0], encoded[1]];
        let challenge = round_challenge(transcript, &pair)?;
        // A challenge is never 0, so it has an inverse.
        let inverse = challenge.inverse().unwrap_or_default();
        w = w_low.iter().zip(w_high).map(|(low, high)| *low + *high * challenge).collect();
        public = r_low.iter().zip(r_high).map(|(low, high)| *low + *high * inverse).collect();
        factors = factors.iter().flat_map(|factor| [*factor, *factor * inverse]).collect();
        sides.push(pair);
    }
    Ok(Folded { sides, last: w.first().copied().unwrap_or_default() })
}

/// Absorbs a round's messages and draws its challenge.
pub(super) fn round_challenge(
    transcript: &mut impl Channel,
    sides: &[Encoded; 2],
) -> Result<Scalar, ZeroChallenge> {
    transcript.point(b"left", &sides[0]);
    transcript.point(b"right", &sides[1]);
    transcript.challenge(b"fold")
}

/// What each generator counts in the one that is left: a product of inverse challenges, the first
/// round's for the most significant bit of the generator's number.
pub(super) fn generator_factors(inverses: &[Scalar]) -> Vec<Scalar> {
    inverses.iter().fold(vec![Scalar::one()], |factors, inverse| {
        factors.iter().flat_map(|factor| [*factor, *factor * inverse]).collect()
    })
}

/// ⟨part, G'⟩ + value·Q for the folded generators G' from `offset` on. Generators are not folded
/// themselves: an MSM over all that make up G' is cheaper than their scalar multiples.
fn side(factors: &[Scalar], part: &[Scalar], offset: usize, value: Scalar) -> Sum {
    let generators = generators();
    let block = CHUNK_ROWS / factors.len();
    let mut terms = Vec::with_capacity(CHUNK_ROWS / 2 + 1);
    for (rows, factor) in generators.rows.chunks_exact(block).zip(factors) {
        let rows = rows[offset..offset + part.len()].iter();
        terms.extend(rows.zip(part).map(|(row, number)| (*row, *number * factor)));
    }
    terms.push((generators.value, value));
    msm(&terms)
}

//! The compressed Σ-protocol that opens a random combination of all columns at one point.
//!
//! C* = Σ_c g_c Σ_k a_k·C_{c,k} must hold ⟨v, G⟩ with ⟨v, R⟩ = the value hidden in V*. Both are shown
//! at once for P = C* + x·V*, where x is drawn **after** every commitment: with a fixed multiple of Q
//! a holder who put εQ into a published commitment could pass any range proof and forge any sum.

use ark_ff::Zero;
use rayon::prelude::*;
use zeroize::Zeroizing;

use super::tables::SmallFactor;
use super::{ProveError, inner_product};
use crate::columns::Cells;
use crate::curve::{Encoded, Scalar};
use crate::generators::{CHUNK_ROWS, generators};
use crate::msm::msm;
use crate::transcript::Blinds;

/// Chunks that one thread adds up at a time.
const CHUNKS_TOGETHER: usize = 16;

/// The vector that is opened, and what hides it.
pub(super) struct Opened {
    pub v: Zeroizing<Vec<Scalar>>,
    pub blind: Scalar,
}

/// The prover's first message and what it keeps.
pub(super) struct Masked {
    mask: Zeroizing<Vec<Scalar>>,
    blind: Scalar,
    pub message: Encoded,
}

/// Σ_c g_c Σ_k a_k·(chunk k of column c), and the same of the blinds.
pub(super) fn combine(
    columns: &[Cells],
    blinds: &[&[Scalar]],
    column_weights: &[Scalar],
    chunk_weights: &[Scalar],
) -> Opened {
    let chunks: Vec<usize> = (0..chunk_weights.len()).collect();
    let v = chunks
        .par_chunks(CHUNKS_TOGETHER)
        .map(|chunks| {
            let mut sum = zeros();
            for chunk in chunks {
                for (cells, weight) in columns.iter().zip(column_weights) {
                    add_chunk(&mut sum, cells, *chunk, *weight * chunk_weights[*chunk]);
                }
            }
            sum
        })
        .reduce(zeros, |mut sum, part| {
            sum.iter_mut().zip(part.iter()).for_each(|(sum, part)| *sum += part);
            sum
        });
    let weighed = blinds.iter().zip(column_weights);
    let blind = weighed.map(|(blinds, weight)| inner_product(blinds, chunk_weights) * weight).sum();
    Opened { v, blind }
}

fn zeros() -> Zeroizing<Vec<Scalar>> {
    Zeroizing::new(vec![Scalar::zero(); CHUNK_ROWS])
}

fn add_chunk(sum: &mut [Scalar], cells: &Cells, chunk: usize, weight: Scalar) {
    let start = chunk * CHUNK_ROWS;
    if cells.bits() == 0 {
        sum.iter_mut().enumerate().for_each(|(i, sum)| *sum += weight * cells.scalar(start + i));
        return;
    }
    let mut words = [0u32; CHUNK_ROWS];
    cells.read(start, &mut words);
    if cells.bits() == 1 {
        let ones = sum.iter_mut().zip(words).filter(|(_, word)| *word == 1);
        ones.for_each(|(sum, _)| *sum += weight);
    } else {
        let weight = SmallFactor::new(&weight);
        sum.iter_mut().zip(words).for_each(|(sum, word)| *sum += weight.times(word));
    }
}

/// A = ⟨d, G⟩ + x⟨d, R⟩Q + δH for a fresh d.
pub(super) fn mask(
    public: &[Scalar],
    x: &Scalar,
    blinds: &mut impl Blinds,
) -> Result<Masked, ProveError> {
    let generators = generators();
    let mask = Zeroizing::new((0..CHUNK_ROWS).map(|_| blinds.draw()).collect::<Vec<_>>());
    let blind = blinds.draw();
    let mut terms = Zeroizing::new(Vec::with_capacity(CHUNK_ROWS + 2));
    terms.extend(generators.rows.iter().copied().zip(mask.iter().copied()));
    terms.push((generators.value, inner_product(&mask, public) * x));
    terms.push((generators.blind, blind));
    let message = super::encode_sums(&[msm(&terms)])?[0];
    Ok(Masked { mask, blind, message })
}

impl Masked {
    /// d + c·v, which hides v, and δ + c·t.
    pub(super) fn respond(self, opened: &Opened, challenge: &Scalar) -> (Vec<Scalar>, Scalar) {
        let numbers = self.mask.iter().zip(opened.v.iter());
        let response = numbers.map(|(mask, number)| *mask + *number * challenge).collect();
        (response, self.blind + opened.blind * challenge)
    }
}

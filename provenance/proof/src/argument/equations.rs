//! All equations that verifiers have to check, as one sum of multiples of points.
//!
//! Each proof multiplies each of its equations by a challenge that was drawn after its last message,
//! so the sum is the identity only if every equation holds (but for a probability of 2^-250). Several
//! proofs share one sum: the 2,048 generators, most of the cost of a short proof, are paid for once.

use ark_ff::Zero;

use super::VerifyError;
use crate::curve::{Point, Scalar, Sum};
use crate::generators::{CHUNK_ROWS, generators};
use crate::msm::msm;

/// Multiples that go through one MSM before the next are taken, so that memory stays bounded.
const PENDING_MAX: usize = 1 << 16;

/// The sum so far.
pub struct Equations {
    rows: Vec<Scalar>,
    value: Scalar,
    blind: Scalar,
    pending: Vec<(Point, Scalar)>,
    settled: Sum,
}

impl Equations {
    /// Without any equation, which holds.
    pub fn new() -> Self {
        Self {
            rows: vec![Scalar::zero(); CHUNK_ROWS],
            value: Scalar::zero(),
            blind: Scalar::zero(),
            pending: Vec::new(),
            settled: Sum::zero(),
        }
    }

    /// Adds a multiple of Q.
    pub(super) fn value(&mut self, scalar: Scalar) {
        self.value += scalar;
    }

    /// Adds a multiple of H.
    pub(super) fn blind(&mut self, scalar: Scalar) {
        self.blind += scalar;
    }

    /// Adds multiples of G_0 … G_2047.
    pub(super) fn rows(&mut self, scalars: &[Scalar], by: &Scalar) {
        self.rows.iter_mut().zip(scalars).for_each(|(sum, scalar)| *sum += *scalar * by);
    }

    /// Adds a multiple of a point.
    pub(super) fn point(&mut self, point: Point, scalar: Scalar) {
        self.pending.push((point, scalar));
        if self.pending.len() >= PENDING_MAX {
            self.settle();
        }
    }

    fn settle(&mut self) {
        self.settled += msm(&self.pending);
        self.pending.clear();
    }

    /// Decides about all equations at once.
    ///
    /// # Errors
    /// When one of them does not hold; which one is not known.
    pub fn check(mut self) -> Result<(), VerifyError> {
        let generators = generators();
        for (point, scalar) in generators.rows.iter().zip(std::mem::take(&mut self.rows)) {
            self.point(*point, scalar);
        }
        let (value, blind) = (self.value, self.blind);
        self.point(generators.value, value);
        self.point(generators.blind, blind);
        self.settle();
        if self.settled.is_zero() { Ok(()) } else { Err(VerifyError::False) }
    }
}

impl Default for Equations {
    fn default() -> Self {
        Self::new()
    }
}

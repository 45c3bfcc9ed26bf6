//! All equations that verifiers have to check, as one sum of multiples of points.
//!
//! Each proof multiplies each of its equations by a challenge that was drawn after its last message,
//! so the sum is the identity only if every equation holds (but for a probability of 2^-250). Several
//! proofs share one sum: the 2,048 generators, most of the cost of a short proof, are paid for once.
//! What weighs one proof's equations says nothing about another's. Added up as they are, errors of
//! many proofs could be made to cancel by trying variants of each alone (generalised birthdays: some
//! 2^36 tries for 256 columns). So each proof is weighed once more, by a factor that depends on the
//! bytes of all of them.

use ark_ff::{One, Zero};

use super::VerifyError;
use crate::curve::{self, Point, Scalar, Sum};
use crate::generators::{CHUNK_ROWS, generators};
use crate::msm::msm;
use crate::transcript::ZeroChallenge;

/// Multiples that go through one MSM before the next are taken, so that memory stays bounded.
const PENDING_MAX: usize = 1 << 16;
/// What the factors of several proofs are derived under.
const TOGETHER_CONTEXT: &str = "veritrail zkstat/v1 equations together";

/// The sum so far.
pub struct Equations {
    rows: Vec<Scalar>,
    value: Scalar,
    blind: Scalar,
    pending: Vec<(Point, Scalar)>,
    settled: Sum,
    /// What all of the present proof's equations are multiplied by.
    factor: Scalar,
    factors: Factors,
}

/// Where the next proof's factor comes from.
enum Factors {
    /// One proof is all that comes.
    One,
    /// It has come.
    None,
    /// From a stream that depends on all proofs.
    Stream(Box<blake3::OutputReader>),
}

impl Equations {
    /// Without any equation, which holds; for those of one proof.
    pub fn new() -> Self {
        Self::with(Factors::One)
    }

    /// For those of several proofs, which all lie in these bytes.
    pub fn over(bytes: &[u8]) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key(TOGETHER_CONTEXT);
        hasher.update(bytes);
        Self::with(Factors::Stream(Box::new(hasher.finalize_xof())))
    }

    fn with(factors: Factors) -> Self {
        Self {
            rows: vec![Scalar::zero(); CHUNK_ROWS],
            value: Scalar::zero(),
            blind: Scalar::zero(),
            pending: Vec::new(),
            settled: Sum::zero(),
            factor: Scalar::one(),
            factors,
        }
    }

    /// Begins the equations of the next proof.
    ///
    /// # Errors
    /// When a second proof comes and nothing was said of several; when its factor is zero.
    pub(super) fn next_proof(&mut self) -> Result<(), VerifyError> {
        match &mut self.factors {
            Factors::One => self.factors = Factors::None,
            Factors::None => return Err(VerifyError::Together),
            Factors::Stream(stream) => {
                let mut wide = [0; 64];
                stream.fill(&mut wide);
                self.factor = curve::wide_scalar(&wide);
            }
        }
        if curve::is_zero(&self.factor) { Err(ZeroChallenge.into()) } else { Ok(()) }
    }

    /// Adds a multiple of Q.
    pub(super) fn value(&mut self, scalar: Scalar) {
        self.value += scalar * self.factor;
    }

    /// Adds a multiple of H.
    pub(super) fn blind(&mut self, scalar: Scalar) {
        self.blind += scalar * self.factor;
    }

    /// Adds multiples of G_0 … G_2047.
    pub(super) fn rows(&mut self, scalars: &[Scalar], by: &Scalar) {
        let by = *by * self.factor;
        self.rows.iter_mut().zip(scalars).for_each(|(sum, scalar)| *sum += *scalar * by);
    }

    /// Adds a multiple of a point.
    pub(super) fn point(&mut self, point: Point, scalar: Scalar) {
        self.add(point, scalar * self.factor);
    }

    fn add(&mut self, point: Point, scalar: Scalar) {
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
            self.add(*point, scalar);
        }
        let (value, blind) = (self.value, self.blind);
        self.add(generators.value, value);
        self.add(generators.blind, blind);
        self.settle();
        if self.settled.is_zero() { Ok(()) } else { Err(VerifyError::False) }
    }
}

impl Default for Equations {
    fn default() -> Self {
        Self::new()
    }
}

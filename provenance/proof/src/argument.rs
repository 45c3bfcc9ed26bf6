//! The argument: one proof that a [`Relation`] holds for committed columns.
//!
//! A sumcheck whose round polynomials are committed reduces all claims to one point z; a
//! Σ-protocol shows that the hidden evaluations at z satisfy the last equation; a compressed
//! Σ-protocol opens a random combination of the columns at z. Plain sums skip the first two. Prover
//! ([`prove`]) and verifier ([`verify`]) share only what is public; the verifier allocates nothing
//! by a length that it read, because every length follows from the relation.

pub mod equations;
pub mod forms;
mod inner;
mod opening;
pub mod prove;
mod rounds;
mod sigma;
mod small;
mod tables;
pub mod verify;

use thiserror::Error;

use crate::curve::{self, ENCODED_LEN, Encoded, EncodingError, Point, Scalar, Sum};
use crate::generators::CHUNK_BITS;
use crate::relation::{Mode, Relation};
use crate::transcript::{Channel, ZeroChallenge};
use crate::wire::WireError;

/// Commitments to the chunks of one column, with the bytes that they were read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commitments {
    points: Vec<Point>,
    bytes: Vec<u8>,
}

impl Commitments {
    /// From points that were just made.
    ///
    /// # Errors
    /// For the identity, which an honest blind makes with probability 2^-254.
    pub fn new(points: Vec<Point>) -> Result<Self, EncodingError> {
        let encoded = points.iter().map(curve::encode_point).collect::<Result<Vec<_>, _>>()?;
        Ok(Self { points, bytes: encoded.concat() })
    }

    /// Reads the commitments of `chunks` chunks; costs about 10 µs each.
    ///
    /// # Errors
    /// When the length is another, or a point is not canonical.
    pub fn decode(bytes: &[u8], chunks: usize) -> Result<Self, WireError> {
        if Some(bytes.len()) != chunks.checked_mul(ENCODED_LEN) {
            return Err(WireError::Length);
        }
        let points = curve::decode_points(bytes)?;
        Ok(Self { points, bytes: bytes.to_vec() })
    }

    /// The points, one a chunk.
    pub fn points(&self) -> &[Point] {
        &self.points
    }

    /// Their encodings, one after another.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// Why a proof cannot be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ProveError {
    /// Columns, blinds or commitments do not fit the relation.
    #[error("the columns do not fit what is to be proven")]
    Shape,
    /// A challenge came out as zero.
    #[error(transparent)]
    Challenge(#[from] ZeroChallenge),
    /// A message came out as the identity.
    #[error(transparent)]
    Encoding(#[from] EncodingError),
}

/// Why a proof is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum VerifyError {
    /// The commitments do not fit the relation.
    #[error("the commitments do not fit what is claimed")]
    Shape,
    /// The proof cannot be read.
    #[error("the proof cannot be read: {0}")]
    Wire(#[from] WireError),
    /// A challenge came out as zero.
    #[error(transparent)]
    Challenge(#[from] ZeroChallenge),
    /// Several proofs were to be decided at once without a factor that depends on all of them.
    #[error("several proofs were added up as if they were one")]
    Together,
    /// The equations do not hold: the claim is false, or was not made about these commitments.
    #[error("the proof does not show the claim")]
    False,
}

/// Bytes of the proof of a relation: they depend on nothing but its shape.
pub fn proof_len(relation: &Relation) -> usize {
    let opening = 3 + 2 * CHUNK_BITS;
    let before = match relation.mode() {
        Mode::Linear => 0,
        _ => {
            let sumcheck = relation.variables() * relation.round_degree();
            sumcheck + 4 * relation.columns() + relation.degree() + 1
        }
    };
    // A commitment, a mask and two responses for each hidden sum; cross terms and one response.
    let hidden =
        relation.one_small().map_or(0, |small| 4 * small.claims.len() + small.factors() + 1);
    (opening + before + hidden) * ENCODED_LEN
}

/// Absorbs the table's shape and all columns, which every challenge depends on.
fn absorb_columns<'a>(
    transcript: &mut impl Channel,
    relation: &Relation,
    columns: impl Iterator<Item = &'a Commitments>,
) {
    transcript.number(b"rows", relation.rows());
    transcript.number(b"chunks", relation.chunks() as u64);
    transcript.number(b"columns", relation.columns() as u64);
    columns.for_each(|column| transcript.bytes(b"column", column.bytes()));
}

/// Absorbs the claimed sums and the commitments to hidden ones, and draws what weighs the claims: 1,
/// ρ, ρ², …
fn claim_weights(
    transcript: &mut impl Channel,
    relation: &Relation,
    hidden: &[Encoded],
) -> Result<Vec<Scalar>, ZeroChallenge> {
    transcript.number(b"claims", relation.claims().len() as u64);
    for claim in relation.claims() {
        transcript.bytes(b"sum", &claim.sum.to_le_bytes());
    }
    hidden.iter().for_each(|point| transcript.point(b"hidden", point));
    let rho = transcript.challenge(b"rho")?;
    Ok(powers(rho, relation.claims().len()))
}

/// The random form τ that zero claims are weighed by; empty where there are none.
fn zero_form(
    transcript: &mut impl Channel,
    relation: &Relation,
) -> Result<Vec<Scalar>, ZeroChallenge> {
    match relation.mode() {
        Mode::Zero | Mode::Mixed => transcript.challenges(b"tau", relation.variables()),
        Mode::Linear | Mode::Sum => Ok(Vec::new()),
    }
}

/// 1, x, x², …
fn powers(x: Scalar, count: usize) -> Vec<Scalar> {
    std::iter::successors(Some(Scalar::from(1u64)), |power| Some(*power * x)).take(count).collect()
}

/// Σ a·b.
fn inner_product(a: &[Scalar], b: &[Scalar]) -> Scalar {
    a.iter().zip(b).map(|(a, b)| *a * b).sum()
}

/// What the values of a round's polynomial at 0 and at 1 count in the claim that it reduces.
fn ends(mode: Mode, tau: Option<&Scalar>) -> (Scalar, Scalar) {
    let one = Scalar::from(1u64);
    match (mode, tau) {
        (Mode::Zero, Some(tau)) => (one - tau, *tau),
        _ => (one, one),
    }
}

/// For a linear relation: the weight of each column's plain sum, and what it must come to.
fn linear_combination(relation: &Relation, weights: &[Scalar]) -> (Vec<Scalar>, Scalar) {
    use crate::relation::Factor;
    let mut columns = vec![Scalar::from(0u64); relation.columns()];
    let mut value = Scalar::from(0u64);
    for (claim, weight) in relation.claims().iter().zip(weights) {
        value += *weight * Scalar::from(claim.sum);
        for product in &claim.products {
            let weight = *weight * curve::signed(product.coefficient.into());
            for factor in &product.factors {
                match factor {
                    Factor::Column(column) => columns[*column] += weight,
                    Factor::Form(form) => {
                        let form = &relation.forms()[*form];
                        for (column, coefficient) in &form.terms {
                            columns[*column] += weight * curve::signed((*coefficient).into());
                        }
                        let rows = i128::from(form.rows) * i128::from(relation.rows());
                        value -= weight * curve::signed(rows);
                    }
                }
            }
        }
    }
    (columns, value)
}

/// Encodes sums that are to be sent.
fn encode_sums(sums: &[Sum]) -> Result<Vec<Encoded>, EncodingError> {
    curve::normalize(sums).iter().map(curve::encode_point).collect()
}

//! The verifier: reads a proof, rebuilds the transcript, and adds the equations to be checked.
//!
//! Steps are numbered as in docs/formats/proof.md. Nothing here is secret.

mod hidden;

use ark_ff::{Field, One, Zero};

use super::equations::Equations;
use super::prove::last_equation;
use super::{Commitments, VerifyError, ends, inner, powers};
use crate::curve::{Encoded, Point, Scalar, encode_point};
use crate::generators::{CHUNK_BITS, CHUNK_ROWS};
use crate::relation::{Mode, Relation, eq_table};
use crate::transcript::Channel;
use crate::wire::{Reader, WireError};

/// Checks the proof of a relation over these commitments, as far as it can be without the group:
/// the equations that are left go into `equations`, and the proof shows nothing before
/// [`Equations::check`]. The statement has been absorbed.
///
/// # Errors
/// When the proof is not well formed.
pub fn verify(
    transcript: &mut impl Channel,
    relation: &Relation,
    columns: &[&Commitments],
    proof: &[u8],
    equations: &mut Equations,
) -> Result<(), VerifyError> {
    verify_given(transcript, relation, columns, &[], proof, equations)
}

/// As [`verify`], with the commitments to the sums that the relation has as given.
///
/// # Errors
/// When the proof is not well formed, or a commitment is the identity.
pub fn verify_given(
    transcript: &mut impl Channel,
    relation: &Relation,
    columns: &[&Commitments],
    given: &[Point],
    proof: &[u8],
    equations: &mut Equations,
) -> Result<(), VerifyError> {
    let chunks = relation.chunks();
    let fits = |column: &&Commitments| column.points().len() == chunks;
    let shape = columns.len() == relation.columns() && given.len() == relation.given().len();
    if !shape || !columns.iter().all(fits) {
        return Err(VerifyError::Shape);
    }
    if proof.len() != super::proof_len(relation) {
        return Err(WireError::Length.into());
    }
    equations.next_proof()?;
    super::absorb_columns(transcript, relation, columns.iter().copied());
    let tau = super::zero_form(transcript, relation)?;
    let mut reader = Reader::new(proof);
    let mut sent = Vec::new();
    let mut hidden = given.to_vec();
    for point in given {
        sent.push(encode_point(point).map_err(WireError::from)?);
    }
    for _ in given.len()..relation.hidden().len() {
        let (point, bytes) = reader.point()?;
        hidden.push(point);
        sent.push(bytes);
    }
    let weights = super::claim_weights(transcript, relation, &sent)?;
    let mut verifier = Verifier { transcript, relation, columns, hidden, reader, equations };
    match relation.mode() {
        Mode::Linear => verifier.sums(&weights)?,
        _ => verifier.products(&weights, &tau)?,
    }
    Ok(verifier.reader.end()?)
}

struct Verifier<'a, C: Channel> {
    transcript: &'a mut C,
    relation: &'a Relation,
    columns: &'a [&'a Commitments],
    /// The commitments to hidden sums.
    hidden: Vec<Point>,
    reader: Reader<'a>,
    equations: &'a mut Equations,
}

/// A commitment as a sum of multiples of points that were read, and of Q.
struct Combination {
    value: Scalar,
    points: Vec<(Point, Scalar)>,
}

/// What the opening shows: A + c·(C* + x·V*) − ζH is what the folding argument ends in.
struct Opening {
    message: Point,
    challenge: Scalar,
    blind: Scalar,
    x: Scalar,
    inverses: Vec<Scalar>,
    sides: Vec<(Point, Scalar)>,
    last: Scalar,
    /// ⟨folded R⟩: what is left of the public vector.
    public: Scalar,
}

impl<C: Channel> Verifier<'_, C> {
    /// Step 1.
    fn sums(&mut self, weights: &[Scalar]) -> Result<(), VerifyError> {
        let (column_weights, value) = super::linear_combination(self.relation, weights);
        let hidden = self.hidden_messages()?;
        let x = self.transcript.challenge(b"x")?;
        let message = self.point(b"opening")?;
        let challenge = self.transcript.challenge(b"c")?;
        let hidden_responses = self.hidden_responses()?;
        let blind = self.scalar(b"response")?;
        let mut opening = self.folding(message, challenge, blind, x)?;
        opening.public = opening.inverses.iter().map(|inverse| *inverse + Scalar::one()).product();
        let weigh = self.transcript.challenge(b"weigh")?;
        let chunk_weights = vec![Scalar::one(); self.relation.chunks()];
        self.equations.value(weigh * challenge * x * value);
        for (point, weight) in self.weighed_hidden(weights) {
            self.equations.point(point, weigh * challenge * x * weight);
        }
        self.hidden_equations(&hidden, &hidden_responses, &challenge)?;
        self.open(&opening, &column_weights, &chunk_weights, &weigh);
        Ok(())
    }

    /// Steps 2 to 5.
    fn products(&mut self, weights: &[Scalar], tau: &[Scalar]) -> Result<(), VerifyError> {
        let (z, claim) = self.sumcheck(weights, tau)?;
        let count = self.relation.columns();
        let evaluations = self.points(b"evaluation", count)?;
        let equation = last_equation(self.relation, weights, tau, &z);
        let masks = self.points(b"mask", count)?;
        let cross = self.points(b"cross", self.relation.degree())?;
        let hidden = self.hidden_messages()?;
        let gamma = self.transcript.challenge(b"gamma")?;
        let x = self.transcript.challenge(b"x")?;
        let message = self.point(b"opening")?;
        let challenge = self.transcript.challenge(b"c")?;
        let mut responses = Vec::with_capacity(count);
        let mut response_blinds = Vec::with_capacity(count);
        for _ in 0..count {
            responses.push(self.scalar(b"response")?);
            response_blinds.push(self.scalar(b"response")?);
        }
        let last_blind = self.scalar(b"response")?;
        let hidden_responses = self.hidden_responses()?;
        let blind = self.scalar(b"response")?;
        let mut opening = self.folding(message, challenge, blind, x)?;
        let (z_high, z_low) = z.split_at(self.relation.chunk_variables());
        opening.public = fold_eq(z_low, &opening.inverses);

        // Every message is in the transcript: now the equations can be weighed.
        let weigh = self.transcript.challenges(b"weigh", count + 2)?;
        self.hidden_equations(&hidden, &hidden_responses, &challenge)?;
        for column in 0..count {
            let by = weigh[column];
            self.equations.value(by * responses[column]);
            self.equations.blind(by * response_blinds[column]);
            self.equations.point(masks[column], -by);
            self.equations.point(evaluations[column], -(by * challenge));
        }
        let by = weigh[count];
        let challenge_powers = powers(challenge, cross.len() + 1);
        let claim_by = -(by * challenge_powers[cross.len()]);
        self.equations.value(by * equation.lifted(&responses, &challenge) + claim_by * claim.value);
        self.equations.blind(by * last_blind);
        claim.points.iter().for_each(|(point, scalar)| {
            self.equations.point(*point, claim_by * scalar);
        });
        for (point, power) in cross.iter().zip(&challenge_powers) {
            self.equations.point(*point, -(by * power));
        }
        let by = weigh[count + 1];
        let column_weights = powers(gamma, count);
        for (point, weight) in evaluations.iter().zip(&column_weights) {
            self.equations.point(*point, by * challenge * x * weight);
        }
        let chunk_weights = eq_table(z_high, self.relation.chunks());
        self.open(&opening, &column_weights, &chunk_weights, &by);
        Ok(())
    }

    /// Step 3: z, and the last claim as a combination of all rounds' commitments.
    fn sumcheck(
        &mut self,
        weights: &[Scalar],
        tau: &[Scalar],
    ) -> Result<(Vec<Scalar>, Combination), VerifyError> {
        let sums = self.relation.claims().iter().map(|claim| Scalar::from(claim.sum));
        let value = sums.zip(weights).map(|(sum, weight)| sum * weight).sum();
        let mut claim = Combination { value, points: self.weighed_hidden(weights) };
        let mut z = Vec::with_capacity(self.relation.variables());
        for round in 0..self.relation.variables() {
            let sent = self.points(b"round", self.relation.round_degree())?;
            let r = self.transcript.challenge(b"r")?;
            let (at_zero, at_one) = ends(self.relation.mode(), tau.get(round));
            // p(r) with the coefficient of X replaced by what the claim makes of it.
            let scale = r * at_one.inverse().unwrap_or_default();
            claim.value *= scale;
            claim.points.iter_mut().for_each(|(_, scalar)| *scalar *= scale);
            claim.points.push((sent[0], Scalar::one() - scale * (at_zero + at_one)));
            let mut power = r;
            for point in &sent[1..] {
                power *= r;
                claim.points.push((*point, power - r));
            }
            z.push(r);
        }
        Ok((z, claim))
    }

    /// Reads the folding argument.
    fn folding(
        &mut self,
        message: Point,
        challenge: Scalar,
        blind: Scalar,
        x: Scalar,
    ) -> Result<Opening, VerifyError> {
        let mut inverses = Vec::with_capacity(CHUNK_BITS);
        let mut sides = Vec::with_capacity(2 * CHUNK_BITS);
        for _ in 0..CHUNK_BITS {
            let (left, left_bytes) = self.reader.point()?;
            let (right, right_bytes) = self.reader.point()?;
            let pair: [Encoded; 2] = [left_bytes, right_bytes];
            let fold = inner::round_challenge(self.transcript, &pair)?;
            let inverse = fold.inverse().unwrap_or_default();
            sides.push((left, fold));
            sides.push((right, inverse));
            inverses.push(inverse);
        }
        let last = self.scalar(b"last")?;
        let public = Scalar::zero();
        Ok(Opening { message, challenge, blind, x, inverses, sides, last, public })
    }

    /// Adds by·(A + c·C* − ζH + Σ(u·L + u⁻¹·M) − w·⟨s, G⟩ − w·R'·x·Q); V* is the caller's.
    fn open(
        &mut self,
        opening: &Opening,
        column_weights: &[Scalar],
        chunk_weights: &[Scalar],
        by: &Scalar,
    ) {
        self.equations.point(opening.message, *by);
        for (column, column_weight) in self.columns.iter().zip(column_weights) {
            let by = *by * opening.challenge * column_weight;
            for (point, chunk_weight) in column.points().iter().zip(chunk_weights) {
                self.equations.point(*point, by * chunk_weight);
            }
        }
        self.equations.blind(-(*by * opening.blind));
        for (point, scalar) in &opening.sides {
            self.equations.point(*point, *by * scalar);
        }
        let last = -(*by * opening.last);
        self.equations.rows(&inner::generator_factors(&opening.inverses), &last);
        self.equations.value(last * opening.public * opening.x);
    }

    fn point(&mut self, label: &'static [u8]) -> Result<Point, VerifyError> {
        let (point, bytes) = self.reader.point()?;
        self.transcript.point(label, &bytes);
        Ok(point)
    }

    fn points(&mut self, label: &'static [u8], count: usize) -> Result<Vec<Point>, VerifyError> {
        (0..count).map(|_| self.point(label)).collect()
    }

    fn scalar(&mut self, label: &'static [u8]) -> Result<Scalar, VerifyError> {
        let scalar = self.reader.scalar()?;
        self.transcript.scalar(label, &scalar);
        Ok(scalar)
    }
}

/// What folding leaves of eq(z, ·): each variable's two values, the second times u⁻¹.
fn fold_eq(z: &[Scalar], inverses: &[Scalar]) -> Scalar {
    debug_assert_eq!(1 << z.len(), CHUNK_ROWS);
    z.iter().zip(inverses).map(|(z, inverse)| Scalar::one() - z + *z * inverse).product()
}

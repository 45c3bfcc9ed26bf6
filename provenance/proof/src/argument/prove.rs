//! The prover, step by step as docs/formats/proof.md numbers them.

mod hidden;

use ark_ff::{Field, One};

use super::rounds::{self, Summand};
use super::sigma::LastEquation;
use super::tables::{self, Table};
use super::{Commitments, ProveError, encode_sums, ends, inner, opening, powers};
use crate::columns::Cells;
use crate::commit::commit_value;
use crate::curve::{self, Scalar, Sum};
use crate::generators::CHUNK_ROWS;
use crate::relation::{Mode, Relation, Weight, eq, eq_table, rows_indicator};
use crate::transcript::{Blinds, Channel};
use crate::wire::Writer;
use zeroize::Zeroizing;

/// A committed column with what opens it.
#[derive(Clone)]
pub struct OpenColumn {
    /// Its numbers.
    pub cells: Cells,
    /// The blind of each chunk.
    pub blinds: Zeroizing<Vec<Scalar>>,
    /// The commitments, as they are published.
    pub commitments: Commitments,
}

/// Proves a relation over these columns. The statement that it stands for has been absorbed.
///
/// # Errors
/// When the columns do not fit the relation. A relation that does not hold is not noticed here:
/// what comes out is a proof that the verifier refuses.
pub fn prove(
    transcript: &mut impl Channel,
    relation: &Relation,
    columns: &[OpenColumn],
    blinds: &mut impl Blinds,
) -> Result<Vec<u8>, ProveError> {
    prove_hiding(transcript, relation, columns, &[], blinds)
}

/// As [`prove`], with the sums that the relation hides and commits to here.
///
/// # Errors
/// When columns or sums do not fit the relation.
pub fn prove_hiding(
    transcript: &mut impl Channel,
    relation: &Relation,
    columns: &[OpenColumn],
    sums: &[u128],
    blinds: &mut impl Blinds,
) -> Result<Vec<u8>, ProveError> {
    if !relation.given().is_empty() {
        return Err(ProveError::Shape);
    }
    let hidden =
        sums.iter().map(|sum| Hidden { value: Scalar::from(*sum), blind: blinds.draw() }).collect();
    prove_with(transcript, relation, columns, hidden, blinds)
}

/// As [`prove`], with what opens the commitments to the sums that the relation has as given.
///
/// # Errors
/// When columns or sums do not fit the relation.
pub fn prove_given(
    transcript: &mut impl Channel,
    relation: &Relation,
    columns: &[OpenColumn],
    given: Vec<Hidden>,
    blinds: &mut impl Blinds,
) -> Result<Vec<u8>, ProveError> {
    if given.len() != relation.given().len() {
        return Err(ProveError::Shape);
    }
    prove_with(transcript, relation, columns, given, blinds)
}

fn prove_with(
    transcript: &mut impl Channel,
    relation: &Relation,
    columns: &[OpenColumn],
    hidden: Vec<Hidden>,
    blinds: &mut impl Blinds,
) -> Result<Vec<u8>, ProveError> {
    let chunks = relation.chunks();
    let fits = |column: &OpenColumn| {
        column.blinds.len() == chunks && column.commitments.points().len() == chunks
    };
    let told = hidden.len() == relation.hidden().len();
    if columns.len() != relation.columns() || !columns.iter().all(fits) || !told {
        return Err(ProveError::Shape);
    }
    let committed = columns.iter().map(|column| &column.commitments);
    super::absorb_columns(transcript, relation, committed);
    let tau = super::zero_form(transcript, relation)?;
    let sent = encode_sums(&hidden.iter().map(Hidden::commit).collect::<Vec<_>>())?;
    let weights = super::claim_weights(transcript, relation, &sent)?;
    let mut writer = Writer::new();
    if relation.given().is_empty() {
        sent.iter().for_each(|point| writer.bytes(point));
    }
    let mut prover = Prover { transcript, relation, columns, hidden, blinds, writer };
    match relation.mode() {
        Mode::Linear => prover.open_sums(&weights)?,
        _ => prover.open_products(&weights, &tau)?,
    }
    Ok(prover.writer.finish())
}

/// A hidden number: the prover's view of a value commitment.
#[derive(Clone, Copy)]
pub struct Hidden {
    /// The number.
    pub value: Scalar,
    /// What hides it.
    pub blind: Scalar,
}

impl Hidden {
    /// Its commitment.
    pub fn commit(&self) -> Sum {
        commit_value(&self.value, &self.blind)
    }
}

struct Prover<'a, C: Channel, B: Blinds> {
    transcript: &'a mut C,
    relation: &'a Relation,
    columns: &'a [OpenColumn],
    /// The sums that are hidden.
    hidden: Vec<Hidden>,
    blinds: &'a mut B,
    writer: Writer,
}

impl<C: Channel, B: Blinds> Prover<'_, C, B> {
    /// Step 1: the columns' sums are ⟨v, 1⟩ of the sum of their chunks.
    fn open_sums(&mut self, weights: &[Scalar]) -> Result<(), ProveError> {
        let (column_weights, _) = super::linear_combination(self.relation, weights);
        let hidden = self.mask_hidden()?;
        let x = self.transcript.challenge(b"x")?;
        let chunk_weights = vec![Scalar::one(); self.relation.chunks()];
        let mut opened = self.combine(&column_weights, &chunk_weights);
        opened.blind += x * self.first_claim(weights).blind;
        let public = vec![Scalar::one(); CHUNK_ROWS];
        let masked = opening::mask(&public, &x, self.blinds)?;
        self.send_point(b"opening", &masked.message);
        let challenge = self.transcript.challenge(b"c")?;
        self.respond_hidden(&hidden, &challenge);
        let (response, blind) = masked.respond(&opened, &challenge);
        self.send_scalar(b"response", &blind);
        self.fold(response, public, &x)
    }

    /// Steps 2 to 5.
    fn open_products(&mut self, weights: &[Scalar], tau: &[Scalar]) -> Result<(), ProveError> {
        let (z, last_claim, evaluations) = self.sumcheck(weights, tau)?;
        let hidden: Vec<Hidden> = evaluations
            .iter()
            .map(|value| Hidden { value: *value, blind: self.blinds.draw() })
            .collect();
        self.send_commitments(b"evaluation", &hidden)?;

        let equation = last_equation(self.relation, weights, tau, &z);
        let masks: Vec<Hidden> = hidden.iter().map(|_| self.draw_hidden()).collect();
        self.send_commitments(b"mask", &masks)?;
        let mask_values: Vec<Scalar> = masks.iter().map(|mask| mask.value).collect();
        let mut cross = equation.expand(&mask_values, &evaluations);
        cross.truncate(self.relation.degree());
        let cross: Vec<Hidden> =
            cross.iter().map(|value| Hidden { value: *value, blind: self.blinds.draw() }).collect();
        self.send_commitments(b"cross", &cross)?;
        let masked_sums = self.mask_hidden()?;

        let gamma = self.transcript.challenge(b"gamma")?;
        let x = self.transcript.challenge(b"x")?;
        let column_weights = powers(gamma, self.relation.columns());
        let (z_high, z_low) = z.split_at(self.relation.chunk_variables());
        let chunk_weights = eq_table(z_high, self.relation.chunks());
        let mut opened = self.combine(&column_weights, &chunk_weights);
        let hidden_blinds: Vec<Scalar> = hidden.iter().map(|hidden| hidden.blind).collect();
        opened.blind += x * super::inner_product(&column_weights, &hidden_blinds);
        let public = eq_table(z_low, CHUNK_ROWS);
        let masked = opening::mask(&public, &x, self.blinds)?;
        self.send_point(b"opening", &masked.message);

        let challenge = self.transcript.challenge(b"c")?;
        for (mask, hidden) in masks.iter().zip(&hidden) {
            self.send_scalar(b"response", &(mask.value + challenge * hidden.value));
            self.send_scalar(b"response", &(mask.blind + challenge * hidden.blind));
        }
        let challenge_powers = powers(challenge, cross.len() + 1);
        let cross_blinds: Vec<Scalar> = cross.iter().map(|cross| cross.blind).collect();
        let last_blind = challenge_powers[cross.len()] * last_claim.blind
            + super::inner_product(&challenge_powers, &cross_blinds);
        self.send_scalar(b"response", &last_blind);
        self.respond_hidden(&masked_sums, &challenge);
        let (response, blind) = masked.respond(&opened, &challenge);
        self.send_scalar(b"response", &blind);
        self.fold(response, public, &x)
    }

    /// Step 3. Returns z, what the last claim hides, and the columns' evaluations at z.
    fn sumcheck(
        &mut self,
        weights: &[Scalar],
        tau: &[Scalar],
    ) -> Result<(Vec<Scalar>, Hidden, Vec<Scalar>), ProveError> {
        let relation = self.relation;
        let cells: Vec<Cells> = self.columns.iter().map(|column| column.cells.clone()).collect();
        let mut tables = tables::all(relation, &cells)?;
        let mut suffix = None;
        let mut zero_form = None;
        match relation.mode() {
            Mode::Zero => suffix = Some(eq_table(&tau[1..], 1 << (tau.len() - 1))),
            Mode::Mixed => {
                zero_form = Some(tables.len());
                // The whole form: unlike the columns it is not 0 beyond their rows.
                tables.push(Table::Field(Zeroizing::new(eq_table(tau, 1 << tau.len()))));
            }
            Mode::Linear | Mode::Sum => {}
        }
        let summands = rounds::summands(relation, weights, zero_form);
        let mut claim = self.first_claim(weights);
        let mut z = Vec::with_capacity(relation.variables());
        for round in 0..relation.variables() {
            let half = 1 << (relation.variables() - 1 - round);
            let ends = ends(relation.mode(), tau.get(round));
            let r = self.round(&tables, &summands, half, suffix.as_deref(), ends, &mut claim)?;
            tables.iter_mut().for_each(|table| table.fold(half, &r));
            if let Some(suffix) = &mut suffix {
                shorten(suffix);
            }
            z.push(r);
        }
        let evaluations =
            tables[..relation.columns()].iter().map(|table| table.scalar(0)).collect();
        Ok((z, claim, evaluations))
    }

    /// One round: commits to the coefficients but that of X, which follows from the claim, and
    /// moves the claim to the challenge.
    fn round(
        &mut self,
        tables: &[Table],
        summands: &[Summand],
        half: usize,
        suffix: Option<&[Scalar]>,
        (at_zero, at_one): (Scalar, Scalar),
        claim: &mut Hidden,
    ) -> Result<Scalar, ProveError> {
        let coefficients = rounds::coefficients(tables, summands, half, suffix);
        let degree = self.relation.round_degree();
        let sent: Vec<Hidden> = std::iter::once(0)
            .chain(2..=degree)
            .map(|at| Hidden { value: coefficients[at], blind: self.blinds.draw() })
            .collect();
        self.send_commitments(b"round", &sent)?;
        let r = self.transcript.challenge(b"r")?;
        // at_zero·p(0) + at_one·p(1) is the claim; at_one is 1 or τ and never 0.
        let inverse = at_one.inverse().unwrap_or_default();
        let move_claim = |claim: Scalar, sent: Vec<Scalar>| {
            let higher: Scalar = sent[1..].iter().sum();
            let linear = (claim - (at_zero + at_one) * sent[0]) * inverse - higher;
            let (mut power, mut moved) = (r, sent[0] + linear * r);
            for coefficient in &sent[1..] {
                power *= r;
                moved += power * coefficient;
            }
            moved
        };
        claim.value = move_claim(claim.value, sent.iter().map(|sent| sent.value).collect());
        claim.blind = move_claim(claim.blind, sent.iter().map(|sent| sent.blind).collect());
        Ok(r)
    }

    fn combine(&self, column_weights: &[Scalar], chunk_weights: &[Scalar]) -> opening::Opened {
        let cells: Vec<Cells> = self.columns.iter().map(|column| column.cells.clone()).collect();
        let blinds: Vec<&[Scalar]> = self.columns.iter().map(|column| &column.blinds[..]).collect();
        opening::combine(&cells, &blinds, column_weights, chunk_weights)
    }

    fn fold(
        &mut self,
        response: Vec<Scalar>,
        public: Vec<Scalar>,
        x: &Scalar,
    ) -> Result<(), ProveError> {
        let folded = inner::prove(self.transcript, response, public, x)?;
        folded.sides.iter().flatten().for_each(|side| self.writer.bytes(side));
        self.send_scalar(b"last", &folded.last);
        Ok(())
    }

    fn draw_hidden(&mut self) -> Hidden {
        Hidden { value: self.blinds.draw(), blind: self.blinds.draw() }
    }

    fn send_commitments(&mut self, label: &'static [u8], of: &[Hidden]) -> Result<(), ProveError> {
        let sums: Vec<Sum> = of.iter().map(Hidden::commit).collect();
        encode_sums(&sums)?.iter().for_each(|point| self.send_point(label, point));
        Ok(())
    }

    fn send_point(&mut self, label: &'static [u8], point: &curve::Encoded) {
        self.transcript.point(label, point);
        self.writer.bytes(point);
    }

    fn send_scalar(&mut self, label: &'static [u8], scalar: &Scalar) {
        self.transcript.scalar(label, scalar);
        self.writer.bytes(&curve::encode_scalar(scalar));
    }
}

/// eq(τ', ·) without its first variable: eq(τ, 0·) + eq(τ, 1·) over the variables that are left.
fn shorten(suffix: &mut Vec<Scalar>) {
    let half = suffix.len() / 2;
    if half > 0 {
        let (low, high) = suffix.split_at_mut(half);
        low.iter_mut().zip(high).for_each(|(low, high)| *low += &*high);
        suffix.truncate(half);
    }
}

/// The last equation at z.
pub(super) fn last_equation<'a>(
    relation: &'a Relation,
    weights: &[Scalar],
    tau: &[Scalar],
    z: &[Scalar],
) -> LastEquation<'a> {
    let zero_form = match relation.mode() {
        Mode::Mixed => eq(tau, z),
        _ => Scalar::one(),
    };
    let weights = relation
        .claims()
        .iter()
        .zip(weights)
        .map(|(claim, weight)| match claim.weight {
            Weight::Zero => *weight * zero_form,
            Weight::One => *weight,
        })
        .collect();
    LastEquation { relation, weights, rows: rows_indicator(relation.rows(), z) }
}

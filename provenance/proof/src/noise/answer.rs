//! The integers with their noise, once the audience has told its nonce.

use ark_ff::Zero;

use super::committed::{NoiseRefused, OpenBits};
use super::{Answers, Ask, Coins, Committed, NoiseError, question};
use crate::argument::equations::Equations;
use crate::argument::forms::{OpenForm, forms_len, prove_forms, rest, verify_forms};
use crate::argument::prove::{Hidden, OpenColumn, prove_given};
use crate::argument::verify::verify_given;
use crate::argument::{Commitments, VerifyError, proof_len};
use crate::body::Body;
use crate::columns::Cells;
use crate::curve::{ENCODED_LEN, Scalar};
use crate::generators::CHUNK_ROWS;
use crate::ingest::Checked;
use crate::ingest::prove::{OpenVersion, witness_digest};
use crate::statement::plan::Plan;
use crate::statement::prove::{Proven, commit_derived, compute, derive, open_columns};
use crate::statement::verify::committed_columns;
use crate::statement::{Audience, Context, StatementError, absorb_as};
use crate::transcript::{Channel, Entropy, Transcript};
use crate::wire::{Reader, WireError};
use veritrail_provenance::hash::StatementId;
use zeroize::Zeroizing;

/// What a nonce is stretched under.
const COINS_CONTEXT: &str = "veritrail zkstat/v1 noise coins";
/// No told integer may reach this.
const BOUND: u128 = 1 << 127;

/// Integers with noise that were verified, with what they mean. Can only be had from [`verify`].
#[derive(Debug, Clone)]
pub struct NoisyStatistic {
    body: Body,
    ask: Ask,
    plan: Plan,
    answers: Answers,
    results: Vec<u128>,
}

impl NoisyStatistic {
    /// The version that they are about.
    pub fn body(&self) -> &Body {
        &self.body
    }

    /// What was asked.
    pub fn ask(&self) -> &Ask {
        &self.ask
    }

    /// What each integer adds up.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The integers, each with its noise as it came: at least 0, and too large by
    /// [`Coins::twice_mean`]/2 on average.
    pub fn results(&self) -> &[u128] {
        &self.results
    }

    /// The coins of each integer; nothing for those that are told as they are.
    pub fn coins(&self) -> Vec<Option<Coins>> {
        let coins = |answer: &Option<usize>| answer.map(|at| self.ask.coins_of(at));
        self.answers.of_claims.iter().map(coins).collect()
    }
}

/// Tells the integers with their noise. `noise` is what was committed, `release` the statement that
/// logged it, and the context's audience has told the nonce.
///
/// # Errors
/// When the nonce is another, or version and commitments do not belong together.
pub fn answer(
    version: &OpenVersion,
    noise: &Committed,
    release: &StatementId,
    context: &Context,
    entropy: &Entropy,
) -> Result<Proven, NoiseError> {
    let (plan, answers) = noise.ask().plan(&version.body)?;
    nonce(noise, context)?;
    let seed = version.seed();
    let bits =
        OpenBits::derive(seed, &version.body, noise.ask(), answers.count(), noise.context())?;
    if bits.column.commitments != *noise.commitments() {
        return Err(StatementError::Missing.into());
    }
    let sums = Zeroizing::new(compute(version, &plan.claims)?);
    answer_with(version, noise, release, context, &bits.column, &sums, entropy)
}

/// Tells these sums with the noise that these bits make, whether they are true and committed to or
/// not; a verifier refuses others.
///
/// # Errors
/// When the nonce is another, or there are not as many.
pub fn answer_with(
    version: &OpenVersion,
    noise: &Committed,
    release: &StatementId,
    context: &Context,
    bits: &OpenColumn,
    sums: &[u128],
    entropy: &Entropy,
) -> Result<Proven, NoiseError> {
    let ask = noise.ask();
    let (plan, answers) = ask.plan(&version.body)?;
    let forms = forms(ask, answers.count(), nonce(noise, context)?, release);
    let with_noise = |(sum, answer): (&u128, &Option<usize>)| match answer {
        Some(at) => sum + forms[*at].noise(&bits.cells, *at),
        None => *sum,
    };
    let results: Vec<u128> = sums.iter().zip(&answers.of_claims).map(with_noise).collect();

    let relation = relation(&plan, &answers, version.body.rows, &results)?;
    let mut columns = open_columns(version, &plan)?;
    let mut transcript = Transcript::new();
    absorb(&mut transcript, noise, release, context, &plan, &results);
    let witness = witness_digest(&columns, version.seed());
    let secrets: [&[u8]; 2] = [version.seed().as_bytes(), witness.as_slice()];
    let mut blinds = transcript.blinds(&secrets, entropy);
    let open: Vec<OpenForm> = forms
        .iter()
        .enumerate()
        .map(|(at, form)| {
            let (numbers, weights) = (numbers(&bits.cells, at), form.weights.clone());
            let value = OpenForm::made(&numbers, &weights);
            OpenForm { numbers, blind: bits.blinds[at], form: weights, value }
        })
        .collect();
    let proven = prove_forms(&mut transcript, &open, &mut blinds);
    let (values, mut proof) = proven.map_err(StatementError::from)?;
    for derived in derive(version, &plan)? {
        let open = commit_derived(derived, relation.chunks(), &mut blinds)?;
        proof.extend_from_slice(open.commitments.bytes());
        columns.push(open);
    }
    let given = |(sum, answer): (&u128, &Option<usize>)| {
        answer.map(|at| Hidden { value: Scalar::from(*sum), blind: -values[at].blind })
    };
    let given = sums.iter().zip(&answers.of_claims).filter_map(given).collect();
    let argument = prove_given(&mut transcript, &relation, &columns, given, &mut blinds);
    proof.extend(argument.map_err(StatementError::from)?);
    Ok(Proven { results, proof })
}

/// The bits of one answer.
fn numbers(bits: &Cells, answer: usize) -> Zeroizing<Vec<Scalar>> {
    let rows = answer * CHUNK_ROWS..(answer + 1) * CHUNK_ROWS;
    Zeroizing::new(rows.map(|row| bits.scalar(row)).collect())
}

/// Checks that these integers are what was asked of the committed rows, each with the noise that the
/// committed bits and the nonce make.
///
/// # Errors
/// When it is not shown.
pub fn verify(
    version: &Checked,
    noise: &Committed,
    release: &StatementId,
    context: &Context,
    results: &[u128],
    proof: &[u8],
) -> Result<NoisyStatistic, NoiseRefused> {
    verify_in(&mut Transcript::new(), version, noise, release, context, (results, proof))
}

/// As [`verify`], over a channel of the caller's.
///
/// # Errors
/// When it is not shown.
pub fn verify_in(
    transcript: &mut impl Channel,
    version: &Checked,
    noise: &Committed,
    release: &StatementId,
    context: &Context,
    (results, proof): (&[u128], &[u8]),
) -> Result<NoisyStatistic, NoiseRefused> {
    let (body, ask) = (version.body(), noise.ask());
    if body != noise.body() {
        return Err(VerifyError::Shape.into());
    }
    let (plan, answers) = ask.plan(body)?;
    let nonce = nonce(noise, context)?;
    let relation = relation(&plan, &answers, body.rows, results)?;
    let column_len = relation.chunks() * ENCODED_LEN;
    let (forms_len, derived_len) = (forms_len(answers.count()), plan.derived.len() * column_len);
    if proof.len() != forms_len + derived_len + proof_len(&relation) {
        return Err(WireError::Length.into());
    }
    let mut reader = Reader::new(proof);
    absorb(transcript, noise, release, context, &plan, results);
    let forms = forms(ask, answers.count(), nonce, release);
    let weights: Vec<Vec<Scalar>> = forms.iter().map(|form| form.weights.clone()).collect();
    let opened = reader.take(forms_len)?;
    let values = verify_forms(transcript, noise.commitments().points(), &weights, opened)?;
    let mut derived = Vec::with_capacity(plan.derived.len());
    for _ in &plan.derived {
        let bytes = reader.take(column_len)?;
        derived.push(Commitments::decode(bytes, relation.chunks())?);
    }
    let mut columns = committed_columns(version, &plan)?;
    columns.extend(&derived);
    let left = |(told, answer): (&u128, &Option<usize>)| {
        answer.map(|at| rest(&(Scalar::from(*told) - forms[at].constant), &values[at]))
    };
    let given: Vec<_> = results.iter().zip(&answers.of_claims).filter_map(left).collect();
    let mut equations = Equations::new();
    verify_given(transcript, &relation, &columns, &given, reader.rest(), &mut equations)?;
    equations.check()?;
    let (body, ask, results) = (body.clone(), ask.clone(), results.to_vec());
    Ok(NoisyStatistic { body, ask, plan, answers, results })
}

/// The coins of one integer: a coin that falls on 1 turns its bit over.
struct Form {
    /// What a bit that is 1 adds.
    weights: Vec<Scalar>,
    /// What all of them come to if every bit is 0.
    constant: Scalar,
    flips: Vec<bool>,
    coins: Coins,
}

impl Form {
    fn noise(&self, bits: &Cells, answer: usize) -> u128 {
        let start = answer * CHUNK_ROWS;
        let coin = |(at, flip): (usize, &bool)| {
            let falls = (bits.word(start + at) == 1) != *flip;
            if falls { u128::from(self.coins.weight(at)) } else { 0 }
        };
        self.flips.iter().enumerate().map(coin).sum()
    }
}

fn forms(ask: &Ask, count: usize, nonce: &[u8; 32], release: &StatementId) -> Vec<Form> {
    let mut hasher = blake3::Hasher::new_derive_key(COINS_CONTEXT);
    hasher.update(nonce);
    hasher.update(release.as_bytes());
    let mut stream = hasher.finalize_xof();
    let form = |answer: usize| {
        let coins = ask.coins_of(answer);
        let mut bytes = [0; CHUNK_ROWS / 8];
        stream.fill(&mut bytes);
        let flips: Vec<bool> =
            (0..CHUNK_ROWS).map(|at| bytes[at / 8] >> (at % 8) & 1 == 1).collect();
        let mut constant = Scalar::zero();
        let mut weights = Vec::with_capacity(CHUNK_ROWS);
        for (at, flip) in flips.iter().enumerate() {
            let weight = Scalar::from(coins.weight(at));
            constant += if *flip { weight } else { Scalar::zero() };
            weights.push(if *flip { -weight } else { weight });
        }
        Form { weights, constant, flips, coins }
    };
    (0..count).map(form).collect()
}

/// The nonce, if it is the one that was asked with, about the version in the place that the bits are
/// bound to.
fn nonce<'a>(noise: &Committed, context: &'a Context) -> Result<&'a [u8; 32], NoiseError> {
    let (ask, place) = (noise.ask(), noise.context());
    let placed = (&context.origin, context.index, &context.leaf);
    if placed != (&place.origin, place.index, &place.leaf) {
        return Err(StatementError::Shape.into());
    }
    let Some(Audience { did, nonce }) = &context.audience else { return Err(NoiseError::Nonce) };
    let asked = question(nonce, did, noise.body(), context.origin.as_str());
    if *did != ask.audience || asked != ask.question {
        return Err(NoiseError::Nonce);
    }
    Ok(nonce)
}

/// The statement's relation, with the sums that bear noise committed to.
fn relation(
    plan: &Plan,
    answers: &Answers,
    rows: u64,
    results: &[u128],
) -> Result<crate::relation::Relation, StatementError> {
    if results.len() != answers.of_claims.len() {
        return Err(StatementError::Shape);
    }
    // Equal integers are told once, with one noise.
    let mut told: Vec<Option<u128>> = vec![None; answers.count()];
    for (result, answer) in results.iter().zip(&answers.of_claims) {
        let Some(at) = answer else { continue };
        if *told[*at].get_or_insert(*result) != *result {
            return Err(StatementError::Shape);
        }
    }
    if results.iter().any(|result| *result >= BOUND) {
        return Err(StatementError::Bound);
    }
    let sums = results.iter().zip(&answers.of_claims);
    let sums: Vec<u128> =
        sums.map(|(sum, answer)| if answer.is_some() { 0 } else { *sum }).collect();
    let hidden = answers.of_claims.iter().enumerate();
    let hidden = hidden.filter(|(_, answer)| answer.is_some()).map(|(at, _)| at).collect();
    Ok(plan.relation(rows, &sums)?.give(hidden)?)
}

fn absorb(
    transcript: &mut impl Channel,
    noise: &Committed,
    release: &StatementId,
    context: &Context,
    plan: &Plan,
    results: &[u128],
) {
    let (body, ask) = (noise.body(), noise.ask());
    absorb_as(transcript, b"noisy", body, context, &ask.statement, plan, results);
    transcript.bytes(b"ask", &ask.encode());
    transcript.bytes(b"release", release.as_bytes());
    transcript.bytes(b"bits", noise.commitments().bytes());
}

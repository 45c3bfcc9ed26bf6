//! The holder's side of a statement: compute its integers, see whether they may be released, prove.

use rayon::prelude::*;

mod earlier;
mod withhold;

use super::plan::{Counted, Fact, Plan, plan};
use super::{Context, Statement, StatementError, absorb};
use crate::argument::prove::{OpenColumn, prove_hiding};
use crate::argument::{Commitments, ProveError};
use crate::columns::{Cells, Role};
use crate::commit::commit_column;
use crate::ingest::prove::{OpenVersion, witness_digest};
use crate::policy;
use crate::transcript::{Blinds, Entropy, Transcript};
use zeroize::Zeroizing;

pub use earlier::Comparison;
pub use withhold::withhold;

/// A claim with its proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proven {
    /// The integers, in the order of the statement's plan.
    pub results: Vec<u128>,
    /// Commitments to derived columns, then the argument.
    pub proof: Vec<u8>,
}

/// Computes what a statement claims and proves it. Its policy is the version's own.
///
/// # Errors
/// When the statement does not fit the version, or the policy forbids the result. That a result is
/// forbidden depends on the rows: it is for the holder's eyes and must not be logged.
pub fn prove(
    version: &OpenVersion,
    statement: &Statement,
    context: &Context,
    entropy: &Entropy,
) -> Result<Proven, StatementError> {
    let plan = plan(statement, &version.body)?;
    let results = compute(version, &plan.claims)?;
    policy::check(&version.body, statement, &plan, &results)?;
    let hidden = Zeroizing::new(compute(version, &plan.hidden)?);
    if !plan.one_is_small(&hidden) {
        return Err(StatementError::NoneSmall);
    }
    let sums = Sums { told: &results, hidden: &hidden };
    let proof = prove_sums(version, statement, &plan, context, sums, entropy)?;
    Ok(Proven { results, proof })
}

/// The integers of a plan: those that are told, and the counts of withheld groups.
#[derive(Debug, Clone, Copy)]
pub struct Sums<'a> {
    /// In the order of [`Plan::claims`].
    pub told: &'a [u128],
    /// In the order of [`Plan::hidden`].
    pub hidden: &'a [u128],
}

/// Proves these results, whether they are true and allowed or not; a verifier refuses false ones.
///
/// # Errors
/// When the statement does not fit the version.
pub fn prove_results(
    version: &OpenVersion,
    statement: &Statement,
    plan: &Plan,
    context: &Context,
    results: &[u128],
    entropy: &Entropy,
) -> Result<Vec<u8>, StatementError> {
    let hidden = Zeroizing::new(compute(version, &plan.hidden)?);
    let sums = Sums { told: results, hidden: &hidden };
    prove_sums(version, statement, plan, context, sums, entropy)
}

/// As [`prove_results`], with any hidden counts.
///
/// # Errors
/// When the statement does not fit the version.
pub fn prove_sums(
    version: &OpenVersion,
    statement: &Statement,
    plan: &Plan,
    context: &Context,
    sums: Sums<'_>,
    entropy: &Entropy,
) -> Result<Vec<u8>, StatementError> {
    let results = sums.told;
    let relation = plan.relation(version.body.rows, results)?;
    let mut columns = open_columns(version, plan)?;
    let mut transcript = Transcript::new();
    absorb(&mut transcript, &version.body, context, statement, plan, results);
    let witness = witness_digest(&columns, version.seed());
    let secrets: [&[u8]; 2] = [version.seed().as_bytes(), witness.as_slice()];
    let mut blinds = transcript.blinds(&secrets, entropy);
    let mut proof = Vec::new();
    for derived in derive(version, plan)? {
        let open = commit_derived(derived, relation.chunks(), &mut blinds)?;
        proof.extend_from_slice(open.commitments.bytes());
        columns.push(open);
    }
    let argument = prove_hiding(&mut transcript, &relation, &columns, sums.hidden, &mut blinds)?;
    proof.extend(argument);
    Ok(proof)
}

/// The opened columns that a plan's proof is over.
pub(crate) fn open_columns(
    version: &OpenVersion,
    plan: &Plan,
) -> Result<Vec<OpenColumn>, StatementError> {
    let open = |(column, role): &(u16, Role)| version.column(*column, *role).cloned();
    plan.columns.iter().map(|one| open(one).ok_or(StatementError::Missing)).collect()
}

/// Commits to a column that only this proof knows, under fresh blinds.
pub(crate) fn commit_derived(
    cells: Cells,
    chunks: usize,
    blinds: &mut impl Blinds,
) -> Result<OpenColumn, StatementError> {
    let blinds = Zeroizing::new((0..chunks).map(|_| blinds.draw()).collect::<Vec<_>>());
    let points = commit_column(&cells, &blinds);
    let commitments = Commitments::new(points).map_err(ProveError::from)?;
    Ok(OpenColumn { cells, blinds, commitments })
}

pub(crate) fn compute(
    version: &OpenVersion,
    claims: &[Counted],
) -> Result<Vec<u128>, StatementError> {
    let rows = version.body.rows as usize;
    claims.par_iter().map(|claim| sum(version, claim, rows)).collect()
}

/// Below the bound that the plan has checked, so nothing overflows.
fn sum(version: &OpenVersion, claim: &Counted, rows: usize) -> Result<u128, StatementError> {
    let facts = claim.facts.iter().copied();
    let factors = facts.chain(claim.values.iter().copied().map(Fact::Value));
    let factors = factors.map(|fact| cells_of(version, fact)).collect::<Result<Vec<_>, _>>()?;
    let product = |row: usize| {
        factors.iter().fold(1u128, |product, cells| match product {
            0 => 0,
            product => product * u128::from(cells.word(row)),
        })
    };
    Ok((0..rows).map(product).sum())
}

pub(crate) fn derive(version: &OpenVersion, plan: &Plan) -> Result<Vec<Cells>, StatementError> {
    let rows = version.body.rows as usize;
    let mut derived: Vec<Cells> = Vec::with_capacity(plan.derived.len());
    for facts in &plan.derived {
        let mut factors = Vec::with_capacity(facts.len());
        for fact in facts {
            factors.push(match fact {
                Fact::Derived(at) => derived.get(*at).cloned().ok_or(StatementError::Missing)?,
                fact => cells_of(version, *fact)?,
            });
        }
        let product = |row| factors.iter().map(|cells| cells.word(row)).product::<u32>();
        derived.push(Cells::values((0..rows).map(product).collect(), 1));
    }
    Ok(derived)
}

/// A fact's numbers, taken from the rows.
fn cells_of(version: &OpenVersion, fact: Fact) -> Result<Cells, StatementError> {
    let (column, role) = match fact {
        Fact::Valid(column) => (column, Role::Valid),
        Fact::Level(column, level) => (column, Role::Level(level)),
        Fact::True(column) | Fact::Value(column) => (column, Role::Value),
        Fact::AtLeast(column, at) => (column, Role::Threshold(at)),
        Fact::False(column) => return difference(version, column, Role::Valid, Role::Value),
        Fact::Below(column, at) => {
            return difference(version, column, Role::Valid, Role::Threshold(at));
        }
        Fact::Band(column, band) => {
            let (low, next) = (Role::Threshold(band - 1), Role::Threshold(band));
            return difference(version, column, low, next);
        }
        Fact::Derived(_) => return Err(StatementError::Missing),
    };
    Ok(version.encoded(column).ok_or(StatementError::Missing)?.cells(role))
}

/// 1 where the first is 1 and the second is not.
fn difference(
    version: &OpenVersion,
    column: u16,
    of: Role,
    without: Role,
) -> Result<Cells, StatementError> {
    let encoded = version.encoded(column).ok_or(StatementError::Missing)?;
    let (of, without) = (encoded.cells(of), encoded.cells(without));
    let rest = |row| of.word(row) - of.word(row).min(without.word(row));
    Ok(Cells::values((0..of.len()).map(rest).collect(), 1))
}

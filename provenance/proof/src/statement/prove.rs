//! The holder's side of a statement: compute its integers, see whether they may be released, prove.

use rayon::prelude::*;

use super::plan::{Counted, Fact, Plan, plan};
use super::{Context, Statement, StatementError, absorb};
use crate::argument::prove::{OpenColumn, prove as prove_relation};
use crate::argument::{Commitments, ProveError};
use crate::columns::{Cells, Role};
use crate::commit::commit_column;
use crate::ingest::prove::{OpenVersion, witness_digest};
use crate::policy;
use crate::transcript::{Blinds, Entropy, Transcript};

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
    let results = compute(version, &plan)?;
    policy::check(&version.body, statement, &plan, &results)?;
    let proof = prove_results(version, statement, &plan, context, &results, entropy)?;
    Ok(Proven { results, proof })
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
    let relation = plan.relation(version.body.rows, results)?;
    let mut columns = Vec::with_capacity(relation.columns());
    for (column, role) in &plan.columns {
        let open = version.column(*column, *role).ok_or(StatementError::Missing)?;
        columns.push(open.clone());
    }
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
    proof.extend(prove_relation(&mut transcript, &relation, &columns, &mut blinds)?);
    Ok(proof)
}

/// Commits to a column that only this proof knows, under fresh blinds.
fn commit_derived(
    cells: Cells,
    chunks: usize,
    blinds: &mut impl Blinds,
) -> Result<OpenColumn, StatementError> {
    let blinds: Vec<_> = (0..chunks).map(|_| blinds.draw()).collect();
    let points = commit_column(&cells, &blinds);
    let commitments = Commitments::new(points).map_err(ProveError::from)?;
    Ok(OpenColumn { cells, blinds, commitments })
}

fn compute(version: &OpenVersion, plan: &Plan) -> Result<Vec<u128>, StatementError> {
    let rows = version.body.rows as usize;
    plan.claims.par_iter().map(|claim| sum(version, claim, rows)).collect()
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

fn derive(version: &OpenVersion, plan: &Plan) -> Result<Vec<Cells>, StatementError> {
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
        Fact::True(column) | Fact::Value(column) | Fact::False(column) => (column, Role::Value),
        Fact::Derived(_) => return Err(StatementError::Missing),
    };
    let encoded = version.encoded(column).ok_or(StatementError::Missing)?;
    let cells = encoded.cells(role);
    let Fact::False(_) = fact else { return Ok(cells) };
    let valid = encoded.cells(Role::Valid);
    let rest = |row| valid.word(row) - valid.word(row).min(cells.word(row));
    Ok(Cells::values((0..cells.len()).map(rest).collect(), 1))
}

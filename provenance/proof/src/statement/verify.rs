//! The verifier's side of a statement.

use super::plan::{Plan, plan};
use super::{Context, Statement, StatementError, absorb};
use crate::argument::equations::Equations;
use crate::argument::verify::verify as verify_relation;
use crate::argument::{Commitments, VerifyError, proof_len};
use crate::body::Body;
use crate::curve::ENCODED_LEN;
use crate::ingest::Checked;
use crate::policy;
use crate::transcript::Transcript;
use crate::wire::{Reader, WireError};
use thiserror::Error;

/// Why a statement's proof is refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RefusedStatement {
    /// The statement does not fit the version, or the policy forbids it.
    #[error(transparent)]
    Statement(#[from] StatementError),
    /// The proof does not show it.
    #[error(transparent)]
    Proof(#[from] VerifyError),
}

impl From<WireError> for RefusedStatement {
    fn from(error: WireError) -> Self {
        Self::Proof(error.into())
    }
}

/// Integers that were verified, with what they mean. Can only be had from [`verify`].
#[derive(Debug, Clone)]
pub struct Statistic {
    body: Body,
    statement: Statement,
    plan: Plan,
    results: Vec<u128>,
}

impl Statistic {
    /// The version that they are about.
    pub fn body(&self) -> &Body {
        &self.body
    }

    /// The statement.
    pub fn statement(&self) -> &Statement {
        &self.statement
    }

    /// What each integer adds up.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The integers.
    pub fn results(&self) -> &[u128] {
        &self.results
    }
}

/// Checks that these integers are what the statement says of the committed rows, and that the
/// version's policy allows them. What the proof does not say is in docs/security.md.
///
/// # Errors
/// When it is not shown.
pub fn verify(
    version: &Checked,
    statement: &Statement,
    context: &Context,
    results: &[u128],
    proof: &[u8],
) -> Result<Statistic, RefusedStatement> {
    let mut equations = Equations::new();
    let statistic = verify_into(version, statement, context, results, proof, &mut equations)?;
    equations.check()?;
    Ok(statistic)
}

fn verify_into(
    version: &Checked,
    statement: &Statement,
    context: &Context,
    results: &[u128],
    proof: &[u8],
    equations: &mut Equations,
) -> Result<Statistic, RefusedStatement> {
    let body = version.body();
    let plan = plan(statement, body)?;
    let relation = plan.relation(body.rows, results)?;
    policy::check(body, statement, &plan, results).map_err(StatementError::from)?;
    let column_len = relation.chunks() * ENCODED_LEN;
    if proof.len() != plan.derived.len() * column_len + proof_len(&relation) {
        return Err(WireError::Length.into());
    }
    let mut reader = Reader::new(proof);
    let mut derived = Vec::with_capacity(plan.derived.len());
    for _ in &plan.derived {
        derived.push(Commitments::decode(reader.take(column_len)?, relation.chunks())?);
    }
    let mut columns = committed_columns(version, &plan)?;
    columns.extend(&derived);
    let mut transcript = Transcript::new();
    absorb(&mut transcript, body, context, statement, &plan, results);
    verify_relation(&mut transcript, &relation, &columns, reader.rest(), equations)?;
    Ok(Statistic {
        body: body.clone(),
        statement: statement.clone(),
        plan,
        results: results.to_vec(),
    })
}

/// The commitments that a plan's proof is over.
pub(crate) fn committed_columns<'a>(
    version: &'a Checked,
    plan: &Plan,
) -> Result<Vec<&'a Commitments>, StatementError> {
    let committed = |(column, role): &(u16, _)| version.column(*column, *role);
    plan.columns.iter().map(|one| committed(one).ok_or(StatementError::Missing)).collect()
}

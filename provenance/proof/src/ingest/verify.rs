//! The verifier's side of a publication. Only a [`Checked`] version can have statements checked.

use thiserror::Error;

use super::{absorb, relation};
use crate::argument::equations::Equations;
use crate::argument::verify::verify;
use crate::argument::{Commitments, VerifyError};
use crate::body::Body;
use crate::body::manifest::{IngestPart, Manifest, ManifestError};
use crate::body::tree::ColumnNode;
use crate::columns::Role;
use crate::curve::ENCODED_LEN;
use crate::relation::RelationError;
use crate::transcript::Transcript;

/// Why a manifest is refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum IngestError {
    /// The manifest cannot be read.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// Nothing can be proven about such columns.
    #[error(transparent)]
    Relation(#[from] RelationError),
    /// A column's proof is refused.
    #[error("schema column {0}: {1}")]
    Column(u16, VerifyError),
    /// The equations of all columns together do not hold.
    #[error("the ingest proofs do not show that the columns are what the schema says")]
    False,
    /// A column does not stand where it was said to stand in the tree.
    #[error("column {0} is not the one under the body's root")]
    Root(u16),
}

/// A version whose ingest proofs hold: every column is what its schema says.
pub struct Checked {
    body: Body,
    columns: Vec<(u16, Role, Commitments)>,
}

/// A published column with its place in the body's tree, for verifiers that fetch some columns.
#[derive(Debug, Clone)]
pub struct ColumnProof<'a> {
    /// The column's place in the schema.
    pub column: u16,
    /// Its role.
    pub role: Role,
    /// The commitments.
    pub commitments: &'a [u8],
    /// What leads from them to the root.
    pub path: Vec<ColumnNode>,
}

impl Checked {
    /// What was committed.
    pub fn body(&self) -> &Body {
        &self.body
    }

    /// The commitments of one column, where this version has them.
    pub fn column(&self, column: u16, role: Role) -> Option<&Commitments> {
        let found = self.columns.iter().find(|(at, of, _)| (*at, *of) == (column, role));
        found.map(|(_, _, commitments)| commitments)
    }
}

/// Checks a manifest's bytes: cost grows with rows times bits, about 20 µs per 2,048 rows and bit.
///
/// # Errors
/// When anything in it does not hold.
pub fn check(bytes: &[u8]) -> Result<Checked, IngestError> {
    let manifest = Manifest::parse(bytes)?;
    let chunks = manifest.body.chunks();
    let mut columns = Vec::new();
    for (column, role, bytes) in manifest.published() {
        let commitments = Commitments::decode(bytes, chunks)
            .map_err(|error| IngestError::Column(*column, error.into()))?;
        columns.push((*column, *role, commitments));
    }
    let mut equations = Equations::over(bytes);
    for (at, part) in manifest.ingest().iter().enumerate() {
        let at = at as u16;
        let own = columns.iter().filter(|(of, _, _)| *of == at).map(|(_, _, own)| own);
        let own: Vec<&Commitments> = own.collect();
        check_column(&manifest.body, at, &own, part, &mut equations)?;
    }
    equations.check().map_err(|_| IngestError::False)?;
    Ok(Checked { body: manifest.body, columns })
}

/// Checks the proof of one schema column, given its published columns; the group's equations are
/// left to the caller.
///
/// # Errors
/// When the proof is not well formed.
pub fn check_column(
    body: &Body,
    column: u16,
    published: &[&Commitments],
    part: &IngestPart<'_>,
    equations: &mut Equations,
) -> Result<(), IngestError> {
    let failed = |error: VerifyError| IngestError::Column(column, error);
    let declared =
        body.schema.columns().get(usize::from(column)).ok_or(failed(VerifyError::Shape))?;
    let relation = relation(declared, body.rows)?;
    let column_len = body.chunks() * ENCODED_LEN;
    if part.bits.len() != declared.ingest_roles().len() * column_len {
        return Err(failed(VerifyError::Shape));
    }
    let bits = part
        .bits
        .chunks_exact(column_len)
        .map(|bytes| Commitments::decode(bytes, body.chunks()))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| failed(error.into()))?;
    let all: Vec<&Commitments> = published.iter().copied().chain(&bits).collect();
    let mut transcript = Transcript::new();
    absorb(&mut transcript, body, column);
    verify(&mut transcript, &relation, &all, part.proof, equations).map_err(failed)
}

/// Takes a body whose manifest was checked before (by this machine, or by somebody it relies on),
/// and some of its columns, each shown to be under the body's root.
///
/// # Errors
/// When a column is not under the root at its place.
pub fn checked_before(body: Body, proofs: &[ColumnProof<'_>]) -> Result<Checked, IngestError> {
    let order = body.schema.published();
    let mut columns = Vec::new();
    for proof in proofs {
        let leaf = ColumnNode::leaf(proof.column, proof.role, proof.commitments);
        let at = order.iter().position(|one| *one == (proof.column, proof.role));
        let included =
            at.is_some_and(|at| body.columns.includes(leaf, at, order.len(), &proof.path));
        if !included {
            return Err(IngestError::Root(proof.column));
        }
        let commitments = Commitments::decode(proof.commitments, body.chunks())
            .map_err(|error| IngestError::Column(proof.column, error.into()))?;
        columns.push((proof.column, proof.role, commitments));
    }
    Ok(Checked { body, columns })
}

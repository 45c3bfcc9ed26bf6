//! The holder's side of a publication: commit to all columns and prove each of them well formed.

use thiserror::Error;
use veritrail_provenance::identity::Did;
use zeroize::Zeroizing;

use super::{absorb, relation};
use crate::argument::prove::{OpenColumn, prove};
use crate::argument::{Commitments, ProveError};
use crate::body::Body;
use crate::body::manifest::assemble;
use crate::body::tree::{ColumnNode, ColumnRoot};
use crate::columns::Role;
use crate::columns::build::EncodedColumn;
use crate::commit::blinds::{ChunkPlace, VersionSeed};
use crate::commit::{chunks_of, commit_column};
use crate::policy::Policy;
use crate::relation::RelationError;
use crate::schema::{Schema, SchemaError};
use crate::transcript::{Entropy, Transcript};

/// Why a version cannot be published.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PublishError {
    /// Columns of different lengths, or none.
    #[error("the columns have different numbers of rows")]
    Rows,
    /// The declarations do not make a schema.
    #[error(transparent)]
    Schema(#[from] SchemaError),
    /// Nothing can be proven about such columns.
    #[error(transparent)]
    Relation(#[from] RelationError),
    /// A proof cannot be made.
    #[error(transparent)]
    Prove(#[from] ProveError),
}

/// What was published, and what its holder keeps.
pub struct Published {
    /// The manifest's bytes.
    pub manifest: Vec<u8>,
    /// What statements are proven from.
    pub open: OpenVersion,
}

/// A version with its rows and blinds: the holder's view. Never leaves the machine.
pub struct OpenVersion {
    /// What was committed.
    pub body: Body,
    pub(super) columns: Vec<EncodedColumn>,
    pub(super) published: Vec<(u16, Role, OpenColumn)>,
    pub(super) seed: VersionSeed,
}

impl OpenVersion {
    /// The opened column of one role.
    pub fn column(&self, column: u16, role: Role) -> Option<&OpenColumn> {
        let found = self.published.iter().find(|(at, of, _)| (*at, *of) == (column, role));
        found.map(|(_, _, open)| open)
    }

    /// The rows of a schema column.
    pub fn encoded(&self, column: u16) -> Option<&EncodedColumn> {
        self.columns.get(usize::from(column))
    }

    /// The version's seed.
    pub fn seed(&self) -> &VersionSeed {
        &self.seed
    }
}

/// Commits to the columns, in their order, and proves them well formed.
///
/// # Errors
/// When the columns do not make a table.
pub fn publish(
    dataset: &Did,
    version: u64,
    policy: Policy,
    columns: Vec<EncodedColumn>,
    seed: VersionSeed,
    entropy: &Entropy,
) -> Result<Published, PublishError> {
    let rows = columns.first().map(EncodedColumn::rows).unwrap_or_default();
    if columns.iter().any(|column| column.rows() != rows) {
        return Err(PublishError::Rows);
    }
    let schema = Schema::new(columns.iter().map(|column| column.column().clone()).collect())?;
    let rows = rows as u64;
    if rows == 0 || rows > crate::relation::ROWS_MAX {
        return Err(RelationError::Rows(rows).into());
    }
    let opener = Opener { dataset, version, seed: &seed, chunks: chunks_of(rows) as usize };
    let mut published = Vec::new();
    for (column, role) in schema.published() {
        let open = opener.open(column, role, &columns[usize::from(column)])?;
        published.push((column, role, open));
    }
    let leaves: Vec<ColumnNode> = published
        .iter()
        .map(|(column, role, open)| ColumnNode::leaf(*column, *role, open.commitments.bytes()))
        .collect();
    let root = ColumnRoot::over(&leaves);
    let body = Body { dataset: dataset.clone(), version, rows, schema, policy, columns: root };
    let mut parts = Vec::new();
    for (at, column) in columns.iter().enumerate() {
        let bits = column.column().ingest_roles();
        let bits = bits.iter().map(|role| opener.open(at as u16, *role, column));
        let bits = bits.collect::<Result<Vec<_>, _>>()?;
        let own = published.iter().filter(|(of, _, _)| usize::from(*of) == at);
        let all: Vec<OpenColumn> =
            own.map(|(_, _, open)| open.clone()).chain(bits.iter().cloned()).collect();
        let proof = prove_column(&body, at as u16, &all, &seed, entropy)?;
        parts.push((bits.iter().flat_map(|bit| bit.commitments.bytes().to_vec()).collect(), proof));
    }
    let commitments: Vec<Vec<u8>> =
        published.iter().map(|(_, _, open)| open.commitments.bytes().to_vec()).collect();
    let manifest = assemble(&body, &commitments, &parts);
    Ok(Published { manifest, open: OpenVersion { body, columns, published, seed } })
}

/// Proves one schema column well formed: the published columns first, then the bits.
///
/// # Errors
/// When the columns do not fit the schema.
pub fn prove_column(
    body: &Body,
    column: u16,
    columns: &[OpenColumn],
    seed: &VersionSeed,
    entropy: &Entropy,
) -> Result<Vec<u8>, PublishError> {
    let declared = body
        .schema
        .columns()
        .get(usize::from(column))
        .ok_or(PublishError::Prove(ProveError::Shape))?;
    let relation = relation(declared, body.rows)?;
    let mut transcript = Transcript::new();
    absorb(&mut transcript, body, column);
    let witness = witness_digest(columns, seed);
    let mut blinds = transcript.blinds(&[seed.as_bytes(), witness.as_slice()], entropy);
    Ok(prove(&mut transcript, &relation, columns, &mut blinds)?)
}

/// A keyed digest of all that is to stay hidden, so that blinds differ where the rows do.
pub(crate) fn witness_digest(columns: &[OpenColumn], seed: &VersionSeed) -> Zeroizing<[u8; 32]> {
    let mut hasher = blake3::Hasher::new_keyed(seed.as_bytes());
    hasher.update(b"witness");
    for column in columns {
        // The blinds were derived from the rows, chunk by chunk: they stand for them.
        for blind in column.blinds.iter() {
            hasher.update(&crate::curve::encode_scalar(blind));
        }
    }
    Zeroizing::new(*hasher.finalize().as_bytes())
}

/// Commits to the columns of one version.
pub(super) struct Opener<'a> {
    pub dataset: &'a Did,
    pub version: u64,
    pub seed: &'a VersionSeed,
    pub chunks: usize,
}

impl Opener<'_> {
    pub(super) fn open(
        &self,
        column: u16,
        role: Role,
        of: &EncodedColumn,
    ) -> Result<OpenColumn, ProveError> {
        let cells = of.cells(role);
        let place = ChunkPlace { dataset: self.dataset, version: self.version, column, role };
        let blinds = self.seed.blinds(place, &cells, self.chunks);
        let commitments = Commitments::new(commit_column(&cells, &blinds))?;
        Ok(OpenColumn { cells, blinds, commitments })
    }
}

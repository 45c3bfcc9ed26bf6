//! The bytes that are published of a private version, cut into their parts.
//!
//! `u32 length ‖ body ‖ published commitments ‖ for each schema column: bit commitments ‖ proof`.
//! Every length but the body's follows from the body, so nothing is read by a claimed length.

use thiserror::Error;
use veritrail_provenance::hash::ChunkId;

use super::{BODY_LEN_MAX, Body, BodyError, tree};
use crate::columns::Role;
use crate::curve::ENCODED_LEN;
use crate::ingest;
use crate::relation::RelationError;
use crate::wire::{Reader, WireError};
use tree::{ColumnNode, ColumnRoot};

/// Why bytes are no manifest.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ManifestError {
    /// Too short, too long, or the body's length is beyond the limit.
    #[error("the manifest cannot be read: {0}")]
    Wire(#[from] WireError),
    /// The body is wrong.
    #[error(transparent)]
    Body(#[from] BodyError),
    /// The commitments are not those under the body's root.
    #[error("the commitments are not the body's")]
    Root,
    /// Nothing can be proven about such columns.
    #[error(transparent)]
    Relation(#[from] RelationError),
}

/// A manifest as it lies in bytes. Nothing of its proofs has been checked.
#[derive(Debug, Clone)]
pub struct Manifest<'a> {
    /// What was committed.
    pub body: Body,
    published: Vec<(u16, Role, &'a [u8])>,
    ingest: Vec<IngestPart<'a>>,
}

/// What shows that one schema column is well formed.
#[derive(Debug, Clone, Copy)]
pub struct IngestPart<'a> {
    /// Commitments to the bits, in the order of [`crate::schema::Column::ingest_roles`].
    pub bits: &'a [u8],
    /// The proof.
    pub proof: &'a [u8],
}

impl<'a> Manifest<'a> {
    /// Cuts a manifest's bytes, and holds the commitments against the body's root.
    ///
    /// # Errors
    /// When a length is wrong, the body cannot be read, or a column was altered or moved.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, ManifestError> {
        let mut reader = Reader::new(bytes);
        let length = reader.u32()? as usize;
        if length > BODY_LEN_MAX {
            return Err(WireError::Length.into());
        }
        let body = Body::decode(reader.take(length)?)?;
        let column_len = body.chunks() * ENCODED_LEN;
        let mut published = Vec::new();
        for (column, role) in body.schema.published() {
            published.push((column, role, reader.take(column_len)?));
        }
        let leaves: Vec<ColumnNode> = published
            .iter()
            .map(|(column, role, bytes)| ColumnNode::leaf(*column, *role, bytes))
            .collect();
        if ColumnRoot::over(&leaves) != body.columns {
            return Err(ManifestError::Root);
        }
        let mut parts = Vec::new();
        for column in body.schema.columns() {
            let bits = reader.take(column.ingest_roles().len() * column_len)?;
            let proof = reader.take(ingest::proof_len(column, body.rows)?)?;
            parts.push(IngestPart { bits, proof });
        }
        reader.end()?;
        Ok(Self { body, published, ingest: parts })
    }

    /// The published columns: place in the schema, role, commitments.
    pub fn published(&self) -> &[(u16, Role, &'a [u8])] {
        &self.published
    }

    /// The ingest proofs, one a schema column.
    pub fn ingest(&self) -> &[IngestPart<'a>] {
        &self.ingest
    }
}

/// Puts a manifest's parts together: the body, the published commitments, and per schema column the
/// bits' commitments and the proof.
pub(crate) fn assemble(
    body: &Body,
    published: &[Vec<u8>],
    parts: &[(Vec<u8>, Vec<u8>)],
) -> Vec<u8> {
    let encoded = body.encode();
    let mut bytes = (encoded.len() as u32).to_le_bytes().to_vec();
    bytes.extend_from_slice(&encoded);
    published.iter().for_each(|column| bytes.extend_from_slice(column));
    for (bits, proof) in parts {
        bytes.extend_from_slice(bits);
        bytes.extend_from_slice(proof);
    }
    bytes
}

/// The hash that the log holds of a manifest.
pub fn manifest_hash(bytes: &[u8]) -> ChunkId {
    ChunkId::from_bytes(*blake3::hash(bytes).as_bytes())
}

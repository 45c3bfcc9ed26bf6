//! What a holder publishes about a private version: the body, and the columns' commitments under it.
//!
//! The *body* says what was committed: suite, generators, dataset, version, schema, rows, release
//! policy, and one root over all columns, so that a verifier may fetch those alone that a statement
//! touches. The *manifest* is the body, the commitments and the ingest proofs; the log holds its hash.

pub mod manifest;
pub mod tree;

use std::fmt;
use std::str::FromStr;

use thiserror::Error;
use veritrail_provenance::identity::Did;

use crate::commit::chunks_of;
use crate::generators::{self, CHUNK_ROWS, SUITE};
use crate::policy::{Policy, PolicyError};
use crate::relation::ROWS_MAX;
use crate::schema::{Schema, SchemaError};
use crate::wire::{Reader, WireError, Writer};
use tree::ColumnRoot;

/// The most bytes of a body.
pub const BODY_LEN_MAX: usize = 1 << 22;
/// What a body begins with.
const MAGIC: &[u8; 16] = b"veritrail-body/1";

/// BLAKE3 of a body's bytes. Unlike a [`ColumnRoot`] it names everything that was committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct BodyHash([u8; 32]);

impl BodyHash {
    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for BodyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// What was committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Body {
    /// The dataset.
    pub dataset: Did,
    /// Its version.
    pub version: u64,
    /// N.
    pub rows: u64,
    /// The committed columns.
    pub schema: Schema,
    /// What may be released.
    pub policy: Policy,
    /// The root over the commitments of all published columns.
    pub columns: ColumnRoot,
}

/// Why bytes are no body.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BodyError {
    /// The layout is wrong.
    #[error("the body cannot be read: {0}")]
    Wire(#[from] WireError),
    /// Made with other generators, another group or another layout.
    #[error("the body is of another suite, or its generators are not the suite's")]
    Suite,
    /// No row, too many, or another number of chunks than these rows have.
    #[error("the body's rows and chunks do not fit")]
    Rows,
    /// No DID.
    #[error("the body names no dataset by its DID")]
    Dataset,
    /// The schema is wrong.
    #[error("the body's schema: {0}")]
    Schema(#[from] SchemaError),
    /// The policy is wrong.
    #[error("the body's release policy: {0}")]
    Policy(#[from] PolicyError),
}

impl Body {
    /// Chunks of every column.
    pub fn chunks(&self) -> usize {
        chunks_of(self.rows) as usize
    }

    /// The body's bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.bytes(MAGIC);
        writer.bytes(SUITE);
        writer.bytes(&generators::digest());
        let dataset = self.dataset.as_str();
        writer.u16(dataset.len() as u16);
        writer.bytes(dataset.as_bytes());
        writer.u64(self.version);
        writer.u64(self.rows);
        writer.u32(CHUNK_ROWS as u32);
        writer.u64(chunks_of(self.rows));
        self.schema.write(&mut writer);
        self.policy.write(&mut writer);
        writer.bytes(self.columns.as_bytes());
        writer.finish()
    }

    /// Reads a body's bytes.
    ///
    /// # Errors
    /// When they are not what [`Body::encode`] writes.
    pub fn decode(bytes: &[u8]) -> Result<Self, BodyError> {
        let mut reader = Reader::new(bytes);
        if reader.array()? != *MAGIC {
            return Err(WireError::Value("veritrail-body/1").into());
        }
        if reader.array()? != *SUITE || reader.array()? != generators::digest() {
            return Err(BodyError::Suite);
        }
        let length = usize::from(reader.u16()?);
        let dataset = std::str::from_utf8(reader.take(length)?).map_err(|_| BodyError::Dataset)?;
        let dataset = Did::from_str(dataset).map_err(|_| BodyError::Dataset)?;
        let version = reader.u64()?;
        let rows = reader.u64()?;
        let (chunk_rows, chunks) = (reader.u32()?, reader.u64()?);
        let rows_fit = (1..=ROWS_MAX).contains(&rows);
        if !rows_fit || chunk_rows as usize != CHUNK_ROWS || chunks != chunks_of(rows) {
            return Err(BodyError::Rows);
        }
        let schema = Schema::read(&mut reader)?;
        let policy = Policy::read(&mut reader)?;
        let columns = ColumnRoot::from_bytes(reader.array()?);
        reader.end()?;
        Ok(Self { dataset, version, rows, schema, policy, columns })
    }

    /// The hash of the body's bytes.
    pub fn hash(&self) -> BodyHash {
        BodyHash(*blake3::hash(&self.encode()).as_bytes())
    }
}

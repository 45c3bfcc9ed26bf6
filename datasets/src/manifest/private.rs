//! What a manifest says of private bytes: nothing of what they hold, but where the commitments to
//! them are (docs/formats/private.md).

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use veritrail_proof::schema::{COLUMNS_MAX, NAME_MAX};
use veritrail_provenance::hash::ChunkId;

use crate::schema::{MAX_DESCRIPTION_BYTES, MAX_UNIT_BYTES};

/// Bytes of every part of the commitments but the last.
pub const PART_BYTES: u64 = 4 << 20;
/// Bytes of the commitments with their proofs at most: they are held in memory to be checked.
pub const COMMITMENTS_BYTES_MAX: u64 = 1 << 30;

/// The member `private`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Private {
    /// Whom the bytes are encrypted to, `age1…`. It names no person: each version has its own.
    pub recipient: String,
    /// The commitments to the columns with their ingest proofs.
    pub commitments: CommitmentsRef,
    /// What the publisher says of committed columns; only those of which something is said.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<PrivateColumn>,
}

/// Where the commitments are: the manifest of docs/formats/proof.md, in parts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommitmentsRef {
    /// BLAKE3 of all of it.
    pub hash: ChunkId,
    /// Its length.
    pub bytes: u64,
    /// The blobs that hold it one after the other, each but the last of [`PART_BYTES`] bytes.
    pub parts: Vec<ChunkId>,
}

/// What is said of a committed column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PrivateColumn {
    /// Its name, as it was committed.
    pub name: String,
    /// The unit of its values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// What it means.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// Why the member is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PrivateError {
    /// The bytes stand as they are.
    #[error("the layout's bytes are not encrypted")]
    Plain,
    /// The layout is private and nothing is said of it.
    #[error("the layout's bytes are encrypted, and nothing is said of the commitments to them")]
    Missing,
    /// Tables say what is in the files.
    #[error("tables are listed, which says what the files hold")]
    Tables,
    /// The recipient has another form.
    #[error("the recipient is no age X25519 recipient")]
    Recipient,
    /// The commitments' length is impossible, or has another number of parts.
    #[error("the commitments have 1 to {COMMITMENTS_BYTES_MAX} bytes, in parts of {PART_BYTES}")]
    Parts,
    /// A column's name or text is empty or beyond its limit, or a name stands twice.
    #[error("a column's name or text is empty, too long, or stands twice")]
    Columns,
}

impl CommitmentsRef {
    /// Names these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        let part_bytes = usize::try_from(PART_BYTES).unwrap_or(usize::MAX);
        let parts = bytes.chunks(part_bytes).map(ChunkId::of).collect();
        Self { hash: ChunkId::of(bytes), bytes: bytes.len() as u64, parts }
    }

    /// Each part with its length, which is known before anything is fetched.
    pub fn lengths(&self) -> impl Iterator<Item = (ChunkId, u64)> {
        let length = |at: usize| {
            let before = PART_BYTES.saturating_mul(at as u64);
            self.bytes.saturating_sub(before).min(PART_BYTES)
        };
        self.parts.iter().enumerate().map(move |(at, id)| (*id, length(at)))
    }
}

impl Private {
    pub(super) fn check(&self) -> Result<(), PrivateError> {
        let data = self.recipient.strip_prefix("age1").unwrap_or_default();
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        if data.len() != 58 || !data.bytes().all(plain) {
            return Err(PrivateError::Recipient);
        }
        let CommitmentsRef { bytes, parts, .. } = &self.commitments;
        let fits = (1..=COMMITMENTS_BYTES_MAX).contains(bytes);
        if !fits || bytes.div_ceil(PART_BYTES) != parts.len() as u64 {
            return Err(PrivateError::Parts);
        }
        let mut names = BTreeSet::new();
        let all_fit = self.columns.iter().all(|column| column.fits() && names.insert(&column.name));
        let few = self.columns.len() <= COLUMNS_MAX;
        if all_fit && few { Ok(()) } else { Err(PrivateError::Columns) }
    }
}

impl PrivateColumn {
    fn fits(&self) -> bool {
        let within = |text: &Option<String>, limit: usize| {
            text.as_ref().is_none_or(|text| (1..=limit).contains(&text.len()))
        };
        (1..=NAME_MAX).contains(&self.name.len())
            && (self.unit.is_some() || self.description.is_some())
            && within(&self.unit, MAX_UNIT_BYTES)
            && within(&self.description, MAX_DESCRIPTION_BYTES)
    }
}

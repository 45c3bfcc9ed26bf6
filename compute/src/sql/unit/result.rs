//! What a unit made, as bytes: one row of partial states per group, sorted, and nothing else.

use std::fmt;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions, UInt64Array};
use arrow::compute::take_record_batch;
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use arrow::row::{RowConverter, Rows, SortField};
use bytes::Bytes;
use sha2::{Digest, Sha256};

use super::columns::{self, Reader};

const TAG: &[u8; 16] = b"veritrail-unit/1";

/// Why the bytes of a unit's result were refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnitError {
    /// Not a result, or of another version.
    #[error("a unit's result does not begin with the tag of version 1")]
    Tag,
    /// The result of another unit.
    #[error("this is the result of another unit")]
    OtherUnit,
    /// Cut short, or followed by more.
    #[error("a unit's result does not have the length that it announces")]
    Length,
    /// A column of another type than the unit's plan has.
    #[error("a unit's result has a column of another type than its plan")]
    Type,
    /// Well-formed, but not the one encoding of its rows.
    #[error("a unit's result is not in canonical form: {0}")]
    NotCanonical(&'static str),
    /// Its columns do not make a table.
    #[error("a unit's result is no table: {0}")]
    Table(String),
}

impl From<ArrowError> for UnitError {
    fn from(error: ArrowError) -> Self {
        Self::Table(error.to_string())
    }
}

/// SHA-256 of a unit's text: what the unit is, and nothing of who computes it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnitId([u8; 32]);

/// SHA-256 of the bytes of a unit's result: what two workers must agree on.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResultHash([u8; 32]);

macro_rules! hash_text {
    ($name:ident) => {
        impl $name {
            /// The hash of these bytes.
            #[must_use]
            pub fn of(bytes: &[u8]) -> Self {
                Self(Sha256::digest(bytes).into())
            }

            /// Takes the 32 bytes as they stand.
            #[must_use]
            pub const fn from_bytes(bytes: [u8; 32]) -> Self {
                Self(bytes)
            }

            /// The 32 bytes.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; 32] {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&hex::encode(self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), hex::encode(self.0))
            }
        }
    };
}

hash_text!(UnitId);
hash_text!(ResultHash);

/// What a unit made of its range.
#[derive(Clone, Debug, PartialEq)]
pub struct UnitResult {
    /// Rows that were read.
    pub read: u64,
    /// Rows of these that WHERE dropped before they were grouped.
    pub dropped: u64,
    /// One row per group: its keys, then its partial states; in the keys' order.
    pub groups: RecordBatch,
}

impl UnitResult {
    /// The one encoding of this result. `keys` is how many columns, from the left, are keys.
    ///
    /// # Errors
    /// When the groups are not sorted and distinct, or a column has a type without bytes.
    pub fn encode(&self, unit: &UnitId, keys: usize) -> Result<Bytes, UnitError> {
        check_order(&self.groups, keys)?;
        let mut bytes = Vec::new();
        bytes.extend_from_slice(TAG);
        bytes.extend_from_slice(unit.as_bytes());
        for count in [self.read, self.dropped, self.groups.num_rows() as u64] {
            bytes.extend_from_slice(&count.to_le_bytes());
        }
        for column in self.groups.columns() {
            columns::write(&mut bytes, column)?;
        }
        Ok(bytes.into())
    }

    /// Reads a result of `unit`, whose groups have `schema` and `keys` columns of keys. Whoever
    /// made the bytes is not believed: any byte string but the one encoding of some rows is
    /// refused, in time and memory of its length. What the states say is for their hash, and for
    /// comparison with what others computed.
    ///
    /// # Errors
    /// Says what is wrong with the bytes.
    pub fn decode(
        bytes: &[u8],
        unit: &UnitId,
        schema: &SchemaRef,
        keys: usize,
    ) -> Result<Self, UnitError> {
        let mut reader = Reader { rest: bytes };
        if reader.take(TAG.len()).ok() != Some(TAG.as_slice()) {
            return Err(UnitError::Tag);
        }
        if reader.array::<32>()? != *unit.as_bytes() {
            return Err(UnitError::OtherUnit);
        }
        let (read, dropped, rows) = (reader.u64()?, reader.u64()?, reader.u64()?);
        if dropped > read {
            return Err(UnitError::NotCanonical("more rows dropped than read"));
        }
        // Every column takes more than a bit a row.
        let rows = usize::try_from(rows).map_err(|_| UnitError::Length)?;
        if rows.div_ceil(8) > bytes.len() || (schema.fields().is_empty() && rows > 0) {
            return Err(UnitError::Length);
        }
        let columns = schema
            .fields()
            .iter()
            .map(|field| reader.column(field, rows))
            .collect::<Result<Vec<ArrayRef>, _>>()?;
        if !reader.rest.is_empty() {
            return Err(UnitError::Length);
        }
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let groups = RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options)?;
        check_order(&groups, keys)?;
        Ok(Self { read, dropped, groups })
    }
}

/// Sorts groups by their keys, the first `keys` columns; says whether any group stands twice.
pub(super) fn sorted(groups: &RecordBatch, keys: usize) -> Result<(RecordBatch, bool), ArrowError> {
    if keys == 0 || groups.num_rows() < 2 {
        return Ok((groups.clone(), keys == 0 && groups.num_rows() > 1));
    }
    let rows = key_rows(groups, keys)?;
    let mut places: Vec<u64> = (0..groups.num_rows() as u64).collect();
    places.sort_unstable_by(|&a, &b| rows.row(a as usize).cmp(&rows.row(b as usize)));
    let twice =
        places.windows(2).any(|pair| rows.row(pair[0] as usize) == rows.row(pair[1] as usize));
    Ok((take_record_batch(groups, &UInt64Array::from(places))?, twice))
}

fn check_order(groups: &RecordBatch, keys: usize) -> Result<(), UnitError> {
    if groups.num_rows() < 2 {
        return Ok(());
    }
    if keys == 0 {
        return Err(UnitError::NotCanonical("several rows without a key"));
    }
    let rows = key_rows(groups, keys)?;
    let ascending = (1..groups.num_rows()).all(|row| rows.row(row - 1) < rows.row(row));
    if ascending { Ok(()) } else { Err(UnitError::NotCanonical("groups out of order, or twice")) }
}

fn key_rows(groups: &RecordBatch, keys: usize) -> Result<Rows, ArrowError> {
    let columns = groups.columns().get(..keys).unwrap_or(groups.columns());
    let fields = columns.iter().map(|column| SortField::new(column.data_type().clone()));
    RowConverter::new(fields.collect())?.convert_columns(columns)
}

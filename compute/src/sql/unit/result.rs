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

/// Where WHERE has one condition, or none.
const TAG: &[u8; 16] = b"veritrail-unit/1";

/// Where it has several, each with its count.
const TAG_2: &[u8; 16] = b"veritrail-unit/2";

/// Why the bytes of a unit's result were refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnitError {
    /// Not a result, or of another version.
    #[error("a unit's result does not begin with the tag of version 1 or 2")]
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
    /// Of these, by each condition of WHERE, where it has several; together they are all.
    pub dropped_by: Vec<u64>,
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
        check_dropped(self.dropped, &self.dropped_by)?;
        let several = !self.dropped_by.is_empty();
        let conditions = several.then_some(self.dropped_by.len() as u64);
        let counts = [self.read, self.dropped].into_iter().chain(conditions);
        let counts = counts.chain(self.dropped_by.iter().copied());
        let mut bytes = Vec::new();
        bytes.extend_from_slice(if several { TAG_2 } else { TAG });
        bytes.extend_from_slice(unit.as_bytes());
        for count in counts.chain([self.groups.num_rows() as u64]) {
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
        let several = match reader.take(TAG.len()).ok() {
            Some(tag) if tag == TAG => false,
            Some(tag) if tag == TAG_2 => true,
            _ => return Err(UnitError::Tag),
        };
        if reader.array::<32>()? != *unit.as_bytes() {
            return Err(UnitError::OtherUnit);
        }
        let (read, dropped) = (reader.u64()?, reader.u64()?);
        if dropped > read {
            return Err(UnitError::NotCanonical("more rows dropped than read"));
        }
        let dropped_by = if several { dropped_by(&mut reader)? } else { Vec::new() };
        check_dropped(dropped, &dropped_by)?;
        let rows = reader.u64()?;
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
        Ok(Self { read, dropped, dropped_by, groups })
    }
}

/// The counts of version 2, of which there are two at least.
fn dropped_by(reader: &mut Reader<'_>) -> Result<Vec<u64>, UnitError> {
    let conditions = reader.u64()?;
    if conditions < 2 {
        return Err(UnitError::NotCanonical("version 2 with one condition, or none"));
    }
    if conditions > (reader.rest.len() / 8) as u64 {
        return Err(UnitError::Length);
    }
    (0..conditions).map(|_| reader.u64()).collect()
}

fn check_dropped(dropped: u64, by: &[u64]) -> Result<(), UnitError> {
    if by.len() == 1 {
        return Err(UnitError::NotCanonical("a count for the only condition"));
    }
    let sum = by.iter().try_fold(0u64, |sum, rows| sum.checked_add(*rows));
    if by.is_empty() || sum == Some(dropped) {
        return Ok(());
    }
    Err(UnitError::NotCanonical("conditions that did not drop what was dropped"))
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

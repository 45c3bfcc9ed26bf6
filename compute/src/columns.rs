//! The closed list of column types, and the exact widening of everything else that fits it.
//!
//! Whatever a file's writer chose (32-bit floats, dictionaries, views), a query sees one of nine
//! types, so a result depends on values and never on how they were stored.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float64Array, RecordBatch, RecordBatchOptions};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{
    DataType, Field, Float64Type, Schema, SchemaRef, TimeUnit, TimestampNanosecondType,
};
use arrow::error::ArrowError;

use crate::exact::round::canonical;

/// Values that are looked through for NaNs at once.
const BLOCK: usize = 1024;

/// A column that no query can read, and no result can hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "column \"{column}\" has type {found}, which is not one of the types a table may have: {hint}"
)]
pub struct UnsupportedType {
    /// The column.
    pub column: String,
    /// Its Arrow type.
    pub found: String,
    /// What to do about it.
    pub hint: &'static str,
}

/// The type on the closed list that holds every value of `found` exactly, or `None`.
///
/// bool, int64, uint64, float64, decimal(p,s) with 0 ≤ s ≤ p ≤ 38, text, binary, date32,
/// timestamp(ns, zone): narrower integers and floats widen (unsigned up to 32 bits to int64),
/// every form of string is text, dictionaries are unpacked.
#[must_use]
pub fn widened(found: &DataType) -> Option<DataType> {
    use DataType as D;
    Some(match found {
        D::Boolean => D::Boolean,
        D::Int8 | D::Int16 | D::Int32 | D::Int64 | D::UInt8 | D::UInt16 | D::UInt32 => D::Int64,
        D::UInt64 => D::UInt64,
        D::Float16 | D::Float32 | D::Float64 => D::Float64,
        D::Decimal32(p, s) | D::Decimal64(p, s) | D::Decimal128(p, s) | D::Decimal256(p, s) => {
            if *p > 38 || *s < 0 || s.unsigned_abs() > *p {
                return None;
            }
            D::Decimal128(*p, *s)
        }
        D::Utf8 | D::LargeUtf8 | D::Utf8View => D::Utf8,
        D::Binary | D::LargeBinary | D::BinaryView | D::FixedSizeBinary(_) => D::Binary,
        D::Date32 => D::Date32,
        D::Timestamp(_, zone) => D::Timestamp(TimeUnit::Nanosecond, zone.clone()),
        D::Dictionary(_, value) => widened(value)?,
        _ => return None,
    })
}

/// A field of the widened type, nullable and without metadata.
///
/// # Errors
/// When the type is not on the closed list.
pub fn widened_field(field: &Field) -> Result<Field, UnsupportedType> {
    let found = field.data_type();
    let kind = widened(found).ok_or_else(|| UnsupportedType {
        column: field.name().clone(),
        found: found.to_string(),
        hint: match found {
            DataType::Date64 | DataType::Time32(_) | DataType::Time64(_) => {
                "CAST it to date or timestamp"
            }
            DataType::Null => "give it a type, as in CAST(NULL AS BIGINT)",
            kind if kind.is_decimal() => "CAST it to a decimal(p,s) with p ≤ 38 and 0 ≤ s ≤ p",
            DataType::Interval(_) | DataType::Duration(_) => {
                "CAST it to bigint, or compare dates instead"
            }
            _ => "leave it out, or flatten it into plain columns",
        },
    })?;
    Ok(Field::new(field.name(), kind, true))
}

/// A column in its widened type, every NaN replaced by the one canonical NaN.
///
/// # Errors
/// When a value does not fit (a timestamp beyond the range of nanoseconds).
pub fn widen(column: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    let Some(kind) = widened(column.data_type()) else {
        let found = column.data_type();
        return Err(ArrowError::CastError(format!("{found} is not a type that a table may have")));
    };
    let wide = if *column.data_type() == kind {
        Arc::clone(column)
    } else {
        let options = CastOptions { safe: false, ..CastOptions::default() };
        cast_with_options(column, &kind, &options)?
    };
    Ok(if kind == DataType::Float64 { canonical_floats(&wide) } else { wide })
}

/// A batch whose columns are all widened; its schema is `schema`.
///
/// # Errors
/// As [`widen`], or when the batch does not have the schema's columns.
pub fn widen_batch(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, ArrowError> {
    let columns = batch.columns().iter().map(widen).collect::<Result<Vec<_>, _>>()?;
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options)
}

/// The widened schema of a result.
///
/// # Errors
/// When a column's type is not on the closed list.
pub fn widened_schema(schema: &Schema) -> Result<SchemaRef, UnsupportedType> {
    let fields =
        schema.fields().iter().map(|field| widened_field(field)).collect::<Result<Vec<_>, _>>()?;
    Ok(Arc::new(Schema::new(fields)))
}

/// Replaces every NaN of a Float64 column by the canonical one; other columns pass unchanged.
#[must_use]
pub fn canonical_floats(column: &ArrayRef) -> ArrayRef {
    let Some(floats) = column.as_primitive_opt::<Float64Type>() else {
        return Arc::clone(column);
    };
    // Every column of every batch comes by here: without a branch a value, a NaN is looked for at
    // memory's pace.
    let nan = |block: &[f64]| block.iter().fold(false, |any, x| any | x.is_nan());
    let odd = |x: &f64| x.is_nan() && x.to_bits() != canonical(*x).to_bits();
    let blocks = floats.values().chunks(BLOCK);
    if !blocks.filter(|block| nan(block)).any(|block| block.iter().any(odd)) {
        return Arc::clone(column);
    }
    let values = floats.values().iter().map(|&x| canonical(x)).collect::<Vec<_>>();
    Arc::new(Float64Array::new(values.into(), floats.nulls().cloned()))
}

/// Folds −0 of a Float64 column into +0, as GROUP BY does; other columns pass unchanged.
#[must_use]
pub fn one_zero(column: &ArrayRef) -> ArrayRef {
    let Some(floats) = column.as_primitive_opt::<Float64Type>() else {
        return Arc::clone(column);
    };
    // Adding +0 turns −0 into +0 and changes nothing else.
    let values = floats.values().iter().map(|&x| x + 0.0).collect::<Vec<f64>>();
    Arc::new(Float64Array::new(values.into(), floats.nulls().cloned()))
}

/// Names the zone of every instant UTC. The instants stay: a zone is how one is shown, and files
/// of results keep no other.
///
/// # Errors
/// When the batch cannot be put together again, which a renamed zone does not cause.
pub fn instants_in_utc(batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    let utc = DataType::Timestamp(TimeUnit::Nanosecond, Some("UTC".into()));
    let (mut fields, mut columns) = (Vec::new(), Vec::new());
    for (field, column) in batch.schema().fields().iter().zip(batch.columns()) {
        match field.data_type() {
            DataType::Timestamp(_, Some(_)) => {
                fields.push(Field::new(field.name(), utc.clone(), true));
                let instants = column.as_primitive::<TimestampNanosecondType>().clone();
                columns.push(Arc::new(instants.with_timezone("UTC")) as ArrayRef);
            }
            _ => {
                fields.push(field.as_ref().clone());
                columns.push(Arc::clone(column));
            }
        }
    }
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), columns, &options)
}

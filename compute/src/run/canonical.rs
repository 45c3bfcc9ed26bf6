//! Rows in canonical order, and the TableHash over them (docs/formats/table-hash.md).

use std::collections::BTreeMap;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::{SortOptions, concat_batches, take_record_batch};
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Float64Type, Int64Type, SchemaRef,
    TimestampNanosecondType, UInt64Type,
};
use arrow::error::ArrowError;
use arrow::row::{RowConverter, SortField};
use sha2::{Digest, Sha256};
use veritrail_provenance::hash::TableHash;

use crate::columns::{UnsupportedType, widen_batch, widened_schema};
use crate::exact::round::canonical;

/// Rows that one validity bitmap and its values cover, counted after ordering.
pub const BLOCK_ROWS: usize = 65_536;

const TABLE_TAG: &[u8] = b"veritrail/table/1\n";
const OUTPUTS_TAG: &[u8] = b"veritrail/outputs/1\n";
const COLUMN_TAG: &[u8] = b"veritrail/table/1/column\n";

/// Why a table has no hash.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// A column's type is not on the closed list.
    #[error(transparent)]
    Type(#[from] UnsupportedType),
    /// Two columns share a name, so a reader could not tell them apart.
    #[error("two output columns are named \"{0}\": rename one with AS")]
    Duplicate(String),
    /// A value does not fit its widened type, or batches do not have the table's schema.
    #[error("the result does not fit its schema: {0}")]
    Values(#[from] ArrowError),
}

/// Brings batches of one schema to a single batch of widened types.
///
/// # Errors
/// When a type is not on the closed list, or a name stands twice.
pub fn widen_table(schema: &SchemaRef, batches: &[RecordBatch]) -> Result<RecordBatch, TableError> {
    let wide = widened_schema(schema)?;
    let mut names: Vec<&str> = wide.fields().iter().map(|field| field.name().as_str()).collect();
    names.sort_unstable();
    if let Some(twice) = names.windows(2).find(|pair| pair[0] == pair[1]) {
        return Err(TableError::Duplicate(twice[0].to_owned()));
    }
    let batches = batches
        .iter()
        .map(|batch| widen_batch(batch, &wide))
        .collect::<Result<Vec<_>, ArrowError>>()?;
    Ok(concat_batches(&wide, &batches)?)
}

/// Sorts rows by all columns from left to right, nulls first, then by total order: floats by IEEE
/// 754 totalOrder (−0 before +0, NaN last), text and binary by bytes, false before true.
///
/// # Errors
/// When a column cannot be compared, which no widened type causes.
pub fn sort_rows(table: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    if table.num_columns() == 0 || table.num_rows() < 2 {
        return Ok(table.clone());
    }
    let order = SortOptions { descending: false, nulls_first: true };
    let fields = table
        .columns()
        .iter()
        .map(|column| SortField::new_with_options(column.data_type().clone(), order))
        .collect();
    let rows = RowConverter::new(fields)?.convert_columns(table.columns())?;
    let mut places: Vec<u64> = (0..table.num_rows() as u64).collect();
    places.sort_by(|&a, &b| rows.row(a as usize).cmp(&rows.row(b as usize)));
    take_record_batch(table, &arrow::array::UInt64Array::from(places))
}

/// The hash of a table's values, in the rows' order; see docs/formats/table-hash.md.
///
/// # Errors
/// When a type is not on the closed list, or a name stands twice.
pub fn table_hash(schema: &SchemaRef, batches: &[RecordBatch]) -> Result<TableHash, TableError> {
    let table = widen_table(schema, batches)?;
    let mut hasher = Sha256::new();
    hasher.update(TABLE_TAG);
    hasher.update((table.num_columns() as u32).to_le_bytes());
    for (field, column) in table.schema().fields().iter().zip(table.columns()) {
        let digest = column_digest(field.name(), column)?;
        update_name_and_type(&mut hasher, field.name(), column.data_type());
        hasher.update(digest);
    }
    hasher.update((table.num_rows() as u64).to_le_bytes());
    Ok(TableHash::from_bytes(hasher.finalize().into()))
}

/// The hash of a run's outputs: of the only one, or over the names and hashes of all.
#[must_use]
pub fn outputs_hash(outputs: &BTreeMap<&str, TableHash>) -> TableHash {
    if let (1, Some(only)) = (outputs.len(), outputs.values().next()) {
        return *only;
    }
    let mut hasher = Sha256::new();
    hasher.update(OUTPUTS_TAG);
    hasher.update((outputs.len() as u32).to_le_bytes());
    for (name, hash) in outputs {
        hasher.update((name.len() as u32).to_le_bytes());
        hasher.update(name.as_bytes());
        hasher.update(hash.as_bytes());
    }
    TableHash::from_bytes(hasher.finalize().into())
}

fn column_digest(name: &str, column: &ArrayRef) -> Result<[u8; 32], TableError> {
    let mut hasher = Sha256::new();
    hasher.update(COLUMN_TAG);
    update_name_and_type(&mut hasher, name, column.data_type());
    let mut block = Vec::new();
    for start in (0..column.len()).step_by(BLOCK_ROWS) {
        let rows = column.slice(start, BLOCK_ROWS.min(column.len() - start));
        block.clear();
        write_validity(&mut block, &rows);
        write_values(&mut block, &rows)?;
        hasher.update(&block);
    }
    Ok(hasher.finalize().into())
}

fn update_name_and_type(hasher: &mut Sha256, name: &str, kind: &DataType) {
    hasher.update((name.len() as u32).to_le_bytes());
    hasher.update(name.as_bytes());
    match kind {
        DataType::Boolean => hasher.update([1]),
        DataType::Int64 => hasher.update([2]),
        DataType::UInt64 => hasher.update([3]),
        DataType::Float64 => hasher.update([4]),
        DataType::Decimal128(precision, scale) => {
            hasher.update([5, *precision, scale.to_le_bytes()[0]]);
        }
        DataType::Utf8 => hasher.update([6]),
        DataType::Binary => hasher.update([7]),
        DataType::Date32 => hasher.update([8]),
        DataType::Timestamp(_, zone) => {
            hasher.update([9, u8::from(zone.is_some())]);
            let zone = zone.as_deref().unwrap_or("");
            hasher.update((zone.len() as u32).to_le_bytes());
            hasher.update(zone.as_bytes());
        }
        // widen_table let nothing else through; 0 is no type's tag.
        _ => hasher.update([0]),
    }
}

/// One bit a row, least significant first, 1 for a value; padding bits are zero.
fn write_validity(block: &mut Vec<u8>, rows: &ArrayRef) {
    let start = block.len();
    block.resize(start + rows.len().div_ceil(8), 0);
    for row in (0..rows.len()).filter(|&row| rows.is_valid(row)) {
        block[start + row / 8] |= 1 << (row % 8);
    }
}

fn write_values(block: &mut Vec<u8>, rows: &ArrayRef) -> Result<(), TableError> {
    /// Appends each value's bytes, or as many zeros for a null.
    macro_rules! fixed {
        ($array:expr, $zero:expr, $bytes:expr) => {
            for value in $array.iter() {
                block.extend_from_slice(&value.map_or($zero, $bytes));
            }
        };
    }
    match rows.data_type() {
        DataType::Boolean => fixed!(rows.as_boolean(), [0], |x| [u8::from(x)]),
        DataType::Int64 => fixed!(rows.as_primitive::<Int64Type>(), [0; 8], |x| x.to_le_bytes()),
        DataType::UInt64 => fixed!(rows.as_primitive::<UInt64Type>(), [0; 8], |x| x.to_le_bytes()),
        DataType::Float64 => {
            fixed!(rows.as_primitive::<Float64Type>(), [0; 8], |x| canonical(x).to_le_bytes());
        }
        DataType::Decimal128(..) => {
            fixed!(rows.as_primitive::<Decimal128Type>(), [0; 16], |x| x.to_le_bytes());
        }
        DataType::Date32 => fixed!(rows.as_primitive::<Date32Type>(), [0; 4], |x| x.to_le_bytes()),
        DataType::Timestamp(..) => {
            fixed!(rows.as_primitive::<TimestampNanosecondType>(), [0; 8], |x| x.to_le_bytes());
        }
        DataType::Utf8 => {
            for text in rows.as_string::<i32>().iter() {
                write_counted(block, text.unwrap_or("").as_bytes());
            }
        }
        DataType::Binary => {
            for bytes in rows.as_binary::<i32>().iter() {
                write_counted(block, bytes.unwrap_or(&[]));
            }
        }
        found => {
            return Err(TableError::Values(ArrowError::CastError(format!(
                "{found} has no canonical bytes"
            ))));
        }
    }
    Ok(())
}

fn write_counted(block: &mut Vec<u8>, bytes: &[u8]) {
    block.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
    block.extend_from_slice(bytes);
}

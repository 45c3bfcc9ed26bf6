//! Which Arrow types hold a column of the closed list, and which others widen into it exactly.

use arrow::datatypes::{DataType, TimeUnit};

use super::column_type::{ColumnType, MAX_PRECISION, is_zone};

/// A type that is not in the closed list and has no exact place in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the type {found} is not supported; {hint}")]
pub struct Unsupported {
    /// The type as Arrow names it, shortened.
    pub found: String,
    /// What the publisher can do.
    pub hint: &'static str,
}

impl ColumnType {
    /// The one Arrow type that batches of this column have everywhere in the platform.
    pub fn arrow(&self) -> DataType {
        match self {
            ColumnType::Bool => DataType::Boolean,
            ColumnType::Int64 => DataType::Int64,
            ColumnType::UInt64 => DataType::UInt64,
            ColumnType::Float64 => DataType::Float64,
            ColumnType::Decimal { precision, scale } => {
                // A checked scale is at most 38, so the cast cannot wrap.
                DataType::Decimal128(*precision, *scale as i8)
            }
            ColumnType::Text => DataType::Utf8,
            ColumnType::Binary => DataType::Binary,
            ColumnType::Date32 => DataType::Date32,
            ColumnType::Timestamp { zone } => {
                DataType::Timestamp(TimeUnit::Nanosecond, zone.as_deref().map(Into::into))
            }
        }
    }
}

/// The type of the closed list that holds every value of `data_type` exactly: narrower integers
/// and floats widen (unsigned ones up to 32 bits become `int64`), every string form is `text`,
/// dictionaries are unpacked, coarser timestamps become nanoseconds (a value that does not fit
/// is refused when it is read).
pub fn widened(data_type: &DataType) -> Result<ColumnType, Unsupported> {
    let widened = match data_type {
        DataType::Boolean => ColumnType::Bool,
        DataType::Int8 | DataType::Int16 | DataType::Int32 | DataType::Int64 => ColumnType::Int64,
        DataType::UInt8 | DataType::UInt16 | DataType::UInt32 => ColumnType::Int64,
        DataType::UInt64 => ColumnType::UInt64,
        DataType::Float16 | DataType::Float32 | DataType::Float64 => ColumnType::Float64,
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => ColumnType::Text,
        DataType::Binary
        | DataType::LargeBinary
        | DataType::BinaryView
        | DataType::FixedSizeBinary(_) => ColumnType::Binary,
        DataType::Date32 => ColumnType::Date32,
        DataType::Timestamp(_, zone) => timestamp(data_type, zone.as_deref())?,
        DataType::Decimal32(precision, scale)
        | DataType::Decimal64(precision, scale)
        | DataType::Decimal128(precision, scale)
        | DataType::Decimal256(precision, scale) => decimal(data_type, *precision, *scale)?,
        DataType::Dictionary(_, values) if !matches!(**values, DataType::Dictionary(_, _)) => {
            widened(values)?
        }
        other => return Err(unsupported(other)),
    };
    Ok(widened)
}

fn timestamp(data_type: &DataType, zone: Option<&str>) -> Result<ColumnType, Unsupported> {
    match zone {
        Some(zone) if !is_zone(zone) => Err(unsupported(data_type)),
        zone => Ok(ColumnType::Timestamp { zone: zone.map(str::to_owned) }),
    }
}

fn decimal(data_type: &DataType, precision: u8, scale: i8) -> Result<ColumnType, Unsupported> {
    match u8::try_from(scale) {
        Ok(scale) if (1..=MAX_PRECISION).contains(&precision) && scale <= precision => {
            Ok(ColumnType::Decimal { precision, scale })
        }
        _ => Err(unsupported(data_type)),
    }
}

fn unsupported(data_type: &DataType) -> Unsupported {
    let hint = match data_type {
        DataType::Struct(_)
        | DataType::List(_)
        | DataType::LargeList(_)
        | DataType::ListView(_)
        | DataType::LargeListView(_)
        | DataType::FixedSizeList(_, _)
        | DataType::Map(_, _)
        | DataType::Union(_, _) => "columns are flat: write nested values as columns of their own",
        DataType::Time32(_) | DataType::Time64(_) => "write times of day as text or as integers",
        DataType::Duration(_) | DataType::Interval(_) => {
            "write durations as integers with a unit in the description"
        }
        DataType::Date64 => "write days as date32",
        DataType::Decimal256(_, _)
        | DataType::Decimal128(_, _)
        | DataType::Decimal64(_, _)
        | DataType::Decimal32(_, _) => {
            "a decimal has 1 to 38 digits, of which 0 to all stand after the point"
        }
        DataType::Null => "give the column a type",
        _ => "write it as one of the types of docs/formats/manifest.md",
    };
    // A nested type's text may be as long as its schema: a person needs its head.
    let found = data_type.to_string().chars().take(80).collect();
    Unsupported { found, hint }
}

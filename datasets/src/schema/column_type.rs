//! The closed list of column types, and how each is written in manifests and descriptions.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Digits a decimal may have at most: what fits 128 bits.
pub const MAX_PRECISION: u8 = 38;

/// The type of a column's values. The list is closed: it is what a TableHash is defined over
/// (`veritrail/table/1`), and a type outside it is refused, never approximated.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum ColumnType {
    /// True or false.
    Bool,
    /// Integers from −2^63 to 2^63 − 1.
    Int64,
    /// Integers from 0 to 2^64 − 1.
    UInt64,
    /// IEEE 754 binary64.
    Float64,
    /// Exact decimals: `precision` digits (1 to [`MAX_PRECISION`]), `scale` of them (0 to
    /// `precision`) after the point.
    Decimal {
        /// Digits in all.
        precision: u8,
        /// Digits after the point.
        scale: u8,
    },
    /// UTF-8 text.
    Text,
    /// Bytes.
    Binary,
    /// A day, counted from 1970-01-01 in the proleptic Gregorian calendar.
    Date32,
    /// Nanoseconds since 1970-01-01T00:00:00: an instant if a zone is named (the zone is how it
    /// is shown), else a local time of nobody knows where.
    Timestamp {
        /// An IANA zone, `UTC`, or an offset such as `+01:00`.
        zone: Option<String>,
    },
}

/// Why a text names no column type.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ColumnTypeError {
    /// Nothing of the list.
    #[error(
        "{0:?} is no column type; the types are bool, int64, uint64, float64, decimal(p,s), text, \
         binary, date32, timestamp(ns) and timestamp(ns,ZONE)"
    )]
    Unknown(String),
    /// A decimal whose digits do not fit.
    #[error(
        "{0:?}: a decimal has 1 to {MAX_PRECISION} digits, of which 0 to all stand after the point"
    )]
    BadDecimal(String),
    /// A zone with characters no zone has.
    #[error(
        "{0:?}: a zone is UTC, an offset such as +01:00, or an IANA name such as Europe/Berlin"
    )]
    BadZone(String),
}

impl fmt::Display for ColumnType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ColumnType::Bool => f.write_str("bool"),
            ColumnType::Int64 => f.write_str("int64"),
            ColumnType::UInt64 => f.write_str("uint64"),
            ColumnType::Float64 => f.write_str("float64"),
            ColumnType::Decimal { precision, scale } => write!(f, "decimal({precision},{scale})"),
            ColumnType::Text => f.write_str("text"),
            ColumnType::Binary => f.write_str("binary"),
            ColumnType::Date32 => f.write_str("date32"),
            ColumnType::Timestamp { zone: None } => f.write_str("timestamp(ns)"),
            ColumnType::Timestamp { zone: Some(zone) } => write!(f, "timestamp(ns,{zone})"),
        }
    }
}

impl FromStr for ColumnType {
    type Err = ColumnTypeError;

    fn from_str(text: &str) -> Result<Self, ColumnTypeError> {
        let simple = match text {
            "bool" => ColumnType::Bool,
            "int64" => ColumnType::Int64,
            "uint64" => ColumnType::UInt64,
            "float64" => ColumnType::Float64,
            "text" => ColumnType::Text,
            "binary" => ColumnType::Binary,
            "date32" => ColumnType::Date32,
            "timestamp(ns)" => ColumnType::Timestamp { zone: None },
            _ => return parse_with_arguments(text),
        };
        Ok(simple)
    }
}

impl TryFrom<String> for ColumnType {
    type Error = ColumnTypeError;

    fn try_from(text: String) -> Result<Self, ColumnTypeError> {
        text.parse()
    }
}

impl From<ColumnType> for String {
    fn from(column_type: ColumnType) -> Self {
        column_type.to_string()
    }
}

fn parse_with_arguments(text: &str) -> Result<ColumnType, ColumnTypeError> {
    let unknown = || ColumnTypeError::Unknown(text.to_owned());
    let (name, rest) = text.split_once('(').ok_or_else(unknown)?;
    let inside = rest.strip_suffix(')').ok_or_else(unknown)?;
    let (first, second) = inside.split_once(',').ok_or_else(unknown)?;
    let second = second.strip_prefix(' ').unwrap_or(second);
    match (name, first) {
        ("decimal", digits) => {
            let bad = || ColumnTypeError::BadDecimal(text.to_owned());
            let precision = plain_number(digits).ok_or_else(bad)?;
            let scale = plain_number(second).ok_or_else(bad)?;
            if precision == 0 || precision > MAX_PRECISION || scale > precision {
                return Err(bad());
            }
            Ok(ColumnType::Decimal { precision, scale })
        }
        ("timestamp", "ns") if is_zone(second) => {
            Ok(ColumnType::Timestamp { zone: Some(second.to_owned()) })
        }
        ("timestamp", "ns") => Err(ColumnTypeError::BadZone(text.to_owned())),
        _ => Err(unknown()),
    }
}

/// A number of at most two digits without sign or leading zero.
fn plain_number(text: &str) -> Option<u8> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit())
        && matches!(text.len(), 1 | 2)
        && (text.len() == 1 || !text.starts_with('0'));
    if plain { text.parse().ok() } else { None }
}

/// Whether `zone` has the characters of a zone. Whether it exists is not asked: the value is an
/// instant either way.
pub(super) fn is_zone(zone: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_+-:/".contains(&byte);
    (1..=64).contains(&zone.len()) && zone.bytes().all(allowed)
}

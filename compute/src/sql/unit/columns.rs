//! Columns as bytes: one encoding per column of values, and a reader that refuses every other.
//!
//! The types are those that a table may have and the small whole numbers by which grouping sets
//! are told apart; the layout is in docs/formats/unit.md.

use std::sync::Arc;

use arrow::array::*;
use arrow::buffer::{BooleanBuffer, NullBuffer};
use arrow::datatypes::*;

use super::result::UnitError;
use crate::exact::round::canonical;

/// The byte that stands for a type, or `None` for a type that has no bytes here.
pub(super) fn tag(kind: &DataType) -> Option<u8> {
    Some(match kind {
        DataType::Boolean => 1,
        DataType::Int64 => 2,
        DataType::UInt64 => 3,
        DataType::Float64 => 4,
        DataType::Decimal128(..) => 5,
        DataType::Utf8 => 6,
        DataType::Binary => 7,
        DataType::Date32 => 8,
        DataType::Timestamp(TimeUnit::Nanosecond, _) => 9,
        DataType::UInt8 => 10,
        DataType::UInt16 => 11,
        DataType::UInt32 => 12,
        _ => return None,
    })
}

/// Appends a column of a type that has a [`tag`].
pub(super) fn write(bytes: &mut Vec<u8>, column: &ArrayRef) -> Result<(), UnitError> {
    let tag = tag(column.data_type()).ok_or(UnitError::Type)?;
    bytes.push(tag);
    let start = bytes.len();
    bytes.resize(start + column.len().div_ceil(8), 0);
    for row in (0..column.len()).filter(|&row| column.is_valid(row)) {
        bytes[start + row / 8] |= 1 << (row % 8);
    }
    write_values(bytes, column)
}

fn write_values(bytes: &mut Vec<u8>, column: &ArrayRef) -> Result<(), UnitError> {
    /// Appends each value's bytes, or as many zeros for a null.
    macro_rules! fixed {
        ($array:expr, $zero:expr, $bytes:expr) => {
            for value in $array.iter() {
                bytes.extend_from_slice(&value.map_or($zero, $bytes));
            }
        };
    }
    macro_rules! counted {
        ($array:expr, $bytes:expr) => {
            for value in $array.iter() {
                let value = value.map_or(&[][..], $bytes);
                let length = u32::try_from(value.len()).map_err(|_| UnitError::Type)?;
                bytes.extend_from_slice(&length.to_le_bytes());
                bytes.extend_from_slice(value);
            }
        };
    }
    match column.data_type() {
        DataType::Boolean => fixed!(column.as_boolean(), [0], |x| [u8::from(x)]),
        DataType::Int64 => fixed!(column.as_primitive::<Int64Type>(), [0; 8], |x| x.to_le_bytes()),
        DataType::UInt64 => {
            fixed!(column.as_primitive::<UInt64Type>(), [0; 8], |x| x.to_le_bytes())
        }
        DataType::Float64 => {
            fixed!(column.as_primitive::<Float64Type>(), [0; 8], |x| canonical(x).to_le_bytes());
        }
        DataType::Decimal128(..) => {
            fixed!(column.as_primitive::<Decimal128Type>(), [0; 16], |x| x.to_le_bytes());
        }
        DataType::Date32 => {
            fixed!(column.as_primitive::<Date32Type>(), [0; 4], |x| x.to_le_bytes())
        }
        DataType::Timestamp(TimeUnit::Nanosecond, _) => {
            fixed!(column.as_primitive::<TimestampNanosecondType>(), [0; 8], |x| x.to_le_bytes());
        }
        DataType::UInt8 => fixed!(column.as_primitive::<UInt8Type>(), [0; 1], |x| x.to_le_bytes()),
        DataType::UInt16 => {
            fixed!(column.as_primitive::<UInt16Type>(), [0; 2], |x| x.to_le_bytes())
        }
        DataType::UInt32 => {
            fixed!(column.as_primitive::<UInt32Type>(), [0; 4], |x| x.to_le_bytes())
        }
        DataType::Utf8 => counted!(column.as_string::<i32>(), str::as_bytes),
        DataType::Binary => counted!(column.as_binary::<i32>(), |bytes: &[u8]| bytes),
        _ => return Err(UnitError::Type),
    }
    Ok(())
}

/// Bytes that are read from front to back.
pub(super) struct Reader<'a> {
    pub(super) rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) fn take(&mut self, count: usize) -> Result<&'a [u8], UnitError> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or(UnitError::Length)?;
        self.rest = rest;
        Ok(taken)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], UnitError> {
        let (taken, rest) = self.rest.split_first_chunk::<N>().ok_or(UnitError::Length)?;
        self.rest = rest;
        Ok(*taken)
    }

    pub(super) fn u64(&mut self) -> Result<u64, UnitError> {
        self.array().map(u64::from_le_bytes)
    }

    /// A column of `rows` rows that [`write`] would have written, of the field's type.
    pub(super) fn column(&mut self, field: &Field, rows: usize) -> Result<ArrayRef, UnitError> {
        let [found] = self.array()?;
        if tag(field.data_type()) != Some(found) {
            return Err(UnitError::Type);
        }
        let bits = self.take(rows.div_ceil(8))?;
        let padding =
            (!rows.is_multiple_of(8)).then(|| bits.last().map_or(0, |last| last >> (rows % 8)));
        if padding.unwrap_or(0) != 0 {
            return Err(UnitError::NotCanonical("bits after the last row"));
        }
        let valid = BooleanBuffer::new(bits.into(), 0, rows);
        let nulls = Some(NullBuffer::new(valid)).filter(|nulls| nulls.null_count() > 0);
        if nulls.is_some() && !field.is_nullable() {
            return Err(UnitError::NotCanonical("a null where none can be"));
        }
        self.values(field.data_type(), rows, nulls)
    }

    fn values(
        &mut self,
        kind: &DataType,
        rows: usize,
        nulls: Option<NullBuffer>,
    ) -> Result<ArrayRef, UnitError> {
        macro_rules! fixed {
            ($kind:ty, $width:literal, $native:ty) => {{
                let values = self.fixed::<$width>(rows, nulls.as_ref())?;
                let values = values.map(<$native>::from_le_bytes).collect::<Vec<_>>();
                PrimitiveArray::<$kind>::new(values.into(), nulls)
            }};
        }
        Ok(match kind {
            DataType::Boolean => {
                let values: Vec<u8> = self.fixed::<1>(rows, nulls.as_ref())?.map(|[x]| x).collect();
                if values.iter().any(|&x| x > 1) {
                    return Err(UnitError::NotCanonical("a truth value that is neither"));
                }
                let values = values.iter().map(|&x| x == 1).collect::<Vec<_>>();
                Arc::new(BooleanArray::new(values.into(), nulls))
            }
            DataType::Int64 => Arc::new(fixed!(Int64Type, 8, i64)),
            DataType::UInt64 => Arc::new(fixed!(UInt64Type, 8, u64)),
            DataType::UInt8 => Arc::new(fixed!(UInt8Type, 1, u8)),
            DataType::UInt16 => Arc::new(fixed!(UInt16Type, 2, u16)),
            DataType::UInt32 => Arc::new(fixed!(UInt32Type, 4, u32)),
            DataType::Date32 => Arc::new(fixed!(Date32Type, 4, i32)),
            DataType::Float64 => {
                let array = fixed!(Float64Type, 8, f64);
                if array.values().iter().any(|x| canonical(*x).to_bits() != x.to_bits()) {
                    return Err(UnitError::NotCanonical("a NaN that is not the one NaN"));
                }
                Arc::new(array)
            }
            DataType::Timestamp(TimeUnit::Nanosecond, zone) => {
                let array = fixed!(TimestampNanosecondType, 8, i64);
                Arc::new(array.with_timezone_opt(zone.clone()))
            }
            DataType::Decimal128(precision, scale) => {
                let array = fixed!(Decimal128Type, 16, i128);
                let array = array.with_precision_and_scale(*precision, *scale);
                let array = array.map_err(|_| UnitError::Type)?;
                array
                    .validate_decimal_precision(*precision)
                    .map_err(|_| UnitError::NotCanonical("a decimal with too many digits"))?;
                Arc::new(array)
            }
            DataType::Utf8 => {
                let values = self.counted(rows, nulls.as_ref())?;
                let mut builder =
                    StringBuilder::with_capacity(rows, values.iter().map(|v| v.len()).sum());
                for (row, value) in values.into_iter().enumerate() {
                    let text = std::str::from_utf8(value)
                        .map_err(|_| UnitError::NotCanonical("text that is not UTF-8"))?;
                    let valid = nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row));
                    builder.append_option(valid.then_some(text));
                }
                Arc::new(builder.finish())
            }
            DataType::Binary => {
                let values = self.counted(rows, nulls.as_ref())?;
                let mut builder =
                    BinaryBuilder::with_capacity(rows, values.iter().map(|v| v.len()).sum());
                for (row, value) in values.into_iter().enumerate() {
                    let valid = nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row));
                    builder.append_option(valid.then_some(value));
                }
                Arc::new(builder.finish())
            }
            _ => return Err(UnitError::Type),
        })
    }

    fn fixed<const N: usize>(
        &mut self,
        rows: usize,
        nulls: Option<&NullBuffer>,
    ) -> Result<impl Iterator<Item = [u8; N]> + use<'a, N>, UnitError> {
        let (values, _) =
            self.take(rows.checked_mul(N).ok_or(UnitError::Length)?)?.as_chunks::<N>();
        let null = |row: usize| nulls.is_some_and(|nulls| nulls.is_null(row));
        if values.iter().enumerate().any(|(row, value)| null(row) && *value != [0; N]) {
            return Err(UnitError::NotCanonical("a null with a value"));
        }
        Ok(values.iter().copied())
    }

    fn counted(
        &mut self,
        rows: usize,
        nulls: Option<&NullBuffer>,
    ) -> Result<Vec<&'a [u8]>, UnitError> {
        // Each takes 4 bytes at least: nothing is allocated for rows that are not there.
        if rows.checked_mul(4).is_none_or(|least| least > self.rest.len()) {
            return Err(UnitError::Length);
        }
        let mut values = Vec::with_capacity(rows);
        let mut total = 0usize;
        for row in 0..rows {
            let length = u32::from_le_bytes(self.array()?) as usize;
            let value = self.take(length)?;
            if !value.is_empty() && nulls.is_some_and(|nulls| nulls.is_null(row)) {
                return Err(UnitError::NotCanonical("a null with a value"));
            }
            total += length;
            values.push(value);
        }
        // Arrow's offsets are 32 bits.
        if i32::try_from(total).is_err() { Err(UnitError::Length) } else { Ok(values) }
    }
}

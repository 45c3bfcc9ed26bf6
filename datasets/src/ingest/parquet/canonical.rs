//! From what a Parquet column decodes to, to the one Arrow type of its column type: exactly, or
//! not at all.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, Decimal128Array, PrimitiveArray, TimestampNanosecondArray,
};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{
    ArrowTimestampType, DataType, TimeUnit, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampSecondType,
};
use arrow::util::display::array_value_to_string;

use crate::schema::ColumnType;

/// A value, or a whole array, that has no place in the column's type.
pub(super) struct Misfit {
    /// Where the value stands in the array, if it is one value.
    pub(super) row: Option<usize>,
    /// What is wrong with it, and what to do.
    pub(super) reason: String,
}

/// Whether values of this type are checked for a place in the closed list, since a file may well
/// hold some that have none: what coarser timestamps reach, nanoseconds do not.
pub(super) fn may_not_fit(decoded: &DataType) -> bool {
    use TimeUnit::{Microsecond, Millisecond, Second};
    matches!(decoded, DataType::Timestamp(Second | Millisecond | Microsecond, _))
}

/// `array` as the Arrow type of `column_type`, which its own type widens to.
pub(super) fn canonical(array: &ArrayRef, column_type: &ColumnType) -> Result<ArrayRef, Misfit> {
    let wanted = column_type.arrow();
    if array.data_type() == &wanted {
        if let Some(decimals) = array.as_any().downcast_ref::<Decimal128Array>() {
            check_digits(decimals)?;
        }
        return Ok(Arc::clone(array));
    }
    match array.data_type() {
        DataType::Timestamp(unit, zone) => {
            let nanos = match unit {
                TimeUnit::Second => scaled::<TimestampSecondType>(array, 1_000_000_000)?,
                TimeUnit::Millisecond => scaled::<TimestampMillisecondType>(array, 1_000_000)?,
                TimeUnit::Microsecond => scaled::<TimestampMicrosecondType>(array, 1_000)?,
                TimeUnit::Nanosecond => return Err(unexpected(array, &wanted)),
            };
            let nanos: ArrayRef = Arc::new(nanos.with_timezone_opt(zone.clone()));
            match nanos.data_type() == &wanted {
                true => Ok(nanos),
                false => Err(unexpected(array, &wanted)),
            }
        }
        _ => {
            // Not safe means: a value that does not fit is an error, never a null.
            let options = CastOptions { safe: false, ..CastOptions::default() };
            cast_with_options(array, &wanted, &options).map_err(|error| whole(error.to_string()))
        }
    }
}

/// Nanoseconds; arrow's own cast would let them wrap in some paths.
fn scaled<T: ArrowTimestampType>(
    array: &ArrayRef,
    factor: i64,
) -> Result<TimestampNanosecondArray, Misfit> {
    let values: Option<&PrimitiveArray<T>> = array.as_primitive_opt();
    let values = values.ok_or_else(|| whole("a timestamp column of another type"))?;
    let too_far = |value: Option<i64>| value.is_some_and(|v| v.checked_mul(factor).is_none());
    match values.iter().position(too_far) {
        None => Ok(values.unary(|value| value.wrapping_mul(factor))),
        Some(row) => Err(Misfit { row: Some(row), reason: far_time(array, row) }),
    }
}

fn far_time(array: &ArrayRef, row: usize) -> String {
    // Beyond some 262,000 years the crate has no calendar, and says so in place of the value.
    let shown = array_value_to_string(array, row).ok().filter(|shown| !shown.contains("ERROR"));
    let shown = shown.unwrap_or_else(|| "a timestamp of no calendar".to_owned());
    format!(
        "{shown} lies outside the years 1677 to 2262, which timestamps in nanoseconds reach; write \
         such values as null, or the column as a date or as text"
    )
}

/// Refuses a decimal of more digits than its column's type has: the decoder takes any.
fn check_digits(decimals: &Decimal128Array) -> Result<(), Misfit> {
    let limit = 10i128.checked_pow(u32::from(decimals.precision()));
    let limit = limit.ok_or_else(|| whole("decimals of more than 38 digits"))?;
    let too_long = |value: Option<i128>| value.is_some_and(|v| v <= -limit || v >= limit);
    match decimals.iter().position(too_long) {
        None => Ok(()),
        Some(row) => {
            let (precision, scale) = (decimals.precision(), decimals.scale());
            let reason = format!("a value of more digits than decimal({precision},{scale}) has");
            Err(Misfit { row: Some(row), reason })
        }
    }
}

fn whole(reason: impl Into<String>) -> Misfit {
    Misfit { row: None, reason: reason.into() }
}

fn unexpected(array: &ArrayRef, wanted: &DataType) -> Misfit {
    whole(format!("it decoded to {}, not to {wanted}", array.data_type()))
}

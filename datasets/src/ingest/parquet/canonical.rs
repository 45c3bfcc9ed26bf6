//! From what a Parquet column decodes to, to the one Arrow type of its column type: exactly, or
//! not at all.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, PrimitiveArray, TimestampNanosecondArray};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{
    ArrowTimestampType, DataType, TimeUnit, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampSecondType,
};

use crate::schema::ColumnType;

/// `array` as the Arrow type of `column_type`, which its own type widens to.
pub(super) fn canonical(array: &ArrayRef, column_type: &ColumnType) -> Result<ArrayRef, String> {
    let wanted = column_type.arrow();
    if array.data_type() == &wanted {
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
            cast_with_options(array, &wanted, &options).map_err(|error| error.to_string())
        }
    }
}

/// Nanoseconds; arrow's own cast would let them wrap in some paths.
fn scaled<T: ArrowTimestampType>(
    array: &ArrayRef,
    factor: i64,
) -> Result<TimestampNanosecondArray, String> {
    let values: &PrimitiveArray<T> =
        array.as_primitive_opt().ok_or("a timestamp column of another type")?;
    values
        .try_unary(|value| {
            value.checked_mul(factor).ok_or_else(|| {
                arrow::error::ArrowError::ComputeError(
                    "a timestamp outside the years 1677 to 2262, which nanoseconds do not reach"
                        .to_owned(),
                )
            })
        })
        .map_err(|error| error.to_string())
}

fn unexpected(array: &ArrayRef, wanted: &DataType) -> String {
    format!("it decoded to {}, not to {wanted}", array.data_type())
}

//! Numeric columns in their own types, fed into exact states without a detour over floats.

use std::borrow::Cow;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::buffer::BooleanBuffer;
use arrow::datatypes::{DataType, Decimal128Type, Float64Type, Int64Type, UInt64Type};
use datafusion::common::{DataFusionError, Result};

use super::definition::{refused, widened_inputs};
use crate::exact::{Number, StateError, Unit};

/// The unit of an exact state over a column type, or `None` for a type that is not numeric.
pub(super) fn unit(kind: &DataType) -> Option<Unit> {
    Some(match kind {
        DataType::Float64 => Unit::Float,
        DataType::Int64 | DataType::UInt64 => Unit::Integer,
        DataType::Decimal128(_, scale) => Unit::Decimal { scale: *scale },
        _ => return None,
    })
}

/// The same, of an argument that was coerced to a numeric type.
pub(super) fn unit_of(kind: &DataType) -> Result<Unit> {
    unit(kind).ok_or_else(|| not_numeric(kind))
}

/// The widened types of `N` numeric arguments, or an error with a remedy.
pub(super) fn numeric_inputs<const N: usize>(
    name: &str,
    given: &[DataType],
) -> Result<Vec<DataType>> {
    let wide = widened_inputs::<N>(name, given)?;
    match wide.iter().position(|kind| unit(kind).is_none()) {
        None => Ok(wide.into()),
        Some(at) => Err(refused(
            name,
            &given[at],
            "it takes numbers; CAST the column to bigint, double or decimal",
        )),
    }
}

/// Calls `take` with the selected rows of a numeric column, as (row, number). There is one loop
/// for each type, so `take` is worth inlining.
#[inline(always)]
pub(super) fn each_number(
    column: &ArrayRef,
    selected: Option<&BooleanBuffer>,
    mut take: impl FnMut(usize, Number) -> Result<()>,
) -> Result<()> {
    macro_rules! typed {
        ($kind:ty, $number:expr) => {{
            let (values, number) = (column.as_primitive::<$kind>().values(), $number);
            match selected {
                None => {
                    let mut rows = values.iter().enumerate();
                    rows.try_for_each(|(row, &value)| take(row, number(value)))
                }
                Some(selected) => {
                    selected.set_indices().try_for_each(|row| take(row, number(values[row])))
                }
            }
        }};
    }
    match column.data_type() {
        DataType::Float64 => typed!(Float64Type, Number::Float),
        DataType::Int64 => typed!(Int64Type, |value: i64| Number::Whole(value.into())),
        DataType::UInt64 => typed!(UInt64Type, |value: u64| Number::Whole(value.into())),
        DataType::Decimal128(..) => typed!(Decimal128Type, Number::Whole),
        other => Err(not_numeric(other)),
    }
}

/// A column that should have been coerced to a numeric type and was not.
pub(super) fn not_numeric(kind: &DataType) -> DataFusionError {
    DataFusionError::Internal(format!("{kind} reached an exact aggregate"))
}

/// A state error as DataFusion carries it.
pub(super) fn state_error(error: StateError) -> DataFusionError {
    DataFusionError::External(Box::new(error))
}

/// The selected values of a Float64 column: the column itself where that is all of them.
pub(super) fn floats<'a>(column: &'a ArrayRef, selected: Option<&BooleanBuffer>) -> Cow<'a, [f64]> {
    let values: &[f64] = column.as_primitive::<Float64Type>().values();
    match selected {
        None => Cow::Borrowed(values),
        Some(selected) => Cow::Owned(selected.set_indices().map(|row| values[row]).collect()),
    }
}

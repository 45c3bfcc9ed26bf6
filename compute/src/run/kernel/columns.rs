//! The columns of a kernel step: found by name, taken as floats without rounding.

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{DataType, Float64Type, Int64Type, Schema, UInt64Type};

use crate::columns::widened_field;
use crate::sql::SqlError;

use super::KernelCall;

/// Where the columns that a call reads stand in its table's schema, in the order of
/// [`KernelCall::reads`].
///
/// # Errors
/// When a column is not there, or a number is wanted and it is none.
pub(super) fn places(call: &KernelCall, schema: &Schema) -> Result<Vec<usize>, SqlError> {
    let fields = schema.fields();
    call.reads()
        .into_iter()
        .map(|name| {
            let place = fields.iter().position(|field| field.name() == name);
            let place = place.ok_or_else(|| unknown(call, name, schema))?;
            let field = widened_field(&fields[place])
                .map_err(|unsupported| SqlError::Plan(unsupported.to_string()))?;
            let wanted = call.columns.iter().any(|column| column == name);
            if wanted && !is_number(field.data_type()) {
                return Err(SqlError::Plan(format!(
                    "kernel {} takes numbers (float64, int64, uint64), and column {name:?} of {} \
                     is {}: CAST it in a step before",
                    call.kernel.name(),
                    call.table,
                    veritrail_datasets::schema::widened(field.data_type())
                        .map_or_else(|_| field.data_type().to_string(), |kind| kind.to_string()),
                )));
            }
            Ok(place)
        })
        .collect()
}

fn unknown(call: &KernelCall, name: &str, schema: &Schema) -> SqlError {
    let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
    SqlError::Plan(format!(
        "{} has no column {name:?}; its columns are {}",
        call.table,
        names.join(", ")
    ))
}

fn is_number(kind: &DataType) -> bool {
    matches!(kind, DataType::Float64 | DataType::Int64 | DataType::UInt64)
}

/// A column of widened type as floats; what stands at nulls does not matter.
///
/// # Errors
/// When a whole number is no float: beyond 2^53 most are not.
pub(super) fn floats(name: &str, column: &ArrayRef) -> Result<Vec<f64>, SqlError> {
    let inexact = |text: String| {
        SqlError::Execution(format!(
            "column {name:?} holds {text}, which no float64 is: CAST it in a step before"
        ))
    };
    match column.data_type() {
        DataType::Int64 => column
            .as_primitive::<Int64Type>()
            .iter()
            .map(|value| {
                let value = value.unwrap_or_default();
                let float = value as f64;
                // Back through i128, where 2^63 does not saturate to another number.
                if float as i128 == i128::from(value) {
                    Ok(float)
                } else {
                    Err(inexact(value.to_string()))
                }
            })
            .collect(),
        DataType::UInt64 => column
            .as_primitive::<UInt64Type>()
            .iter()
            .map(|value| {
                let value = value.unwrap_or_default();
                let float = value as f64;
                if float as u128 == u128::from(value) {
                    Ok(float)
                } else {
                    Err(inexact(value.to_string()))
                }
            })
            .collect(),
        _ => Ok(column.as_primitive::<Float64Type>().values().to_vec()),
    }
}

//! Whether a result is what its spec says of it.

use std::collections::BTreeMap;

use arrow::datatypes::Schema;
use veritrail_datasets::schema::{ColumnType, widened};

use super::RunError;
use crate::run::compare::is_measurable;
use crate::run::spec::Tolerance;

/// The result must have the declared columns, of the declared types, and no others. Their order is
/// the query's.
pub(super) fn columns(
    output: &str,
    declared: &BTreeMap<String, ColumnType>,
    schema: &Schema,
) -> Result<(), RunError> {
    let wrong = |fault: String| Err(RunError::Schema { output: output.to_owned(), fault });
    for (name, kind) in declared {
        let Ok(field) = schema.field_with_name(name) else {
            let names: Vec<&str> =
                schema.fields().iter().map(|field| field.name().as_str()).collect();
            return wrong(format!(
                "column {name:?} is declared as {kind}, and the result has none of this name ({})",
                names.join(", ")
            ));
        };
        let found = widened(field.data_type()).ok();
        if found.as_ref() != Some(kind) {
            let found =
                found.map_or_else(|| field.data_type().to_string(), |found| found.to_string());
            return wrong(format!("column {name:?} is declared as {kind} and is {found}"));
        }
    }
    match schema.fields().iter().find(|field| !declared.contains_key(field.name())) {
        Some(field) => {
            let name = field.name();
            wrong(format!("the result has a column {name:?}, which is not declared"))
        }
        None => Ok(()),
    }
}

/// A tolerance must be of a numeric column of the result.
pub(super) fn tolerances(
    tolerance: &BTreeMap<String, Tolerance>,
    schema: &Schema,
) -> Result<(), RunError> {
    for column in tolerance.keys() {
        let fault = match schema.field_with_name(column) {
            Err(_) => "the output has no such column",
            Ok(field) if !is_measurable(field.data_type()) => "it is not numeric",
            Ok(_) => continue,
        };
        return Err(RunError::Tolerance { column: column.clone(), fault });
    }
    Ok(())
}

//! How a repeated result compares with the one that was published.

use std::collections::BTreeMap;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Decimal128Type, Float64Type, Int64Type, UInt64Type};
use arrow::error::ArrowError;
use arrow::row::{RowConverter, Rows, SortField};
use arrow::util::display::array_value_to_string;
use veritrail_provenance::statement::{Difference, Outcome};

use super::canonical::{TableError, table_hash, widen_table};
use super::spec::Tolerance;

/// What a column is called in a difference that is about all columns at once.
pub const ALL_COLUMNS: &str = "(rows)";

/// The comparison of two tables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// Identical, within tolerance, or different.
    pub outcome: Outcome,
    /// The first difference beyond tolerance, in row order and then column order; of results
    /// within tolerance, the first difference at all.
    pub difference: Option<Difference>,
}

/// Compares what was published with what came out, row by row in the order of both.
///
/// Identical means equal TableHashes. Otherwise schemas must agree, then the number of rows, then
/// every value, exactly or within its column's tolerance.
///
/// # Errors
/// When a table is not of widened types.
pub fn compare(
    expected: &RecordBatch,
    found: &RecordBatch,
    tolerance: &BTreeMap<String, Tolerance>,
) -> Result<Comparison, TableError> {
    let expected = widen_table(&expected.schema(), std::slice::from_ref(expected))?;
    let found = widen_table(&found.schema(), std::slice::from_ref(found))?;
    let hash = |table: &RecordBatch| table_hash(&table.schema(), std::slice::from_ref(table));
    if hash(&expected)? == hash(&found)? {
        return Ok(Comparison { outcome: Outcome::Identical, difference: None });
    }
    if let Some(difference) = shape_difference(&expected, &found) {
        return Ok(Comparison { outcome: Outcome::Different, difference: Some(difference) });
    }
    let schema = expected.schema();
    let columns = schema
        .fields()
        .iter()
        .zip(expected.columns().iter().zip(found.columns()))
        .map(|(field, (expected, found))| {
            Pair::new(field.name(), expected, found, tolerance.get(field.name()).copied())
        })
        .collect::<Result<Vec<_>, _>>()?;
    Ok(first_difference(&columns, expected.num_rows())?)
}

/// One output, as it was published and as it came out.
#[derive(Clone, Copy, Debug)]
pub struct OutputPair<'a> {
    /// The output's name.
    pub name: &'a str,
    /// What was published.
    pub expected: &'a RecordBatch,
    /// What came out.
    pub found: &'a RecordBatch,
    /// Column → tolerance.
    pub tolerance: &'a BTreeMap<String, Tolerance>,
}

/// Compares all outputs of a run, in the given order: different where one is, within tolerance
/// where none is and not all are identical. Of several outputs, a difference names its column as
/// `output.column`.
///
/// # Errors
/// As [`compare`].
pub fn compare_outputs(outputs: &[OutputPair<'_>]) -> Result<Comparison, TableError> {
    let mut whole = Comparison { outcome: Outcome::Identical, difference: None };
    for OutputPair { name, expected, found, tolerance } in outputs {
        let mut one = compare(expected, found, tolerance)?;
        if let Some(difference) = one.difference.take() {
            let Difference { column, row, expected, found } = &difference;
            one.difference = Some(match outputs.len() {
                1 => difference,
                _ => Difference::clipped(&format!("{name}.{column}"), *row, expected, found),
            });
        }
        match (one.outcome, whole.outcome) {
            (Outcome::Different, _) => return Ok(one),
            (Outcome::WithinTolerance, Outcome::Identical) => whole = one,
            _ => {}
        }
    }
    Ok(whole)
}

/// Other columns, other types, or another number of rows.
fn shape_difference(expected: &RecordBatch, found: &RecordBatch) -> Option<Difference> {
    let shape = |table: &RecordBatch, at: usize| {
        let schema = table.schema();
        schema.fields().get(at).map(|field| format!("{} {}", field.name(), field.data_type()))
    };
    let columns = expected.num_columns().max(found.num_columns());
    for at in 0..columns {
        let (expected, found) = (shape(expected, at), shape(found, at));
        if expected != found {
            let text = |shape: Option<String>| shape.unwrap_or_else(|| "no such column".to_owned());
            let (expected, found) = (text(expected), text(found));
            return Some(Difference::clipped(&format!("column {at}"), 0, &expected, &found));
        }
    }
    let (expected, found) = (expected.num_rows(), found.num_rows());
    (expected != found).then(|| {
        let rows = |rows: usize| format!("{rows} rows");
        let first = expected.min(found) as u64;
        Difference::clipped(ALL_COLUMNS, first, &rows(expected), &rows(found))
    })
}

fn first_difference(columns: &[Pair<'_>], rows: usize) -> Result<Comparison, ArrowError> {
    let mut tolerated = None;
    for row in 0..rows {
        for column in columns.iter().filter(|column| column.differs(row)) {
            if !column.tolerates(row) {
                let difference = Some(column.difference(row)?);
                return Ok(Comparison { outcome: Outcome::Different, difference });
            }
            if tolerated.is_none() {
                tolerated = Some(column.difference(row)?);
            }
        }
    }
    // Unequal hashes with no unequal value cannot be; were it so, it would not be identical.
    let outcome = if tolerated.is_some() { Outcome::WithinTolerance } else { Outcome::Different };
    Ok(Comparison { outcome, difference: tolerated })
}

/// One column of both tables.
struct Pair<'a> {
    name: &'a str,
    expected: &'a ArrayRef,
    found: &'a ArrayRef,
    rows: (Rows, Rows),
    tolerance: Option<Tolerance>,
}

impl<'a> Pair<'a> {
    fn new(
        name: &'a str,
        expected: &'a ArrayRef,
        found: &'a ArrayRef,
        tolerance: Option<Tolerance>,
    ) -> Result<Self, ArrowError> {
        let converter = RowConverter::new(vec![SortField::new(expected.data_type().clone())])?;
        let rows = (
            converter.convert_columns(std::slice::from_ref(expected))?,
            converter.convert_columns(std::slice::from_ref(found))?,
        );
        Ok(Self { name, expected, found, rows, tolerance })
    }

    fn differs(&self, row: usize) -> bool {
        self.rows.0.row(row) != self.rows.1.row(row)
    }

    fn tolerates(&self, row: usize) -> bool {
        let Some(tolerance) = self.tolerance else { return false };
        let values = (number(self.expected, row), number(self.found, row));
        let (Some(expected), Some(found)) = values else { return false };
        if !(expected.is_finite() && found.is_finite()) {
            return false;
        }
        let distance = (found - expected).abs();
        tolerance.absolute.is_some_and(|most| distance <= most)
            || tolerance.relative.is_some_and(|most| distance <= most * expected.abs())
    }

    fn difference(&self, row: usize) -> Result<Difference, ArrowError> {
        let text = |column: &ArrayRef| {
            if column.is_null(row) {
                Ok("null".to_owned())
            } else {
                array_value_to_string(column, row)
            }
        };
        let (expected, found) = (text(self.expected)?, text(self.found)?);
        Ok(Difference::clipped(self.name, row as u64, &expected, &found))
    }
}

/// A value as a float; close enough to judge a tolerance by.
fn number(column: &ArrayRef, row: usize) -> Option<f64> {
    if column.is_null(row) {
        return None;
    }
    Some(match column.data_type() {
        DataType::Float64 => column.as_primitive::<Float64Type>().value(row),
        DataType::Int64 => column.as_primitive::<Int64Type>().value(row) as f64,
        DataType::UInt64 => column.as_primitive::<UInt64Type>().value(row) as f64,
        DataType::Decimal128(_, scale) => {
            let units = column.as_primitive::<Decimal128Type>().value(row) as f64;
            units / 10f64.powi(i32::from(*scale))
        }
        _ => return None,
    })
}

/// Whether a column of this type can have a tolerance.
#[must_use]
pub fn is_measurable(kind: &DataType) -> bool {
    matches!(
        kind,
        DataType::Float64 | DataType::Int64 | DataType::UInt64 | DataType::Decimal128(..)
    )
}

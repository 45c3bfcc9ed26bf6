//! From rows to the numbers that are committed to, by what was declared.

use arrow::array::RecordBatch;
use veritrail_proof::columns::build::{Cell, CellError, ColumnBuilder, EncodedColumn};
use veritrail_proof::schema::{Column, Kind, Schema};

use super::cells::{Value, Values};
use crate::ingest::csv::boolean;
use crate::schema::TableSchema;

/// Why rows cannot be committed to. It names a row, and so is for the holder's eyes alone; no
/// variant holds a value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommitError {
    /// The table has no column of a declared name.
    #[error("there is no column {column:?}; the table has {has}")]
    NoColumn {
        /// The declared name.
        column: String,
        /// The names that there are.
        has: String,
    },
    /// A value is not what was declared.
    #[error("row {row}, column {column:?}: {cause}")]
    Cell {
        /// The row in its file, from 1, the header not counted.
        row: u64,
        /// The column.
        column: String,
        /// What is wrong.
        cause: CellError,
    },
}

/// Where the declared columns stand in a table, in the order of their declaration.
pub fn positions(declared: &Schema, table: &TableSchema) -> Result<Vec<usize>, CommitError> {
    let position = |column: &Column| {
        table.index_of(&column.name).ok_or_else(|| {
            let names: Vec<&str> = table.columns().iter().map(|c| c.name.as_str()).collect();
            let has = names.join(", ").chars().take(200).collect();
            CommitError::NoColumn { column: column.name.clone(), has }
        })
    };
    declared.columns().iter().map(position).collect()
}

/// Takes the rows of a private dataset, file after file. Memory: 8 bytes a row and column.
pub struct Committing<'a> {
    schema: &'a Schema,
    builders: Vec<ColumnBuilder<'a>>,
    row: u64,
}

impl<'a> Committing<'a> {
    /// Nothing was taken yet.
    pub fn new(schema: &'a Schema) -> Self {
        let builders = schema.columns().iter().map(ColumnBuilder::new).collect();
        Self { schema, builders, row: 0 }
    }

    /// The rows that follow are of another file, and counted from 1 again.
    pub fn begin_file(&mut self) {
        self.row = 0;
    }

    /// Takes rows whose columns are the declared ones in their order.
    pub fn take(&mut self, batch: &RecordBatch) -> Result<(), CommitError> {
        let columns = self.schema.columns().iter().zip(&mut self.builders);
        for ((declared, builder), array) in columns.zip(batch.columns()) {
            let values = Values::of(array.as_ref());
            for at in 0..array.len() {
                push(builder, &declared.kind, &values.get(at)).map_err(|cause| {
                    let column = declared.name.clone();
                    CommitError::Cell { row: self.row + at as u64 + 1, column, cause }
                })?;
            }
        }
        self.row += batch.num_rows() as u64;
        Ok(())
    }

    /// All rows were taken.
    pub fn finish(self) -> Vec<EncodedColumn> {
        self.builders.into_iter().map(ColumnBuilder::finish).collect()
    }
}

/// The value in the form that the kind of column takes. Booleans are also read from 0 and 1, and
/// levels from integers and booleans as they are written.
fn push(builder: &mut ColumnBuilder<'_>, kind: &Kind, value: &Value<'_>) -> Result<(), CellError> {
    match (kind, value) {
        (_, Value::Null) => builder.push(Cell::Null),
        (_, Value::Other) => Err(CellError::Type),
        (Kind::Boolean, Value::Text(text)) => {
            let text = text.trim();
            let bit = match text {
                "0" => Some(false),
                "1" => Some(true),
                _ => boolean(text),
            };
            builder.push(Cell::Boolean(bit.ok_or(CellError::Type)?))
        }
        (Kind::Boolean, Value::Integer(integer @ (0 | 1))) => {
            builder.push(Cell::Boolean(*integer == 1))
        }
        (Kind::Category { .. }, Value::Integer(integer)) => {
            builder.push(Cell::Text(&integer.to_string()))
        }
        (Kind::Category { .. }, Value::Boolean(bit)) => {
            builder.push(Cell::Text(if *bit { "true" } else { "false" }))
        }
        (_, Value::Text(text)) => builder.push(Cell::Text(text)),
        (_, Value::Float(float)) => builder.push(Cell::Float(*float)),
        (_, Value::Integer(integer)) => builder.push(Cell::Integer(*integer)),
        (_, Value::Boolean(bit)) => builder.push(Cell::Boolean(*bit)),
    }
}

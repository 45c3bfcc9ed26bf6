//! What a table's columns are called, of which type they are, and what they mean.
//!
//! A [`TableSchema`] is written into the manifest at publication and rules from then on. It holds
//! only types of a closed list ([`ColumnType`]), so that the same rows have one digest whatever
//! file format they came from. Contrast with an Arrow schema: that one has dozens of types,
//! nullability and free metadata; here every column may hold nulls and metadata is named.

mod arrow_types;
mod column_type;

use std::collections::BTreeMap;

use arrow::datatypes::{Field, Schema, SchemaRef};
use serde::{Deserialize, Serialize};

pub use arrow_types::{Unsupported, widened};
pub use column_type::{ColumnType, ColumnTypeError, MAX_PRECISION};

/// Columns a table may have at most.
pub const MAX_COLUMNS: usize = 16_384;
/// Bytes a column's name may have at most.
pub const MAX_NAME_BYTES: usize = 1_024;
/// Bytes a column's unit may have at most.
pub const MAX_UNIT_BYTES: usize = 256;
/// Bytes a column's description may have at most.
pub const MAX_DESCRIPTION_BYTES: usize = 4_096;

/// One column: its name, its type, and what the publisher said it means.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Column {
    /// The name as queries use it: 1 to [`MAX_NAME_BYTES`] bytes, no control characters.
    pub name: String,
    /// The type of its values. Any of them may be null.
    #[serde(rename = "type")]
    pub column_type: ColumnType,
    /// The unit of its values, as the publisher wrote it (`kg`, `mm/day`). Never converted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// What the column means, in the publisher's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

impl Column {
    /// A column without unit and description.
    pub fn new(name: impl Into<String>, column_type: ColumnType) -> Self {
        Column { name: name.into(), column_type, unit: None, description: None }
    }
}

/// Why a list of columns is no table schema.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SchemaError {
    /// A table without columns has no rows to speak of.
    #[error("a table needs at least one column")]
    NoColumns,
    /// More columns than [`MAX_COLUMNS`].
    #[error("{count} columns; a table holds {MAX_COLUMNS} at most")]
    TooManyColumns {
        /// Columns that were given.
        count: usize,
    },
    /// A name is empty, too long, or holds control characters.
    #[error(
        "column {position}: a name has 1 to {MAX_NAME_BYTES} bytes and no control characters; \
         rename it"
    )]
    BadName {
        /// Which column, counted from 1.
        position: usize,
    },
    /// Two columns share a name, so that no query could tell them apart.
    #[error("columns {first} and {second} are both called {name:?}; rename one")]
    DuplicateName {
        /// The name that stands twice.
        name: String,
        /// The earlier column, counted from 1.
        first: usize,
        /// The later column, counted from 1.
        second: usize,
    },
    /// A unit or description is too long.
    #[error("column {name:?}: its {what} has {bytes} bytes; {limit} at most")]
    TextTooLong {
        /// The column.
        name: String,
        /// `unit` or `description`.
        what: &'static str,
        /// Its length.
        bytes: usize,
        /// What is allowed.
        limit: usize,
    },
}

/// The columns of a table, in order, checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<Column>", into = "Vec<Column>")]
pub struct TableSchema {
    columns: Vec<Column>,
}

impl TableSchema {
    /// Checks `columns` and takes them as they are ordered.
    pub fn new(columns: Vec<Column>) -> Result<Self, SchemaError> {
        if columns.is_empty() {
            return Err(SchemaError::NoColumns);
        }
        if columns.len() > MAX_COLUMNS {
            return Err(SchemaError::TooManyColumns { count: columns.len() });
        }
        let mut seen = BTreeMap::new();
        for (index, column) in columns.iter().enumerate() {
            let position = index + 1;
            check_name(&column.name, position)?;
            check_texts(column)?;
            if let Some(first) = seen.insert(column.name.as_str(), position) {
                let name = column.name.clone();
                return Err(SchemaError::DuplicateName { name, first, second: position });
            }
        }
        Ok(TableSchema { columns })
    }

    /// The columns in order; at least one.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// Where the column called `name` stands, from 0.
    pub fn index_of(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }

    /// The same as Arrow sees it: canonical types, every field nullable, no metadata.
    pub fn arrow(&self) -> SchemaRef {
        let fields: Vec<Field> = self
            .columns
            .iter()
            .map(|column| Field::new(&column.name, column.column_type.arrow(), true))
            .collect();
        std::sync::Arc::new(Schema::new(fields))
    }

    /// The schema of what `arrow` holds, once every column is widened to the closed list.
    /// Nullability and metadata are dropped. The error names the column that has no place in it.
    pub fn from_arrow(arrow: &Schema) -> Result<Self, FromArrowError> {
        let mut columns = Vec::with_capacity(arrow.fields().len().min(MAX_COLUMNS));
        for field in arrow.fields() {
            let column_type = widened(field.data_type()).map_err(|cause| {
                FromArrowError::Unsupported { column: field.name().clone(), cause }
            })?;
            columns.push(Column::new(field.name().as_str(), column_type));
        }
        Ok(TableSchema::new(columns)?)
    }

    /// Whether rows of both may stand in one table: names, types and units are equal, in order.
    /// Descriptions may differ.
    pub fn same_table(&self, other: &TableSchema) -> bool {
        self.first_difference(other).is_none()
    }

    /// The first place where two schemas differ, as a phrase for a person; `None` if rows of both
    /// may stand in one table.
    pub fn first_difference(&self, other: &TableSchema) -> Option<String> {
        for (index, (a, b)) in self.columns.iter().zip(&other.columns).enumerate() {
            let position = index + 1;
            if a.name != b.name {
                return Some(format!(
                    "column {position} is {:?} here and {:?} there",
                    a.name, b.name
                ));
            }
            if a.column_type != b.column_type {
                let (name, a, b) = (&a.name, &a.column_type, &b.column_type);
                return Some(format!("column {name:?} is {a} here and {b} there"));
            }
            if a.unit != b.unit {
                let shown =
                    |unit: &Option<String>| unit.clone().unwrap_or_else(|| "no unit".into());
                let (name, a, b) = (&a.name, shown(&a.unit), shown(&b.unit));
                return Some(format!("column {name:?} has {a} here and {b} there"));
            }
        }
        let (a, b) = (self.columns.len(), other.columns.len());
        (a != b).then(|| format!("{a} columns here and {b} there"))
    }
}

/// Why an Arrow schema has no [`TableSchema`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FromArrowError {
    /// A column's type is not in the closed list, and does not widen into it.
    #[error("column {column:?}: {cause}")]
    Unsupported {
        /// The column.
        column: String,
        /// Its type and what to do.
        cause: Unsupported,
    },
    /// The names are not fit for a table.
    #[error(transparent)]
    Schema(#[from] SchemaError),
}

impl TryFrom<Vec<Column>> for TableSchema {
    type Error = SchemaError;

    fn try_from(columns: Vec<Column>) -> Result<Self, SchemaError> {
        TableSchema::new(columns)
    }
}

impl From<TableSchema> for Vec<Column> {
    fn from(schema: TableSchema) -> Self {
        schema.columns
    }
}

/// Whether nobody can see `c` in a name, or it makes others stand in another order: what a dataset
/// path may not hold either (`FilePath`), and spaces of no width. Joiners within words and emoji
/// are seen by what they join. A manifest may hold such names, since older ones do; what is
/// published now may not.
pub(crate) fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}')
        || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
        || matches!(c, '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

fn check_name(name: &str, position: usize) -> Result<(), SchemaError> {
    let fits = !name.is_empty() && name.len() <= MAX_NAME_BYTES;
    if fits && !name.chars().any(char::is_control) {
        Ok(())
    } else {
        Err(SchemaError::BadName { position })
    }
}

fn check_texts(column: &Column) -> Result<(), SchemaError> {
    let texts = [
        ("unit", &column.unit, MAX_UNIT_BYTES),
        ("description", &column.description, MAX_DESCRIPTION_BYTES),
    ];
    for (what, text, limit) in texts {
        let bytes = text.as_ref().map_or(0, String::len);
        if bytes > limit {
            return Err(SchemaError::TextTooLong { name: column.name.clone(), what, bytes, limit });
        }
    }
    Ok(())
}

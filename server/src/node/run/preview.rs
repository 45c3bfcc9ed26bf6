//! The first rows of a result, as text for a person.

use arrow::{
    record_batch::RecordBatch,
    util::display::{ArrayFormatter, FormatOptions},
};
use serde::Serialize;

use crate::error::{OrKind as _, Result};

/// Rows shown.
const ROWS_SHOWN: usize = 20;
/// Characters of a cell shown.
const CELL_CHARS: usize = 60;

/// The first rows of a result.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Preview {
    /// The columns' names.
    pub columns: Vec<String>,
    /// The cells of the first rows; null is empty.
    pub rows: Vec<Vec<String>>,
    /// How many rows follow.
    pub more: u64,
}

impl Preview {
    /// The first rows of `table`.
    pub fn of(table: &RecordBatch) -> Result<Self> {
        let options = FormatOptions::default();
        let shown = table.num_rows().min(ROWS_SHOWN);
        let columns = table
            .columns()
            .iter()
            .map(|column| ArrayFormatter::try_new(column.as_ref(), &options))
            .collect::<std::result::Result<Vec<_>, _>>()
            .or_failed()?;
        let row = |at: usize| -> Vec<String> {
            columns.iter().map(|column| cell(&column.value(at).to_string())).collect()
        };
        Ok(Self {
            columns: table.schema().fields().iter().map(|field| field.name().clone()).collect(),
            rows: (0..shown).map(row).collect(),
            more: (table.num_rows() - shown) as u64,
        })
    }
}

fn cell(text: &str) -> String {
    if text.chars().count() <= CELL_CHARS {
        return text.to_owned();
    }
    text.chars().take(CELL_CHARS - 1).chain(['…']).collect()
}

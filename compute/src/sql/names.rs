//! The names that a query uses: so that what depends on what need not be said twice.

use std::collections::BTreeSet;

use datafusion::sql::parser::Statement as EngineStatement;
use datafusion::sql::resolve::resolve_table_references;

use super::error::SqlError;
use super::parse::parse;

/// What a query refers to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QueryNames {
    /// Tables, without those that WITH defines; as the query would find them, so in small letters
    /// unless quoted.
    pub tables: BTreeSet<String>,
    /// Parameters, without the dollar sign.
    pub parameters: BTreeSet<String>,
}

/// The tables and parameters of a query.
///
/// # Errors
/// When it does not parse, or holds what a run may not do.
pub fn query_names(sql: &str) -> Result<QueryNames, SqlError> {
    let parsed = parse(sql)?;
    let statement = EngineStatement::Statement(Box::new(parsed.statement));
    let (tables, _) = resolve_table_references(&statement, true)
        .map_err(|error| SqlError::Plan(error.strip_backtrace()))?;
    Ok(QueryNames {
        tables: tables.iter().map(|table| table.table().to_owned()).collect(),
        parameters: parsed.placeholders,
    })
}

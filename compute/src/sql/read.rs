//! From text to one parsed statement, with room for the deepest.

use datafusion::sql::sqlparser::ast::{Query, Statement};
use datafusion::sql::sqlparser::parser::{Parser, ParserError};
use datafusion::sql::sqlparser::tokenizer::{Location, Tokenizer};

use super::bounded_dialect::{BoundedDialect, OutOfTime, TIME_MAX, TRIES_MAX};
use super::error::SqlError;
use super::parse::{QUERY_BYTES_MAX, QUERY_TOKENS_MAX};

/// Room for the recursive parser over a query of the longest kind; touched only when used.
const PARSER_STACK_BYTES: usize = 256 << 20;

/// Parses one query and hands it to `take`, which says what it makes of it.
///
/// Nothing is checked but that it is one query within the limits: this is for other languages that
/// are written in SQL's syntax. What a run may do is checked where runs are planned.
///
/// # Errors
/// When it does not parse, is no query, or is too long.
pub fn with_query<T: Send>(
    sql: &str,
    take: impl FnOnce(&Query) -> T + Send,
) -> Result<T, SqlError> {
    with_room(sql, || match one_statement(sql)? {
        Statement::Query(query) => Ok(take(&query)),
        other => Err(no_query(&other)),
    })
}

/// Works on a query's text where there is room: a long chain of operators nests as deep as it is
/// long, and a parsed tree is dropped as recursively as it was built.
pub(super) fn with_room<T: Send>(
    sql: &str,
    work: impl FnOnce() -> Result<T, SqlError> + Send,
) -> Result<T, SqlError> {
    if sql.len() > QUERY_BYTES_MAX {
        let what = format!("{} bytes", sql.len());
        return Err(SqlError::Limit { what, limit: QUERY_BYTES_MAX });
    }
    std::thread::scope(|scope| {
        std::thread::Builder::new()
            .stack_size(PARSER_STACK_BYTES)
            .spawn_scoped(scope, work)
            .map_err(|error| SqlError::Execution(format!("no thread for the parser: {error}")))?
            .join()
            .map_err(|cause| match cause.is::<OutOfTime>() {
                true => {
                    let what = format!("parts that were read again for {} s", TIME_MAX.as_secs());
                    SqlError::Limit { what, limit: TIME_MAX.as_secs() as usize }
                }
                false => SqlError::Parse("the parser gave up on it".to_owned()),
            })?
    })
}

/// The one statement of a text.
pub(super) fn one_statement(sql: &str) -> Result<Statement, SqlError> {
    let dialect = BoundedDialect::new();
    let tokens = Tokenizer::new(&dialect, sql)
        .tokenize_with_location()
        .map_err(|error| SqlError::Parse(error.to_string()))?;
    if tokens.len() > QUERY_TOKENS_MAX {
        let what = format!("{} words and signs", tokens.len());
        return Err(SqlError::Limit { what, limit: QUERY_TOKENS_MAX });
    }
    let mut statements = Parser::new(&dialect)
        .with_tokens_with_locations(tokens)
        .parse_statements()
        .map_err(|error| unparsed(&dialect, error))?;
    match (statements.pop(), statements.is_empty()) {
        (Some(statement), true) => Ok(statement),
        _ => Err(SqlError::refused(
            "anything but one statement",
            "write exactly one SELECT; WITH can hold its parts",
        )
        .at(Location { line: 1, column: 1 })),
    }
}

fn unparsed(dialect: &BoundedDialect, error: ParserError) -> SqlError {
    if dialect.is_exhausted() {
        return too_many_ways();
    }
    SqlError::Parse(error.to_string())
}

fn too_many_ways() -> SqlError {
    let what = "so much in brackets that it can be read in a million ways".to_owned();
    SqlError::Limit { what, limit: TRIES_MAX }
}

/// The refusal of a statement that is no query.
pub(super) fn no_query(statement: &Statement) -> SqlError {
    let text = statement.to_string();
    let first = text.split_whitespace().next().unwrap_or("").to_uppercase();
    SqlError::refused(first, "a run is one SELECT and changes nothing")
        .at(Location { line: 1, column: 1 })
}

//! What can go wrong with a query, told so that its writer can mend it.

use datafusion::common::DataFusionError;
use datafusion::sql::sqlparser::tokenizer::Location;

use super::exhausted;
use super::reasons::hint_for;
use super::table::ReadError;
use crate::exact::StateError;
use crate::run::canonical::TableError;

/// A place in a query's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// From 1.
    pub line: u64,
    /// From 1, in characters.
    pub column: u64,
}

/// Why a query has no result.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SqlError {
    /// Not SQL; the message names line and column.
    #[error("the query cannot be parsed: {0}")]
    Parse(String),
    /// Longer, deeper or wider than a query may be.
    #[error("the query has {what}: the limit is {limit}")]
    Limit {
        /// What is too large.
        what: String,
        /// The limit.
        limit: usize,
    },
    /// SQL that would not give the same result everywhere, or is not part of what a run may do.
    #[error("{what} is refused: {hint}")]
    Refused {
        /// The part of the query, by name.
        what: String,
        /// Why, or what to write instead.
        hint: String,
        /// Where it stands, as far as that is known.
        at: Option<Position>,
    },
    /// A name that is not known, types that do not fit, and the like.
    #[error("the query cannot be planned: {0}")]
    Plan(String),
    /// A placeholder without a value, or a value without a placeholder.
    #[error("parameter ${name} {fault}")]
    Parameter {
        /// Its name, without the dollar sign.
        name: String,
        /// What is wrong with it.
        fault: &'static str,
    },
    /// An input could not be read or decoded.
    #[error("{table}: {message}")]
    Read {
        /// The table or file.
        table: String,
        /// What went wrong, and where.
        message: String,
    },
    /// A value that has no result: an overflow, a division by zero, text that is no number.
    #[error("the query failed: {0}")]
    Execution(String),
    /// The limit on memory was reached.
    #[error("the query needs more memory than it may use ({limit} bytes): {message}")]
    Memory {
        /// The limit.
        limit: usize,
        /// Which operator asked for more.
        message: String,
    },
    /// A result that no table can hold.
    #[error("{0}")]
    Output(String),
    /// The caller asked to stop.
    #[error("the query was stopped")]
    Cancelled,
}

impl SqlError {
    pub(super) fn refused(what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Refused { what: what.into(), hint: hint.into(), at: None }
    }

    /// The same error, with its place, unless it has one or the parser knows none.
    pub(super) fn at(mut self, place: Location) -> Self {
        if let Self::Refused { at: at @ None, .. } = &mut self
            && place.line > 0
        {
            *at = Some(Position { line: place.line, column: place.column });
        }
        self
    }

    /// Where in the query's text the fault is, as far as that is known.
    #[must_use]
    pub fn position(&self) -> Option<Position> {
        match self {
            Self::Refused { at, .. } => *at,
            // The parser writes it at the end of its message.
            Self::Parse(message) => {
                let (_, place) = message.rsplit_once("at Line: ")?;
                let (line, column) = place.split_once(", Column: ")?;
                Some(Position {
                    line: line.trim().parse().ok()?,
                    column: column.trim().parse().ok()?,
                })
            }
            _ => None,
        }
    }

    /// What went wrong, without [`Self::hint`].
    #[must_use]
    pub fn message(&self) -> String {
        match self {
            Self::Refused { what, .. } => format!("{what} is refused"),
            other => other.to_string(),
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> &str {
        match self {
            Self::Refused { hint, .. } => hint,
            Self::Parse(_) => "a run is one SELECT; docs/sql.md says what it may hold",
            Self::Limit { .. } => "split the query into steps, or let the data hold the long part",
            Self::Plan(_) => "compare the names and types with those of the run's inputs",
            Self::Parameter { .. } => "each $name in the query has a value under [parameters]",
            Self::Read { .. } => "the input itself is faulty: check the dataset",
            Self::Execution(_) => "filter or CAST the values that have no result",
            Self::Memory { .. } => "aggregate or filter earlier, or allow more memory",
            Self::Output(_) => "CAST or rename the output columns",
            Self::Cancelled => "start the run again",
        }
    }

    /// Sorts out an error of DataFusion by its root cause.
    pub(super) fn from_engine(error: &DataFusionError, memory_bytes: usize) -> Self {
        match error.find_root() {
            DataFusionError::External(cause) => {
                if let Some(read) = cause.downcast_ref::<ReadError>() {
                    let ReadError { table, message } = read.clone();
                    return Self::Read { table, message };
                }
                if let Some(own) = cause.downcast_ref::<Self>() {
                    return own.clone();
                }
                if let Some(state) = cause.downcast_ref::<StateError>() {
                    return Self::Execution(state.to_string());
                }
                Self::Execution(cause.to_string())
            }
            DataFusionError::ResourcesExhausted(message) => {
                Self::Memory { limit: memory_bytes, message: exhausted::told(message) }
            }
            DataFusionError::SchemaError(schema, _) => Self::Plan(schema.to_string()),
            DataFusionError::Plan(message) => Self::from_plan(message),
            DataFusionError::NotImplemented(message) => {
                Self::refused(message.clone(), "it is not implemented by the engine")
            }
            DataFusionError::Execution(message) => Self::Execution(message.clone()),
            other => {
                let text = other.strip_backtrace();
                // The engine has no kind for it: the error of the writer of a spill file.
                if text.contains("used disk space during the spilling process") {
                    let message = "and the disk that it may use is full too".to_owned();
                    return Self::Memory { limit: memory_bytes, message };
                }
                Self::Execution(text)
            }
        }
    }

    fn from_plan(message: &str) -> Self {
        // The planner's only word for a function that is not registered.
        if let Some(name) =
            message.strip_prefix("Invalid function '").and_then(|rest| rest.split('\'').next())
        {
            return Self::refused(format!("function {name}"), hint_for(name));
        }
        // The engine's own catalog and schema mean nothing to who wrote the query.
        let unknown = message.strip_prefix("table 'datafusion.public.");
        if let Some(name) = unknown.and_then(|rest| rest.strip_suffix("' not found")) {
            return Self::Plan(format!("no input is named {name:?}: tables are the run's inputs"));
        }
        Self::Plan(message.to_owned())
    }
}

impl From<ReadError> for SqlError {
    fn from(error: ReadError) -> Self {
        Self::Read { table: error.table, message: error.message }
    }
}

impl From<TableError> for SqlError {
    fn from(error: TableError) -> Self {
        Self::Output(error.to_string())
    }
}

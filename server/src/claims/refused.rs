//! Why a claim cannot be proven, told so that its writer can mend it.

use veritrail_compute::sql::sqlparser::ast::Spanned;
use veritrail_compute::sql::sqlparser::tokenizer::Location;
use veritrail_compute::sql::{Position, SqlError};

use crate::error::NodeError;

/// A part of a claim that no proof can be made for, and what can be proven instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}: {why}")]
pub struct Refused {
    /// The part, in the words of the text.
    pub what: String,
    /// Why it cannot be proven.
    pub why: String,
    /// The nearest form that can.
    pub instead: String,
    /// Where it stands, as far as that is known.
    pub at: Option<Position>,
}

impl Refused {
    pub(super) fn new(
        what: impl Into<String>,
        why: impl Into<String>,
        instead: impl Into<String>,
    ) -> Self {
        Self { what: what.into(), why: why.into(), instead: instead.into(), at: None }
    }

    /// The same refusal, with the place of this part, unless it has one.
    pub(super) fn at(mut self, part: &impl Spanned) -> Self {
        let Location { line, column } = part.span().start;
        if self.at.is_none() && line > 0 {
            self.at = Some(Position { line, column });
        }
        self
    }
}

impl From<SqlError> for Refused {
    fn from(error: SqlError) -> Self {
        let at = error.position();
        let instead = "a claim is one SELECT of aggregates over one table".to_owned();
        Self { what: "the claim".to_owned(), why: error.message(), instead, at }
    }
}

impl From<Refused> for NodeError {
    fn from(refused: Refused) -> Self {
        // All of it is the place of the error, which says so.
        let words = if refused.what == "the claim" { &refused.why } else { &refused.to_string() };
        let error = NodeError::usage(words).hint(refused.instead);
        match refused.at {
            Some(Position { line, column }) => {
                error.at(format!("line {line}, column {column} of the claim"))
            }
            None => error,
        }
    }
}

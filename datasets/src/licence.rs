//! What a reader may do with the data: an SPDX expression, or a text of the publisher's own.
//!
//! A dataset without a licence cannot be reused by anyone, so publication needs one. Names of the
//! SPDX list are checked against that list; `LicenseRef-…` stands for a text that is not on it,
//! and then the text itself must be given, since a reference to nothing grants nothing.

use spdx::{Expression, LicenseItem, ParseMode};

/// Bytes a licence expression may have at most.
pub const MAX_EXPRESSION_BYTES: usize = 1_024;
/// Bytes the text of a licence of one's own may have at most.
pub const MAX_TEXT_BYTES: usize = 64 * 1_024;

/// A checked licence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Licence {
    expression: String,
    text: Option<String>,
}

/// Why a licence was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LicenceError {
    /// Nothing was given.
    #[error(
        "no licence: name one of the SPDX list (CC0-1.0, CC-BY-4.0, …), or LicenseRef-NAME with a \
         text of your own"
    )]
    Missing,
    /// Not an SPDX expression.
    #[error(
        "{expression:?} is no SPDX licence expression: {reason} at {place:?}. Names are written as \
         on spdx.org/licenses (CC0-1.0, CC-BY-4.0, ODbL-1.0); a licence that is not listed is \
         LicenseRef-NAME with a text"
    )]
    NotSpdx {
        /// What was given, shortened.
        expression: String,
        /// What is wrong with it.
        reason: String,
        /// Where.
        place: String,
    },
    /// `LicenseRef-…` without the text it stands for.
    #[error("{reference} is not on the SPDX list: give its text too (licence_text)")]
    TextMissing {
        /// The reference.
        reference: String,
    },
    /// A text beside an expression that refers to none.
    #[error("a licence text needs a LicenseRef-NAME in the licence; {expression:?} names none")]
    TextUnused {
        /// The expression.
        expression: String,
    },
    /// Longer than is reasonable.
    #[error("the licence's {what} has {bytes} bytes; {limit} at most")]
    TooLong {
        /// `expression` or `text`.
        what: &'static str,
        /// Its length.
        bytes: usize,
        /// What is allowed.
        limit: usize,
    },
}

impl Licence {
    /// Checks an SPDX expression (SPDX 2.3, annex D; names of the list in their exact spelling,
    /// deprecated ones refused), and that a text stands beside it exactly if it needs one.
    pub fn check(expression: &str, text: Option<&str>) -> Result<Self, LicenceError> {
        let expression = expression.trim();
        if expression.is_empty() {
            return Err(LicenceError::Missing);
        }
        limit("expression", expression.len(), MAX_EXPRESSION_BYTES)?;
        limit("text", text.map_or(0, str::len), MAX_TEXT_BYTES)?;
        let parsed = Expression::parse_mode(expression, ParseMode::STRICT)
            .map_err(|error| not_spdx(expression, &error))?;
        let own = parsed.requirements().find_map(|needed| match &needed.req.license {
            LicenseItem::Other(_) => Some(needed.req.license.to_string()),
            LicenseItem::Spdx { .. } => None,
        });
        let text = text.filter(|text| !text.trim().is_empty());
        match (own, text) {
            (Some(reference), None) => Err(LicenceError::TextMissing { reference }),
            (None, Some(_)) => Err(LicenceError::TextUnused { expression: expression.to_owned() }),
            (_, text) => {
                Ok(Licence { expression: expression.to_owned(), text: text.map(str::to_owned) })
            }
        }
    }

    /// The expression as it was written.
    pub fn expression(&self) -> &str {
        &self.expression
    }

    /// The text that a `LicenseRef-…` in the expression stands for.
    pub fn text(&self) -> Option<&str> {
        self.text.as_deref()
    }
}

fn limit(what: &'static str, bytes: usize, limit: usize) -> Result<(), LicenceError> {
    if bytes > limit { Err(LicenceError::TooLong { what, bytes, limit }) } else { Ok(()) }
}

fn not_spdx(expression: &str, error: &spdx::error::ParseError) -> LicenceError {
    let place = expression.get(error.span.clone()).unwrap_or(expression);
    LicenceError::NotSpdx {
        expression: expression.chars().take(120).collect(),
        reason: error.reason.to_string(),
        place: place.chars().take(60).collect(),
    }
}

//! What the publisher is told, since it was decided for them.

use std::fmt;

use super::header::Renamed;
use crate::schema::ColumnType;

/// Something that was decided without being declared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// Words were taken for missing values.
    NullTokens(Vec<String>),
    /// The first row looks like data, so there is no header.
    NoHeader,
    /// A column is not called what stands in the file.
    Renamed(Renamed),
    /// Empty lines were skipped.
    BlankLines(u64),
    /// A column has no values: its type is text for want of a better.
    EmptyColumn(String),
    /// Numbers have a decimal comma.
    DecimalComma,
    /// Columns of decimal fractions are floats, with the type that would hold each digit.
    BinaryFractions(Vec<(String, ColumnType)>),
}

/// Columns that a note names; the others are counted.
const COLUMNS_NAMED: usize = 3;

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Note::NullTokens(words) => {
                write!(f, "unquoted {} is read as a missing value", words.join(" and "))
            }
            Note::NoHeader => {
                write!(
                    f,
                    "the first row looks like data, so the columns have no names; if it is a \
                           header, declare header_rows = 1"
                )
            }
            Note::Renamed(renamed) => renamed.fmt(f),
            Note::BlankLines(count) => write!(f, "empty lines that were skipped: {count}"),
            Note::EmptyColumn(name) => write!(f, "column {name:?} has no values; it is text"),
            Note::DecimalComma => write!(f, "numbers are read with a decimal comma"),
            Note::BinaryFractions(columns) => write_fractions(f, columns),
        }
    }
}

fn write_fractions(f: &mut fmt::Formatter<'_>, columns: &[(String, ColumnType)]) -> fmt::Result {
    for (index, (name, _)) in columns.iter().take(COLUMNS_NAMED).enumerate() {
        write!(f, "{}{name:?}", if index == 0 { "" } else { ", " })?;
    }
    if columns.len() > COLUMNS_NAMED {
        write!(f, " and {} more", columns.len() - COLUMNS_NAMED)?;
    }
    let (is, it) = if columns.len() == 1 { ("is", "it") } else { ("are", "them") };
    write!(
        f,
        " {is} read as float64, the nearest binary fraction; to keep every digit, declare {it}"
    )?;
    match columns {
        [(_, exact)] => write!(f, " as {exact}"),
        [(_, exact), ..] => write!(f, " as decimals, the first as {exact}"),
        [] => Ok(()),
    }
}

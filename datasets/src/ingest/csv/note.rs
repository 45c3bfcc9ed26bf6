//! What the publisher is told, since it was decided for them.

use std::fmt;

use super::dialect::Delimiter;
use super::doubt::Doubt;
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
    /// The first line says what separates fields, as Excel writes it, and is no row.
    SeparatorLine(Delimiter),
    /// A quote behind spaces opens nothing: where the first such field stands, and the field.
    LateQuote(u64, String),
    /// Columns are text that a person would take for something else, with the reason.
    DoubtfulText(Vec<(String, Doubt)>),
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
            Note::SeparatorLine(delimiter) => {
                write!(
                    f,
                    "the first line names {delimiter} as what separates fields, and is no row"
                )
            }
            Note::LateQuote(line, field) => write!(
                f,
                "line {line} holds {field:?}: a quote that is not its field's first character is \
                 read as any other; if it was to open a quoted field, remove the spaces before it"
            ),
            Note::DoubtfulText(columns) => write_doubts(f, columns),
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

fn write_doubts(f: &mut fmt::Formatter<'_>, columns: &[(String, Doubt)]) -> fmt::Result {
    for (index, (name, doubt)) in columns.iter().take(COLUMNS_NAMED).enumerate() {
        write!(f, "{}column {name:?} is text{doubt}", if index == 0 { "" } else { "; " })?;
    }
    match columns.len().saturating_sub(COLUMNS_NAMED) {
        0 => Ok(()),
        1 => write!(f, "; and another such column"),
        more => write!(f, "; and {more} more such columns"),
    }
}

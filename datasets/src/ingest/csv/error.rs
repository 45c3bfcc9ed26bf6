//! Why a CSV cannot be read as a table: always with the place, and with the remedy where the
//! publisher has one.

use std::io;

use super::dialect::DialectError;
use super::records::MAX_ROW_BYTES;
use crate::schema::{ColumnType, MAX_COLUMNS, SchemaError};

/// Why a CSV cannot be read as a table. Lines count from 1, as editors do.
#[derive(Debug, thiserror::Error)]
pub enum CsvError {
    /// The bytes could not be read.
    #[error("reading failed: {0}")]
    Io(#[from] io::Error),
    /// No record at all.
    #[error("the file is empty: a table needs at least a header")]
    Empty,
    /// `skip_lines` or `header_rows` reach beyond the end.
    #[error("the file ends before its header: fewer than {rows} rows after {lines} skipped lines")]
    NoHeader {
        /// Header rows the dialect names.
        rows: u32,
        /// Lines the dialect skips.
        lines: u32,
    },
    /// UTF-16, told by its byte order mark.
    #[error("the file is UTF-16; convert it: iconv -f UTF-16 -t UTF-8")]
    Utf16,
    /// Not UTF-8, though it should be.
    #[error(
        "line {line}, byte {offset}: not UTF-8; if the file is older, declare its encoding \
         (encoding = \"windows-1252\" or \"iso-8859-1\" in --describe), else convert it with iconv"
    )]
    NotUtf8 {
        /// The line where the record starts.
        line: u64,
        /// The byte, counted from 0.
        offset: u64,
    },
    /// A byte that the declared encoding does not define.
    #[error("byte {offset}: 0x{byte:02x} has no meaning in windows-1252; is it another encoding?")]
    UndefinedByte {
        /// The byte, counted from 0.
        offset: u64,
        /// Its value.
        byte: u8,
    },
    /// A zero byte: not text, or UTF-16 without its mark.
    #[error(
        "byte {offset} is zero, so this is no text; if it is UTF-16, convert it (iconv -f UTF-16LE \
         -t UTF-8)"
    )]
    ZeroByte {
        /// The byte, counted from 0.
        offset: u64,
    },
    /// A row with another number of fields than the header or the schema.
    #[error(
        "line {line}: {found} field{}, but {expected} column{}; is a delimiter or a quote missing{}?",
        s(*found),
        s(*expected),
        if *expected == 1 { ", or does the header stand further down (skip_lines)" } else { "" }
    )]
    Ragged {
        /// The line where the row starts.
        line: u64,
        /// Columns of the table.
        expected: usize,
        /// Fields of the row.
        found: usize,
    },
    /// The header has another number of columns than the schema names.
    #[error("line {line}: the header has {found} columns, the schema {expected}")]
    HeaderDiffers {
        /// The line where the header starts.
        line: u64,
        /// Columns of the schema.
        expected: usize,
        /// Columns of the header.
        found: usize,
    },
    /// A quote that never closes.
    #[error("line {line}: the quote opened here is never closed")]
    OpenQuote {
        /// The line of the opening quote.
        line: u64,
    },
    /// Something follows a closing quote.
    #[error(
        "line {line}, field {field}: text after a closing quote; quotes inside a quoted field are \
         doubled (\"\")"
    )]
    TextAfterQuote {
        /// The line where the row starts.
        line: u64,
        /// The field, counted from 1.
        field: usize,
    },
    /// A row beyond the limit, which is what a missing quote looks like.
    #[error(
        "line {line}: a row of more than {} MiB{}", MAX_ROW_BYTES >> 20,
        quote.map(|line| format!("; the quote opened at line {line} is not closed")).unwrap_or_default()
    )]
    RowTooLong {
        /// The line where the row starts.
        line: u64,
        /// The line of a quote that is still open.
        quote: Option<u64>,
    },
    /// A row beyond the limit of columns.
    #[error("line {line}: more than {MAX_COLUMNS} fields")]
    TooManyColumns {
        /// The line where the row starts.
        line: u64,
    },
    /// A field that is no value of its column's type.
    #[error("line {line}, column {column:?}: {value:?} is not {expected}{hint}")]
    Value {
        /// The line where the row starts.
        line: u64,
        /// The column's name.
        column: String,
        /// The field, shortened.
        value: String,
        /// The column's type.
        expected: ColumnType,
        /// What may be done, or nothing.
        hint: &'static str,
    },
    /// A declared type that no CSV field can have.
    #[error("column {column:?}: a CSV holds no binary; declare it as text")]
    BinaryColumn {
        /// The column's name.
        column: String,
    },
    /// A description of columns that the file does not have.
    #[error("the description names column {column:?}, which the file does not have; it has {has}")]
    UnknownColumn {
        /// The name in the description.
        column: String,
        /// The names in the file, shortened.
        has: String,
    },
    /// The dialect contradicts itself.
    #[error("dialect: {0}")]
    Dialect(#[from] DialectError),
    /// The header makes no schema.
    #[error("header: {0}")]
    Schema(#[from] SchemaError),
    /// Arrow refused the columns that were built: never expected.
    #[error("building a batch failed: {0}")]
    Arrow(#[from] arrow::error::ArrowError),
}

impl CsvError {
    /// A field that is no `expected`, with the field shortened for a message.
    pub(super) fn value(line: u64, column: &str, value: &str, expected: &ColumnType) -> Self {
        let hint = match expected {
            ColumnType::Timestamp { zone: Some(_) } => " (RFC 3339 with an offset)",
            ColumnType::Timestamp { zone: None } => " (yyyy-mm-ddThh:mm:ss, without an offset)",
            ColumnType::Date32 => " (yyyy-mm-dd)",
            _ => "; if it stands for a missing value, declare it in nulls",
        };
        let mut shown: String = value.chars().take(40).collect();
        if shown.len() < value.len() {
            shown.push('…');
        }
        let (column, expected) = (column.to_owned(), expected.clone());
        CsvError::Value { line, column, value: shown, expected, hint }
    }
}

/// What a noun takes behind a count.
fn s(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}

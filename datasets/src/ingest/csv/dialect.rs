//! What differs from one CSV to the next, as the manifest writes it down.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What is null unless declared otherwise: the empty field, if it is not quoted.
pub const DEFAULT_NULLS: &[&str] = &[""];
/// Null tokens a dialect may hold at most.
pub const MAX_NULL_TOKENS: usize = 64;
/// Bytes of a null token at most.
const MAX_NULL_BYTES: usize = 64;
/// Header rows a file may have at most.
pub const MAX_HEADER_ROWS: u32 = 16;
/// Lines before the header that may be skipped at most.
pub const MAX_SKIP_LINES: u32 = 10_000;

/// What stands between two fields: one printable ASCII character or a tab, but no quote, letter,
/// digit, sign or decimal point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Delimiter(u8);

impl Delimiter {
    /// The comma, which gave the format its name.
    pub const COMMA: Delimiter = Delimiter(b',');

    /// Checks that `byte` may separate fields.
    pub fn new(byte: u8) -> Result<Self, DialectError> {
        let printable = byte == b'\t' || byte == b' ' || byte.is_ascii_punctuation();
        if printable && !b"\"+-.".contains(&byte) {
            Ok(Delimiter(byte))
        } else {
            Err(DialectError::BadDelimiter(char::from(byte).to_string()))
        }
    }

    /// The character as a byte.
    pub fn byte(self) -> u8 {
        self.0
    }
}

impl TryFrom<String> for Delimiter {
    type Error = DialectError;

    fn try_from(text: String) -> Result<Self, DialectError> {
        match text.as_bytes() {
            [byte] => Delimiter::new(*byte),
            _ => Err(DialectError::BadDelimiter(text)),
        }
    }
}

impl From<Delimiter> for String {
    fn from(delimiter: Delimiter) -> Self {
        char::from(delimiter.0).to_string()
    }
}

impl fmt::Display for Delimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            b'\t' => f.write_str("tab"),
            byte => write!(f, "{:?}", char::from(byte)),
        }
    }
}

/// What stands before the fraction of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DecimalMark {
    /// `1.5`
    #[serde(rename = ".")]
    Point,
    /// `1,5`
    #[serde(rename = ",")]
    Comma,
}

impl DecimalMark {
    /// The character as a byte.
    pub fn byte(self) -> u8 {
        match self {
            DecimalMark::Point => b'.',
            DecimalMark::Comma => b',',
        }
    }
}

/// How the file's bytes are text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Encoding {
    /// UTF-8, checked strictly; a byte order mark at the start is skipped.
    #[serde(rename = "utf-8")]
    Utf8,
    /// ISO 8859-1: every byte is the character of that number.
    #[serde(rename = "iso-8859-1")]
    Latin1,
    /// Windows code page 1252; its five undefined bytes are refused.
    #[serde(rename = "windows-1252")]
    Windows1252,
}

impl Encoding {
    /// The name as manifests and descriptions write it.
    pub fn name(self) -> &'static str {
        match self {
            Encoding::Utf8 => "utf-8",
            Encoding::Latin1 => "iso-8859-1",
            Encoding::Windows1252 => "windows-1252",
        }
    }
}

/// How one CSV file is written. Contrast with its schema: this says how to split the file into
/// fields, the schema what the fields are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CsvDialect {
    /// What stands between fields.
    pub delimiter: Delimiter,
    /// The decimal mark of its numbers.
    pub decimal: DecimalMark,
    /// How its bytes are text.
    pub encoding: Encoding,
    /// Fields that are null if not quoted: sorted, each once.
    pub nulls: Vec<String>,
    /// Lines before the header that are not read.
    pub skip_lines: u32,
    /// Rows that name the columns: 0 for none; of several, the names are joined by spaces.
    pub header_rows: u32,
}

impl Default for CsvDialect {
    fn default() -> Self {
        CsvDialect {
            delimiter: Delimiter::COMMA,
            decimal: DecimalMark::Point,
            encoding: Encoding::Utf8,
            nulls: DEFAULT_NULLS.iter().map(|&token| token.to_owned()).collect(),
            skip_lines: 0,
            header_rows: 1,
        }
    }
}

/// Why a dialect cannot be read by.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DialectError {
    /// Not one character, or one that could stand in a number or a name.
    #[error("{0:?} cannot separate fields: one character of , ; | : tab, space or the like")]
    BadDelimiter(String),
    /// A number could not be told from two fields.
    #[error("delimiter and decimal mark are both a comma")]
    DelimiterIsDecimalMark,
    /// Too many null tokens, or one that is too long, holds line breaks or stands twice.
    #[error("null tokens: at most {MAX_NULL_TOKENS}, each once, of at most 64 bytes on one line")]
    BadNulls,
    /// Too many header rows.
    #[error("{0} header rows; {MAX_HEADER_ROWS} at most")]
    TooManyHeaderRows(u32),
    /// Too many skipped lines.
    #[error("{0} lines to skip; {MAX_SKIP_LINES} at most")]
    TooManySkippedLines(u32),
}

impl CsvDialect {
    /// Checks what the field types alone do not say. Manifests are checked with it when decoded.
    pub fn check(&self) -> Result<(), DialectError> {
        if self.delimiter.byte() == self.decimal.byte() {
            return Err(DialectError::DelimiterIsDecimalMark);
        }
        let ordered = self.nulls.is_sorted_by(|a, b| a < b);
        if !ordered
            || self.nulls.len() > MAX_NULL_TOKENS
            || !self.nulls.iter().all(|token| is_token(token))
        {
            return Err(DialectError::BadNulls);
        }
        if self.header_rows > MAX_HEADER_ROWS {
            return Err(DialectError::TooManyHeaderRows(self.header_rows));
        }
        if self.skip_lines > MAX_SKIP_LINES {
            return Err(DialectError::TooManySkippedLines(self.skip_lines));
        }
        Ok(())
    }

    /// Whether `field`, which was not quoted, is null.
    pub(super) fn is_null(&self, field: &str) -> bool {
        // Tokens are sorted, so the empty one is the first; no token is longer than 64 bytes.
        match field.len() {
            0 => self.nulls.first().is_some_and(String::is_empty),
            1..=MAX_NULL_BYTES => self.nulls.iter().any(|token| token == field),
            _ => false,
        }
    }
}

fn is_token(token: &str) -> bool {
    token.len() <= MAX_NULL_BYTES && !token.bytes().any(|byte| byte == b'\n' || byte == b'\r')
}

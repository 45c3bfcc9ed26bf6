//! Why a Parquet file was refused: always with the place in it.

use std::io;

use super::footer::{MAX_FOOTER_BYTES, MAX_ROW_GROUPS};
use super::page::MAX_PAGE_BYTES;
use crate::schema::{ColumnType, FromArrowError};

/// Why a Parquet file was refused. Row groups, pages and
/// rows of a row group count from 0, as other tools do.
#[derive(Debug, thiserror::Error)]
pub enum ParquetRefused {
    /// The bytes could not be read.
    #[error("reading failed: {0}")]
    Io(#[from] io::Error),
    /// The object store could not give them.
    #[error("reading failed: {0}")]
    Store(#[from] object_store::Error),
    /// No magic bytes at the start or at the end.
    #[error("no Parquet file: it {0}; is it cut off?")]
    NotParquet(&'static str),
    /// Encrypted.
    #[error("the file is encrypted (PARE); publish it decrypted")]
    Encrypted,
    /// The footer does not lie within the file, or is larger than any footer.
    #[error(
        "the footer claims {footer} bytes, the file has {file}; {MAX_FOOTER_BYTES} at most; is the \
         file cut off?"
    )]
    FooterLength {
        /// What it claims.
        footer: u64,
        /// The file's length.
        file: u64,
    },
    /// The footer's structure is broken.
    #[error("footer, byte {at}: {reason}")]
    Thrift {
        /// The byte of the footer, or of the page header.
        at: usize,
        /// What is wrong.
        reason: &'static str,
    },
    /// The crate parquet could not decode something.
    #[error("{place}: {reason}")]
    Undecodable {
        /// Where.
        place: String,
        /// What it says.
        reason: String,
    },
    /// The crate parquet panicked on something.
    #[error("{place}: the bytes broke the decoder ({reason})")]
    Panicked {
        /// Where.
        place: String,
        /// What it says.
        reason: String,
    },
    /// Too many row groups.
    #[error("{0} row groups; {MAX_ROW_GROUPS} at most")]
    TooManyRowGroups(usize),
    /// A column that is nested or repeated.
    #[error(
        "column {0:?} is nested; columns are flat: write nested values as columns of their own"
    )]
    Nested(String),
    /// A column of the deprecated type INT96.
    #[error(
        "column {0:?} is an INT96 timestamp, which is deprecated; write TIMESTAMP \
         (spark.sql.parquet.outputTimestampType = TIMESTAMP_MICROS)"
    )]
    Int96(String),
    /// A column of values that are too wide.
    #[error("column {column:?} has fixed values of {bytes} bytes; 1 to 4096 are supported")]
    FixedWidth {
        /// The column.
        column: String,
        /// Their width.
        bytes: i64,
    },
    /// A column whose type has no place in the closed list, or a name that is unfit.
    #[error(transparent)]
    Schema(#[from] FromArrowError),
    /// A column chunk in another file, or compressed in a way that is not supported.
    #[error("row group {group}, column {column:?}: {reason}")]
    Column {
        /// The row group.
        group: usize,
        /// The column.
        column: String,
        /// What is wrong, and what to do.
        reason: String,
    },
    /// Two column chunks share bytes.
    #[error("row group {group}, column {column:?}: its bytes overlap those of another column")]
    Overlap {
        /// The row group.
        group: usize,
        /// The column.
        column: String,
    },
    /// Counts that contradict each other.
    #[error("{place}: {what} says {claimed}, but there are {found}")]
    Count {
        /// Where.
        place: String,
        /// What is counted.
        what: &'static str,
        /// What is claimed.
        claimed: i64,
        /// What is there.
        found: i64,
    },
    /// A page that is broken or lies.
    #[error("row group {group}, column {column:?}, page {page}: {reason}")]
    Page {
        /// The row group.
        group: usize,
        /// The column.
        column: String,
        /// The page.
        page: usize,
        /// What is wrong.
        reason: String,
    },
    /// Pages that would need too much memory.
    #[error(
        "row group {group}, column {column:?}, page {page}: {bytes} bytes; {MAX_PAGE_BYTES} at \
         most: write smaller pages"
    )]
    PageTooLarge {
        /// The row group.
        group: usize,
        /// The column.
        column: String,
        /// The page.
        page: usize,
        /// What it claims.
        bytes: i64,
    },
    /// More bytes of one row group than can be held.
    #[error(
        "row group {group}: the columns wanted have {bytes} bytes; {limit} at most: write \
             smaller row groups"
    )]
    GroupTooLarge {
        /// The row group.
        group: usize,
        /// Their size.
        bytes: u64,
        /// What is allowed.
        limit: u64,
    },
    /// A name with a character that nobody can see.
    #[error(
        "column {column:?} has {} in its name, which is invisible or reorders text; rename the \
         column in the file",
        code_point(*character)
    )]
    HiddenCharacter {
        /// The column.
        column: String,
        /// The first such character in it.
        character: char,
    },
    /// A description of a column that the file does not have.
    #[error("the description names column {0:?}, which the file does not have; correct it")]
    UnknownColumn(String),
    /// A type was said that is not the file's.
    #[error(
        "column {column:?} is said to be {wanted}, but the file holds {found}; correct the description"
    )]
    OtherType {
        /// The column.
        column: String,
        /// What was said.
        wanted: ColumnType,
        /// What the file says.
        found: ColumnType,
    },
    /// A row group or column that the file does not have: the caller's error.
    #[error("there is no row group {group}, or no such column in it")]
    NoSuchPart {
        /// The row group.
        group: usize,
    },
    /// A value that its type of the closed list cannot hold.
    #[error(
        "row group {group}{}, column {column:?}: {reason}",
        row.map(|row| format!(", row {row}")).unwrap_or_default()
    )]
    Value {
        /// The row group.
        group: usize,
        /// The column.
        column: String,
        /// The row of the row group, if it is one value.
        row: Option<u64>,
        /// What is wrong.
        reason: String,
    },
}

impl ParquetRefused {
    /// The same, where what is broken is not the footer but the header of a page.
    pub(super) fn in_page_header(&self) -> String {
        match self {
            ParquetRefused::Thrift { at, reason } => format!("its header, byte {at}: {reason}"),
            other => other.to_string(),
        }
    }
}

/// A character as Unicode's tables write it.
fn code_point(character: char) -> String {
    format!("U+{:04X}", u32::from(character))
}

//! Places where a CSV can be cut: each the start of a record, found by one pass that splits and
//! does not parse, since only what stands before tells whether a line break is inside quotes.

use std::io::Read;

use super::dialect::{CsvDialect, Encoding};
use super::error::CsvError;
use super::records::Records;

/// The start of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Bytes of the file before it.
    pub offset: u64,
    /// Its line, from 1.
    pub line: u64,
}

/// Records of `input` about every `bytes` bytes, in order, the first of them after the header: a
/// scan of the bytes between two marks gives the rows between them. None at all for encodings
/// whose characters are decoded to another length, and where header and rows fit into `bytes`.
///
/// Cost: all bytes are read and split once.
///
/// # Errors
/// As reading has them, where records cannot be told apart.
pub fn marks(input: impl Read, dialect: &CsvDialect, bytes: u64) -> Result<Vec<Mark>, CsvError> {
    let mut marks = Vec::new();
    if dialect.encoding != Encoding::Utf8 {
        return Ok(marks);
    }
    let mut records = Records::new(input, dialect)?;
    for _ in 0..dialect.header_rows {
        records.skip()?;
    }
    let mut last = 0;
    loop {
        let mark = records.mark();
        if mark.offset >= bytes.saturating_add(last) {
            last = mark.offset;
            marks.push(mark);
        }
        if !records.skip()? {
            // A mark at the very end would begin no record.
            let end = records.mark().offset;
            marks.retain(|mark| mark.offset < end);
            return Ok(marks);
        }
    }
}

//! Delimiter and header of a file whose dialect was not declared, from its first records.

use super::column_guess::trim;
use super::dialect::{CsvDialect, Delimiter};
use super::records::Records;
use super::value;

/// Bytes at a file's start that the delimiter is judged on.
pub(super) const PREFIX_BYTES: usize = 256 << 10;
/// Records of the prefix that are looked at.
const RECORDS: usize = 100;
/// What separates fields, the likelier first.
const CANDIDATES: [u8; 4] = *b",;\t|";

/// The delimiter that splits the first records into the same number of fields, more than one; of
/// several the one that makes more fields, of equal ones the likelier. A comma if none does.
pub(super) fn delimiter(prefix: &[u8], dialect: &CsvDialect) -> Delimiter {
    let mut best = (0, 0, Delimiter::COMMA);
    for byte in CANDIDATES {
        let Ok(delimiter) = Delimiter::new(byte) else { continue };
        let counts = field_counts(prefix, &CsvDialect { delimiter, ..dialect.clone() });
        let width = counts.first().copied().unwrap_or(0);
        if width < 2 {
            continue;
        }
        let alike = counts.iter().filter(|&&count| count == width).count();
        let share = alike * 1_000 / counts.len();
        if (share, width) > (best.0, best.1) {
            best = (share, width, delimiter);
        }
    }
    best.2
}

/// The delimiter that a first line of `sep=` names, which Excel writes and reads.
pub(super) fn separator_line(prefix: &[u8]) -> Option<Delimiter> {
    let text = prefix.strip_prefix(b"\xef\xbb\xbf").unwrap_or(prefix);
    let line = text.split(|byte| matches!(byte, b'\r' | b'\n')).next()?;
    let bare = line.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\"")).unwrap_or(line);
    match bare {
        [b's' | b'S', b'e' | b'E', b'p' | b'P', b'=', byte] => Delimiter::new(*byte).ok(),
        _ => None,
    }
}

/// Whether a first row is rather data than names: no field of it is text, and not all are empty.
pub(super) fn looks_like_data(row: &[String]) -> bool {
    let told: Vec<&str> = row.iter().map(|field| trim(field)).filter(|f| !f.is_empty()).collect();
    !told.is_empty() && told.iter().all(|field| value::kinds(field) != 0)
}

/// Fields of each of the first records. A prefix that ends within a record, or breaks a rule,
/// ends the count: the full pass will say what is wrong.
fn field_counts(prefix: &[u8], dialect: &CsvDialect) -> Vec<usize> {
    let mut counts = Vec::new();
    let Ok(mut records) = Records::new(prefix, dialect) else {
        return counts;
    };
    while counts.len() < RECORDS {
        match records.next() {
            Ok(Some(record)) => counts.push(record.len()),
            Ok(None) | Err(_) => break,
        }
    }
    // The last record of a cut prefix is a part of one.
    if prefix.len() == PREFIX_BYTES && counts.len() < RECORDS && counts.len() > 1 {
        counts.pop();
    }
    counts
}

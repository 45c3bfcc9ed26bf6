//! Where one record ends and its fields stand: RFC 4180 over a buffer, without state.
//!
//! The crate csv-core does not tell a quoted empty field (the empty text) from an unquoted one
//! (null), so the tokenizer is ours; the tests compare it with csv-core on what both accept.
//! Strict where a guess could change a value: text after a closing quote is refused.

use memchr::{memchr, memchr3};

use crate::schema::MAX_COLUMNS;

/// Where a field stands in the buffer, without its quotes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) form: Form,
}

/// How a field was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Without quotes.
    Bare,
    /// In quotes.
    Quoted,
    /// In quotes, with doubled quotes inside.
    Doubled,
}

/// What the buffer holds from a record's start.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// A whole record; the next one starts at `next`.
    Record { next: usize },
    /// The buffer ends within the record; within a quote that opened at `quote`, if any.
    More { quote: Option<usize> },
    /// The input ends within a quote that opened here.
    OpenQuote { at: usize },
    /// Text after a closing quote, in this field (from 1).
    TextAfterQuote { field: usize },
    /// More fields than a table may have columns.
    TooManyColumns,
}

/// Whether more bytes may follow the buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tail {
    /// They may.
    Open,
    /// The input ends with the buffer.
    End,
}

/// Splits the record that starts at `start` (not beyond the buffer's end) into `spans`.
pub(super) fn record(
    buffer: &[u8],
    start: usize,
    tail: Tail,
    delimiter: u8,
    spans: &mut Vec<Span>,
) -> Step {
    spans.clear();
    let mut at = start;
    loop {
        if spans.len() == MAX_COLUMNS {
            return Step::TooManyColumns;
        }
        let field = if buffer.get(at) == Some(&b'"') {
            quoted(buffer, at, tail)
        } else {
            bare(buffer, at, tail, delimiter)
        };
        let (span, end) = match field {
            Ok(found) => found,
            Err(step) => return step,
        };
        spans.push(span);
        match buffer.get(end) {
            Some(&byte) if byte == delimiter => at = end + 1,
            Some(b'\n') => return Step::Record { next: end + 1 },
            Some(b'\r') => match (buffer.get(end + 1), tail) {
                (Some(b'\n'), _) => return Step::Record { next: end + 2 },
                (None, Tail::Open) => return Step::More { quote: None },
                _ => return Step::Record { next: end + 1 },
            },
            None if tail == Tail::Open => return Step::More { quote: None },
            None => return Step::Record { next: end },
            Some(_) => return Step::TextAfterQuote { field: spans.len() },
        }
    }
}

/// A field without quotes, and where it ends.
fn bare(buffer: &[u8], at: usize, tail: Tail, delimiter: u8) -> Result<(Span, usize), Step> {
    let rest = buffer.get(at..).unwrap_or_default();
    let length = match memchr3(delimiter, b'\n', b'\r', rest) {
        Some(length) => length,
        None if tail == Tail::Open => return Err(Step::More { quote: None }),
        None => rest.len(),
    };
    Ok((Span { from: at, to: at + length, form: Form::Bare }, at + length))
}

/// A field that opens with a quote at `at`, and what follows its closing quote.
fn quoted(buffer: &[u8], at: usize, tail: Tail) -> Result<(Span, usize), Step> {
    let mut form = Form::Quoted;
    let mut from = at + 1;
    loop {
        let Some(found) = memchr(b'"', buffer.get(from..).unwrap_or_default()) else {
            return Err(match tail {
                Tail::Open => Step::More { quote: Some(at) },
                Tail::End => Step::OpenQuote { at },
            });
        };
        let close = from + found;
        match (buffer.get(close + 1), tail) {
            (Some(b'"'), _) => {
                form = Form::Doubled;
                from = close + 2;
            }
            (None, Tail::Open) => return Err(Step::More { quote: Some(at) }),
            _ => return Ok((Span { from: at + 1, to: close, form }, close + 1)),
        }
    }
}

/// Line breaks in `bytes`: `\n`, `\r\n`, or a lone `\r`.
pub(super) fn line_breaks(bytes: &[u8]) -> u64 {
    let mut breaks = 0;
    let mut previous = 0;
    for &byte in bytes {
        if byte == b'\r' || (byte == b'\n' && previous != b'\r') {
            breaks += 1;
        }
        previous = byte;
    }
    breaks
}

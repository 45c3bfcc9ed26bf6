//! A CSV as a stream of records, in memory bounded by the longest row.

use std::borrow::Cow;
use std::io::Read;

use memchr::{memchr, memchr2};

use super::dialect::CsvDialect;
use super::encoding::Decoder;
use super::error::CsvError;
use super::marks::Mark;
use super::tokenize::{self, Form, Span, Step, Tail, line_breaks};

/// Bytes a row may have at most. A quote that is never closed swallows rows: this is where that
/// ends.
pub const MAX_ROW_BYTES: usize = 16 << 20;
/// Bytes of the first buffer; it doubles only for a row that does not fit.
const BUFFER_BYTES: usize = 256 << 10;
const UTF8_MARK: &[u8] = b"\xef\xbb\xbf";

/// Reads records one after the other. Empty lines are skipped and counted.
pub(super) struct Records<R> {
    input: Decoder<R>,
    delimiter: u8,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    tail: Tail,
    /// Bytes of the text before the buffer.
    before: u64,
    /// The line where the next record starts.
    line: u64,
    blank_lines: u64,
    spans: Vec<Span>,
}

/// One record, borrowed from the reader's buffer.
pub(super) struct Record<'a> {
    /// The line where it starts, from 1.
    pub(super) line: u64,
    text: &'a str,
    base: usize,
    spans: &'a [Span],
}

/// Whether a field stood in quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quoting {
    /// It did not.
    Bare,
    /// It did.
    Quoted,
}

/// One field as it was written.
#[derive(Clone, Copy)]
pub(super) struct Field<'a> {
    raw: &'a str,
    form: Form,
}

impl<R: Read> Records<R> {
    /// Reads `input` from its start; the byte order mark and the lines to skip are skipped.
    pub(super) fn new(input: R, dialect: &CsvDialect) -> Result<Self, CsvError> {
        let mut records = Records::resumed(input, dialect, Mark { offset: 0, line: 1 });
        records.skip_mark()?;
        for _ in 0..dialect.skip_lines {
            records.skip_line()?;
        }
        Ok(records)
    }

    /// Reads `input`, which begins with the record at `mark`.
    pub(super) fn resumed(input: R, dialect: &CsvDialect, mark: Mark) -> Self {
        Records {
            input: Decoder::new(input, dialect.encoding),
            delimiter: dialect.delimiter.byte(),
            buffer: vec![0; BUFFER_BYTES],
            start: 0,
            end: 0,
            tail: Tail::Open,
            before: mark.offset,
            line: mark.line,
            blank_lines: 0,
            spans: Vec::new(),
        }
    }

    /// Where the next record starts, or an empty line before it.
    pub(super) fn mark(&self) -> Mark {
        Mark { offset: self.before + self.start as u64, line: self.line }
    }

    /// Passes over the next record, unread; false at the end.
    pub(super) fn skip(&mut self) -> Result<bool, CsvError> {
        Ok(self.locate()?.is_some())
    }

    /// The next record, or `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<Record<'_>>, CsvError> {
        let Some((from, to, line)) = self.locate()? else {
            return Ok(None);
        };
        let bytes = self.buffer.get(from..to).unwrap_or_default();
        let text = std::str::from_utf8(bytes).map_err(|error| {
            let offset = self.before + (from + error.valid_up_to()) as u64;
            CsvError::NotUtf8 { line, offset }
        })?;
        Ok(Some(Record { line, text, base: from, spans: &self.spans }))
    }

    /// Empty lines that were skipped so far.
    pub(super) fn blank_lines(&self) -> u64 {
        self.blank_lines
    }

    /// Back to the input, for its digest once everything was read.
    pub(super) fn into_input(self) -> R {
        self.input.into_input()
    }

    /// Where the next record that is no empty line stands.
    fn locate(&mut self) -> Result<Option<(usize, usize, u64)>, CsvError> {
        loop {
            if self.start == self.end {
                self.fill()?;
                if self.start == self.end {
                    return Ok(None);
                }
            }
            let held = self.buffer.get(..self.end).unwrap_or_default();
            let step =
                tokenize::record(held, self.start, self.tail, self.delimiter, &mut self.spans);
            match step {
                Step::Record { next } => {
                    let (from, line) = (self.start, self.line);
                    if next - from > MAX_ROW_BYTES + 2 {
                        return Err(CsvError::RowTooLong { line, quote: None });
                    }
                    self.start = next;
                    self.line += match self.spans.iter().all(|span| span.form == Form::Bare) {
                        true => 1,
                        false => line_breaks(self.buffer.get(from..next).unwrap_or_default()),
                    };
                    match self.spans.as_slice() {
                        [only] if only.form == Form::Bare && only.from == only.to => {
                            self.blank_lines += 1;
                        }
                        _ => return Ok(Some((from, next, line))),
                    }
                }
                Step::More { quote } => self.more(quote)?,
                step => return Err(self.refusal(&step)),
            }
        }
    }

    /// Reads on within a record, unless that is already too long.
    fn more(&mut self, quote: Option<usize>) -> Result<(), CsvError> {
        if self.end - self.start > MAX_ROW_BYTES {
            let quote = quote.map(|at| self.line_of(at));
            return Err(CsvError::RowTooLong { line: self.line, quote });
        }
        self.fill()
    }

    fn refusal(&self, step: &Step) -> CsvError {
        let line = self.line;
        match step {
            Step::TextAfterQuote { field } => CsvError::TextAfterQuote { line, field: *field },
            Step::OpenQuote { at } => CsvError::OpenQuote { line: self.line_of(*at) },
            _ => CsvError::TooManyColumns { line },
        }
    }

    /// The line of a place in the record that starts at `self.start`.
    fn line_of(&self, at: usize) -> u64 {
        self.line + line_breaks(self.buffer.get(self.start..at).unwrap_or_default())
    }

    /// Reads once; moves what is held to the buffer's front, and grows the buffer when full.
    fn fill(&mut self) -> Result<(), CsvError> {
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            self.before += self.start as u64;
            self.end -= self.start;
            self.start = 0;
        }
        if self.end == self.buffer.len() {
            self.buffer.resize(self.buffer.len() * 2, 0);
        }
        let space = self.buffer.get_mut(self.end..).unwrap_or_default();
        let count = self.input.read(space)?;
        if count == 0 {
            self.tail = Tail::End;
        }
        let fresh = self.buffer.get(self.end..self.end + count).unwrap_or_default();
        if let Some(zero) = memchr(0, fresh) {
            return Err(CsvError::ZeroByte { offset: self.before + (self.end + zero) as u64 });
        }
        self.end += count;
        Ok(())
    }

    fn skip_mark(&mut self) -> Result<(), CsvError> {
        while self.end < UTF8_MARK.len() && self.tail == Tail::Open {
            self.fill()?;
        }
        if self.buffer.get(..self.end).unwrap_or_default().starts_with(UTF8_MARK) {
            self.start = UTF8_MARK.len();
        }
        Ok(())
    }

    fn skip_line(&mut self) -> Result<(), CsvError> {
        loop {
            let held = self.buffer.get(self.start..self.end).unwrap_or_default();
            let ended = memchr2(b'\n', b'\r', held).and_then(|at| {
                let pair = held.get(at) == Some(&b'\r') && held.get(at + 1) == Some(&b'\n');
                let undecided = at + 1 == held.len() && self.tail == Tail::Open;
                (!undecided).then_some(at + if pair { 2 } else { 1 })
            });
            match (ended, self.tail) {
                (Some(length), _) => {
                    self.start += length;
                    self.line += 1;
                    return Ok(());
                }
                (None, Tail::End) => {
                    self.start = self.end;
                    return Ok(());
                }
                (None, Tail::Open) => self.more(None)?,
            }
        }
    }
}

impl<'a> Record<'a> {
    /// Fields of this record; at least one.
    pub(super) fn len(&self) -> usize {
        self.spans.len()
    }

    /// Bytes of this record as text.
    pub(super) fn bytes(&self) -> usize {
        self.text.len()
    }

    /// The fields in order.
    pub(super) fn fields(&self) -> impl Iterator<Item = Field<'a>> + '_ {
        self.spans.iter().map(|span| self.at(span))
    }

    /// The field at `index`, from 0.
    pub(super) fn field(&self, index: usize) -> Option<Field<'a>> {
        self.spans.get(index).map(|span| self.at(span))
    }

    fn at(&self, span: &Span) -> Field<'a> {
        // Fields end at ASCII characters, so their borders are borders of characters.
        let raw = self.text.get(span.from - self.base..span.to - self.base).unwrap_or_default();
        Field { raw, form: span.form }
    }
}

impl<'a> Field<'a> {
    /// Whether it stood in quotes: then it is never null.
    pub(super) fn quoting(self) -> Quoting {
        match self.form {
            Form::Bare => Quoting::Bare,
            Form::Quoted | Form::Doubled => Quoting::Quoted,
        }
    }

    /// Its value, with doubled quotes made single.
    pub(super) fn text(self) -> Cow<'a, str> {
        match self.form {
            Form::Bare | Form::Quoted => Cow::Borrowed(self.raw),
            Form::Doubled => Cow::Owned(self.raw.replace("\"\"", "\"")),
        }
    }
}

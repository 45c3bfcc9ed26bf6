//! Finding a CSV out: one pass over the whole file for dialect, types and row count.
//!
//! A type holds every field of its column or is not taken: looking at a part of a file would find
//! types that the rest of it breaks.

use std::collections::BTreeSet;
use std::io::{Cursor, Read};

use super::column_guess::{ColumnGuess, UsualNulls, trim};
use super::dialect::{CsvDialect, DecimalMark, Encoding};
use super::error::CsvError;
use super::header;
use super::note::Note;
use super::records::{Field, Quoting, Record, Records};
use super::sniff;
use crate::describe::FileDescription;
use crate::ingest::bytes::{Digesting, Seen};
use crate::schema::{Column, ColumnType, TableSchema};

/// What a CSV was found to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inference {
    /// How it is written.
    pub dialect: CsvDialect,
    /// Its columns, with the declared types, units and descriptions.
    pub schema: TableSchema,
    /// Its rows.
    pub rows: u64,
    /// Its bytes, to be compared with the next pass.
    pub seen: Seen,
    /// What the publisher should know, since it was decided for them.
    pub notes: Vec<Note>,
}

/// Reads the whole file and finds out dialect, schema and row count; whatever `declared` says is
/// taken as it is and checked against every field. Memory is bounded by the longest row and the
/// number of columns.
pub fn infer<R: Read>(input: R, declared: &FileDescription) -> Result<Inference, CsvError> {
    let mut input = Digesting::new(input);
    let prefix = prefix(&mut input)?;
    let mut notes = Vec::new();
    let mut dialect = start(&prefix, declared, &mut notes)?;
    let whole = Cursor::new(prefix).chain(input);
    let mut records = Records::new(whole, &dialect)?;
    let mut first = Vec::new();
    if declared.header_rows.is_none() {
        match records.next()? {
            None => return Err(CsvError::Empty),
            Some(record) => first.push(Row::of(&record)),
        }
        if first.iter().all(|row| sniff::looks_like_data(&row.fields)) {
            dialect.header_rows = 0;
            notes.push(Note::NoHeader);
        }
    }
    let header = take_header(&mut records, &dialect, &mut first)?;
    let mut table = Table::new(header, declared, &mut notes)?;
    // A first row that turned out to be data was copied out of the reader: read it as data.
    if let Some(row) = first.pop() {
        table.see_copy(&row, &dialect)?;
    }
    while let Some(record) = records.next()? {
        table.see(&record, &dialect)?;
    }
    let blank_lines = records.blank_lines();
    let (_, rest) = records.into_input().into_inner();
    let seen = rest.finish()?;
    if blank_lines > 0 {
        notes.push(Note::BlankLines(blank_lines));
    }
    table.conclude(dialect, declared, seen, notes)
}

/// The file's first bytes, up to what the delimiter is judged on.
fn prefix<R: Read>(input: &mut Digesting<R>) -> Result<Vec<u8>, CsvError> {
    let mut prefix = Vec::new();
    input.take(sniff::PREFIX_BYTES as u64).read_to_end(&mut prefix)?;
    if prefix.is_empty() {
        return Err(CsvError::Empty);
    }
    if prefix.starts_with(b"\xff\xfe") || prefix.starts_with(b"\xfe\xff") {
        return Err(CsvError::Utf16);
    }
    Ok(prefix)
}

/// The dialect as far as it is known before the pass.
fn start(
    prefix: &[u8],
    declared: &FileDescription,
    notes: &mut Vec<Note>,
) -> Result<CsvDialect, CsvError> {
    let mut dialect = CsvDialect {
        encoding: declared.encoding.unwrap_or(Encoding::Utf8),
        skip_lines: declared.skip_lines.unwrap_or(0),
        header_rows: declared.header_rows.unwrap_or(1),
        ..CsvDialect::default()
    };
    if let Some(nulls) = &declared.nulls {
        dialect.nulls = nulls.iter().cloned().collect::<BTreeSet<_>>().into_iter().collect();
    }
    let said = sniff::separator_line(prefix).filter(|_| declared.skip_lines.is_none());
    dialect.delimiter = match (declared.delimiter, said) {
        (Some(delimiter), _) => delimiter,
        (None, Some(delimiter)) => delimiter,
        (None, None) => sniff::delimiter(prefix, &dialect),
    };
    if let Some(delimiter) = said {
        dialect.skip_lines = 1;
        notes.push(Note::SeparatorLine(delimiter));
    }
    dialect.decimal = declared.decimal.unwrap_or(DecimalMark::Point);
    dialect.check()?;
    Ok(dialect)
}

/// A record that outlives the reader's buffer.
struct Row {
    line: u64,
    fields: Vec<String>,
    quoting: Vec<Quoting>,
}

impl Row {
    fn of(record: &Record<'_>) -> Self {
        Row {
            line: record.line,
            fields: record.fields().map(|field| field.text().into_owned()).collect(),
            quoting: record.fields().map(Field::quoting).collect(),
        }
    }
}

/// What stands above the rows: the header's rows, and how many fields each row must have.
struct Header {
    rows: Vec<Vec<String>>,
    width: usize,
}

/// Takes the header's rows; `first` is a record that was already read, and is left there if it
/// is no part of the header.
fn take_header<R: Read>(
    records: &mut Records<R>,
    dialect: &CsvDialect,
    first: &mut Vec<Row>,
) -> Result<Header, CsvError> {
    let (rows, lines) = (dialect.header_rows, dialect.skip_lines);
    if rows == 0 {
        if first.is_empty() {
            first.push(Row::of(&records.next()?.ok_or(CsvError::Empty)?));
        }
        let width = first.first().map_or(0, |row| row.fields.len());
        return Ok(Header { rows: Vec::new(), width });
    }
    let mut taken: Vec<Row> = std::mem::take(first);
    while taken.len() < rows as usize {
        match records.next()? {
            Some(record) => taken.push(Row::of(&record)),
            None if taken.is_empty() && lines == 0 => return Err(CsvError::Empty),
            None => return Err(CsvError::NoHeader { rows, lines }),
        }
    }
    let width = taken.last().map_or(0, |row| row.fields.len());
    if let Some(ragged) = taken.iter().find(|row| row.fields.len() != width) {
        let (line, found) = (ragged.line, ragged.fields.len());
        return Err(CsvError::Ragged { line, expected: width, found });
    }
    Ok(Header { rows: taken.into_iter().map(|row| row.fields).collect(), width })
}

/// Whether a field begins with spaces and then a quote, as hand-made files have it.
fn has_late_quote(text: &str) -> bool {
    text.starts_with([' ', '\t']) && text.trim_start_matches([' ', '\t']).starts_with('"')
}

/// What is known of the table while its rows pass.
struct Table {
    names: Vec<String>,
    guesses: Vec<ColumnGuess>,
    usual: UsualNulls,
    rows: u64,
    /// The first field that has a quote behind spaces.
    late_quote: Option<(u64, String)>,
}

impl Table {
    fn new(
        header: Header,
        declared: &FileDescription,
        notes: &mut Vec<Note>,
    ) -> Result<Self, CsvError> {
        let (names, renamed) = header::names(&header.rows, header.width);
        notes.extend(renamed.into_iter().map(Note::Renamed));
        let known: BTreeSet<&str> = names.iter().map(String::as_str).collect();
        if let Some(unknown) = declared.columns.keys().find(|name| !known.contains(name.as_str())) {
            let column = unknown.clone();
            let has = names.join(", ").chars().take(200).collect();
            return Err(CsvError::UnknownColumn { column, has });
        }
        let mut guesses = Vec::with_capacity(names.len());
        for name in &names {
            let column_type = declared.columns.get(name).and_then(|c| c.column_type.clone());
            if column_type == Some(ColumnType::Binary) {
                return Err(CsvError::BinaryColumn { column: name.clone() });
            }
            guesses.push(ColumnGuess::new(column_type));
        }
        let usual = match &declared.nulls {
            None => UsualNulls::MayBecome,
            Some(_) => UsualNulls::AreText,
        };
        Ok(Table { names, guesses, usual, rows: 0, late_quote: None })
    }

    fn see(&mut self, record: &Record<'_>, dialect: &CsvDialect) -> Result<(), CsvError> {
        self.check_width(record.line, record.len())?;
        for (guess, field) in self.guesses.iter_mut().zip(record.fields()) {
            let (text, quoting) = (field.text(), field.quoting());
            if quoting == Quoting::Bare && self.late_quote.is_none() && has_late_quote(&text) {
                self.late_quote = Some((record.line, text.chars().take(60).collect()));
            }
            if !(quoting == Quoting::Bare && dialect.is_null(trim(&text))) {
                guess.see(&text, quoting, record.line, self.usual);
            }
        }
        self.rows += 1;
        Ok(())
    }

    fn see_copy(&mut self, row: &Row, dialect: &CsvDialect) -> Result<(), CsvError> {
        self.check_width(row.line, row.fields.len())?;
        for ((guess, text), quoting) in self.guesses.iter_mut().zip(&row.fields).zip(&row.quoting) {
            if !(*quoting == Quoting::Bare && dialect.is_null(trim(text))) {
                guess.see(text, *quoting, row.line, self.usual);
            }
        }
        self.rows += 1;
        Ok(())
    }

    fn check_width(&self, line: u64, found: usize) -> Result<(), CsvError> {
        let expected = self.names.len();
        if found == expected { Ok(()) } else { Err(CsvError::Ragged { line, expected, found }) }
    }

    fn conclude(
        self,
        mut dialect: CsvDialect,
        declared: &FileDescription,
        seen: Seen,
        mut notes: Vec<Note>,
    ) -> Result<Inference, CsvError> {
        if declared.decimal.is_none() && self.has_decimal_comma(&dialect) {
            dialect.decimal = DecimalMark::Comma;
            notes.push(Note::DecimalComma);
        }
        if let Some((line, field)) = &self.late_quote {
            notes.push(Note::LateQuote(*line, field.clone()));
        }
        let decimal = dialect.decimal;
        let words: BTreeSet<String> = self
            .guesses
            .iter()
            .flat_map(|guess| guess.needed_nulls(decimal))
            .map(str::to_owned)
            .collect();
        if !words.is_empty() {
            notes.push(Note::NullTokens(words.iter().cloned().collect()));
            let all: BTreeSet<String> = dialect.nulls.into_iter().chain(words).collect();
            dialect.nulls = all.into_iter().collect();
        }
        let mut columns = Vec::with_capacity(self.names.len());
        let (mut fractions, mut doubts) = (Vec::new(), Vec::new());
        for (name, guess) in self.names.into_iter().zip(&self.guesses) {
            guess.declared_holds(&name, decimal)?;
            if self.rows > 0 && guess.is_blank() && guess.column_type(decimal) == ColumnType::Text {
                notes.push(Note::EmptyColumn(name.clone()));
            }
            doubts.extend(guess.doubt(decimal).map(|doubt| (name.clone(), doubt)));
            fractions.extend(guess.exact_type(decimal).map(|exact| (name.clone(), exact)));
            let mut column = Column::new(name, guess.column_type(decimal));
            if let Some(said) = declared.columns.get(&column.name) {
                column.unit = said.unit.clone();
                column.description = said.description.clone();
            }
            columns.push(column);
        }
        if !doubts.is_empty() {
            notes.push(Note::DoubtfulText(doubts));
        }
        if !fractions.is_empty() {
            notes.push(Note::BinaryFractions(fractions));
        }
        let schema = TableSchema::new(columns)?;
        Ok(Inference { dialect, schema, rows: self.rows, seen, notes })
    }

    /// Whether some column shows a decimal comma, and none a point.
    fn has_decimal_comma(&self, dialect: &CsvDialect) -> bool {
        let mut comma = false;
        for guess in &self.guesses {
            match guess.needs_comma() {
                Some(false) => return false,
                Some(true) => comma = true,
                None => {}
            }
        }
        comma && dialect.delimiter.byte() != b','
    }
}

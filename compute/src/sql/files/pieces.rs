//! The pieces of a table's files, joined to ranges: what each range's bytes are, by content.

use std::ops::Range;

use object_store::path::Path;
use serde_json::{Map, Value, json};
use veritrail_datasets::ingest::csv::{CsvDialect, Mark};
use veritrail_datasets::ingest::parquet::Inspection;
use veritrail_datasets::schema::TableSchema;
use veritrail_provenance::hash::DatasetRoot;

use super::super::table::TableRange;

/// Bytes that a row of a CSV is taken to have, as long as nothing was read.
const CSV_ROW_BYTES: u64 = 64;

/// What can be read apart from everything else.
#[derive(Clone, Debug)]
pub(super) enum Piece {
    Group { path: Path, file: Inspection, group: usize },
    Csv { path: Path, bytes: Range<u64>, dialect: CsvDialect, from: Option<Mark> },
}

/// Where the files are from, and what their columns are taken to be.
#[derive(Clone, Copy)]
pub(super) struct Content<'a> {
    pub(super) root: DatasetRoot,
    pub(super) schema: &'a TableSchema,
}

impl Piece {
    /// A CSV cut at these marks.
    pub(super) fn cut(&self, marks: &[Mark]) -> Vec<Self> {
        let Self::Csv { path, bytes, dialect, from } = self else { return vec![self.clone()] };
        let starts = std::iter::once((bytes.start, *from))
            .chain(marks.iter().map(|mark| (mark.offset, Some(*mark))));
        let ends = marks.iter().map(|mark| mark.offset).chain([bytes.end]);
        let piece = |((start, from), end): ((u64, Option<Mark>), u64)| Self::Csv {
            path: path.clone(),
            bytes: start..end,
            dialect: dialect.clone(),
            from,
        };
        starts.zip(ends).map(piece).collect()
    }

    /// Rows, if the file's footer states them; bytes of `columns`.
    fn size(&self, columns: &[usize]) -> Result<(Option<u64>, u64), String> {
        match self {
            Self::Group { file, group, path } => {
                let ranges = file.ranges(*group, columns).map_err(|e| format!("{path}: {e}"))?;
                let bytes = ranges.iter().map(|range| range.end - range.start).sum();
                Ok((file.group_rows(*group), bytes))
            }
            Self::Csv { bytes, .. } => Ok((None, bytes.end - bytes.start)),
        }
    }

    /// The file, and which of its bytes: row groups by number, counted from 0; a CSV by bytes.
    fn named(&self) -> (&Path, Value) {
        match self {
            Self::Group { path, group, .. } => (path, json!(group.to_string())),
            Self::Csv { path, bytes, .. } => {
                (path, json!([bytes.start.to_string(), bytes.end.to_string()]))
            }
        }
    }

    fn dialect(&self) -> Option<&CsvDialect> {
        match self {
            Self::Group { .. } => None,
            Self::Csv { dialect, .. } => Some(dialect),
        }
    }
}

/// Neighbouring pieces joined until a range has `rows` rows; at least one range, if of nothing.
///
/// # Errors
/// When a footer's places are refused.
pub(super) fn ranges(
    pieces: &[Piece],
    content: Option<Content<'_>>,
    columns: &[usize],
    rows: u64,
) -> Result<Vec<TableRange>, String> {
    let (mut ranges, mut weight) = (Vec::<TableRange>::new(), u64::MAX);
    for (at, piece) in pieces.iter().enumerate() {
        let (stated, bytes) = piece.size(columns)?;
        let heavy = stated.unwrap_or(bytes / CSV_ROW_BYTES);
        let place = at as u64;
        match ranges.last_mut() {
            Some(range) if weight < rows => {
                range.places.end = place + 1;
                range.rows = range.rows.zip(stated).map(|(a, b)| a.saturating_add(b));
                range.bytes = range.bytes.saturating_add(bytes);
                weight = weight.saturating_add(heavy);
            }
            _ => {
                let places = place..place + 1;
                ranges.push(TableRange { places, rows: stated, bytes, content: None });
                weight = heavy;
            }
        }
    }
    if ranges.is_empty() {
        ranges.push(TableRange { places: 0..0, rows: Some(0), bytes: 0, content: None });
    }
    for range in &mut ranges {
        let places = range.places.start as usize..range.places.end as usize;
        range.content = content.map(|content| named(content, &pieces[places]));
    }
    Ok(ranges)
}

/// The content address of a range: the version's root and, per file, which of its bytes, read how.
/// A file's own digest would be shorter, but is its publisher's word until the whole file was read,
/// while every byte is checked against the root.
fn named(content: Content<'_>, pieces: &[Piece]) -> Value {
    let mut files: Vec<(String, Vec<Value>, Option<&CsvDialect>)> = Vec::new();
    for piece in pieces {
        let (path, bytes) = piece.named();
        match files.last_mut() {
            Some((last, parts, _)) if last == path.as_ref() => parts.push(bytes),
            _ => files.push((path.to_string(), vec![bytes], piece.dialect())),
        }
    }
    let file = |(path, parts, dialect): (String, Vec<Value>, Option<&CsvDialect>)| {
        let mut file = Map::new();
        file.insert("path".to_owned(), json!(path));
        match dialect {
            None => file.insert("groups".to_owned(), Value::Array(parts)),
            Some(dialect) => {
                // What a field means is the manifest's word, which the root does not cover.
                file.insert("csv".to_owned(), json!(dialect));
                let columns = content.schema.columns().iter();
                let columns = columns.map(|c| json!([c.name, c.column_type.to_string()]));
                file.insert("columns".to_owned(), columns.collect());
                file.insert("bytes".to_owned(), Value::Array(parts))
            }
        };
        Value::Object(file)
    };
    let files: Vec<Value> = files.into_iter().map(file).collect();
    json!({ "files": files, "root": content.root.to_hex() })
}

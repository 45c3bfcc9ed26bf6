//! Which files of a dataset are tables: runs of positions in the layout's list of files, so that
//! 100,000 files of one schema are one entry.

use serde::{Deserialize, Serialize};
use veritrail_provenance::layout::{FileEntry, FilePath, Layout};

use crate::ingest::csv::{CsvDialect, DialectError};
use crate::schema::TableSchema;

/// How a table's files are written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TableFormat {
    /// Comma-separated values, by this dialect.
    Csv(CsvDialect),
    /// Parquet; how to read it stands in the file.
    Parquet,
}

/// Files `from` up to, but not with, `to` of the layout's list, counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "[u64; 2]", into = "[u64; 2]")]
pub struct FileRange {
    /// The first file.
    pub from: u64,
    /// The first file behind the range.
    pub to: u64,
}

/// Files of one format and one schema.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    files: Vec<FileRange>,
    rows: u64,
    format: TableFormat,
    columns: TableSchema,
}

/// One file that was found to be a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableFile {
    /// Its path in the dataset.
    pub path: FilePath,
    /// Its rows.
    pub rows: u64,
    /// How it is written.
    pub format: TableFormat,
    /// Its columns.
    pub schema: TableSchema,
}

/// Why tables do not fit their layout.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TablesError {
    /// A table of a file that the layout does not list.
    #[error("{0} is described as a table but is no file of the dataset")]
    NoSuchFile(FilePath),
    /// A file is described twice.
    #[error("a file belongs to one table at most; file {0} of the list belongs to two")]
    InTwoTables(u64),
    /// Ranges that are empty, out of order, adjacent, or beyond the last file.
    #[error("table {table}: its file ranges are not ascending, apart, and within {files} files")]
    BadRanges {
        /// The table, from 1.
        table: usize,
        /// Files of the layout.
        files: u64,
    },
    /// Two tables with one format and schema, or not in the order of their first files.
    #[error("tables {first} and {second} are one, or not in the order of their first files")]
    NotGrouped {
        /// One of them, from 1.
        first: usize,
        /// The other.
        second: usize,
    },
    /// A dialect that no CSV can be read by.
    #[error("table {table}: {cause}")]
    Dialect {
        /// The table, from 1.
        table: usize,
        /// What is wrong with it.
        cause: DialectError,
    },
    /// More rows than can be counted in JSON.
    #[error("table {table} has more rows than 2^53")]
    TooManyRows {
        /// The table, from 1.
        table: usize,
    },
}

/// Integers above this are not exact in every JSON reader (RFC 7493, section 2.2).
const MAX_ROWS: u64 = 1 << 53;

impl Table {
    /// Groups `files` by format and schema, in the order of their first files in `layout`. Cost:
    /// one comparison with each group per file.
    pub fn group(layout: &Layout, files: Vec<TableFile>) -> Result<Vec<Table>, TablesError> {
        let mut placed = Vec::with_capacity(files.len());
        for file in files {
            let found = layout.files().binary_search_by(|entry| entry.path.cmp(&file.path));
            let index = found.map_err(|_| TablesError::NoSuchFile(file.path.clone()))?;
            placed.push((index as u64, file));
        }
        placed.sort_by_key(|(index, _)| *index);
        let mut tables: Vec<Table> = Vec::new();
        for (index, file) in placed {
            let same =
                |table: &&mut Table| table.format == file.format && table.columns == file.schema;
            match tables.iter_mut().find(same) {
                Some(table) => table.add(index, file.rows)?,
                None => tables.push(Table {
                    files: vec![FileRange { from: index, to: index + 1 }],
                    rows: file.rows,
                    format: file.format,
                    columns: file.schema,
                }),
            }
        }
        check(&tables, layout.files().len() as u64)?;
        Ok(tables)
    }

    /// Which files of the layout's list.
    pub fn ranges(&self) -> &[FileRange] {
        &self.files
    }

    /// The entries of its files in `layout`, which must be the layout of the same manifest.
    pub fn files<'a>(&'a self, layout: &'a Layout) -> impl Iterator<Item = &'a FileEntry> {
        self.files.iter().flat_map(|range| {
            let from = usize::try_from(range.from).unwrap_or(usize::MAX);
            let to = usize::try_from(range.to).unwrap_or(usize::MAX);
            layout.files().get(from..to).unwrap_or_default()
        })
    }

    /// Rows of all its files together, as the publisher counted them. A scan counts again.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// How its files are written.
    pub fn format(&self) -> &TableFormat {
        &self.format
    }

    /// Its columns.
    pub fn schema(&self) -> &TableSchema {
        &self.columns
    }

    fn add(&mut self, index: u64, rows: u64) -> Result<(), TablesError> {
        self.rows = self.rows.saturating_add(rows);
        match self.files.last_mut() {
            Some(last) if last.to == index => last.to += 1,
            Some(last) if last.to > index => return Err(TablesError::InTwoTables(index)),
            _ => self.files.push(FileRange { from: index, to: index + 1 }),
        }
        Ok(())
    }
}

/// Checks that `tables` are in the one form for a layout of `files` files.
pub(super) fn check(tables: &[Table], files: u64) -> Result<(), TablesError> {
    let mut ranges = Vec::new();
    for (index, table) in tables.iter().enumerate() {
        let position = index + 1;
        let mut free = 0;
        for (number, range) in table.files.iter().enumerate() {
            let apart = if number == 0 { range.from >= free } else { range.from > free };
            if !apart || range.from >= range.to || range.to > files {
                return Err(TablesError::BadRanges { table: position, files });
            }
            free = range.to;
            ranges.push(*range);
        }
        if table.files.is_empty() {
            return Err(TablesError::BadRanges { table: position, files });
        }
        if table.rows > MAX_ROWS {
            return Err(TablesError::TooManyRows { table: position });
        }
        if let TableFormat::Csv(dialect) = &table.format {
            dialect.check().map_err(|cause| TablesError::Dialect { table: position, cause })?;
        }
    }
    check_order(tables)?;
    ranges.sort_by_key(|range| range.from);
    for pair in ranges.windows(2) {
        if let [a, b] = pair
            && b.from < a.to
        {
            return Err(TablesError::InTwoTables(b.from));
        }
    }
    Ok(())
}

fn check_order(tables: &[Table]) -> Result<(), TablesError> {
    let first = |table: &Table| table.files.first().map_or(0, |range| range.from);
    let mut seen = std::collections::HashMap::new();
    for (index, table) in tables.iter().enumerate() {
        let second = index + 1;
        if let Some(before) = index.checked_sub(1).and_then(|before| tables.get(before))
            && first(before) >= first(table)
        {
            return Err(TablesError::NotGrouped { first: index, second });
        }
        // Equal tables have equal texts: comparing all pairs would be quadratic in a hostile head.
        let key = (format!("{:?}", table.format), format!("{:?}", table.columns));
        if let Some(first) = seen.insert(key, second) {
            return Err(TablesError::NotGrouped { first, second });
        }
    }
    Ok(())
}

impl From<[u64; 2]> for FileRange {
    fn from([from, to]: [u64; 2]) -> Self {
        FileRange { from, to }
    }
}

impl From<FileRange> for [u64; 2] {
    fn from(range: FileRange) -> Self {
        [range.from, range.to]
    }
}

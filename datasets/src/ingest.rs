//! How files are read: what each format is, which of them are tables, and how to scan them.
//!
//! Every format has the same two halves: finding out (once, at publication, over the whole file:
//! [`find_out`]) and reading (any number of times, by the schema that the manifest holds).

pub mod bytes;
pub mod csv;
pub mod parquet;

use std::fs::File;
use std::io;

use veritrail_provenance::layout::FilePath;

use crate::describe::{DescribedFormat, FileDescription};
use crate::manifest::{TableFile, TableFormat};
use bytes::Seen;

/// What publication needs to know of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Format, schema and rows, if it is a table.
    pub table: Option<TableFile>,
    /// The bytes that were seen while finding out, if all were: the next pass must see the same
    /// ([`crate::walk::Source::check_same`]).
    pub seen: Option<Seen>,
    /// Offsets in the file where it wants to be cut, ascending; none: content decides.
    pub cuts: Vec<u64>,
    /// What was decided without being declared, for the publisher.
    pub notes: Vec<String>,
}

/// Why a file that should be a table is none.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    /// Not a CSV that can be read as a table.
    #[error("{path}: {cause}")]
    Csv {
        /// The file, by its path in the dataset.
        path: FilePath,
        /// What is wrong, and where.
        cause: csv::CsvError,
    },
    /// Not a Parquet file that can be read as a table.
    #[error("{path}: {cause}")]
    Parquet {
        /// The file, by its path in the dataset.
        path: FilePath,
        /// What is wrong, and where.
        cause: parquet::ParquetRefused,
    },
    /// Something is said about columns or a dialect of a file that has none.
    #[error("{path}: {what} is described, but the file is read as {format}")]
    Misdescribed {
        /// The file, by its path in the dataset.
        path: FilePath,
        /// What is described.
        what: &'static str,
        /// How it is read.
        format: &'static str,
    },
}

impl IngestError {
    /// What a publisher can do who does not need the file as a table.
    pub fn remedy(&self) -> String {
        let path = match self {
            IngestError::Csv { path, .. }
            | IngestError::Parquet { path, .. }
            | IngestError::Misdescribed { path, .. } => path,
        };
        format!("to publish it as it stands, say [file.{:?}] format = \"bytes\"", path.as_str())
    }
}

/// How a file is read: as it is described, else by the end of its name (`.csv`, `.tsv`, `.tab`;
/// `.parquet`, `.parq`, `.pq`), else as bytes.
pub fn format_of(path: &FilePath, said: &FileDescription) -> DescribedFormat {
    if let Some(format) = said.format {
        return format;
    }
    let name = path.as_str().to_ascii_lowercase();
    let ends = |endings: &[&str]| endings.iter().any(|ending| name.ends_with(ending));
    match () {
        () if ends(&[".csv", ".tsv", ".tab"]) => DescribedFormat::Csv,
        () if ends(&[".parquet", ".parq", ".pq"]) => DescribedFormat::Parquet,
        () => DescribedFormat::Bytes,
    }
}

/// Finds out what the open `file` is. A CSV is read as a whole; of a Parquet file the footer is
/// checked, and nothing of other files is read.
pub fn find_out(
    path: &FilePath,
    file: &File,
    said: &FileDescription,
) -> Result<Found, IngestError> {
    match format_of(path, said) {
        DescribedFormat::Csv => find_out_csv(path, file, said),
        DescribedFormat::Parquet => find_out_parquet(path, file, said),
        DescribedFormat::Bytes => {
            check_no_dialect(path, said, "bytes")?;
            if !said.columns.is_empty() {
                let (what, format) = ("a column", "bytes");
                return Err(IngestError::Misdescribed { path: path.clone(), what, format });
            }
            Ok(Found { table: None, seen: None, cuts: Vec::new(), notes: Vec::new() })
        }
    }
}

fn find_out_csv(
    path: &FilePath,
    file: &File,
    said: &FileDescription,
) -> Result<Found, IngestError> {
    let refused = |cause| IngestError::Csv { path: path.clone(), cause };
    io::Seek::rewind(&mut &*file).map_err(|error| refused(error.into()))?;
    let csv::Inference { dialect, schema, rows, seen, notes } =
        csv::infer(file, said).map_err(refused)?;
    let format = TableFormat::Csv(dialect);
    Ok(Found {
        table: Some(TableFile { path: path.clone(), rows, format, schema }),
        seen: Some(seen),
        cuts: Vec::new(),
        notes: notes.iter().map(ToString::to_string).collect(),
    })
}

fn find_out_parquet(
    path: &FilePath,
    file: &File,
    said: &FileDescription,
) -> Result<Found, IngestError> {
    check_no_dialect(path, said, "Parquet")?;
    let refused = |cause| IngestError::Parquet { path: path.clone(), cause };
    let inspection = parquet::inspect(file).map_err(refused)?;
    let (rows, format) = (inspection.rows(), TableFormat::Parquet);
    let schema = inspection.described(said).map_err(refused)?;
    Ok(Found {
        table: Some(TableFile { path: path.clone(), rows, format, schema }),
        seen: None,
        cuts: parquet::cut_points(file),
        notes: Vec::new(),
    })
}

fn check_no_dialect(
    path: &FilePath,
    said: &FileDescription,
    format: &'static str,
) -> Result<(), IngestError> {
    let what = match said {
        FileDescription { delimiter: Some(_), .. } => "delimiter",
        FileDescription { decimal: Some(_), .. } => "decimal",
        FileDescription { encoding: Some(_), .. } => "encoding",
        FileDescription { nulls: Some(_), .. } => "nulls",
        FileDescription { skip_lines: Some(_), .. } => "skip_lines",
        FileDescription { header_rows: Some(_), .. } => "header_rows",
        _ => return Ok(()),
    };
    Err(IngestError::Misdescribed { path: path.clone(), what, format })
}

//! How files are read: what each format is, which of them are tables, and how to scan them.
//!
//! Every format has the same two halves: finding out (once, at publication, over the whole file)
//! and reading (any number of times, by the schema that the manifest holds).

pub mod bytes;
pub mod csv;
pub mod parquet;

use crate::describe::{DescribedFormat, FileDescription};

/// Something is said about a file that it does not have, read as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} is described, but the file is read as {format}, which has none")]
pub struct Misdescribed {
    /// The key of the description.
    pub what: &'static str,
    /// How the file is read.
    pub format: &'static str,
}

/// How the file at `path` is read: as it is described, else by the end of its name (`.csv`,
/// `.tsv`, `.tab`; `.parquet`, `.parq`, `.pq`), else as bytes. What is said about it must have a
/// place in that format: a wish is never silently ignored.
pub fn format_of(path: &str, said: &FileDescription) -> Result<DescribedFormat, Misdescribed> {
    let format = said.format.unwrap_or_else(|| by_name(path));
    let name = match format {
        DescribedFormat::Csv => return Ok(format),
        DescribedFormat::Parquet => "Parquet",
        DescribedFormat::Bytes => "bytes",
    };
    let what = match said {
        FileDescription { delimiter: Some(_), .. } => "delimiter",
        FileDescription { decimal: Some(_), .. } => "decimal",
        FileDescription { encoding: Some(_), .. } => "encoding",
        FileDescription { nulls: Some(_), .. } => "nulls",
        FileDescription { skip_lines: Some(_), .. } => "skip_lines",
        FileDescription { header_rows: Some(_), .. } => "header_rows",
        said if format == DescribedFormat::Bytes && !said.columns.is_empty() => "column",
        _ => return Ok(format),
    };
    Err(Misdescribed { what, format: name })
}

fn by_name(path: &str) -> DescribedFormat {
    let name = path.to_ascii_lowercase();
    let ends = |endings: &[&str]| endings.iter().any(|ending| name.ends_with(ending));
    match () {
        () if ends(&[".csv", ".tsv", ".tab"]) => DescribedFormat::Csv,
        () if ends(&[".parquet", ".parq", ".pq"]) => DescribedFormat::Parquet,
        () => DescribedFormat::Bytes,
    }
}

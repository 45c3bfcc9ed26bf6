//! A guess of what could be committed to, from the rows themselves. It is for the holder's eyes
//! alone, and nothing is written.

use std::path::PathBuf;

use serde::Serialize;
use veritrail_datasets::{
    describe::Description,
    ingest::{csv::Scan, parquet},
    manifest::TableFormat,
    private::Suggesting,
};

use super::{
    describe,
    inspect::{self, Inspected, at_path},
};
use crate::{
    error::{NodeError, Result},
    progress::Progress,
};

/// What could be declared of one file.
#[derive(Debug, Clone, Serialize)]
pub struct Suggestion {
    /// The file.
    pub path: String,
    /// As `--commit` takes it; None where no column is fit for it.
    pub commit: Option<String>,
    /// Columns that nothing is suggested for.
    pub others: Vec<String>,
}

/// Looks at every row of the tables at `paths`. Needs no home.
pub async fn suggest(
    paths: &[PathBuf],
    description: Option<&std::path::Path>,
    progress: &dyn Progress,
) -> Result<Vec<Suggestion>> {
    let description = match description {
        Some(path) => describe(path)?,
        None => Description::default(),
    };
    tokio::task::block_in_place(|| {
        let found = inspect::inspect(paths, &description, progress)?;
        let tables = found.iter().filter(|file| file.table().is_some());
        let all: Vec<Suggestion> = tables.map(of_file).collect::<Result<_>>()?;
        match all.is_empty() {
            true => Err(NodeError::usage("none of the files is a table")
                .at("--suggest")
                .hint("name a CSV or Parquet file, or say in --describe how the file is read")),
            false => Ok(all),
        }
    })
}

fn of_file(file: &Inspected) -> Result<Suggestion> {
    let failed = |e: &dyn std::fmt::Display| at_path(&file.source.on_disk, e);
    let open = file.source.open().map_err(|e| failed(&e))?;
    let path = file.source.path.to_string();
    let Some((format, schema)) = file.table() else {
        return Ok(Suggestion { path, commit: None, others: Vec::new() });
    };
    let all: Vec<usize> = (0..schema.columns().len()).collect();
    let mut suggesting = Suggesting::new(schema);
    match format {
        TableFormat::Csv(dialect) => {
            let scan = Scan::as_written(&open, dialect, schema, &all).map_err(|e| failed(&e))?;
            for batch in scan {
                suggesting.see(&batch.map_err(|e| failed(&e))?);
            }
        }
        TableFormat::Parquet => {
            let found = parquet::inspect(&open).map_err(|e| failed(&e))?;
            for group in 0..found.row_groups() {
                for batch in found.read(&open, group, &all).map_err(|e| failed(&e))? {
                    suggesting.see(&batch.map_err(|e| failed(&e))?);
                }
            }
        }
    }
    let (schema, others) = suggesting.finish();
    Ok(Suggestion { path, commit: schema.map(|schema| schema.to_string()), others })
}

//! From a dataset's files to the tables of a query: bytes are read from blobs, each piece checked
//! against its hash, by the schema that the manifest holds.

mod csv;
mod parquet;

use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use veritrail_compute::sql::{BatchStream, TableSource};
use veritrail_datasets::{
    manifest::{Manifest, TableFormat},
    table::{self, TableInput},
};
use veritrail_provenance::layout::Layout;
use veritrail_storage::blob::Blobs;

use self::{
    csv::{CsvFile, CsvTable},
    parquet::ParquetTable,
};
use crate::error::{NodeError, OrKind as _, Result};

/// A dataset whose list of files is at hand.
#[derive(Debug, Clone)]
pub(super) struct Opened {
    /// Where its bytes are.
    pub(super) blobs: Arc<dyn Blobs>,
    /// What its files mean.
    pub(super) manifest: Arc<Manifest>,
    /// Its files and chunks.
    pub(super) layout: Arc<Layout>,
}

impl Opened {
    /// The table `name` of a query: the file or files that `select` names, all tables without it.
    pub(super) async fn table(
        &self,
        name: &str,
        select: Option<&str>,
    ) -> Result<Arc<dyn TableSource>> {
        let place = || match select {
            Some(select) => format!("input {name}, {select}"),
            None => format!("input {name}"),
        };
        let chosen = table::select(&self.manifest, &self.layout, select)
            .map_err(|e| NodeError::usage(e.to_string()).at(place()))?;
        let TableInput { schema, parts } = chosen;
        let (mut csv, mut parquet) = (Vec::new(), Vec::new());
        for part in parts {
            match part.format {
                TableFormat::Csv(dialect) => csv.push(CsvFile { path: part.path, dialect }),
                TableFormat::Parquet => parquet.push(part.path),
            }
        }
        let csv = (!csv.is_empty()).then(|| CsvTable {
            name: name.to_owned(),
            layout: Arc::clone(&self.layout),
            blobs: Arc::clone(&self.blobs),
            schema: schema.clone(),
            files: csv,
        });
        let parquet = match parquet.is_empty() {
            true => None,
            false => Some(ParquetTable::open(name, self, &schema, parquet).await.or_refused()?),
        };
        match (csv, parquet) {
            (Some(csv), None) => Ok(Arc::new(csv)),
            (None, Some(parquet)) => Ok(Arc::new(parquet)),
            (Some(csv), Some(parquet)) => Ok(Arc::new(Mixed { csv, parquet })),
            (None, None) => Err(NodeError::usage("no file is chosen").at(place())),
        }
    }
}

/// CSV and Parquet files of one schema: the CSV's parts come first.
#[derive(Debug)]
struct Mixed {
    csv: CsvTable,
    parquet: ParquetTable,
}

impl Mixed {
    /// How `parts` are shared out: at least one each.
    fn shares(&self, parts: usize) -> (usize, usize) {
        let csv = self.csv.partitions(parts.saturating_sub(1).max(1));
        (csv, parts.saturating_sub(csv).max(1))
    }
}

impl TableSource for Mixed {
    fn schema(&self) -> SchemaRef {
        self.csv.schema()
    }

    fn partitions(&self, wanted: usize) -> usize {
        let csv = self.csv.partitions(wanted);
        csv + self.parquet.partitions(wanted.saturating_sub(csv).max(1))
    }

    fn open(&self, part: usize, parts: usize, columns: &[usize]) -> BatchStream {
        let (csv, parquet) = self.shares(parts);
        match part.checked_sub(csv) {
            None => self.csv.open(part, csv, columns),
            Some(part) => self.parquet.open(part, parquet, columns),
        }
    }
}

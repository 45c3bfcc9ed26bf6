//! CSV files of one schema as one table of a query: one part a file, scanned by the schema that
//! the manifest holds.

use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use futures::{StreamExt as _, stream};
use tokio::{runtime::Handle, sync::mpsc};
use veritrail_compute::sql::{BatchStream, ReadError, TableSource};
use veritrail_datasets::{
    ingest::csv::{CsvDialect, Scan},
    schema::TableSchema,
};
use veritrail_provenance::layout::{FilePath, Layout};
use veritrail_storage::blob::Blobs;

use crate::node::file_bytes::{FilePieces, FileReader};

/// Batches that may wait for the query.
const BATCHES_AHEAD: usize = 2;

/// One file of the table.
#[derive(Debug, Clone)]
pub(super) struct CsvFile {
    pub(super) path: FilePath,
    pub(super) dialect: CsvDialect,
}

/// The table.
#[derive(Debug)]
pub(super) struct CsvTable {
    pub(super) name: String,
    pub(super) layout: Arc<Layout>,
    pub(super) blobs: Arc<dyn Blobs>,
    pub(super) schema: TableSchema,
    pub(super) files: Vec<CsvFile>,
}

impl TableSource for CsvTable {
    fn schema(&self) -> SchemaRef {
        self.schema.arrow()
    }

    fn partitions(&self, wanted: usize) -> usize {
        wanted.clamp(1, self.files.len().max(1))
    }

    fn open(&self, part: usize, parts: usize, columns: &[usize]) -> BatchStream {
        let files: Vec<CsvFile> =
            self.files.iter().skip(part).step_by(parts.max(1)).cloned().collect();
        let (layout, blobs) = (Arc::clone(&self.layout), Arc::clone(&self.blobs));
        let (schema, columns, table) = (self.schema.clone(), columns.to_vec(), self.name.clone());
        let runtime = match Handle::try_current() {
            Ok(runtime) => runtime,
            Err(e) => {
                return stream::iter([Err(ReadError { table, message: e.to_string() })]).boxed();
            }
        };
        let (sender, receiver) = mpsc::channel(BATCHES_AHEAD);
        runtime.clone().spawn_blocking(move || {
            for file in files {
                let part = Part { file, layout: &layout, blobs: &blobs, schema: &schema };
                let goes_on = part.scan(&columns, &runtime, |batch| {
                    let named = batch.map_err(|message| ReadError {
                        table: format!("{table} ({})", part.file.path),
                        message,
                    });
                    let failed = named.is_err();
                    // Nobody listens any more: the query is done or was given up.
                    sender.blocking_send(named).is_ok() && !failed
                });
                if !goes_on {
                    return;
                }
            }
        });
        stream::unfold(receiver, |mut receiver| async {
            receiver.recv().await.map(|batch| (batch, receiver))
        })
        .boxed()
    }
}

struct Part<'a> {
    file: CsvFile,
    layout: &'a Layout,
    blobs: &'a Arc<dyn Blobs>,
    schema: &'a TableSchema,
}

impl Part<'_> {
    /// Hands every batch to `take` until it says no; false if it did.
    fn scan(
        &self,
        columns: &[usize],
        runtime: &Handle,
        mut take: impl FnMut(Result<arrow::record_batch::RecordBatch, String>) -> bool,
    ) -> bool {
        let pieces = match FilePieces::new(self.layout, &self.file.path, Arc::clone(self.blobs)) {
            Ok(pieces) => pieces,
            Err(e) => return take(Err(e.to_string())),
        };
        let reader = FileReader::new(pieces, runtime.clone());
        let scan = match Scan::of_columns(reader, &self.file.dialect, self.schema, columns) {
            Ok(scan) => scan,
            Err(e) => return take(Err(e.to_string())),
        };
        for batch in scan {
            if !take(batch.map_err(|e| e.to_string())) {
                return false;
            }
        }
        true
    }
}

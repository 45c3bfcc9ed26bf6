//! Tables whose rows are files behind an object store: Parquet by row group, CSV by file.
//!
//! Both are read by the guarded readers of datasets: a Parquet footer decides where bytes are and
//! nothing else, and a CSV has the schema that its manifest declares.

use std::io::{self, Read};
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use bytes::{Buf, Bytes};
use futures::StreamExt;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use veritrail_datasets::ingest::csv::{CsvDialect, Scan};
use veritrail_datasets::ingest::parquet::{Inspection, inspect_object, read_object_group};
use veritrail_datasets::manifest::TableFormat;
use veritrail_datasets::schema::{Column, TableSchema};
use veritrail_datasets::table::TableInput;

use super::table::{BatchStream, ReadError, TableSource};

/// Bytes of a CSV that are asked for at once.
const PIECE_BYTES: u64 = 1 << 20;

/// Batches that a reader may be ahead of its query.
const BATCHES_AHEAD: usize = 2;

/// One table over the files of a dataset.
#[derive(Clone, Debug)]
pub struct FileTable {
    name: String,
    store: Arc<dyn ObjectStore>,
    schema: TableSchema,
    arrow: SchemaRef,
    /// What can be read apart from everything else: row groups and whole CSVs.
    units: Arc<[Unit]>,
}

#[derive(Clone, Debug)]
enum Unit {
    Group { path: Path, file: Inspection, group: usize },
    Csv { path: Path, bytes: u64, dialect: CsvDialect },
}

impl FileTable {
    /// Finds out what there is to read: the footer of each Parquet file, and nothing of a CSV.
    ///
    /// `name` is the table's in the query, for messages. The object store's paths must be the
    /// dataset's own, as `LayoutStore` has them.
    ///
    /// # Errors
    /// When a footer is refused, or holds another schema than the manifest declares.
    pub async fn open(
        name: &str,
        store: Arc<dyn ObjectStore>,
        input: &TableInput,
    ) -> Result<Self, ReadError> {
        let mut units = Vec::new();
        for part in &input.parts {
            let table = format!("{name} ({})", part.path);
            let fail = |message: String| ReadError { table: table.clone(), message };
            let path = Path::parse(part.path.as_str()).map_err(|error| fail(error.to_string()))?;
            match &part.format {
                TableFormat::Csv(dialect) => {
                    units.push(Unit::Csv { path, bytes: part.bytes, dialect: dialect.clone() });
                }
                TableFormat::Parquet => {
                    let file = inspect_object(store.as_ref(), &path)
                        .await
                        .map_err(|error| fail(error.to_string()))?;
                    if let Some(difference) = other_table(&input.schema, file.schema()) {
                        return Err(fail(format!(
                            "it is not what the manifest says: {difference}"
                        )));
                    }
                    units.extend((0..file.row_groups()).map(|group| Unit::Group {
                        path: path.clone(),
                        file: file.clone(),
                        group,
                    }));
                }
            }
        }
        let (schema, arrow) = (input.schema.clone(), input.schema.arrow());
        Ok(Self { name: name.to_owned(), store, schema, arrow, units: units.into() })
    }
}

/// Where names or types differ; units and descriptions are the manifest's alone.
fn other_table(declared: &TableSchema, found: &TableSchema) -> Option<String> {
    let bare = |schema: &TableSchema| {
        let columns =
            schema.columns().iter().map(|c| Column::new(c.name.clone(), c.column_type.clone()));
        TableSchema::new(columns.collect())
    };
    match (bare(found), bare(declared)) {
        (Ok(found), Ok(declared)) => found.first_difference(&declared),
        (Err(error), _) | (_, Err(error)) => Some(error.to_string()),
    }
}

impl TableSource for FileTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.arrow)
    }

    fn partitions(&self, wanted: usize) -> usize {
        wanted.clamp(1, self.units.len().max(1))
    }

    fn open(&self, part: usize, parts: usize, columns: &[usize]) -> BatchStream {
        let (table, columns) = (self.clone(), columns.to_vec());
        let places = (part..self.units.len()).step_by(parts.max(1));
        futures::stream::iter(places)
            .flat_map(move |at| table.read(&table.units[at], &columns))
            .boxed()
    }
}

impl FileTable {
    /// One unit's rows, decoded on a thread that may block.
    fn read(&self, unit: &Unit, columns: &[usize]) -> BatchStream {
        let (sender, receiver) = mpsc::channel(BATCHES_AHEAD);
        let (store, columns, unit) = (Arc::clone(&self.store), columns.to_vec(), unit.clone());
        let table = self.name.clone();
        match unit {
            Unit::Group { path, file, group } => {
                tokio::spawn(async move {
                    let read =
                        read_object_group(store.as_ref(), &path, &file, group, &columns).await;
                    // A refusal names the row group itself.
                    let name = format!("{table} ({path})");
                    match read {
                        Ok(rows) => {
                            tokio::task::spawn_blocking(move || send_all(&name, rows, &sender));
                        }
                        Err(error) => {
                            let message = error.to_string();
                            // A closed channel: nobody wants to know.
                            sender.send(Err(ReadError { table: name, message })).await.ok();
                        }
                    }
                });
            }
            Unit::Csv { path, bytes, dialect } => {
                let schema = self.schema.clone();
                let handle = Handle::current();
                tokio::task::spawn_blocking(move || {
                    let name = format!("{table} ({path})");
                    let input =
                        ObjectReader { store, path, handle, at: 0, bytes, piece: Bytes::new() };
                    match Scan::of_columns(input, &dialect, &schema, &columns) {
                        Ok(rows) => send_all(&name, rows, &sender),
                        Err(error) => {
                            let message = error.to_string();
                            sender.blocking_send(Err(ReadError { table: name, message })).ok();
                        }
                    }
                });
            }
        }
        futures::stream::unfold(receiver, |mut receiver| async move {
            receiver.recv().await.map(|batch| (batch, receiver))
        })
        .boxed()
    }
}

type Sender = mpsc::Sender<Result<RecordBatch, ReadError>>;

/// Hands on batches until the end, an error, or until nobody listens.
fn send_all<E: std::fmt::Display>(
    name: &str,
    rows: impl Iterator<Item = Result<RecordBatch, E>>,
    sender: &Sender,
) {
    for batch in rows {
        let batch =
            batch.map_err(|error| ReadError { table: name.to_owned(), message: error.to_string() });
        let last = batch.is_err();
        if sender.blocking_send(batch).is_err() || last {
            return;
        }
    }
}

/// An object as a blocking reader, on a thread that may block.
struct ObjectReader {
    store: Arc<dyn ObjectStore>,
    path: Path,
    handle: Handle,
    at: u64,
    bytes: u64,
    piece: Bytes,
}

impl Read for ObjectReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if !self.piece.has_remaining() {
            let end = self.bytes.min(self.at + PIECE_BYTES);
            if end == self.at {
                return Ok(0);
            }
            let range = self.at..end;
            let piece = self.handle.block_on(self.store.get_range(&self.path, range));
            self.piece = piece.map_err(io::Error::other)?;
            if !self.piece.has_remaining() {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            self.at += self.piece.len() as u64;
        }
        let taken = self.piece.len().min(buffer.len());
        self.piece.split_to(taken).copy_to_slice(&mut buffer[..taken]);
        Ok(taken)
    }
}

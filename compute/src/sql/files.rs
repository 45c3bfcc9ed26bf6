//! Tables whose rows are files behind an object store: Parquet by row group, CSV by file or, where
//! it is long, by pieces that begin with a record.
//!
//! Both are read by the guarded readers of datasets: a Parquet footer decides where bytes are and
//! nothing else, and a CSV has the schema that its manifest declares.

mod pieces;

use std::io::{self, Read};
use std::ops::Range;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use bytes::{Buf, Bytes};
use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use tokio::runtime::Handle;
use tokio::sync::{OnceCell, mpsc};
use veritrail_datasets::ingest::csv::{CsvDialect, Scan, marks};
use veritrail_datasets::ingest::parquet::{inspect_object, read_object_group};
use veritrail_datasets::manifest::TableFormat;
use veritrail_datasets::schema::{Column, TableSchema};
use veritrail_datasets::table::TableInput;
use veritrail_provenance::hash::DatasetRoot;

use self::pieces::{Content, Piece, ranges};
use super::table::{BatchStream, ReadError, TableRange, TableSource};

/// Bytes of a CSV that are asked for at once.
const PIECE_BYTES: u64 = 1 << 20;

/// Bytes of a CSV between two places where it may be cut.
const CUT_BYTES: u64 = 1 << 20;

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
    pieces: Arc<[Piece]>,
    /// The same, long CSVs in several pieces; found out when ranges are first asked for.
    cut: Arc<OnceCell<Arc<[Piece]>>>,
    /// The version whose files these are.
    root: Option<DatasetRoot>,
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
        let mut pieces = Vec::new();
        for part in &input.parts {
            let table = format!("{name} ({})", part.path);
            let fail = |message: String| ReadError { table: table.clone(), message };
            let path = Path::parse(part.path.as_str()).map_err(|error| fail(error.to_string()))?;
            match &part.format {
                TableFormat::Csv(dialect) => {
                    let (bytes, dialect) = (0..part.bytes, dialect.clone());
                    pieces.push(Piece::Csv { path, bytes, dialect, from: None });
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
                    pieces.extend((0..file.row_groups()).map(|group| Piece::Group {
                        path: path.clone(),
                        file: file.clone(),
                        group,
                    }));
                }
            }
        }
        let (schema, arrow) = (input.schema.clone(), input.schema.arrow());
        let (pieces, cut) = (pieces.into(), Arc::default());
        Ok(Self { name: name.to_owned(), store, schema, arrow, pieces, cut, root: None })
    }

    /// The same table under its content address: `root` is that of the dataset whose files these
    /// are, and the store checks every byte against it.
    #[must_use]
    pub fn rooted(self, root: DatasetRoot) -> Self {
        Self { root: Some(root), ..self }
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
        wanted.clamp(1, self.pieces.len().max(1))
    }

    fn open(&self, part: usize, parts: usize, columns: &[usize]) -> BatchStream {
        let (table, columns) = (self.clone(), columns.to_vec());
        // More parts than pieces: these were cut.
        let cut = self.cut.get().filter(|_| parts > self.pieces.len());
        let pieces = Arc::clone(cut.unwrap_or(&self.pieces));
        let places = (part..pieces.len()).step_by(parts.max(1));
        futures::stream::iter(places).flat_map(move |at| table.read(&pieces[at], &columns)).boxed()
    }

    fn split(&self, wanted: usize) -> BoxFuture<'_, Result<usize, ReadError>> {
        async move {
            let pieces = if wanted > self.pieces.len() { self.cut().await? } else { &self.pieces };
            Ok(wanted.clamp(1, pieces.len().max(1)))
        }
        .boxed()
    }

    fn ranges<'a>(
        &'a self,
        columns: &'a [usize],
        rows: u64,
    ) -> BoxFuture<'a, Result<Vec<TableRange>, ReadError>> {
        async move {
            // One range over everything needs no cuts.
            let pieces = if rows == u64::MAX { &self.pieces } else { self.cut().await? };
            let content = self.root.map(|root| Content { root, schema: &self.schema });
            ranges(pieces, content, columns, rows)
                .map_err(|message| ReadError { table: self.name.clone(), message })
        }
        .boxed()
    }

    fn open_range(&self, range: &TableRange, columns: &[usize]) -> BatchStream {
        let (table, columns) = (self.clone(), columns.to_vec());
        // Places count what was cut, and where nothing was, the whole.
        let pieces = Arc::clone(self.cut.get().unwrap_or(&self.pieces));
        futures::stream::iter(range.places.clone())
            .filter_map(move |at| {
                let piece = usize::try_from(at).ok().and_then(|at| pieces.get(at)).cloned();
                std::future::ready(piece)
            })
            .flat_map(move |piece| table.read(&piece, &columns))
            .boxed()
    }
}

impl FileTable {
    /// The pieces, long CSVs cut.
    async fn cut(&self) -> Result<&Arc<[Piece]>, ReadError> {
        self.cut
            .get_or_try_init(|| async {
                let mut pieces = Vec::new();
                for piece in self.pieces.iter() {
                    pieces.extend(self.cut_piece(piece).await?);
                }
                Ok(pieces.into())
            })
            .await
    }

    /// A long CSV in pieces; everything else, and what cannot be cut, as it is: reading it says
    /// what is wrong, with the line.
    async fn cut_piece(&self, piece: &Piece) -> Result<Vec<Piece>, ReadError> {
        let Some((input, dialect)) = self.long_csv(piece) else { return Ok(vec![piece.clone()]) };
        let found = tokio::task::spawn_blocking(move || marks(input, &dialect, CUT_BYTES)).await;
        let marks = match found {
            Ok(Ok(marks)) => marks,
            Ok(Err(_)) => Vec::new(),
            Err(error) => {
                let message = format!("the thread that looked for cuts failed: {error}");
                return Err(ReadError { table: self.name.clone(), message });
            }
        };
        Ok(piece.cut(&marks))
    }

    fn long_csv(&self, piece: &Piece) -> Option<(ObjectReader, CsvDialect)> {
        match piece {
            Piece::Csv { path, bytes, dialect, .. } if bytes.end > 2 * CUT_BYTES => {
                Some((ObjectReader::new(&self.store, path, bytes), dialect.clone()))
            }
            _ => None,
        }
    }

    /// One piece's rows, decoded on a thread that may block.
    fn read(&self, piece: &Piece, columns: &[usize]) -> BatchStream {
        let (sender, receiver) = mpsc::channel(BATCHES_AHEAD);
        let (store, columns, piece) = (Arc::clone(&self.store), columns.to_vec(), piece.clone());
        let table = self.name.clone();
        match piece {
            Piece::Group { path, file, group } => {
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
            Piece::Csv { path, bytes, dialect, from } => {
                let schema = self.schema.clone();
                let input = ObjectReader::new(&store, &path, &bytes);
                tokio::task::spawn_blocking(move || {
                    let name = format!("{table} ({path})");
                    let rows = match from {
                        None => Scan::of_columns(input, &dialect, &schema, &columns),
                        Some(mark) => Scan::resumed(input, &dialect, &schema, &columns, mark),
                    };
                    match rows {
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
    end: u64,
    piece: Bytes,
}

impl ObjectReader {
    /// The bytes of a range; must be made inside a tokio runtime.
    fn new(store: &Arc<dyn ObjectStore>, path: &Path, bytes: &Range<u64>) -> Self {
        let (store, path, handle) = (Arc::clone(store), path.clone(), Handle::current());
        Self { store, path, handle, at: bytes.start, end: bytes.end, piece: Bytes::new() }
    }
}

impl Read for ObjectReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if !self.piece.has_remaining() {
            let end = self.end.min(self.at + PIECE_BYTES);
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

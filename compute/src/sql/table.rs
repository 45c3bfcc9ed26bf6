//! Tables as they are handed in: a schema and streams of batches, wherever they come from.

use std::fmt::Debug;
use std::ops::Range;
use std::sync::Arc;

use arrow::array::RecordBatchOptions;
use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use futures::future::BoxFuture;
use futures::stream::BoxStream;
use futures::{FutureExt, StreamExt};
use serde_json::{Value, json};
use veritrail_provenance::hash::TableHash;

use crate::columns::canonical_floats;

/// A failure while a table's bytes were read or decoded; the message names the place.
#[derive(Clone, Debug, thiserror::Error)]
#[error("table {table}: {message}")]
pub struct ReadError {
    /// The table, or the file behind it.
    pub table: String,
    /// What went wrong, and where.
    pub message: String,
}

/// Batches of one part of a table, in any size.
pub type BatchStream = BoxStream<'static, Result<RecordBatch, ReadError>>;

/// Some of a table's rows, as its source cuts them: what one unit reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableRange {
    /// From the first place to the one after the last, in what the source counts: rows, row
    /// groups, pieces of a file.
    pub places: Range<u64>,
    /// Rows, where the source knows them or a file's writer stated them. For plans and progress;
    /// what was read is counted by decoding.
    pub rows: Option<u64>,
    /// Bytes to be read for the columns that were asked for.
    pub bytes: u64,
    /// Which bytes these are, by content: equal only for equal rows. `None` where the source has
    /// no content address, so that nothing made of it can be kept.
    pub content: Option<Value>,
}

/// A table that a query can read.
///
/// Unlike DataFusion's `TableProvider` it offers no statistics, no ordering and no filters: what a
/// file's writer claimed about it can neither answer a query nor prune it.
pub trait TableSource: Debug + Send + Sync {
    /// The columns as stored. Types that no table may have are allowed here and hidden from SQL.
    fn schema(&self) -> SchemaRef;

    /// Whether every NaN in its columns of type `Float64` is the canonical one, because somebody
    /// looked: then a scan does not look again.
    fn canonical(&self) -> bool {
        false
    }

    /// How many parts the rows can be read in at once, when `wanted` would be welcome; at least 1.
    fn partitions(&self, wanted: usize) -> usize;

    /// As [`Self::partitions`], after a look for further places where the rows can be cut.
    ///
    /// # Errors
    /// When a file must be looked at, and cannot be read.
    fn split(&self, wanted: usize) -> BoxFuture<'_, Result<usize, ReadError>> {
        std::future::ready(Ok(self.partitions(wanted))).boxed()
    }

    /// The rows of part `part` of `parts` (as [`Self::partitions`] or [`Self::split`] returned
    /// it): the columns at
    /// the given places of the schema, in that order. Never called without a column, so that rows
    /// are always counted by decoding, and only the chunks of these columns need be read.
    fn open(&self, part: usize, parts: usize, columns: &[usize]) -> BatchStream;

    /// The rows cut into ranges of about `rows` rows each, in order, at least one; none at all
    /// where the source cannot be read by ranges. The same source gives the same ranges for the
    /// same arguments: `columns` change their bytes alone.
    ///
    /// # Errors
    /// When a file must be looked at to cut it, and cannot be read.
    fn ranges<'a>(
        &'a self,
        columns: &'a [usize],
        rows: u64,
    ) -> BoxFuture<'a, Result<Vec<TableRange>, ReadError>> {
        let _ = (columns, rows);
        std::future::ready(Ok(Vec::new())).boxed()
    }

    /// The rows of one of [`Self::ranges`]; else as [`Self::open`].
    fn open_range(&self, range: &TableRange, columns: &[usize]) -> BatchStream {
        let message = format!("its places {:?} cannot be read apart, {columns:?}", range.places);
        let error = ReadError { table: "a source without ranges".to_owned(), message };
        futures::stream::once(std::future::ready(Err(error))).boxed()
    }
}

/// A table held in memory.
#[derive(Clone, Debug)]
pub struct MemoryTable {
    schema: SchemaRef,
    batches: Arc<[RecordBatch]>,
    hash: Option<TableHash>,
}

impl MemoryTable {
    /// A table of these batches, all of the given schema. Their floats are looked through for NaNs
    /// here, once, and not by each query.
    #[must_use]
    pub fn new(schema: SchemaRef, batches: Vec<RecordBatch>) -> Self {
        let batches = batches.into_iter().map(canonical).collect();
        Self { schema, batches, hash: None }
    }

    /// The same table under its content address. `hash` must be the hash of these rows in this
    /// order: what is made of them may then be kept and found again.
    #[must_use]
    pub fn hashed(self, hash: TableHash) -> Self {
        Self { hash: Some(hash), ..self }
    }

    fn rows(&self) -> u64 {
        self.batches.iter().map(|batch| batch.num_rows() as u64).sum()
    }
}

/// The same rows, every NaN of a Float64 the canonical one. A batch of canonical floats is itself.
fn canonical(batch: RecordBatch) -> RecordBatch {
    let columns = batch.columns().iter().map(canonical_floats).collect();
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    // Columns of the same types and lengths make a batch again.
    RecordBatch::try_new_with_options(batch.schema(), columns, &options).unwrap_or(batch)
}

/// The rows `places` of `batches`, without copying.
fn sliced(batches: &[RecordBatch], places: &Range<u64>) -> Vec<RecordBatch> {
    let (mut slices, mut start) = (Vec::new(), 0u64);
    for batch in batches {
        let end = start + batch.num_rows() as u64;
        let (from, to) = (places.start.max(start), places.end.min(end));
        if from < to {
            slices.push(batch.slice((from - start) as usize, (to - from) as usize));
        }
        start = end;
    }
    slices
}

fn projected(batch: &RecordBatch, columns: &[usize]) -> Result<RecordBatch, ReadError> {
    batch
        .project(columns)
        .map_err(|error| ReadError { table: "in memory".to_owned(), message: error.to_string() })
}

impl TableSource for MemoryTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn canonical(&self) -> bool {
        true
    }

    fn partitions(&self, wanted: usize) -> usize {
        wanted.clamp(1, self.batches.len().max(1))
    }

    fn open(&self, part: usize, parts: usize, columns: &[usize]) -> BatchStream {
        let (batches, columns) = (Arc::clone(&self.batches), columns.to_vec());
        let places = (part..batches.len()).step_by(parts.max(1));
        futures::stream::iter(places).map(move |at| projected(&batches[at], &columns)).boxed()
    }

    fn ranges<'a>(
        &'a self,
        columns: &'a [usize],
        rows: u64,
    ) -> BoxFuture<'a, Result<Vec<TableRange>, ReadError>> {
        let (all, step) = (self.rows(), rows.max(1));
        let wanted = |batch: &RecordBatch| -> u64 {
            let columns = columns.iter().filter_map(|&at| batch.columns().get(at));
            columns.map(|column| column.get_array_memory_size() as u64).sum()
        };
        let bytes: u64 = self.batches.iter().map(wanted).sum();
        let range = |start: u64| {
            let places = start..start.saturating_add(step).min(all);
            let rows = places.end - places.start;
            let share = u128::from(bytes) * u128::from(rows) / u128::from(all.max(1));
            let content = self.hash.map(|hash| {
                let rows = [places.start.to_string(), places.end.to_string()];
                json!({ "rows": rows, "table": hash.to_hex() })
            });
            TableRange { places, rows: Some(rows), bytes: share as u64, content }
        };
        // A table without rows is one range without rows.
        let starts = (0..all.max(1)).step_by(usize::try_from(step).unwrap_or(usize::MAX));
        std::future::ready(Ok(starts.map(range).collect())).boxed()
    }

    fn open_range(&self, range: &TableRange, columns: &[usize]) -> BatchStream {
        let slices = sliced(&self.batches, &range.places);
        let columns = columns.to_vec();
        futures::stream::iter(slices).map(move |batch| projected(&batch, &columns)).boxed()
    }
}

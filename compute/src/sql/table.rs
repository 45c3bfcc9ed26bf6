//! Tables as they are handed in: a schema and streams of batches, wherever they come from.

use std::fmt::Debug;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use futures::StreamExt;
use futures::stream::BoxStream;

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

/// A table that a query can read.
///
/// Unlike DataFusion's `TableProvider` it offers no statistics, no ordering and no filters: what a
/// file's writer claimed about it can neither answer a query nor prune it.
pub trait TableSource: Debug + Send + Sync {
    /// The columns as stored. Types that no table may have are allowed here and hidden from SQL.
    fn schema(&self) -> SchemaRef;

    /// How many parts the rows can be read in at once, when `wanted` would be welcome; at least 1.
    fn partitions(&self, wanted: usize) -> usize;

    /// The rows of part `part` of `parts` (as [`Self::partitions`] returned it): the columns at
    /// the given places of the schema, in that order. Never called without a column, so that rows
    /// are always counted by decoding, and only the chunks of these columns need be read.
    fn open(&self, part: usize, parts: usize, columns: &[usize]) -> BatchStream;
}

/// A table held in memory.
#[derive(Clone, Debug)]
pub struct MemoryTable {
    schema: SchemaRef,
    batches: Arc<[RecordBatch]>,
}

impl MemoryTable {
    /// A table of these batches, all of the given schema.
    #[must_use]
    pub fn new(schema: SchemaRef, batches: Vec<RecordBatch>) -> Self {
        Self { schema, batches: batches.into() }
    }
}

impl TableSource for MemoryTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn partitions(&self, wanted: usize) -> usize {
        wanted.clamp(1, self.batches.len().max(1))
    }

    fn open(&self, part: usize, parts: usize, columns: &[usize]) -> BatchStream {
        let (batches, columns) = (Arc::clone(&self.batches), columns.to_vec());
        let places = (part..batches.len()).step_by(parts.max(1));
        futures::stream::iter(places)
            .map(move |at| {
                batches[at].project(&columns).map_err(|error| ReadError {
                    table: "in memory".to_owned(),
                    message: error.to_string(),
                })
            })
            .boxed()
    }
}

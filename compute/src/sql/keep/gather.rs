//! Joins short batches, so that what follows is not called for a few rows each, up to a number of
//! rows and of bytes.

use arrow::compute::BatchCoalescer;
use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use datafusion::common::Result;
use futures::stream::BoxStream;
use futures::{Stream, StreamExt};

use super::super::memory::held_bytes;

/// Bytes that are gathered: rows so wide that few of them reach it gain nothing by company.
const GATHERED_BYTES: usize = 1 << 20;

/// Rows on their way.
pub(super) struct Gather {
    batches: BatchCoalescer,
    bytes: usize,
}

impl Gather {
    /// Hands on about `rows` rows at once; batches of half as many pass as they are.
    pub(super) fn new(schema: SchemaRef, rows: usize) -> Self {
        let rows = rows.max(1);
        let batches = BatchCoalescer::new(schema, rows);
        Self { batches: batches.with_biggest_coalesce_batch_size(Some(rows / 2)), bytes: 0 }
    }

    /// The rows of a stream, gathered.
    pub(super) fn over(
        self,
        input: BoxStream<'static, Result<RecordBatch>>,
    ) -> impl Stream<Item = Result<RecordBatch>> + Send + 'static {
        futures::stream::try_unfold((self, Some(input)), |(mut gather, mut input)| async move {
            loop {
                if let Some(batch) = gather.batches.next_completed_batch() {
                    return Ok(Some((batch, (gather, input))));
                }
                let Some(stream) = &mut input else { return Ok(None) };
                match stream.next().await {
                    Some(batch) => gather.push(batch?)?,
                    None => {
                        // Dropped, so that what it held is free.
                        input = None;
                        gather.batches.finish_buffered_batch()?;
                    }
                }
            }
        })
    }

    fn push(&mut self, batch: RecordBatch) -> Result<()> {
        self.bytes += held_bytes(&batch);
        self.batches.push_batch(batch)?;
        if self.batches.get_buffered_rows() == 0 {
            self.bytes = 0;
        } else if self.bytes > GATHERED_BYTES {
            self.bytes = 0;
            self.batches.finish_buffered_batch()?;
        }
        Ok(())
    }
}

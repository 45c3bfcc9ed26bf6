//! Watches how wide rows are, so that a batch of many never weighs more than memory holds.
//!
//! Operators gather a number of rows before they hand them on, and count what they gather late or
//! not at all: a file of 300 bytes can hold 3,000 rows of a megabyte each. Who plans a query knows
//! no widths (what a file says of its values is not believed), so they are seen while reading:
//! the query is then executed again, with batches of fewer rows.

use std::sync::atomic::{AtomicUsize, Ordering};

use arrow::array::{Array, AsArray, OffsetSizeTrait};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::DataType;
use arrow::record_batch::RecordBatch;
use datafusion::common::{DataFusionError, Result};

use super::error::SqlError;
use super::execute::Options;

/// Of the memory, what all batches that are gathered at once may weigh: one in so many.
const SHARE: usize = 8;

/// Text of a row that is never too much.
const ROW_BYTES: usize = 64;

/// What the rows of one execution may weigh.
#[derive(Debug)]
pub(super) struct Widths {
    batch_rows: usize,
    batch_bytes: usize,
    memory_bytes: usize,
    widest: AtomicUsize,
}

impl Widths {
    pub(super) fn new(options: &Options) -> Self {
        let batch_rows = options.batch_rows.max(1);
        let batch_bytes = options.memory_bytes / SHARE / options.partitions.max(1);
        let memory_bytes = options.memory_bytes;
        Self { batch_rows, batch_bytes, memory_bytes, widest: AtomicUsize::new(0) }
    }

    /// Looks at the rows of a batch.
    ///
    /// # Errors
    /// When a batch full of the widest would be too heavy. [`Self::fitting`] then says how many
    /// rows a batch may have.
    pub(super) fn check(&self, batch: &RecordBatch) -> Result<()> {
        let width: usize = batch.columns().iter().map(|column| longest(column.as_ref())).sum();
        if width <= ROW_BYTES || width.saturating_mul(self.batch_rows) <= self.batch_bytes {
            return Ok(());
        }
        if self.batch_rows == 1 {
            return Ok(());
        }
        self.widest.fetch_max(width, Ordering::Relaxed);
        let message = format!("rows of {width} bytes do not come {} at once", self.batch_rows);
        let error = SqlError::Memory { limit: self.memory_bytes, message };
        // Not the engine's own kind, after which some operators try on their own.
        Err(DataFusionError::External(Box::new(error)))
    }

    /// Rows of a batch that would fit, if too wide ones were met; fewer than there were.
    pub(super) fn fitting(&self) -> Option<usize> {
        let widest = self.widest.load(Ordering::Relaxed);
        // Half of it, since a wider one may follow.
        (widest > 0).then(|| (self.batch_bytes / widest / 2).clamp(1, self.batch_rows / 2))
    }
}

/// Bytes of the longest text of a column; other values are never long.
fn longest(column: &dyn Array) -> usize {
    match column.data_type() {
        DataType::Utf8 => longest_between(column.as_string::<i32>().offsets()),
        DataType::LargeUtf8 => longest_between(column.as_string::<i64>().offsets()),
        DataType::Binary => longest_between(column.as_binary::<i32>().offsets()),
        DataType::LargeBinary => longest_between(column.as_binary::<i64>().offsets()),
        _ => 0,
    }
}

fn longest_between<O: OffsetSizeTrait>(offsets: &OffsetBuffer<O>) -> usize {
    offsets.windows(2).map(|pair| (pair[1] - pair[0]).as_usize()).max().unwrap_or(0)
}

//! The result of a query as one table in its order, counted by the limit like everything else.

use std::sync::Arc;

use arrow::record_batch::RecordBatch;
use datafusion::common::DataFusionError;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryPool, MemoryReservation};
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use datafusion::prelude::SessionContext;
use futures::TryStreamExt;

use super::error::SqlError;
use super::execute::{Options, fail_arrow};
use super::memory::held_bytes;
use super::order::RowOrder;
use crate::columns::instants_in_utc;
use crate::run::canonical::{sort_rows, widen_table};

/// What is said of a result that does not fit.
pub(super) const RESULT: &str = "the result itself is larger; aggregate it or select less";

/// Executes a plan to its end.
///
/// # Errors
/// When it fails, or its result does not fit.
pub(super) async fn collect(
    context: &SessionContext,
    physical: &Arc<dyn ExecutionPlan>,
    options: &Options,
    order: RowOrder,
) -> Result<RecordBatch, SqlError> {
    let fail = |error: DataFusionError| SqlError::from_engine(&error, options.memory_bytes);
    let task = context.task_ctx();
    let held = Held::of(task.memory_pool(), options.memory_bytes);
    let mut stream = execute_stream(Arc::clone(physical), task).map_err(fail)?;
    let (mut batches, mut bytes) = (Vec::new(), 0usize);
    while let Some(batch) = stream.try_next().await.map_err(fail)? {
        let more = held_bytes(&batch);
        held.grow(more)?;
        bytes = bytes.saturating_add(more);
        batches.push(batch);
    }
    drop(stream);
    // One table of them all, while they are still there.
    held.grow(bytes)?;
    let table = instants_in_utc(&widen_table(&physical.schema(), &batches)?).map_err(fail_arrow)?;
    drop(batches);
    match order {
        RowOrder::AsWritten => Ok(table),
        RowOrder::Canonical => {
            // The batches are gone; keys to sort by and a copy in order come instead.
            held.grow(bytes)?;
            sort_rows(&table).map_err(fail_arrow)
        }
    }
}

/// The result's share of the memory.
struct Held {
    reservation: MemoryReservation,
    limit: usize,
}

impl Held {
    fn of(pool: &Arc<dyn MemoryPool>, limit: usize) -> Self {
        Self { reservation: MemoryConsumer::new("the result").register(pool), limit }
    }

    fn grow(&self, bytes: usize) -> Result<(), SqlError> {
        self.reservation
            .try_grow(bytes)
            .map_err(|_| SqlError::Memory { limit: self.limit, message: RESULT.to_owned() })
    }
}

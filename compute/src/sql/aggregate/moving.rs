//! A moving frame for kernels that cannot take rows out (min, max, DISTINCT): the frame's rows are
//! kept, and added anew for each result. That costs as many additions as the frame has rows.

use std::collections::VecDeque;
use std::fmt::Debug;

use arrow::array::{Array, ArrayRef};
use datafusion::common::{DataFusionError, Result, ScalarValue};
use datafusion::logical_expr::Accumulator;

/// What aggregates rows from the start each time.
pub(super) trait Anew: Debug + Send + Sync + 'static {
    /// The result over all rows of these batches, and no others.
    fn of(&mut self, batches: &mut dyn Iterator<Item = &[ArrayRef]>) -> Result<ScalarValue>;
}

/// The rows of one frame, in the order in which they came.
#[derive(Debug)]
pub(super) struct Moving<A> {
    aggregate: A,
    batches: VecDeque<Vec<ArrayRef>>,
}

impl<A: Anew> Moving<A> {
    pub(super) fn new(aggregate: A) -> Self {
        Self { aggregate, batches: VecDeque::new() }
    }
}

fn length(columns: &[ArrayRef]) -> usize {
    columns.first().map_or(0, |column| column.len())
}

impl<A: Anew> Accumulator for Moving<A> {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        if length(values) > 0 {
            self.batches.push_back(values.to_vec());
        }
        Ok(())
    }

    /// A frame moves forward, so the rows to take out are the oldest ones.
    fn retract_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let mut remaining = length(values);
        while remaining > 0 {
            let Some(batch) = self.batches.front_mut() else {
                let message = "a frame lost rows that it never had".to_owned();
                return Err(DataFusionError::Internal(message));
            };
            let rows = length(batch);
            if rows <= remaining {
                remaining -= rows;
                self.batches.pop_front();
            } else {
                for column in batch {
                    *column = column.slice(remaining, rows - remaining);
                }
                remaining = 0;
            }
        }
        Ok(())
    }

    fn supports_retract_batch(&self) -> bool {
        true
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        self.aggregate.of(&mut self.batches.iter().map(Vec::as_slice))
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        Err(unreachable_phase())
    }

    fn merge_batch(&mut self, _states: &[ArrayRef]) -> Result<()> {
        Err(unreachable_phase())
    }

    fn size(&self) -> usize {
        let columns = self.batches.iter().flatten();
        size_of::<Self>() + columns.map(|column| column.get_array_memory_size()).sum::<usize>()
    }
}

fn unreachable_phase() -> DataFusionError {
    DataFusionError::Internal("a frame is not aggregated in phases".to_owned())
}

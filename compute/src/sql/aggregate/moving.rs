//! A moving frame for kernels that cannot take rows out (min, max, DISTINCT): the frame's rows are
//! kept, and added anew for each result. That costs as many additions as the frame has rows.

use std::collections::VecDeque;

use arrow::array::{Array, ArrayRef};
use datafusion::common::{DataFusionError, Result, ScalarValue};
use datafusion::logical_expr::Accumulator;

use super::kernel::{Kernel, Rows};

/// The rows of one frame, in the order in which they came.
#[derive(Debug)]
pub(super) struct Moving<K: Kernel> {
    kernel: K,
    batches: VecDeque<Vec<ArrayRef>>,
}

impl<K: Kernel> Moving<K> {
    pub(super) fn new(kernel: K) -> Self {
        Self { kernel, batches: VecDeque::new() }
    }
}

fn length(columns: &[ArrayRef]) -> usize {
    columns.first().map_or(0, |column| column.len())
}

impl<K: Kernel> Accumulator for Moving<K> {
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
        let mut state = [self.kernel.empty()];
        for batch in &self.batches {
            self.kernel.add(batch, &Rows::ALL, &mut state)?;
        }
        ScalarValue::try_from_array(&self.kernel.finish(&state)?, 0)
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

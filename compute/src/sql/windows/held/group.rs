//! The rows of one group after the other, and what the window functions make of them.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef};
use arrow::compute::{concat, concat_batches, partition};
use arrow::datatypes::{DataType, SchemaRef};
use arrow::record_batch::RecordBatch;
use datafusion::common::{Result, ScalarValue};
use datafusion::execution::memory_pool::MemoryReservation;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::windows::WindowExpr;

use super::super::super::memory::held_bytes;

/// Bytes that a row's result takes while a function makes it: functions hand over single values.
const VALUE_BYTES: usize = size_of::<ScalarValue>();

/// Rows that come by group, and leave with the functions' columns.
pub(super) struct Groups {
    functions: Vec<Arc<dyn WindowExpr>>,
    keys: Vec<Arc<dyn PhysicalExpr>>,
    schema: SchemaRef,
    held: MemoryReservation,
    /// Rows that are handed on at once.
    rows: usize,
    /// Batches of the group that has not ended, and its keys, one row.
    open: Vec<RecordBatch>,
    open_bytes: usize,
    open_keys: Option<Vec<ArrayRef>>,
    /// What is finished, and how much of it was handed on.
    done: Option<(RecordBatch, usize)>,
}

impl Groups {
    pub(super) fn new(
        functions: Vec<Arc<dyn WindowExpr>>,
        keys: Vec<Arc<dyn PhysicalExpr>>,
        schema: SchemaRef,
        held: MemoryReservation,
        rows: usize,
    ) -> Self {
        let (open, open_bytes, open_keys, done) = (Vec::new(), 0, None, None);
        Self { functions, keys, schema, held, rows, open, open_bytes, open_keys, done }
    }

    /// The next finished rows, if any.
    pub(super) fn next(&mut self) -> Option<RecordBatch> {
        let (batch, at) = self.done.take()?;
        let rows = self.rows.min(batch.num_rows() - at);
        let next = batch.slice(at, rows);
        if at + rows < batch.num_rows() {
            self.done = Some((batch, at + rows));
        } else {
            self.held.resize(self.open_bytes);
        }
        Some(next)
    }

    /// Takes rows; what is finished must have been handed on.
    pub(super) fn push(&mut self, batch: RecordBatch) -> Result<()> {
        if batch.num_rows() == 0 {
            return Ok(());
        }
        let keys = self.keys_of(&batch)?;
        let last = last_group(&keys, batch.num_rows())?;
        let continues = match &self.open_keys {
            Some(open) => same(open, &first_row(&keys))?,
            None => true,
        };
        let open_keys = keys.iter().map(|key| key.slice(batch.num_rows() - 1, 1)).collect();
        self.open_keys = Some(open_keys);
        if last == 0 && continues {
            return self.hold(batch);
        }
        let rest = batch.num_rows() - last;
        if last > 0 {
            self.hold(batch.slice(0, last))?;
        }
        self.finish()?;
        self.hold(batch.slice(last, rest))
    }

    /// No further row will come.
    pub(super) fn end(&mut self) -> Result<()> {
        self.finish()
    }

    fn hold(&mut self, batch: RecordBatch) -> Result<()> {
        let bytes = held_bytes(&batch);
        self.held.try_grow(bytes)?;
        self.open_bytes += bytes;
        self.open.push(batch);
        Ok(())
    }

    /// Makes the functions' columns for all groups that are held; the held rows are given up.
    fn finish(&mut self) -> Result<()> {
        let open = std::mem::take(&mut self.open);
        let Some(first) = open.first() else { return Ok(()) };
        let rows: usize = open.iter().map(RecordBatch::num_rows).sum();
        // The rows once more in one piece, and what is made of them.
        let made = rows.saturating_mul(self.functions.iter().map(value_bytes).sum());
        let working = self.open_bytes.saturating_add(made).saturating_add(rows * VALUE_BYTES);
        self.held.try_grow(working)?;
        let batch = concat_batches(&first.schema(), &open)?;
        drop(open);
        self.held.shrink(std::mem::take(&mut self.open_bytes));
        let made = self.evaluate(&batch)?;
        let columns = batch.columns().iter().cloned().chain(made).collect();
        let done = RecordBatch::try_new(Arc::clone(&self.schema), columns)?;
        self.held.try_resize(held_bytes(&done))?;
        self.done = Some((done, 0));
        Ok(())
    }

    fn evaluate(&self, batch: &RecordBatch) -> Result<Vec<ArrayRef>> {
        let groups = match self.keys_of(batch)? {
            keys if keys.is_empty() => std::iter::once(0..batch.num_rows()).collect(),
            keys => partition(&keys)?.ranges(),
        };
        let column = |function: &Arc<dyn WindowExpr>| -> Result<ArrayRef> {
            let parts = groups
                .iter()
                .map(|group| function.evaluate(&batch.slice(group.start, group.end - group.start)));
            let parts = parts.collect::<Result<Vec<_>>>()?;
            let parts: Vec<&dyn Array> = parts.iter().map(AsRef::as_ref).collect();
            Ok(concat(&parts)?)
        };
        self.functions.iter().map(column).collect()
    }

    fn keys_of(&self, batch: &RecordBatch) -> Result<Vec<ArrayRef>> {
        let keys = self.keys.iter();
        keys.map(|key| key.evaluate(batch)?.into_array(batch.num_rows())).collect()
    }
}

/// Where the last group of a batch begins.
fn last_group(keys: &[ArrayRef], rows: usize) -> Result<usize> {
    if keys.is_empty() || rows == 0 {
        return Ok(0);
    }
    Ok(partition(keys)?.ranges().last().map_or(0, |group| group.start))
}

fn first_row(keys: &[ArrayRef]) -> Vec<ArrayRef> {
    keys.iter().map(|key| key.slice(0, 1)).collect()
}

/// Whether two rows of keys are of one group.
fn same(one: &[ArrayRef], other: &[ArrayRef]) -> Result<bool> {
    let pairs = one.iter().zip(other);
    let both = pairs.map(|(one, other)| Ok(concat(&[one.as_ref(), other.as_ref()])?));
    let both = both.collect::<Result<Vec<_>>>()?;
    Ok(both.is_empty() || partition(&both)?.len() == 1)
}

/// Bytes of a function's result, about; text that it copies was counted with the rows.
fn value_bytes(function: &Arc<dyn WindowExpr>) -> usize {
    let kind = function.field().map_or(DataType::Null, |field| field.data_type().clone());
    kind.primitive_width().unwrap_or(size_of::<i32>()) + size_of::<bool>()
}

//! Drives a kernel for DataFusion: many groups at once, or one.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BinaryBuilder, BooleanArray};
use datafusion::common::{DataFusionError, Result, ScalarValue};
use datafusion::logical_expr::{Accumulator, EmitTo, GroupsAccumulator};

use super::kernel::{Kernel, Rows};

/// A state per group.
#[derive(Debug)]
pub(super) struct Groups<K: Kernel> {
    kernel: K,
    states: Vec<K::State>,
    heap: usize,
}

impl<K: Kernel> Groups<K> {
    pub(super) fn new(kernel: K) -> Self {
        Self { kernel, states: Vec::new(), heap: 0 }
    }

    fn grow(&mut self, groups: usize) {
        if groups > self.states.len() {
            self.states.resize_with(groups, || self.kernel.empty());
        }
    }

    fn take(&mut self, emit_to: EmitTo) -> Vec<K::State> {
        let taken = emit_to.take_needed(&mut self.states);
        let freed: usize = taken.iter().map(|state| self.kernel.heap_size(state)).sum();
        self.heap = self.heap.saturating_sub(freed);
        taken
    }
}

impl<K: Kernel> GroupsAccumulator for Groups<K> {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        opt_filter: Option<&BooleanArray>,
        total_num_groups: usize,
    ) -> Result<()> {
        self.grow(total_num_groups);
        let rows = Rows { groups: Some(group_indices), filter: opt_filter };
        self.heap += self.kernel.add(only(values)?, &rows, &mut self.states)?;
        Ok(())
    }

    fn merge_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        total_num_groups: usize,
    ) -> Result<()> {
        self.grow(total_num_groups);
        let encoded = only(values)?.as_binary::<i32>();
        for (encoded, &group) in encoded.iter().zip(group_indices) {
            if let Some(encoded) = encoded {
                self.heap += self.kernel.merge(&mut self.states[group], encoded)?;
            }
        }
        Ok(())
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let states = self.take(emit_to);
        self.kernel.finish(states)
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        let states = self.take(emit_to);
        Ok(vec![encode_all(&self.kernel, &states)?])
    }

    fn convert_to_state(
        &self,
        values: &[ArrayRef],
        opt_filter: Option<&BooleanArray>,
    ) -> Result<Vec<ArrayRef>> {
        let column = only(values)?;
        let own: Vec<usize> = (0..column.len()).collect();
        let mut states = vec![self.kernel.empty(); column.len()];
        let rows = Rows { groups: Some(&own), filter: opt_filter };
        self.kernel.add(column, &rows, &mut states)?;
        Ok(vec![encode_all(&self.kernel, &states)?])
    }

    fn size(&self) -> usize {
        size_of::<Self>() + self.states.capacity() * size_of::<K::State>() + self.heap
    }
}

/// One state.
#[derive(Debug)]
pub(super) struct Single<K: Kernel> {
    kernel: K,
    state: [K::State; 1],
}

impl<K: Kernel> Single<K> {
    pub(super) fn new(kernel: K) -> Self {
        let state = [kernel.empty()];
        Self { kernel, state }
    }
}

impl<K: Kernel> Accumulator for Single<K> {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let rows = Rows { groups: None, filter: None };
        self.kernel.add(only(values)?, &rows, &mut self.state)?;
        Ok(())
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        for encoded in only(states)?.as_binary::<i32>().iter().flatten() {
            self.kernel.merge(&mut self.state[0], encoded)?;
        }
        Ok(())
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        let value = self.kernel.finish(self.state.to_vec())?;
        ScalarValue::try_from_array(&value, 0)
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        Ok(vec![ScalarValue::Binary(Some(self.kernel.encode(&self.state[0])?))])
    }

    fn size(&self) -> usize {
        size_of::<Self>() + self.kernel.heap_size(&self.state[0])
    }
}

fn only(columns: &[ArrayRef]) -> Result<&ArrayRef> {
    match columns {
        [column] => Ok(column),
        _ => Err(DataFusionError::Internal(format!(
            "an exact aggregate got {} columns instead of one",
            columns.len()
        ))),
    }
}

fn encode_all<K: Kernel>(kernel: &K, states: &[K::State]) -> Result<ArrayRef> {
    let mut builder = BinaryBuilder::with_capacity(states.len(), states.len() * 64);
    for state in states {
        builder.append_value(kernel.encode(state)?);
    }
    Ok(Arc::new(builder.finish()))
}

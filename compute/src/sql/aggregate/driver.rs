//! Drives a kernel for DataFusion: many groups at once, one group, or a moving window.

use std::fmt::Debug;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BinaryBuilder, BooleanArray};
use datafusion::common::{DataFusionError, Result, ScalarValue};
use datafusion::logical_expr::{Accumulator, EmitTo, GroupsAccumulator};

use super::cells::each_state;
use super::kernel::{Kernel, Rows};
use super::moving::{Anew, Moving};

/// What computes one use of an aggregate, whatever its kernel is.
pub(super) trait Driver: Debug {
    /// For one group, or a window whose start stays.
    fn one(self: Box<Self>) -> Box<dyn Accumulator>;

    /// For a window whose start moves.
    fn moving(self: Box<Self>) -> Box<dyn Accumulator> {
        self.one()
    }

    /// For many groups at once.
    fn many(self: Box<Self>) -> Box<dyn GroupStates>;
}

/// What [`Driver::many`] makes: it may be part of another accumulator.
pub(super) trait GroupStates: GroupsAccumulator + Debug + Sync {}

impl<G: GroupsAccumulator + Debug + Sync> GroupStates for G {}

/// Drives any kernel: a state per group, each merged from its encoding.
#[derive(Debug)]
pub(super) struct Generic<K>(pub(super) K);

impl<K: Kernel> Driver for Generic<K> {
    fn one(self: Box<Self>) -> Box<dyn Accumulator> {
        Box::new(Single::new(self.0))
    }

    fn moving(self: Box<Self>) -> Box<dyn Accumulator> {
        if self.0.retracts() { self.one() } else { Box::new(Moving::new(*self)) }
    }

    fn many(self: Box<Self>) -> Box<dyn GroupStates> {
        Box::new(Groups::new(self.0))
    }
}

impl<K: Kernel> Anew for Generic<K> {
    fn of(&mut self, batches: &mut dyn Iterator<Item = &[ArrayRef]>) -> Result<ScalarValue> {
        let mut state = [self.0.empty()];
        for batch in batches {
            self.0.add(batch, &Rows::ALL, &mut state)?;
        }
        ScalarValue::try_from_array(&self.0.finish(&state)?, 0)
    }
}

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
        self.heap += self.kernel.add(values, &rows, &mut self.states)?;
        Ok(())
    }

    fn merge_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        total_num_groups: usize,
    ) -> Result<()> {
        self.grow(total_num_groups);
        each_state(only(values)?, group_indices, |group, encoded| {
            self.heap += self.kernel.merge(&mut self.states[group], encoded)?;
            Ok(())
        })
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let states = self.take(emit_to);
        self.kernel.finish(&states)
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
        let length = values.first().map_or(0, |column| column.len());
        let own: Vec<usize> = (0..length).collect();
        let mut states = vec![self.kernel.empty(); length];
        let rows = Rows { groups: Some(&own), filter: opt_filter };
        self.kernel.add(values, &rows, &mut states)?;
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
        self.kernel.add(values, &Rows::ALL, &mut self.state)?;
        Ok(())
    }

    fn retract_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        self.kernel.retract(values, &Rows::ALL, &mut self.state)
    }

    fn supports_retract_batch(&self) -> bool {
        self.kernel.retracts()
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        for encoded in only(states)?.as_binary::<i32>().iter().flatten() {
            self.kernel.merge(&mut self.state[0], encoded)?;
        }
        Ok(())
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        ScalarValue::try_from_array(&self.kernel.finish(&self.state)?, 0)
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        Ok(vec![ScalarValue::Binary(Some(self.kernel.encode(&self.state[0])?))])
    }

    fn size(&self) -> usize {
        size_of::<Self>() + self.kernel.heap_size(&self.state[0])
    }
}

/// The one column of a phase's states.
pub(super) fn only(columns: &[ArrayRef]) -> Result<&ArrayRef> {
    match columns {
        [column] => Ok(column),
        _ => Err(DataFusionError::Internal(format!(
            "an exact aggregate got {} columns of states instead of one",
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

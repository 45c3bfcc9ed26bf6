//! Different values of many groups.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BinaryBuilder, BooleanArray, Int64Array};
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::{EmitTo, GroupsAccumulator};

use super::super::cells::each_state;
use super::super::driver::{GroupStates, only};
use super::super::kernel::Rows;
use super::super::moving::Anew;
use super::seen::{Keys, Seen};
use super::{CHUNK, Values, travel};

/// The different values of all groups.
#[derive(Debug)]
pub(super) struct DistinctGroups<V: Values> {
    values: V,
    seen: Seen<V::Keys>,
    groups: usize,
    /// What is fed with them; none where they are counted.
    inner: Option<Box<dyn GroupStates>>,
}

impl<V: Values> DistinctGroups<V> {
    pub(super) fn new(values: V, inner: Option<Box<dyn GroupStates>>) -> Self {
        Self { values, seen: Seen::default(), groups: 0, inner }
    }

    /// How many groups are emitted; the others are numbered anew.
    fn emitted(&mut self, emit_to: EmitTo) -> usize {
        let emitted = match emit_to {
            EmitTo::All => self.groups,
            EmitTo::First(groups) => groups.min(self.groups),
        };
        self.groups -= emitted;
        emitted
    }

    /// The results of so many groups.
    fn finish(&mut self, emitted: usize, groups: &[u32], keys: &V::Keys) -> Result<ArrayRef> {
        let Some(inner) = &mut self.inner else {
            let mut counts = vec![0; emitted];
            groups.iter().for_each(|&group| counts[group as usize] += 1);
            return Ok(Arc::new(Int64Array::from(counts)));
        };
        // Groups without a value are groups too.
        inner.update_batch(&self.values.no_columns()?, &[], None, emitted)?;
        let mut start = 0;
        for groups in groups.chunks(CHUNK) {
            let columns = self.values.columns(keys, start..start + groups.len())?;
            let groups: Vec<usize> = groups.iter().map(|&group| group as usize).collect();
            inner.update_batch(&columns, &groups, None, emitted)?;
            start += groups.len();
        }
        inner.evaluate(EmitTo::All)
    }
}

impl<V: Values> GroupsAccumulator for DistinctGroups<V> {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        opt_filter: Option<&BooleanArray>,
        total_num_groups: usize,
    ) -> Result<()> {
        self.groups = self.groups.max(total_num_groups);
        let selected = Rows { groups: None, filter: opt_filter }.selected(values);
        let seen = &mut self.seen;
        self.values.each(values, selected.as_ref(), |row, key| seen.insert(group_indices[row], key))
    }

    fn merge_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        total_num_groups: usize,
    ) -> Result<()> {
        self.groups = self.groups.max(total_num_groups);
        each_state(only(values)?, group_indices, |group, encoded| {
            travel::merge(&self.values, encoded, group, &mut self.seen)
        })
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let emitted = self.emitted(emit_to);
        let (groups, keys) = self.seen.take(emit_to);
        self.finish(emitted, &groups, &keys)
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        let emitted = self.emitted(emit_to);
        self.seen.sort();
        let (groups, keys) = self.seen.take(emit_to);
        let mut states = BinaryBuilder::with_capacity(emitted, groups.len() * 16);
        let (mut encoded, mut at) = (Vec::new(), 0);
        for group in 0..emitted {
            encoded.clear();
            while groups.get(at).is_some_and(|&own| own as usize == group) {
                travel::write(&self.values, keys.get(at), &mut encoded)?;
                at += 1;
            }
            states.append_value(&encoded);
        }
        Ok(vec![Arc::new(states.finish())])
    }

    fn convert_to_state(
        &self,
        values: &[ArrayRef],
        opt_filter: Option<&BooleanArray>,
    ) -> Result<Vec<ArrayRef>> {
        let rows = values.first().map_or(0, |column| column.len());
        let selected = Rows { groups: None, filter: opt_filter }.selected(values);
        let mut states = BinaryBuilder::with_capacity(rows, rows * 16);
        let (mut encoded, mut next) = (Vec::new(), 0);
        // Rows that do not count have no values.
        self.values.each(values, selected.as_ref(), |row, key| {
            (next..row).for_each(|_| states.append_value(b""));
            encoded.clear();
            travel::write(&self.values, key, &mut encoded)?;
            states.append_value(&encoded);
            next = row + 1;
            Ok(())
        })?;
        (next..rows).for_each(|_| states.append_value(b""));
        Ok(vec![Arc::new(states.finish())])
    }

    fn size(&self) -> usize {
        let inner = self.inner.as_ref().map_or(0, |inner| inner.size());
        size_of::<Self>() + self.seen.size() + inner
    }
}

impl<V: Values> Anew for DistinctGroups<V> {
    fn of(&mut self, batches: &mut dyn Iterator<Item = &[ArrayRef]>) -> Result<ScalarValue> {
        self.groups = 1;
        for batch in batches {
            let rows = batch.first().map_or(0, |column| column.len());
            self.update_batch(batch, &vec![0; rows], None, 1)?;
        }
        ScalarValue::try_from_array(&self.evaluate(EmitTo::All)?, 0)
    }
}

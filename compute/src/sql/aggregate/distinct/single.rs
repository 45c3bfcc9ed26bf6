//! Different values of one group, or of a window whose start stays.

use arrow::array::{ArrayRef, AsArray};
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::Accumulator;

use super::super::driver::only;
use super::super::kernel::Rows;
use super::seen::{Keys, Seen};
use super::{CHUNK, Values, travel};

/// The different values, and what was made of the first of them.
#[derive(Debug)]
pub(super) struct DistinctSingle<V: Values> {
    values: V,
    seen: Seen<V::Keys>,
    /// What is fed with them; none where they are counted.
    inner: Option<Box<dyn Accumulator>>,
    /// How many of them it was fed with.
    fed: usize,
}

impl<V: Values> DistinctSingle<V> {
    pub(super) fn new(values: V, inner: Option<Box<dyn Accumulator>>) -> Self {
        Self { values, seen: Seen::default(), inner, fed: 0 }
    }
}

impl<V: Values> Accumulator for DistinctSingle<V> {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let selected = Rows::ALL.selected(values);
        let seen = &mut self.seen;
        self.values.each(values, selected.as_ref(), |_, key| seen.insert(0, key))
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        for encoded in only(states)?.as_binary::<i32>().iter().flatten() {
            travel::merge(&self.values, encoded, 0, &mut self.seen)?;
        }
        Ok(())
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        let Some(inner) = &mut self.inner else {
            return Ok(ScalarValue::Int64(Some(self.seen.len() as i64)));
        };
        // A window asks after each of its rows: what came since is all that is new.
        while self.fed < self.seen.len() {
            let end = self.seen.len().min(self.fed + CHUNK);
            inner.update_batch(&self.values.columns(self.seen.keys(), self.fed..end)?)?;
            self.fed = end;
        }
        inner.evaluate()
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let mut encoded = Vec::new();
        for place in self.seen.order() {
            travel::write(&self.values, self.seen.keys().get(place as usize), &mut encoded)?;
        }
        Ok(vec![ScalarValue::Binary(Some(encoded))])
    }

    fn size(&self) -> usize {
        let inner = self.inner.as_ref().map_or(0, |inner| inner.size());
        size_of::<Self>() + self.seen.size() + inner
    }
}

//! `first_value` and `last_value` by an ORDER BY inside the call: the value of the least or the
//! greatest row in that order, so no order of arrival can change it.

use arrow::array::ArrayRef;
use arrow::datatypes::DataType;
use datafusion::common::{DataFusionError, Result, ScalarValue};

use super::definition::{Call, Definition};
use super::driver::{Driver, Generic};
use super::kept::{self, End, Kept};
use super::kernel::{Kernel, Rows};
use super::keyed::{Keyed, keyed_inputs, passing};

/// One of the two.
#[derive(Debug)]
pub(super) struct Chosen {
    names: &'static [&'static str],
    end: End,
}

pub(super) static FIRST_VALUE: Chosen = Chosen { names: &["first_value"], end: End::Least };
pub(super) static LAST_VALUE: Chosen = Chosen { names: &["last_value"], end: End::Greatest };

impl Definition for Chosen {
    fn names(&self) -> &'static [&'static str] {
        self.names
    }

    fn inputs(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        keyed_inputs(self.names[0], 1, given)
    }

    fn result(&self, inputs: &[DataType]) -> DataType {
        inputs.first().cloned().unwrap_or(DataType::Null)
    }

    fn ordered(&self) -> bool {
        true
    }

    fn driver(&self, call: &Call<'_>) -> Result<Box<dyn Driver>> {
        let name = self.names[0];
        if call.kinds.len() < 3 {
            return Err(DataFusionError::Plan(format!(
                "{name} without an order would take whichever row comes: write {name}(x ORDER BY \
                 …), or min or max"
            )));
        }
        // Which rows are there twice does not matter for the least of them.
        let keyed = Keyed::new(call, 1)?;
        Ok(Box::new(Generic(ChosenKernel { keyed, kind: call.kinds[0].clone(), end: self.end })))
    }
}

#[derive(Debug)]
struct ChosenKernel {
    keyed: Keyed,
    kind: DataType,
    end: End,
}

impl Kernel for ChosenKernel {
    type State = Kept;

    fn empty(&self) -> Self::State {
        None
    }

    fn add(
        &self,
        columns: &[ArrayRef],
        rows: &Rows<'_>,
        states: &mut [Self::State],
    ) -> Result<usize> {
        let encoded = self.keyed.encode(columns)?;
        Ok(passing(*rows, columns)
            .map(|(row, group)| self.end.keep(&mut states[group], encoded.row(row).as_ref()))
            .sum())
    }

    fn merge(&self, state: &mut Self::State, encoded: &[u8]) -> Result<usize> {
        self.end.merge(state, encoded)
    }

    fn encode(&self, state: &Self::State) -> Result<Vec<u8>> {
        Ok(kept::encode(state))
    }

    fn finish(&self, states: &[Self::State]) -> Result<ArrayRef> {
        let values = self.keyed.values(states.iter().flatten().map(AsRef::as_ref))?;
        // Groups without a row are null.
        let null = ScalarValue::try_from(&self.kind)?.to_array()?;
        let mut next = 0..values.len();
        let places: Vec<(usize, usize)> = states
            .iter()
            .map(|state| match state {
                Some(_) => (0, next.next().unwrap_or_default()),
                None => (1, 0),
            })
            .collect();
        Ok(arrow::compute::interleave(&[values.as_ref(), null.as_ref()], &places)?)
    }

    fn heap_size(&self, state: &Self::State) -> usize {
        kept::heap_size(state)
    }
}

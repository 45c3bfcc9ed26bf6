//! `min` and `max` by total order: −0 before +0, the one NaN after every number, text by bytes.

use arrow::array::ArrayRef;
use arrow::datatypes::DataType;
use arrow::row::{RowConverter, SortField};
use datafusion::common::{DataFusionError, Result, ScalarValue};

use super::definition::{Call, Definition, widened_inputs};
use super::driver::{Driver, Generic};
use super::kept::{self, End, Kept};
use super::kernel::{Kernel, Rows};
use crate::columns::canonical_floats;

/// The least or the greatest value.
#[derive(Debug)]
pub(super) struct Extreme {
    names: &'static [&'static str],
    end: End,
}

/// `min`.
pub(super) static MIN: Extreme = Extreme { names: &["min"], end: End::Least };
/// `max`.
pub(super) static MAX: Extreme = Extreme { names: &["max"], end: End::Greatest };

impl Definition for Extreme {
    fn names(&self) -> &'static [&'static str] {
        self.names
    }

    fn inputs(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        Ok(widened_inputs::<1>(self.names[0], given)?.into())
    }

    fn result(&self, inputs: &[DataType]) -> DataType {
        inputs[0].clone()
    }

    fn driver(&self, call: &Call<'_>) -> Result<Box<dyn Driver>> {
        // The least of distinct values is the least of all.
        Ok(Box::new(Generic(ExtremeKernel::new(call.kinds[0].clone(), self.end)?)))
    }
}

/// Keeps the value whose order-preserving bytes are least or greatest.
#[derive(Debug)]
pub(super) struct ExtremeKernel {
    kind: DataType,
    end: End,
    converter: RowConverter,
}

impl ExtremeKernel {
    pub(super) fn new(kind: DataType, end: End) -> Result<Self> {
        let converter = RowConverter::new(vec![SortField::new(kind.clone())])?;
        Ok(Self { kind, end, converter })
    }
}

impl Kernel for ExtremeKernel {
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
        let canonical: Vec<ArrayRef> = columns.iter().map(canonical_floats).collect();
        let encoded = self.converter.convert_columns(&canonical)?;
        let mut grown = 0;
        for (row, group) in rows.of(columns) {
            grown += self.end.keep(&mut states[group], encoded.row(row).as_ref());
        }
        Ok(grown)
    }

    fn merge(&self, state: &mut Self::State, encoded: &[u8]) -> Result<usize> {
        self.end.merge(state, encoded)
    }

    fn encode(&self, state: &Self::State) -> Result<Vec<u8>> {
        Ok(kept::encode(state))
    }

    fn finish(&self, states: &[Self::State]) -> Result<ArrayRef> {
        // A null, encoded once, stands for the groups without a value.
        let null = ScalarValue::try_from(&self.kind)?.to_array()?;
        let null = self.converter.convert_columns(&[null])?;
        let parser = self.converter.parser();
        let rows = states.iter().map(|state| match state {
            Some(row) => parser.parse(row),
            None => null.row(0),
        });
        let columns = self.converter.convert_rows(rows)?;
        columns
            .into_iter()
            .next()
            .ok_or_else(|| DataFusionError::Internal("a row without its column".to_owned()))
    }

    fn heap_size(&self, state: &Self::State) -> usize {
        kept::heap_size(state)
    }
}

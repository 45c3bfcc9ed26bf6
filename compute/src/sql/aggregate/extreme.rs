//! `min` and `max` by total order: −0 before +0, the one NaN after every number, text by bytes.

use arrow::array::{Array, ArrayRef, make_array};
use arrow::buffer::NullBuffer;
use arrow::datatypes::DataType;
use arrow::row::{RowConverter, SortField};
use datafusion::common::{DataFusionError, Result, ScalarValue};

use super::definition::{Call, Definition, widened_inputs};
use super::driver::{Driver, Generic};
use super::kept::{self, End, Kept};
use super::kernel::{Kernel, Rows};
use super::packed::{Packed, Word, Zeros};
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
        if let Some(values) = Packed::<u64>::new(&call.kinds, Zeros::Two) {
            return Ok(Box::new(Generic(PackedExtreme { values, end: self.end })));
        }
        if let Some(values) = Packed::<u128>::new(&call.kinds, Zeros::Two) {
            return Ok(Box::new(Generic(PackedExtreme { values, end: self.end })));
        }
        Ok(Box::new(Generic(ExtremeKernel::new(call.kinds[0].clone(), self.end)?)))
    }
}

/// Keeps the least or greatest value of fixed width. Its states are those of [`ExtremeKernel`].
#[derive(Debug)]
struct PackedExtreme<W> {
    values: Packed<W>,
    end: End,
}

impl<W: Word> PackedExtreme<W> {
    #[inline(always)]
    fn keep(&self, state: &mut Option<W>, key: W) {
        *state = Some(match (*state, self.end) {
            (None, _) => key,
            (Some(kept), End::Least) => kept.min(key),
            (Some(kept), End::Greatest) => kept.max(key),
        });
    }
}

impl<W: Word> Kernel for PackedExtreme<W> {
    type State = Option<W>;

    fn empty(&self) -> Option<W> {
        None
    }

    fn add(
        &self,
        columns: &[ArrayRef],
        rows: &Rows<'_>,
        states: &mut [Option<W>],
    ) -> Result<usize> {
        let keys = self.values.keys(columns)?;
        rows.of(columns).for_each(|(row, group)| self.keep(&mut states[group], keys[row]));
        Ok(0)
    }

    fn merge(&self, state: &mut Option<W>, encoded: &[u8]) -> Result<usize> {
        if let Some(row) = kept::decode(encoded)? {
            let key = self.values.read(row).ok_or_else(kept::odd)?;
            self.keep(state, key);
        }
        Ok(0)
    }

    fn encode(&self, state: &Option<W>) -> Result<Vec<u8>> {
        let mut bytes = vec![u8::from(state.is_some())];
        if let Some(key) = state {
            self.values.write(*key, &mut bytes);
        }
        Ok(bytes)
    }

    fn finish(&self, states: &[Option<W>]) -> Result<ArrayRef> {
        let keys: Vec<W> = states.iter().map(|state| state.unwrap_or_default()).collect();
        let column = self.values.columns(&keys)?.pop().ok_or_else(kept::odd)?;
        let valid: NullBuffer = states.iter().map(Option::is_some).collect();
        let column = column.to_data().into_builder().nulls(Some(valid));
        Ok(make_array(column.build()?))
    }

    fn heap_size(&self, _state: &Option<W>) -> usize {
        0
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

//! One group, or a moving window: whole columns at a time, and values taken out again.

use std::fmt::Debug;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{DataType, Decimal128Type, Float64Type, Int64Type, UInt64Type};
use datafusion::common::{DataFusionError, Result, ScalarValue};
use datafusion::logical_expr::Accumulator;

use super::super::cells::Held;
use super::super::kernel::Rows;
use super::super::numbers::{each_number, floats, not_numeric, state_error};
use super::Column;
use super::output::Reading;
use crate::exact::bins::{MomentBins, SumBins};
use crate::exact::{Moments, Number, StateError, Sum, Unit};

/// Rows of a batch from which the bins' fixed cost pays.
const COLUMN_ROWS: usize = 512;

/// The state of one group.
pub(super) trait State: Held + Clone + Debug + Send + Sync + 'static {
    /// What adds whole columns of floats.
    type Bins: Default + Debug + Send + Sync;
    const BINS_BYTES: usize;

    fn new(unit: Unit) -> Self;
    fn add(&mut self, number: Number);
    fn add_wholes(&mut self, values: impl Iterator<Item = i128>);
    fn remove(&mut self, number: Number) -> Result<(), StateError>;
    fn merge(&mut self, other: &Self) -> Result<(), StateError>;
    fn fill(bins: &mut Self::Bins, values: &[f64]);
    fn empty(bins: &mut Self::Bins) -> Self;
    fn encode(&self) -> Vec<u8>;
    fn decode(bytes: &[u8]) -> Result<Self, StateError>;
    fn unit(&self) -> Unit;
}

macro_rules! state {
    ($state:ty, $bins:ty, |$own:ident| $unit:expr) => {
        impl State for $state {
            type Bins = $bins;
            const BINS_BYTES: usize = <$bins>::HEAP_BYTES;

            fn new(unit: Unit) -> Self {
                <$state>::new(unit)
            }
            fn add(&mut self, number: Number) {
                <$state>::add(self, number);
            }
            fn add_wholes(&mut self, values: impl Iterator<Item = i128>) {
                <$state>::add_wholes(self, values);
            }
            fn remove(&mut self, number: Number) -> Result<(), StateError> {
                <$state>::remove(self, number)
            }
            fn merge(&mut self, other: &Self) -> Result<(), StateError> {
                <$state>::merge(self, other)
            }
            fn fill(bins: &mut $bins, values: &[f64]) {
                bins.add(values);
            }
            fn empty(bins: &mut $bins) -> Self {
                bins.take()
            }
            fn encode(&self) -> Vec<u8> {
                <$state>::encode(self)
            }
            fn decode(bytes: &[u8]) -> Result<Self, StateError> {
                <$state>::decode(bytes)
            }
            fn unit(&self) -> Unit {
                let $own: &$state = self;
                $unit
            }
        }
    };
}

state!(Sum, SumBins, |state| state.unit());
state!(Moments, MomentBins, |state| state.sum().unit());

/// A state, and the bins that wait to be added to it.
#[derive(Debug)]
pub(super) struct Whole<S: State> {
    column: Column,
    state: S,
    bins: Option<Box<S::Bins>>,
    waiting: bool,
}

impl<S: State> Whole<S> {
    pub(super) fn new(column: Column) -> Self {
        Self { state: S::new(column.unit), column, bins: None, waiting: false }
    }

    fn settle(&mut self) -> Result<()> {
        if let (Some(bins), true) = (&mut self.bins, self.waiting) {
            self.waiting = false;
            self.state.merge(&S::empty(bins)).map_err(state_error)?;
        }
        Ok(())
    }

    fn add(&mut self, column: &ArrayRef) -> Result<()> {
        let selected = Rows::ALL.selected(std::slice::from_ref(column));
        macro_rules! wholes {
            ($kind:ty) => {{
                let values = column.as_primitive::<$kind>().values();
                match &selected {
                    None => self.state.add_wholes(values.iter().map(|&value| value.into())),
                    Some(rows) => {
                        self.state.add_wholes(rows.set_indices().map(|row| values[row].into()))
                    }
                }
            }};
        }
        match column.data_type() {
            DataType::Float64 if column.len() >= COLUMN_ROWS => {
                let bins = self.bins.get_or_insert_default();
                S::fill(bins, &floats(column, selected.as_ref()));
                self.waiting = true;
            }
            DataType::Float64 => {
                let values = column.as_primitive::<Float64Type>().values();
                match &selected {
                    None => values.iter().for_each(|&x| self.state.add(Number::Float(x))),
                    Some(rows) => rows
                        .set_indices()
                        .for_each(|row| self.state.add(Number::Float(values[row]))),
                }
            }
            DataType::Int64 => wholes!(Int64Type),
            DataType::UInt64 => wholes!(UInt64Type),
            DataType::Decimal128(..) => wholes!(Decimal128Type),
            other => return Err(not_numeric(other)),
        }
        Ok(())
    }
}

impl<S: State> Accumulator for Whole<S>
where
    for<'a> &'a S: Reading,
{
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        self.add(&values[0])
    }

    fn retract_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        self.settle()?;
        let selected = Rows::ALL.selected(&values[..1]);
        let state = &mut self.state;
        each_number(&values[0], selected.as_ref(), |_, number| {
            state.remove(number).map_err(state_error)
        })
    }

    fn supports_retract_batch(&self) -> bool {
        true
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        // Rows travel beside the states of groups; a device's state comes without.
        let Some((encoded, rows)) = states.split_first() else {
            return Err(DataFusionError::Internal("a numeric state lost its column".to_owned()));
        };
        for encoded in encoded.as_binary::<i32>().iter().flatten() {
            let other = S::decode(encoded).map_err(state_error)?;
            self.state.merge(&other).map_err(state_error)?;
        }
        rows.iter().try_for_each(|rows| self.add(rows))
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        self.settle()?;
        ScalarValue::try_from_array(&self.column.shape.finish(&[&self.state])?, 0)
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        self.settle()?;
        let none = ScalarValue::try_from(&self.column.kind)?;
        Ok(vec![ScalarValue::Binary(Some(self.state.encode())), none])
    }

    fn size(&self) -> usize {
        let bins = if self.bins.is_some() { S::BINS_BYTES } else { 0 };
        size_of::<Self>() + self.state.heap_size() + bins
    }
}

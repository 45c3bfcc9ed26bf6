//! Pairs of one group, or of a moving window: whole columns at a time, and pairs taken out again.

use std::iter;

use arrow::array::{Array, ArrayRef, AsArray};
use datafusion::common::{DataFusionError, Result, ScalarValue};
use datafusion::logical_expr::Accumulator;

use super::super::kernel::Rows;
use super::super::numbers::{floats, state_error};
use super::OfPairs;
use super::columns::each;
use super::output::Group;
use crate::exact::bins::ProductBins;
use crate::exact::cell::PairCell;
use crate::exact::{Products, Unit};

/// Rows of a batch from which the bins' fixed cost pays.
const COLUMN_ROWS: usize = 512;
/// Rows of a batch from which a cell of its own pays.
const CELL_ROWS: usize = 16;

/// A state, and the bins that wait to be added to it.
#[derive(Debug)]
pub(super) struct WholePairs {
    of: OfPairs,
    state: Products,
    bins: Option<Box<ProductBins>>,
    waiting: bool,
}

impl WholePairs {
    pub(super) fn new(of: OfPairs) -> Self {
        Self { state: Products::new(of.x, of.y), of, bins: None, waiting: false }
    }

    fn settle(&mut self) -> Result<()> {
        if let (Some(bins), true) = (&mut self.bins, self.waiting) {
            self.waiting = false;
            self.state.merge(&bins.take()).map_err(state_error)?;
        }
        Ok(())
    }

    fn add(&mut self, columns: &[ArrayRef]) -> Result<()> {
        let selected = Rows::ALL.selected(columns);
        let rows = columns[0].len();
        if (self.of.x, self.of.y) == (Unit::Float, Unit::Float) && rows >= COLUMN_ROWS {
            let bins = self.bins.get_or_insert_default();
            let y = floats(&columns[0], selected.as_ref());
            bins.add(&floats(&columns[1], selected.as_ref()), &y);
            self.waiting = true;
            return Ok(());
        }
        let state = &mut self.state;
        if rows < CELL_ROWS {
            return each(columns, selected.as_ref(), |_, x, y| {
                state.add(x, y);
                Ok(())
            });
        }
        let mut cell = PairCell::EMPTY;
        each(columns, selected.as_ref(), |_, x, y| {
            if !cell.add(x, y) {
                state.add(x, y);
            }
            Ok(())
        })?;
        self.state.merge(&cell.state(self.of.x, self.of.y)).map_err(state_error)
    }
}

impl Accumulator for WholePairs {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        self.add(&values[..2])
    }

    fn retract_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        self.settle()?;
        let selected = Rows::ALL.selected(&values[..2]);
        let state = &mut self.state;
        each(values, selected.as_ref(), |_, x, y| state.remove(x, y).map_err(state_error))
    }

    fn supports_retract_batch(&self) -> bool {
        true
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        // Rows travel beside the states of groups; a device's state comes without.
        let Some((encoded, rows)) = states.split_first() else {
            return Err(DataFusionError::Internal("a state of pairs lost its column".to_owned()));
        };
        for encoded in encoded.as_binary::<i32>().iter().flatten() {
            let other = Products::decode(encoded).map_err(state_error)?;
            self.state.merge(&other).map_err(state_error)?;
        }
        if rows.len() == 2 { self.add(rows) } else { Ok(()) }
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        self.settle()?;
        let value = self.of.shape.finish(iter::once(Group::Moved(&self.state)))?;
        ScalarValue::try_from_array(&value, 0)
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        self.settle()?;
        let mut state = vec![ScalarValue::Binary(Some(self.state.encode()))];
        for kind in &self.of.kinds {
            state.push(ScalarValue::try_from(kind)?);
        }
        Ok(state)
    }

    fn size(&self) -> usize {
        let bins = if self.bins.is_some() { ProductBins::HEAP_BYTES } else { 0 };
        size_of::<Self>() + self.state.heap_size() + bins
    }
}

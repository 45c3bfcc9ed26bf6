//! Ungrouped aggregates over floats on another device: rows are gathered until a batch is worth
//! sending, and stay at hand until its answer is there.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BinaryArray, Float64Array};
use arrow::datatypes::{DataType, Float64Type};
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::Accumulator;

use super::kernel::Rows;
use super::uses::Uses;
use crate::exact::{Cpu, DeviceLost, Reducer};

/// Rows that are sent to a device together, at least: below it, the way there and back costs more
/// than the sum itself.
pub const DEVICE_ROWS_MIN: usize = 65_536;

/// What a device makes of an aggregate's columns: the state that the aggregate merges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DeviceState {
    /// n and Σx.
    Sum,
    /// n, Σx and Σx².
    Moments,
    /// n, Σx, Σy, Σx², Σy² and Σxy, of arguments (y, x).
    Products,
}

impl DeviceState {
    fn reduce(self, device: &dyn Reducer, columns: &[Vec<f64>]) -> Result<Vec<u8>, DeviceLost> {
        let column = |at: usize| columns.get(at).map_or(&[] as &[f64], Vec::as_slice);
        Ok(match self {
            Self::Sum => device.sum(column(0))?.encode(),
            Self::Moments => device.moments(column(0))?.encode(),
            Self::Products => device.products(column(1), column(0))?.encode(),
        })
    }
}

/// Puts a device in front of an accumulator, where the aggregate's columns are floats.
pub(super) fn offload(
    inner: Box<dyn Accumulator>,
    state: DeviceState,
    kinds: &[DataType],
    device: Arc<dyn Reducer>,
    uses: Uses,
) -> Box<dyn Accumulator> {
    if kinds.iter().any(|kind| *kind != DataType::Float64) {
        return inner;
    }
    let columns = vec![Vec::new(); kinds.len()];
    Box::new(Offload { inner, state, device: Some(device), uses, columns })
}

/// An accumulator whose rows are reduced elsewhere as long as the device lives.
#[derive(Debug)]
struct Offload {
    /// Holds the state, and adds what no device takes.
    inner: Box<dyn Accumulator>,
    state: DeviceState,
    /// `None` once it is lost.
    device: Option<Arc<dyn Reducer>>,
    uses: Uses,
    /// The rows that are in nobody's state yet.
    columns: Vec<Vec<f64>>,
}

impl Offload {
    fn waiting(&self) -> usize {
        self.columns.first().map_or(0, Vec::len)
    }

    fn gather(&mut self, values: &[ArrayRef]) {
        let selected = Rows::ALL.selected(values);
        for (column, values) in self.columns.iter_mut().zip(values) {
            let values = values.as_primitive::<Float64Type>().values();
            match &selected {
                None => column.extend_from_slice(values),
                Some(rows) => column.extend(rows.set_indices().map(|row| values[row])),
            }
        }
    }

    /// Sends the waiting rows to the device, or adds them here where it does not answer.
    fn send(&mut self) -> Result<()> {
        let Some(device) = self.device.clone() else { return self.add_here() };
        match self.state.reduce(device.as_ref(), &self.columns) {
            Ok(encoded) => {
                let states = BinaryArray::from_vec(vec![encoded.as_slice()]);
                self.inner.merge_batch(&[Arc::new(states)])?;
                match device.name() {
                    // A choice that found no card.
                    name if name == Cpu.name() => self.uses.here(self.waiting()),
                    name => self.uses.on_device(&name, self.waiting()),
                }
                self.columns.iter_mut().for_each(Vec::clear);
                Ok(())
            }
            Err(lost) => {
                self.uses.lost(&lost.reason);
                self.device = None;
                self.add_here()
            }
        }
    }

    /// Adds the waiting rows on this processor.
    fn add_here(&mut self) -> Result<()> {
        let rows = self.waiting();
        if rows == 0 {
            return Ok(());
        }
        self.uses.here(rows);
        let columns: Vec<ArrayRef> = self
            .columns
            .iter_mut()
            .map(|column| Arc::new(Float64Array::from(std::mem::take(column))) as ArrayRef)
            .collect();
        self.inner.update_batch(&columns)
    }
}

impl Accumulator for Offload {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        if self.device.is_none() {
            let rows = values.first().map_or(0, |values| values.len());
            self.uses.here(rows);
            return self.inner.update_batch(values);
        }
        self.gather(values);
        if self.waiting() >= DEVICE_ROWS_MIN { self.send() } else { Ok(()) }
    }

    fn retract_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        // A window's frames are short: it stays here from now on.
        self.add_here()?;
        self.device = None;
        self.inner.retract_batch(values)
    }

    fn supports_retract_batch(&self) -> bool {
        self.inner.supports_retract_batch()
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        self.inner.merge_batch(states)
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        self.add_here()?;
        self.inner.evaluate()
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        self.add_here()?;
        self.inner.state()
    }

    fn size(&self) -> usize {
        let waiting: usize = self.columns.iter().map(|column| column.capacity() * 8).sum();
        size_of::<Self>() - size_of::<Box<dyn Accumulator>>() + waiting + self.inner.size()
    }
}

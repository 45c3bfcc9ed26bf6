//! Many groups: a cell each, and full states for the few whose values leave their window.
//!
//! Between phases a state travels as its one encoding; where partial aggregation does not pay,
//! rows travel as they are, in a second column, and are added by whoever receives them.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BinaryArray, BinaryBuilder, BooleanArray, new_null_array,
};
use arrow::buffer::BooleanBuffer;
use arrow::datatypes::{DataType, Decimal128Type, Float64Type, Int64Type, UInt64Type};
use datafusion::common::{DataFusionError, Result};
use datafusion::logical_expr::{EmitTo, GroupsAccumulator};

use super::super::cells::{Moved, each_state, grow, nulled};
use super::super::kernel::Rows;
use super::super::numbers::state_error;
use super::Column;
use super::output::{Group, Reading};
use super::whole::State;
use crate::exact::cell::{CELL_ROWS_MAX, Cell};
use crate::exact::{Number, StateError};

/// The states of all groups.
#[derive(Debug)]
pub(super) struct CellGroups<C: Cell> {
    column: Column,
    cells: Vec<C>,
    moved: Moved<C::State>,
    rows: u64,
}

impl<C: Cell> CellGroups<C>
where
    C::State: State,
    for<'a> &'a C::State: Reading,
{
    pub(super) fn new(column: Column) -> Self {
        Self { column, cells: Vec::new(), moved: Moved::default(), rows: 0 }
    }

    /// Adds the selected rows of a column.
    fn add(
        &mut self,
        column: &ArrayRef,
        groups: &[usize],
        selected: Option<&BooleanBuffer>,
    ) -> Result<()> {
        // A cell's count is bounded; so many rows take days.
        self.rows += groups.len() as u64;
        if self.rows >= CELL_ROWS_MAX {
            return Err(DataFusionError::Execution("a group of more than 2^40 rows".to_owned()));
        }
        match column.data_type() {
            DataType::Float64 => {
                let values = column.as_primitive::<Float64Type>().values();
                self.each(values, groups, selected, C::add_float, Number::Float)
            }
            DataType::Int64 => {
                let values = column.as_primitive::<Int64Type>().values();
                let add = |cell: &mut C, value: i64| cell.add_whole(value.into());
                self.each(values, groups, selected, add, |value| Number::Whole(value.into()))
            }
            DataType::UInt64 => {
                let values = column.as_primitive::<UInt64Type>().values();
                let add = |cell: &mut C, value: u64| cell.add_whole(value.into());
                self.each(values, groups, selected, add, |value| Number::Whole(value.into()))
            }
            DataType::Decimal128(..) => {
                let values = column.as_primitive::<Decimal128Type>().values();
                self.each(values, groups, selected, C::add_whole, Number::Whole)
            }
            other => Err(DataFusionError::Internal(format!("{other} reached an exact aggregate"))),
        }
    }

    #[inline(always)]
    fn each<T: Copy>(
        &mut self,
        values: &[T],
        groups: &[usize],
        selected: Option<&BooleanBuffer>,
        add: impl Fn(&mut C, T) -> bool,
        number: impl Fn(T) -> Number,
    ) -> Result<()> {
        match selected {
            None => {
                for (&value, &group) in values.iter().zip(groups) {
                    if !add(&mut self.cells[group], value) {
                        self.add_moved(group, number(value));
                    }
                }
            }
            Some(selected) => {
                for row in selected.set_indices() {
                    let (value, group) = (values[row], groups[row]);
                    if !add(&mut self.cells[group], value) {
                        self.add_moved(group, number(value));
                    }
                }
            }
        }
        Ok(())
    }

    #[cold]
    #[inline(never)]
    fn add_moved(&mut self, group: usize, number: Number) {
        let (cell, unit) = (&mut self.cells[group], self.column.unit);
        let full = || cell.state(unit);
        let (place, ()) = self.moved.change(cell.moved(), full, |state| state.add(number));
        cell.move_to(place);
    }

    fn merge(&mut self, group: usize, encoded: &[u8]) -> Result<()> {
        let other = C::State::decode(encoded).map_err(state_error)?;
        // A cell knows no unit, so that it stays small.
        if other.unit() != self.column.unit {
            return Err(state_error(StateError::Unit));
        }
        let (cell, unit) = (&mut self.cells[group], self.column.unit);
        if cell.absorb(&other) {
            return Ok(());
        }
        let full = || cell.state(unit);
        let (place, merged) = self.moved.change(cell.moved(), full, |state| state.merge(&other));
        cell.move_to(place);
        merged.map_err(state_error)
    }

    /// The cells to emit, for [`Self::read`] and [`Self::release`].
    fn take(&mut self, emit_to: EmitTo) -> Vec<C> {
        emit_to.take_needed(&mut self.cells)
    }

    fn read<'a>(&'a self, cells: &'a [C]) -> Vec<Group<'a, C>> {
        let read = |cell: &'a C| match self.moved.at(cell.moved()) {
            Some(state) => Group::Moved(state),
            None => Group::Here(cell, self.column.unit),
        };
        cells.iter().map(read).collect()
    }

    fn release(&mut self, cells: &[C]) {
        self.moved.release(cells.iter().filter_map(Cell::moved));
    }
}

impl<C: Cell> GroupsAccumulator for CellGroups<C>
where
    C::State: State,
    for<'a> &'a C::State: Reading,
{
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        opt_filter: Option<&BooleanArray>,
        total_num_groups: usize,
    ) -> Result<()> {
        grow(&mut self.cells, total_num_groups, C::EMPTY);
        let rows = Rows { groups: None, filter: opt_filter };
        let selected = rows.selected(&values[..1]);
        self.add(&values[0], group_indices, selected.as_ref())
    }

    fn merge_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        total_num_groups: usize,
    ) -> Result<()> {
        let [encoded, raw] = values else {
            return Err(DataFusionError::Internal("a numeric state has two columns".to_owned()));
        };
        grow(&mut self.cells, total_num_groups, C::EMPTY);
        each_state(encoded, group_indices, |group, encoded| self.merge(group, encoded))?;
        if raw.null_count() == raw.len() {
            return Ok(());
        }
        let selected = Rows::ALL.selected(std::slice::from_ref(raw));
        self.add(raw, group_indices, selected.as_ref())
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let cells = self.take(emit_to);
        let values = self.column.shape.finish(&self.read(&cells));
        self.release(&cells);
        values
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        let cells = self.take(emit_to);
        let mut encoded = BinaryBuilder::with_capacity(cells.len(), cells.len() * 96);
        for group in self.read(&cells) {
            encoded.append_value(match group {
                Group::Here(cell, unit) => cell.state(unit).encode(),
                Group::Moved(state) => state.encode(),
            });
        }
        self.release(&cells);
        Ok(vec![Arc::new(encoded.finish()), new_null_array(&self.column.kind, cells.len())])
    }

    fn convert_to_state(
        &self,
        values: &[ArrayRef],
        opt_filter: Option<&BooleanArray>,
    ) -> Result<Vec<ArrayRef>> {
        let column = &values[0];
        let rows = Rows { groups: None, filter: opt_filter };
        let raw = nulled(column, rows.selected(&values[..1]))?;
        Ok(vec![Arc::new(BinaryArray::new_null(column.len())), raw])
    }

    fn size(&self) -> usize {
        size_of::<Self>() + self.cells.capacity() * size_of::<C>() + self.moved.size()
    }
}

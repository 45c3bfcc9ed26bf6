//! Pairs of many groups: a cell each, and full states for the few whose values leave their window.
//!
//! Between phases a state travels as its one encoding; where partial aggregation does not pay,
//! rows travel as they are, in two more columns, and are added by whoever receives them.

use std::cell::OnceCell;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BinaryArray, BinaryBuilder, BooleanArray, new_null_array};
use datafusion::common::{DataFusionError, Result};
use datafusion::logical_expr::{EmitTo, GroupsAccumulator};

use super::super::cells::{Moved, each_state, grow, nulled};
use super::super::kernel::Rows;
use super::super::numbers::state_error;
use super::OfPairs;
use super::columns::each;
use super::output::Group;
use crate::exact::cell::{CELL_ROWS_MAX, PairCell};
use crate::exact::{Number, Products, StateError};

/// The states of all groups.
#[derive(Debug)]
pub(super) struct PairGroups {
    of: OfPairs,
    cells: Vec<PairCell>,
    moved: Moved<Products>,
    rows: u64,
}

impl PairGroups {
    pub(super) fn new(of: OfPairs) -> Self {
        Self { of, cells: Vec::new(), moved: Moved::default(), rows: 0 }
    }

    /// Adds the rows of columns (y, x) in which neither is null.
    fn add(
        &mut self,
        columns: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
    ) -> Result<()> {
        // A cell's count is bounded; so many rows take days.
        self.rows += groups.len() as u64;
        if self.rows >= CELL_ROWS_MAX {
            return Err(DataFusionError::Execution("a group of more than 2^40 rows".to_owned()));
        }
        let selected = Rows { groups: None, filter }.selected(columns);
        let Self { of, cells, moved, .. } = self;
        each(columns, selected.as_ref(), |row, x, y| {
            let cell = &mut cells[groups[row]];
            if !cell.add(x, y) {
                add_moved(moved, cell, of, x, y);
            }
            Ok(())
        })
    }

    fn merge(&mut self, group: usize, encoded: &[u8]) -> Result<()> {
        let other = Products::decode(encoded).map_err(state_error)?;
        // A cell knows no unit, so that it stays small.
        if (other.x().sum().unit(), other.y().sum().unit()) != (self.of.x, self.of.y) {
            return Err(state_error(StateError::Unit));
        }
        let cell = &mut self.cells[group];
        if cell.absorb(&other) {
            return Ok(());
        }
        let full = || cell.state(self.of.x, self.of.y);
        let (place, merged) = self.moved.change(cell.moved(), full, |state| state.merge(&other));
        cell.move_to(place);
        merged.map_err(state_error)
    }

    /// Takes the cells to emit out, and what `make` makes of each with its group's state.
    fn emit<T>(
        &mut self,
        emit_to: EmitTo,
        make: impl FnOnce(&OfPairs, &[PairCell], &Moved<Products>) -> Result<T>,
    ) -> Result<T> {
        let cells = emit_to.take_needed(&mut self.cells);
        let made = make(&self.of, &cells, &self.moved);
        self.moved.release(cells.iter().filter_map(PairCell::moved));
        made
    }
}

#[cold]
#[inline(never)]
fn add_moved(moved: &mut Moved<Products>, cell: &mut PairCell, of: &OfPairs, x: Number, y: Number) {
    let full = || cell.state(of.x, of.y);
    let (place, ()) = moved.change(cell.moved(), full, |state| state.add(x, y));
    cell.move_to(place);
}

fn group<'a>(moved: &'a Moved<Products>, cell: &'a PairCell, of: &OfPairs) -> Group<'a> {
    match moved.at(cell.moved()) {
        Some(state) => Group::Moved(state),
        None => Group::Here(cell, of.x, of.y, OnceCell::new()),
    }
}

impl GroupsAccumulator for PairGroups {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        opt_filter: Option<&BooleanArray>,
        total_num_groups: usize,
    ) -> Result<()> {
        grow(&mut self.cells, total_num_groups, PairCell::EMPTY);
        self.add(&values[..2], group_indices, opt_filter)
    }

    fn merge_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        total_num_groups: usize,
    ) -> Result<()> {
        let Some((encoded, rows @ [y, _])) = values.split_first() else {
            return Err(DataFusionError::Internal("a state of pairs has three columns".to_owned()));
        };
        grow(&mut self.cells, total_num_groups, PairCell::EMPTY);
        each_state(encoded, group_indices, |group, encoded| self.merge(group, encoded))?;
        if y.null_count() == y.len() { Ok(()) } else { self.add(rows, group_indices, None) }
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        self.emit(emit_to, |of, cells, moved| {
            of.shape.finish(cells.iter().map(|cell| group(moved, cell, of)))
        })
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        self.emit(emit_to, |of, cells, moved| {
            let mut encoded = BinaryBuilder::with_capacity(cells.len(), cells.len() * 192);
            for cell in cells {
                encoded.append_value(match group(moved, cell, of) {
                    Group::Here(cell, x, y, _) => cell.state(x, y).encode(),
                    Group::Moved(state) => state.encode(),
                });
            }
            let rows = of.kinds.iter().map(|kind| new_null_array(kind, cells.len()));
            Ok(std::iter::once(Arc::new(encoded.finish()) as ArrayRef).chain(rows).collect())
        })
    }

    fn convert_to_state(
        &self,
        values: &[ArrayRef],
        opt_filter: Option<&BooleanArray>,
    ) -> Result<Vec<ArrayRef>> {
        let (y, x) = (&values[0], &values[1]);
        let rows = Rows { groups: None, filter: opt_filter };
        // A row that does not count is a null.
        let y = nulled(y, rows.selected(&values[..2]))?;
        Ok(vec![Arc::new(BinaryArray::new_null(y.len())), y, Arc::clone(x)])
    }

    fn size(&self) -> usize {
        size_of::<Self>() + self.cells.capacity() * size_of::<PairCell>() + self.moved.size()
    }
}

//! Pairs of many groups: a cell each, and full states for the few whose values leave their window.
//!
//! Between phases a state travels as its one encoding; where partial aggregation does not pay,
//! rows travel as they are, in two more columns, and are added by whoever receives them.

use std::cell::OnceCell;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BinaryArray, BinaryBuilder, BooleanArray, make_array, new_null_array,
};
use arrow::buffer::NullBuffer;
use datafusion::common::{DataFusionError, Result};
use datafusion::logical_expr::{EmitTo, GroupsAccumulator};

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
    moved: Moved,
    rows: u64,
}

/// States that left their cells; a cell knows its state's place.
#[derive(Debug, Default)]
struct Moved {
    states: Vec<Option<Products>>,
    free: Vec<u32>,
    /// Bytes that the states hold beyond their own size.
    heap: usize,
}

impl PairGroups {
    pub(super) fn new(of: OfPairs) -> Self {
        Self { of, cells: Vec::new(), moved: Moved::default(), rows: 0 }
    }

    fn grow(&mut self, groups: usize) {
        if groups > self.cells.len() {
            if groups > self.cells.capacity() {
                // By half and not to the double: at ten million groups the rest is memory.
                self.cells.reserve_exact((groups - self.cells.len()).max(self.cells.len() / 2));
            }
            self.cells.resize(groups, PairCell::EMPTY);
        }
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
                moved.add(cell, of, x, y);
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
        self.moved.merge(cell, &self.of, &other)
    }

    /// Takes the cells to emit out, and what `make` makes of each with its group's state.
    fn emit<T>(
        &mut self,
        emit_to: EmitTo,
        make: impl FnOnce(&OfPairs, &[PairCell], &Moved) -> Result<T>,
    ) -> Result<T> {
        let cells = emit_to.take_needed(&mut self.cells);
        let made = make(&self.of, &cells, &self.moved);
        self.moved.release(&cells);
        made
    }
}

impl Moved {
    #[cold]
    #[inline(never)]
    fn add(&mut self, cell: &mut PairCell, of: &OfPairs, x: Number, y: Number) {
        let (state, heap) = self.state(cell, of);
        let before = state.heap_size();
        state.add(x, y);
        *heap += state.heap_size().saturating_sub(before);
    }

    fn merge(&mut self, cell: &mut PairCell, of: &OfPairs, other: &Products) -> Result<()> {
        let (state, heap) = self.state(cell, of);
        let before = state.heap_size();
        let merged = state.merge(other).map_err(state_error);
        *heap += state.heap_size().saturating_sub(before);
        merged
    }

    /// The full state of a group, which leaves its cell now if it has not before, and where its
    /// bytes are counted.
    fn state(&mut self, cell: &mut PairCell, of: &OfPairs) -> (&mut Products, &mut usize) {
        let place = match cell.moved() {
            Some(place) => place,
            None => {
                let state = cell.state(of.x, of.y);
                self.heap += state.heap_size();
                let place = self.free.pop().unwrap_or(self.states.len() as u32);
                match self.states.get_mut(place as usize) {
                    Some(slot) => *slot = Some(state),
                    None => self.states.push(Some(state)),
                }
                cell.move_to(place);
                place
            }
        };
        let empty = || Products::new(of.x, of.y);
        (self.states[place as usize].get_or_insert_with(empty), &mut self.heap)
    }

    fn group<'a>(&'a self, cell: &'a PairCell, of: &OfPairs) -> Group<'a> {
        match cell.moved().and_then(|at| self.states[at as usize].as_ref()) {
            Some(state) => Group::Moved(state),
            None => Group::Here(cell, of.x, of.y, OnceCell::new()),
        }
    }

    fn release(&mut self, cells: &[PairCell]) {
        for place in cells.iter().filter_map(PairCell::moved) {
            if let Some(state) = self.states[place as usize].take() {
                self.heap = self.heap.saturating_sub(state.heap_size());
                self.free.push(place);
            }
        }
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
        self.grow(total_num_groups);
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
        self.grow(total_num_groups);
        if encoded.null_count() < encoded.len() {
            for (encoded, &group) in encoded.as_binary::<i32>().iter().zip(group_indices) {
                if let Some(encoded) = encoded {
                    self.merge(group, encoded)?;
                }
            }
        }
        if y.null_count() == y.len() { Ok(()) } else { self.add(rows, group_indices, None) }
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        self.emit(emit_to, |of, cells, moved| {
            of.shape.finish(cells.iter().map(|cell| moved.group(cell, of)))
        })
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        self.emit(emit_to, |of, cells, moved| {
            let mut encoded = BinaryBuilder::with_capacity(cells.len(), cells.len() * 192);
            for cell in cells {
                encoded.append_value(match moved.group(cell, of) {
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
        let y = match (Rows { groups: None, filter: opt_filter }).selected(&values[..2]) {
            None => Arc::clone(y),
            Some(selected) => {
                // A row that does not count is a null.
                let nulls = Some(NullBuffer::new(selected));
                make_array(y.to_data().into_builder().nulls(nulls).build()?)
            }
        };
        Ok(vec![Arc::new(BinaryArray::new_null(y.len())), y, Arc::clone(x)])
    }

    fn size(&self) -> usize {
        size_of::<Self>()
            + self.cells.capacity() * size_of::<PairCell>()
            + self.moved.states.capacity() * size_of::<Option<Products>>()
            + self.moved.free.capacity() * size_of::<u32>()
            + self.moved.heap
    }
}

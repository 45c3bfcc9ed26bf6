//! What aggregates of many groups share that keep a cell each: how the cells grow, where the full
//! states are whose values left their cell, and how rows travel that were not grouped.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, make_array};
use arrow::buffer::{BooleanBuffer, NullBuffer};
use datafusion::common::Result;

use crate::exact::{Moments, Products, Sum};

/// A full state.
pub(super) trait Held {
    /// Bytes that it holds beyond its own size.
    fn heap_size(&self) -> usize;
}

macro_rules! held {
    ($($state:ty),*) => {$(
        impl Held for $state {
            fn heap_size(&self) -> usize {
                <$state>::heap_size(self)
            }
        }
    )*};
}

held!(Sum, Moments, Products);

/// States that left their cells; a cell knows its state's place.
#[derive(Debug)]
pub(super) struct Moved<S> {
    states: Vec<Option<S>>,
    free: Vec<u32>,
    /// Bytes that the states hold beyond their own size.
    heap: usize,
}

impl<S> Default for Moved<S> {
    fn default() -> Self {
        Self { states: Vec::new(), free: Vec::new(), heap: 0 }
    }
}

impl<S: Held> Moved<S> {
    /// Changes the state at a cell's place; `full` is the state of a cell that leaves now. Returns
    /// the place, which the cell must keep, and what `change` returned.
    pub(super) fn change<T>(
        &mut self,
        place: Option<u32>,
        full: impl FnOnce() -> S,
        change: impl FnOnce(&mut S) -> T,
    ) -> (u32, T) {
        let at = place.or_else(|| self.free.pop()).unwrap_or(self.states.len() as u32);
        if at as usize == self.states.len() {
            self.states.push(None);
        }
        let slot = &mut self.states[at as usize];
        // A state just moved counts whole.
        let before = slot.as_ref().map_or(0, Held::heap_size);
        let state = slot.get_or_insert_with(full);
        let changed = change(state);
        self.heap = (self.heap + state.heap_size()).saturating_sub(before);
        (at, changed)
    }

    /// The state at a cell's place; `None` of a cell that has its own.
    pub(super) fn at(&self, place: Option<u32>) -> Option<&S> {
        self.states[place? as usize].as_ref()
    }

    /// Lets go of the states at these places.
    pub(super) fn release(&mut self, places: impl Iterator<Item = u32>) {
        for place in places {
            if let Some(state) = self.states[place as usize].take() {
                self.heap = self.heap.saturating_sub(state.heap_size());
                self.free.push(place);
            }
        }
    }

    /// Bytes held beyond the struct itself.
    pub(super) fn size(&self) -> usize {
        self.states.capacity() * size_of::<Option<S>>()
            + self.free.capacity() * size_of::<u32>()
            + self.heap
    }
}

/// Makes room for the cells of so many groups.
pub(super) fn grow<C: Clone>(cells: &mut Vec<C>, groups: usize, empty: C) {
    if groups > cells.len() {
        if groups > cells.capacity() {
            // By half and not to the double: at ten million groups the rest is memory.
            cells.reserve_exact((groups - cells.len()).max(cells.len() / 2));
        }
        cells.resize(groups, empty);
    }
}

/// Hands each encoded state of a column to its group.
pub(super) fn each_state(
    encoded: &ArrayRef,
    groups: &[usize],
    mut merge: impl FnMut(usize, &[u8]) -> Result<()>,
) -> Result<()> {
    if encoded.null_count() == encoded.len() {
        return Ok(());
    }
    for (encoded, &group) in encoded.as_binary::<i32>().iter().zip(groups) {
        if let Some(encoded) = encoded {
            merge(group, encoded)?;
        }
    }
    Ok(())
}

/// The column with a null in every row that is not selected.
pub(super) fn nulled(column: &ArrayRef, selected: Option<BooleanBuffer>) -> Result<ArrayRef> {
    Ok(match selected {
        None => Arc::clone(column),
        Some(selected) => {
            let nulls = Some(NullBuffer::new(selected));
            make_array(column.to_data().into_builder().nulls(nulls).build()?)
        }
    })
}

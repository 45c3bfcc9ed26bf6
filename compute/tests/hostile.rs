//! Inputs and queries at the edge: nothing to add, too much to hold, numbers beyond the range.
//! Each has a documented value or an error that says what to change.

mod edges;
mod size;
mod wide;

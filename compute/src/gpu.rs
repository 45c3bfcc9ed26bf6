//! Graphics processors as reducers of columns, with results that no adapter can change.
//!
//! [`adapter`] lists what the machine has, [`choice`] turns `--device auto|gpu|cpu` into a
//! reducer, [`device`] is one opened adapter with its buffers, [`reduce`] runs the kernels of
//! [`crate::kernels`] over columns tile by tile, and [`proof`] shows on the user's own adapter
//! that every kernel writes the words that its CPU twin writes.
//!
//! A device can be lost at any moment. Whatever goes wrong on it becomes one [`device::Lost`],
//! after which it answers nothing any more; waits are bounded, so it cannot hold a run up.

pub mod adapter;
pub mod bench;
pub mod cases;
pub mod choice;
pub mod device;
pub mod grouped;
pub mod proof;
pub mod reduce;
mod reducer;

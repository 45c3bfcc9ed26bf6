//! Exact sums against rationals, and the encoding of their states.

mod cells;
mod certified;
pub mod fractions;
mod hostile;
pub mod oracle;
mod pair_cells;
mod pairs;
mod properties;
mod quotients;
mod states;

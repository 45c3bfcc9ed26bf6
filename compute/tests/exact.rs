//! Exact sums against rationals, and the encoding of their states.

mod certified;
mod hostile;
mod oracle;
mod pairs;
mod properties;
mod states;

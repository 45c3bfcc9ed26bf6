//! Exact sums against rationals, and the encoding of their states.

mod certified;
mod oracle;
mod properties;
mod states;

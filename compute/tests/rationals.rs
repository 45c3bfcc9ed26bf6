//! Every numeric aggregate, by SQL, against exact fractions over adversarial numbers: ten thousand
//! cases and more for each, grouped, DISTINCT and over moving frames.

mod grouped;
mod wanted;
mod windowed;

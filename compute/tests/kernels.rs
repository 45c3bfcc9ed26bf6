//! The GPU kernels: each against its CPU twin and against exact rationals, on the machine's
//! adapter; the rules that every shader keeps; and what happens when a device is lost.

mod device;
mod dot;
mod exact_sum;
pub mod fixture;
mod grouped_sum;
mod rules;
mod speed;
mod sum_squares;

//! SQL over handed-in tables: the same bits however it is executed, and refusals by name.

mod counts;
mod device;
pub mod fixture;
mod grouped;
mod invariance;
mod libm;
mod math;
mod pairs;
mod refused;
mod registry;
mod retracted;
mod spill;
mod statistics;
mod units;
mod values;
mod windows;

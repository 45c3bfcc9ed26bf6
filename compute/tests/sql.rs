//! SQL over handed-in tables: the same bits however it is executed, and refusals by name.

mod conditions;
mod counts;
mod device;
pub mod fixture;
mod frugal;
mod grouped;
mod guards;
mod invariance;
mod libm;
mod math;
mod memory;
mod pairs;
mod pins;
mod refused;
mod registry;
mod retracted;
mod spill;
mod spread;
mod statistics;
mod terms;
mod units;
mod values;
mod wide;
mod windows;

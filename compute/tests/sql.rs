//! SQL over handed-in tables: the same bits however it is executed, and refusals by name.

mod counts;
mod device;
pub mod fixture;
mod grouped;
mod invariance;
mod pairs;
mod refused;
mod retracted;
mod values;

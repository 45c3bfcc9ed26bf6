//! Every aggregate of the registry over partitions, permutations, devices and odd floats: the
//! lists are read from the registry, so an aggregate that is added is judged without being named.

pub mod calls;
mod columnar;
pub mod devices;
mod engine;
mod forms;
mod orders;
mod rounding;
mod table;
mod windows;

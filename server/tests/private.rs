//! Private versions: what a second node gets, what nobody gets, and what their holder alone can do.

mod fuzz;
mod golden;
mod holder;
mod publishing;
mod second_node;
mod wards;

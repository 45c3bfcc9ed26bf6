//! Private versions: what a second node gets, what nobody gets, and what their holder alone can do.

mod checking;
mod fuzz;
mod golden;
mod holder;
mod noisy;
mod offline;
mod proofs;
mod proving;
mod publishing;
mod second_node;
mod wards;

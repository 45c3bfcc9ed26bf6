//! A node: it opens a home, wires the parts and holds the use cases that the command line, and
//! later HTTP, are thin faces of. It knows no terminal and no HTTP; progress goes through a
//! callback.

pub mod claims;
pub mod error;
pub mod node;
pub mod progress;
pub mod stop;

mod count;

//! Getting what others published: folders, tickets, peers.

mod changed;
mod folder;
pub mod liars;
mod peers;

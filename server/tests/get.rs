//! Getting what others published: folders, tickets, peers.

mod changed;
mod folder;
mod liars;
mod peers;

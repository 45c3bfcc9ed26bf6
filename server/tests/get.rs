//! Getting what others published: folders, tickets, peers.

mod folder;
mod peers;

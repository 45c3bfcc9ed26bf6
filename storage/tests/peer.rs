//! Peers over loopback: honest ones, strangers, liars and nonsense.

mod encodings;
mod fetching;
mod liars;
mod net;
mod serving;
mod ticket;
mod trail;

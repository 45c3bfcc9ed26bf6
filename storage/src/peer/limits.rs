//! How much of us any peer may take: connections, streams, memory and patience, in one place.

use std::time::Duration;

/// Limits towards peers, on both sides of a connection. The defaults suit one machine that
/// serves a few hundred readers; tests shorten the times.
///
/// Memory that peers can claim is at most `connections` × `streams_per_connection` × 1.4 MiB (per
/// stream in service a window of a blob, its outboard and a request) plus `answers_in_flight` ×
/// 64 MiB.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Open connections from all peers together, over both protocols. Further ones are closed
    /// with code 2.
    pub connections: usize,
    /// Open connections from one peer, over both protocols.
    pub connections_per_peer: usize,
    /// Streams of one connection that are in service or may be opened at once.
    pub streams_per_connection: u32,
    /// Evidence being gathered or sent at once, over all peers; more are answered "busy".
    pub answers_in_flight: usize,
    /// Until a connection must stand.
    pub connect: Duration,
    /// Until a request must have arrived whole, from when its stream was opened.
    pub request: Duration,
    /// Until an answer to a question about evidence must begin.
    pub answer: Duration,
    /// The longest wait for a peer to send the next bytes, or to take what it asked for.
    pub stall: Duration,
    /// The slowest transfer borne, beyond `stall`, in bytes per second.
    pub bytes_per_second_min: u64,
    /// A connection on which nothing is in service for so long is closed.
    pub idle: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 256,
            connections_per_peer: 8,
            streams_per_connection: 16,
            answers_in_flight: 4,
            connect: Duration::from_secs(10),
            request: Duration::from_secs(10),
            answer: Duration::from_secs(60),
            stall: Duration::from_secs(30),
            bytes_per_second_min: 16 * 1024,
            idle: Duration::from_secs(60),
        }
    }
}

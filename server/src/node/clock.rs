//! The one place where the node reads the clock: once per use case, at its edge. What a statement
//! states as its time is only ever a claim; order comes from the log's index.

use jiff::Timestamp;

/// Seconds since 1970, UTC; a clock set before that counts as 0.
pub fn now() -> u64 {
    u64::try_from(Timestamp::now().as_second()).unwrap_or(0)
}

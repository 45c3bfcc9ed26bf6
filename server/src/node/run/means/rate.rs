//! How fast this machine last worked, so that a plan can say how long it may take.

use std::{fs, time::Duration};

use veritrail_compute::sql::unit::UnitSummary;

use super::cache::FOLDER;
use crate::node::Node;

/// The file beside the kept results: bytes per second, as decimal digits.
pub(super) const NAME: &str = "rate";

/// Bytes that must have been read for the rate to mean anything.
const TELLING_BYTES: u64 = 1 << 20;

/// Bytes of tables per second, by the last run that read enough.
pub(in super::super) fn rate(node: &Node) -> Option<u64> {
    let text = fs::read_to_string(node.home().path().join(FOLDER).join(NAME)).ok()?;
    text.trim().parse().ok().filter(|&rate| rate > 0)
}

/// Notes how fast a run was. Best effort.
pub(in super::super) fn note_rate(node: &Node, units: &UnitSummary, took: Duration) {
    let per_second = units.bytes as f64 / took.as_secs_f64().max(1e-3);
    if units.bytes >= TELLING_BYTES && per_second >= 1.0 {
        drop(fs::write(
            node.home().path().join(FOLDER).join(NAME),
            format!("{}\n", per_second as u64),
        ));
    }
}

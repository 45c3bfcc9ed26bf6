//! The details of a run: what was observed while it was executed, never compared
//! (docs/formats/run-details.md).

use serde::{Deserialize, Serialize};
use veritrail_compute::{
    run::{Finished, engine::Engine},
    sql::RowOrder,
};
use veritrail_provenance::identity::Did;

/// The version of the format.
pub const VERSION: u64 = 1;

/// What was observed. Encoded as JSON without spaces, members in this order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Details {
    /// Always [`VERSION`].
    pub v: u64,
    /// Versions of what computed the result.
    pub engine: Engine,
    /// The machine that did the work.
    pub device: Device,
    /// The node.
    pub node: Did,
    /// When it began, seconds since 1970 in UTC by this machine's clock.
    pub started: u64,
    /// When it ended.
    pub finished: u64,
    /// What each scan of a table read, in the order of the plan.
    pub scans: Vec<Scan>,
    /// Where the order of the output's rows comes from: `as-written`, `canonical`.
    pub order: String,
}

/// A machine, in words that identify nobody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    /// Such as `linux`.
    pub os: String,
    /// Such as `x86_64`.
    pub architecture: String,
    /// Threads that could work at once.
    pub threads: u64,
}

/// One scan of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scan {
    /// The table's name in the query.
    pub table: String,
    /// Rows read.
    pub read: u64,
    /// Rows that WHERE dropped right there; absent where that was not counted to the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dropped: Option<u64>,
}

impl Details {
    /// The details of a run that is done.
    pub fn of(done: &Finished, node: Did, started: u64, finished: u64) -> Self {
        let scans = done.scans.iter().map(|scan| Scan {
            table: scan.table.clone(),
            read: scan.read,
            dropped: scan.dropped,
        });
        let order = match done.order {
            RowOrder::AsWritten => "as-written",
            RowOrder::Canonical => "canonical",
        };
        Self {
            v: VERSION,
            engine: done.engine.clone(),
            device: Device::this(),
            node,
            started,
            finished,
            scans: scans.collect(),
            order: order.to_owned(),
        }
    }

    /// Rows read by all scans together.
    pub fn read(&self) -> u64 {
        self.scans.iter().fold(0, |sum, scan| sum.saturating_add(scan.read))
    }

    /// Rows dropped by all scans together, as far as counted.
    pub fn dropped(&self) -> u64 {
        self.scans.iter().fold(0, |sum, scan| sum.saturating_add(scan.dropped.unwrap_or(0)))
    }
}

impl Device {
    /// The machine that this program runs on.
    pub fn this() -> Self {
        Self {
            os: std::env::consts::OS.to_owned(),
            architecture: std::env::consts::ARCH.to_owned(),
            threads: std::thread::available_parallelism().map_or(1, |n| n.get() as u64),
        }
    }
}

//! The details of a run: what was observed while it was executed, never compared
//! (docs/formats/run-details.md).

use serde::{Deserialize, Serialize};
use veritrail_compute::{
    run::{Finished, StepDone, engine::Engine},
    sql::{Dropped, RowOrder, ScanCount, aggregate::AggregateUse, unit::UnitSummary},
};
use veritrail_provenance::identity::Did;

/// The version of the format that is written.
pub const VERSION: u64 = 2;

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
    /// What the files' own statistics, indexes and sort orders were used for: `unused`.
    pub statistics: String,
    /// What was done, in the order in which it was; at least one.
    pub steps: Vec<StepDetails>,
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

/// One step of a run, or its only query.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepDetails {
    /// Its name; absent for the one query of a spec of version 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// Rows of its result.
    pub rows: u64,
    /// Where the order of its rows comes from: `as-written`, `canonical`.
    pub order: String,
    /// What each scan of a table read, in the order of the plan.
    pub scans: Vec<Scan>,
    /// What computed each aggregate; absent where there is none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aggregates: Vec<Computed>,
    /// How the step was cut, and what it took; absent where that was not observed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub units: Option<UnitsDetails>,
}

/// What computed one aggregate, or a kernel step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Computed {
    /// Such as `sum(t.x)`.
    pub aggregate: String,
    /// `cpu`, or the device that reduced rows of it.
    pub by: String,
    /// Rows that the device reduced; absent where it reduced none.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub device_rows: u64,
    /// Rows that were left to the processor although a device was at hand; absent where none were.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub cpu_rows: u64,
    /// Why the device was lost, where it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lost: Option<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// The units of one step, and what they took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnitsDetails {
    /// Units of the plan.
    pub planned: u64,
    /// Units that were computed for this run.
    pub computed: u64,
    /// Units whose results the node had kept from an earlier run.
    pub kept: u64,
    /// Bytes of the ranges that the computed units read.
    pub bytes: u64,
    /// Bytes that went to disk because memory was short.
    pub spilled: u64,
    /// The most bytes of memory that were accounted for at once.
    pub memory: u64,
    /// The bytes of memory that were allowed; absent in details that were written before it was
    /// told, and for a kernel.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub limit: u64,
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
    /// What was true of the dropped rows, in words; absent where no WHERE acts right there, and in
    /// details of version 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The same of each condition of a WHERE that has several; absent elsewhere.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,
}

/// One condition of a WHERE that has several.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Condition {
    /// Rows that it dropped, of those that the conditions before it let through.
    pub dropped: u64,
    /// What was true of them, in words.
    pub reason: String,
}

/// One scan, as a person is shown it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Scanned {
    /// The step that scanned; none where there is only one query.
    pub step: Option<String>,
    /// The input or step that was read.
    pub table: String,
    /// Rows read.
    pub read: u64,
    /// Rows that WHERE dropped right there, where that was counted to the end.
    pub dropped: Option<u64>,
    /// What was true of those rows, in words.
    pub reason: Option<String>,
    /// The same of each condition, where there are several.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,
}

/// What both versions say about scans: the first had one query, and its scans beside the rest.
#[derive(Deserialize)]
struct EitherVersion {
    v: u64,
    #[serde(default)]
    scans: Vec<Scan>,
    #[serde(default)]
    steps: Vec<StepDetails>,
}

impl Details {
    /// The details of a run that is done.
    pub fn of(done: &Finished, node: Did, started: u64, finished: u64) -> Self {
        Self {
            v: VERSION,
            engine: done.engine.clone(),
            device: Device::this(),
            node,
            started,
            finished,
            statistics: "unused".to_owned(),
            steps: done.steps.iter().map(StepDetails::of).collect(),
        }
    }

    /// The scans of all steps.
    pub fn scanned(&self) -> Vec<Scanned> {
        self.steps.iter().flat_map(StepDetails::scanned).collect()
    }
}

/// The scans that details of any known version tell of; none of details that are not understood.
pub fn scanned(details: &[u8]) -> Vec<Scanned> {
    match serde_json::from_slice::<EitherVersion>(details) {
        Ok(EitherVersion { v: 1, scans, .. }) => {
            scans.iter().map(|scan| Scanned::of(None, scan)).collect()
        }
        Ok(EitherVersion { v: VERSION, steps, .. }) => {
            steps.iter().flat_map(StepDetails::scanned).collect()
        }
        _ => Vec::new(),
    }
}

impl StepDetails {
    fn of(done: &StepDone) -> Self {
        let order = match done.order {
            RowOrder::AsWritten => "as-written",
            RowOrder::Canonical => "canonical",
        };
        Self {
            step: done.name.clone(),
            rows: done.rows,
            order: order.to_owned(),
            scans: done.scans.iter().map(Scan::of).collect(),
            aggregates: done.aggregates.iter().map(Computed::of).collect(),
            units: Some(UnitsDetails::of(&done.units)),
        }
    }

    fn scanned(&self) -> Vec<Scanned> {
        self.scans.iter().map(|scan| Scanned::of(self.step.as_ref(), scan)).collect()
    }
}

impl Computed {
    fn of(used: &AggregateUse) -> Self {
        let AggregateUse { aggregate, device, device_rows, cpu_rows, lost } = used.clone();
        let by = device.unwrap_or_else(|| "cpu".to_owned());
        Self { aggregate, by, device_rows, cpu_rows, lost }
    }
}

impl UnitsDetails {
    fn of(units: &UnitSummary) -> Self {
        Self {
            planned: units.planned,
            computed: units.computed,
            kept: units.cached,
            bytes: units.bytes,
            spilled: units.spilled_bytes,
            memory: units.memory_bytes,
            limit: units.memory_limit,
        }
    }
}

impl Scan {
    fn of(count: &ScanCount) -> Self {
        Self {
            table: count.table.clone(),
            read: count.read,
            dropped: count.dropped,
            reason: count.reason.clone(),
            conditions: count.conditions.iter().map(Condition::of).collect(),
        }
    }
}

impl Scanned {
    fn of(step: Option<&String>, scan: &Scan) -> Self {
        let Scan { table, read, dropped, reason, conditions } = scan.clone();
        Self { step: step.cloned(), table, read, dropped, reason, conditions }
    }
}

impl Condition {
    fn of(dropped: &Dropped) -> Self {
        Self { dropped: dropped.rows, reason: dropped.reason.clone() }
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

//! What a query may hold in memory, how much it did hold, and where the rest goes.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use arrow::array::{
    Array, ArrayRef, MutableArrayData, RecordBatch, RecordBatchOptions, make_array,
};
use datafusion::common::{DataFusionError, Result};
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::{
    FairSpillPool, GreedyMemoryPool, MemoryConsumer, MemoryLimit, MemoryPool, MemoryReservation,
};

use super::error::SqlError;
use super::execute::Options;

/// Where operators may put what does not fit into memory.
///
/// The rows of a query come to lie there: the folder must be its owner's alone, and whoever hands
/// it in removes what a killed process left behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spill {
    /// An existing folder; a folder is made in it for each query, and removed after it.
    pub folder: String,
    /// Bytes that may lie there at once.
    pub bytes_max: u64,
}

/// Bytes that are not worth a copy.
const SLICE_BYTES: usize = 1 << 12;

/// Bytes of a batch's own rows. Operators hand on slices of what they hold together, which is
/// not to be counted with each.
pub(super) fn held_bytes(batch: &RecordBatch) -> usize {
    let bytes = |column: &ArrayRef| column.to_data().get_slice_memory_size().unwrap_or(usize::MAX);
    batch.columns().iter().map(bytes).fold(0, usize::saturating_add)
}

/// Some rows of a batch, copied: whoever holds a slice counts all that it is a slice of.
pub(super) fn copied(batch: &RecordBatch, start: usize, rows: usize) -> Result<RecordBatch> {
    let copy = |column: &ArrayRef| -> Result<ArrayRef> {
        let data = column.to_data();
        let mut copy = MutableArrayData::new(vec![&data], false, rows);
        copy.try_extend(0, start, start + rows)?;
        Ok(make_array(copy.freeze()))
    };
    let columns = batch.columns().iter().map(copy).collect::<Result<_>>()?;
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    Ok(RecordBatch::try_new_with_options(batch.schema(), columns, &options)?)
}

/// The batch, copied if it is a slice of much more.
pub(super) fn owned(batch: RecordBatch) -> Result<RecordBatch> {
    let much = 2 * held_bytes(&batch).saturating_add(SLICE_BYTES);
    let whole = batch.get_array_memory_size() <= much;
    if whole { Ok(batch) } else { copied(&batch, 0, batch.num_rows()) }
}

/// The engine's disk, as the options have it.
pub(super) fn disk(options: &Options) -> DiskManagerBuilder {
    let builder = DiskManagerBuilder::default();
    match &options.spill {
        None => builder.with_mode(DiskManagerMode::Disabled),
        Some(spill) => builder
            .with_mode(DiskManagerMode::Directories(vec![spill.folder.clone().into()]))
            .with_max_temp_directory_size(spill.bytes_max),
    }
}

/// A pool that remembers the most that was held.
#[derive(Debug)]
pub(super) struct MeteredPool {
    inner: Arc<dyn MemoryPool>,
    limit: usize,
    peak: AtomicUsize,
}

impl MeteredPool {
    /// The pool of the options. Where operators can spill, each gets its fair share, so that one
    /// does not starve another that could not give way.
    pub(super) fn new(options: &Options) -> Self {
        let bytes = options.memory_bytes;
        let inner: Arc<dyn MemoryPool> = match options.spill {
            Some(_) => Arc::new(FairSpillPool::new(bytes)),
            None => Arc::new(GreedyMemoryPool::new(bytes)),
        };
        Self { inner, limit: bytes, peak: AtomicUsize::new(0) }
    }

    /// The most bytes that were held at once.
    pub(super) fn peak(&self) -> u64 {
        self.peak.load(Ordering::Relaxed) as u64
    }

    fn note(&self) {
        self.peak.fetch_max(self.inner.reserved(), Ordering::Relaxed);
    }
}

/// A nested loop join that lacks memory would execute its left side anew, which a plan whose units
/// are taken once cannot give, and a left, semi or anti join over several streams would then
/// give rows twice (DataFusion 55 says so itself). It goes by the kind of the error.
fn must_not_go_on(reservation: &MemoryReservation) -> bool {
    reservation.consumer().name().starts_with("NestedLoopJoinLoad")
}

impl fmt::Display for MeteredPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "metered {}", self.inner)
    }
}

impl MemoryPool for MeteredPool {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn register(&self, consumer: &MemoryConsumer) {
        self.inner.register(consumer);
    }

    fn unregister(&self, consumer: &MemoryConsumer) {
        self.inner.unregister(consumer);
    }

    fn grow(&self, reservation: &MemoryReservation, additional: usize) {
        self.inner.grow(reservation, additional);
        self.note();
    }

    fn shrink(&self, reservation: &MemoryReservation, shrink: usize) {
        self.inner.shrink(reservation, shrink);
    }

    fn try_grow(&self, reservation: &MemoryReservation, additional: usize) -> Result<()> {
        let grown = self.inner.try_grow(reservation, additional);
        self.note();
        match grown {
            Err(error) if must_not_go_on(reservation) => {
                let error = SqlError::from_engine(&error, self.limit);
                Err(DataFusionError::External(Box::new(error)))
            }
            grown => grown,
        }
    }

    fn reserved(&self) -> usize {
        self.inner.reserved()
    }

    fn memory_limit(&self) -> MemoryLimit {
        self.inner.memory_limit()
    }
}

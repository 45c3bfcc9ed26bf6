//! One opened adapter: its queue, its pipelines, and its health.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::mpsc;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use wgpu::{Buffer, CommandEncoder, Device, DeviceDescriptor, MapMode, PollType, Queue};

use super::adapter::{Adapter, AdapterInfo, AdapterKind, required_limits};
use super::grouped::GroupedPipelines;
use super::reduce::{Slot, WindowPipeline};
use crate::kernels::{dot, exact_sum, sum_squares};

/// How long a tile may take before its device counts as lost: a hundred times what the slowest
/// software adapter needs for the worst tile.
pub const WAIT_MAX: Duration = Duration::from_secs(120);

/// Why no adapter was opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// The machine has none.
    #[error("no graphics adapter was found")]
    NoAdapter,
    /// It runs no kernels of ours.
    #[error("{name} cannot run the kernels: {reason}")]
    Unfit {
        /// The adapter.
        name: String,
        /// What it lacks.
        reason: String,
    },
    /// Its driver refused.
    #[error("{name} cannot be opened: {reason}")]
    Refused {
        /// The adapter.
        name: String,
        /// What its driver says.
        reason: String,
    },
}

/// The device answers no more; what it was asked for must be done elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{device} was lost: {reason}")]
pub struct Lost {
    /// The device.
    pub device: String,
    /// What happened, in the driver's words.
    pub reason: String,
}

/// An opened adapter.
///
/// May be used from several threads: each reduction has buffers of its own, and the queue takes
/// their work in turn. Calls block until the device has answered, for [`WAIT_MAX`] at most.
#[derive(Debug)]
pub struct Gpu {
    info: AdapterInfo,
    pub(super) device: Device,
    pub(super) queue: Queue,
    health: Arc<Health>,
    pub(super) pipelines: [OnceLock<WindowPipeline>; 3],
    pub(super) grouped: OnceLock<GroupedPipelines>,
    pub(super) slots: Mutex<Vec<Slot>>,
    /// Submissions left before the device is destroyed; negative for never.
    fuse: AtomicI64,
}

impl Gpu {
    /// Opens an adapter.
    ///
    /// # Errors
    /// When it lacks what the kernels need, or its driver refuses.
    pub fn open(adapter: &Adapter) -> Result<Self, OpenError> {
        let name = adapter.info.name.clone();
        if let Some(reason) = adapter.info.unfit.clone() {
            return Err(OpenError::Unfit { name, reason });
        }
        let descriptor = DeviceDescriptor {
            label: Some("veritrail"),
            required_limits: required_limits(),
            ..DeviceDescriptor::default()
        };
        let (device, queue) = pollster::block_on(adapter.handle.request_device(&descriptor))
            .map_err(|error| OpenError::Refused { name, reason: error.to_string() })?;
        let health = Arc::new(Health::default());
        let lost = Arc::clone(&health);
        device.set_device_lost_callback(move |reason, message| {
            lost.fail(format!("{reason:?} {message}").trim());
        });
        let failed = Arc::clone(&health);
        // Without a handler of ours, wgpu panics on any error.
        device.on_uncaptured_error(Arc::new(move |error| failed.fail(&error.to_string())));
        Ok(Self {
            info: adapter.info.clone(),
            device,
            queue,
            health,
            pipelines: [const { OnceLock::new() }; 3],
            grouped: OnceLock::new(),
            slots: Mutex::new(Vec::new()),
            fuse: AtomicI64::new(-1),
        })
    }

    /// What the adapter says of itself.
    #[must_use]
    pub fn info(&self) -> &AdapterInfo {
        &self.info
    }

    /// Whether this is a program on the CPU rather than a card.
    #[must_use]
    pub fn is_software(&self) -> bool {
        self.info.kind == AdapterKind::Software
    }

    /// Destroys the device after so many more submissions: how tests lose one half-way.
    pub fn lose_after(&self, submissions: u32) {
        self.fuse.store(i64::from(submissions), Ordering::SeqCst);
    }

    /// An error where anything has gone wrong since the device was opened.
    pub(super) fn check(&self) -> Result<(), Lost> {
        match self.health.failure() {
            Some(reason) => Err(Lost { device: self.info.name.clone(), reason }),
            None => Ok(()),
        }
    }

    /// Submits, waits, and reads the first `bytes` of a buffer that can be mapped.
    pub(super) fn run(
        &self,
        encoder: CommandEncoder,
        readback: &Buffer,
        bytes: u64,
    ) -> Result<Vec<u32>, Lost> {
        self.check()?;
        self.burn_fuse();
        let submission = self.queue.submit([encoder.finish()]);
        let (sender, receiver) = mpsc::sync_channel(1);
        readback.slice(..bytes).map_async(MapMode::Read, move |mapped| {
            // The receiver is gone only where nobody waits any more.
            let _ = sender.send(mapped);
        });
        self.wait(submission)?;
        // The callback may be run by another thread that polls; it is on its way then.
        match receiver.recv_timeout(WAIT_MAX) {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return Err(self.lost(&error.to_string())),
            Err(_) => return Err(self.lost("its answer never came")),
        }
        self.check()?;
        let words = match readback.slice(..bytes).get_mapped_range() {
            Ok(view) => view.as_chunks().0.iter().map(|word| u32::from_le_bytes(*word)).collect(),
            Err(error) => return Err(self.lost(&error.to_string())),
        };
        readback.unmap();
        Ok(words)
    }

    fn wait(&self, submission: wgpu::SubmissionIndex) -> Result<(), Lost> {
        let poll = PollType::Wait { submission_index: Some(submission), timeout: Some(WAIT_MAX) };
        // wgpu panics where a driver reports the loss while it is waited for.
        match catch_unwind(AssertUnwindSafe(|| self.device.poll(poll))) {
            Ok(Ok(_)) => self.check(),
            Ok(Err(error)) => Err(self.lost(&error.to_string())),
            Err(_) => Err(self.lost("the driver reported the loss of the device")),
        }
    }

    /// Remembers that the device is gone, and says so.
    pub(super) fn lost(&self, reason: &str) -> Lost {
        self.health.fail(reason);
        let reason = self.health.failure().unwrap_or_else(|| reason.to_owned());
        Lost { device: self.info.name.clone(), reason }
    }

    fn burn_fuse(&self) {
        if self.fuse.load(Ordering::SeqCst) >= 0 && self.fuse.fetch_sub(1, Ordering::SeqCst) == 0 {
            self.device.destroy();
        }
    }
}

/// The kernels over whole columns, in the order of [`Gpu::pipelines`].
pub(super) const WINDOW_KERNELS: [&str; 3] =
    [exact_sum::KERNEL.shader.name, sum_squares::KERNEL.shader.name, dot::KERNEL.shader.name];

/// The first thing that went wrong, if any has.
#[derive(Debug, Default)]
struct Health(Mutex<Option<String>>);

impl Health {
    fn fail(&self, reason: &str) {
        lock(&self.0).get_or_insert_with(|| reason.to_owned());
    }

    fn failure(&self) -> Option<String> {
        lock(&self.0).clone()
    }
}

/// A lock whose data no panic can have left half-changed.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

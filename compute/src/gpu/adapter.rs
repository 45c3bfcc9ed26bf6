//! The adapters of this machine.

use wgpu::{Backends, DeviceType, Instance, InstanceDescriptor, InstanceFlags, Limits};

/// An adapter, and whether it serves.
#[derive(Clone, Debug)]
pub struct Adapter {
    /// What it says of itself.
    pub info: AdapterInfo,
    pub(super) handle: wgpu::Adapter,
}

/// What an adapter says of itself, and of what it can hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdapterInfo {
    /// Its name, as its driver gives it.
    pub name: String,
    /// The interface that it is reached through: `vulkan` or `metal`.
    pub backend: String,
    /// What it is.
    pub kind: AdapterKind,
    /// The driver's name and version.
    pub driver: String,
    /// Bytes that one buffer can have.
    pub buffer_bytes_max: u64,
    /// Bytes of a buffer that a kernel can see at once.
    pub binding_bytes_max: u64,
    /// Why it cannot run our kernels; `None` where it can.
    pub unfit: Option<String>,
}

/// What an adapter is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AdapterKind {
    /// A card with its own memory.
    Discrete,
    /// A part of the processor, sharing its memory.
    Integrated,
    /// A share of a card, lent to a virtual machine.
    Virtual,
    /// Unknown.
    Other,
    /// A program that does on the CPU what a card would do: for tests, never faster.
    Software,
}

impl AdapterKind {
    /// The word for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Discrete => "discrete",
            Self::Integrated => "integrated",
            Self::Virtual => "virtual",
            Self::Other => "other",
            Self::Software => "software",
        }
    }
}

/// All adapters, the fastest kinds first; none where the machine has no driver.
#[must_use]
pub fn adapters() -> Vec<Adapter> {
    let instance = Instance::new(InstanceDescriptor {
        backends: Backends::all(),
        // No layers that a developer may have installed: they change speed, and print.
        flags: InstanceFlags::empty(),
        ..InstanceDescriptor::new_without_display_handle()
    });
    let found = pollster::block_on(instance.enumerate_adapters(Backends::all()));
    let mut adapters: Vec<Adapter> =
        found.into_iter().map(|handle| Adapter { info: info(&handle), handle }).collect();
    adapters.sort_by(|a, b| (a.info.kind, &a.info.name).cmp(&(b.info.kind, &b.info.name)));
    adapters
}

/// The limits that our kernels ask for: those that every adapter of WebGPU's lowest tier has.
#[must_use]
pub fn required_limits() -> Limits {
    Limits::downlevel_defaults()
}

fn info(adapter: &wgpu::Adapter) -> AdapterInfo {
    let (info, limits) = (adapter.get_info(), adapter.limits());
    let compute =
        adapter.get_downlevel_capabilities().flags.contains(wgpu::DownlevelFlags::COMPUTE_SHADERS);
    let unfit = if !compute {
        Some("it runs no compute shaders".to_owned())
    } else if !required_limits().check_limits(&limits) {
        Some("its limits are below WebGPU's lowest tier".to_owned())
    } else {
        None
    };
    AdapterInfo {
        name: info.name,
        backend: info.backend.to_string(),
        kind: match info.device_type {
            DeviceType::DiscreteGpu => AdapterKind::Discrete,
            DeviceType::IntegratedGpu => AdapterKind::Integrated,
            DeviceType::VirtualGpu => AdapterKind::Virtual,
            DeviceType::Cpu => AdapterKind::Software,
            DeviceType::Other => AdapterKind::Other,
        },
        driver: [info.driver, info.driver_info].join(" ").trim().to_owned(),
        buffer_bytes_max: limits.max_buffer_size,
        binding_bytes_max: limits.max_storage_buffer_binding_size,
        unfit,
    }
}

//! Graphics adapters of this machine: listing them, proving them, and choosing one for a run.

use std::{
    sync::{Arc, OnceLock},
    time::Instant,
};

use serde::Serialize;
pub use veritrail_compute::gpu::choice::DeviceChoice;
use veritrail_compute::{
    exact::Reducer,
    gpu::{
        adapter::{Adapter, AdapterInfo, AdapterKind, adapters},
        choice::choose,
        device::{Gpu, Lost, OpenError},
        proof::{self, Proof},
    },
};

use crate::error::{Kind, NodeError, Result};

/// What a person without an adapter can do.
const REMEDY: &str = "install a Vulkan driver (Debian: mesa-vulkan-drivers libvulkan1), or say \
                      --device cpu: the result is the same bits";

/// The adapters of a machine.
#[derive(Debug, Clone, Serialize)]
pub struct Devices {
    /// The fastest kinds first.
    pub adapters: Vec<Listed>,
    /// What `--device auto` takes.
    pub auto: String,
}

/// An adapter as it is listed.
#[derive(Debug, Clone, Serialize)]
pub struct Listed {
    /// Its name.
    pub name: String,
    /// vulkan or metal.
    pub backend: String,
    /// discrete, integrated, virtual, other, software.
    pub kind: &'static str,
    /// The driver's name and version.
    pub driver: String,
    /// Bytes that one buffer can have.
    pub buffer_bytes_max: u64,
    /// Bytes of a buffer that a kernel can see at once.
    pub binding_bytes_max: u64,
    /// Why it cannot run the kernels, where it cannot.
    pub unfit: Option<String>,
}

impl From<&AdapterInfo> for Listed {
    fn from(info: &AdapterInfo) -> Self {
        Self {
            name: info.name.clone(),
            backend: info.backend.clone(),
            kind: info.kind.name(),
            driver: info.driver.clone(),
            buffer_bytes_max: info.buffer_bytes_max,
            binding_bytes_max: info.binding_bytes_max,
            unfit: info.unfit.clone(),
        }
    }
}

/// The adapters of this machine; none is no error.
pub fn list() -> Devices {
    let adapters = adapters();
    let serves = |adapter: &&Adapter| {
        adapter.info.unfit.is_none() && adapter.info.kind != AdapterKind::Software
    };
    let auto = adapters.iter().find(serves).map_or("cpu", |adapter| &adapter.info.name).to_owned();
    Devices { adapters: adapters.iter().map(|adapter| Listed::from(&adapter.info)).collect(), auto }
}

/// What the proof of the adapters found.
#[derive(Debug, Clone, Serialize)]
pub struct DeviceTest {
    /// One entry per adapter.
    pub adapters: Vec<Tested>,
}

/// One adapter's proof.
#[derive(Debug, Clone, Serialize)]
pub struct Tested {
    /// The adapter.
    pub adapter: Listed,
    /// One entry per kernel.
    pub kernels: Vec<KernelTest>,
    /// Why it could not be tested, where it could not.
    pub untested: Option<String>,
    /// Milliseconds that it took.
    pub milliseconds: u64,
}

/// One kernel on one adapter, held against its CPU twin.
#[derive(Debug, Clone, Serialize)]
pub struct KernelTest {
    /// The kernel.
    pub kernel: &'static str,
    /// Columns it was run over.
    pub cases: usize,
    /// Their rows together.
    pub rows: usize,
    /// Passes, each compared word for word.
    pub passes: usize,
    /// True if all words are the twin's, and the sums exact.
    pub equal: bool,
    /// What differed.
    pub different: Vec<String>,
}

impl From<Proof> for KernelTest {
    fn from(proof: Proof) -> Self {
        Self {
            kernel: proof.kernel,
            cases: proof.cases,
            rows: proof.rows,
            passes: proof.passes,
            equal: proof.different.is_empty(),
            different: proof.different,
        }
    }
}

impl DeviceTest {
    /// 0 where every adapter is equal, 3 where a word differs, 1 where one could not be tested.
    pub fn exit_code(&self) -> u8 {
        let kernels = || self.adapters.iter().flat_map(|adapter| &adapter.kernels);
        if kernels().any(|kernel| !kernel.equal) {
            Kind::VerificationFailed.exit_code()
        } else if self.adapters.iter().any(|adapter| adapter.untested.is_some()) {
            Kind::CouldNotCheck.exit_code()
        } else {
            0
        }
    }
}

/// Runs every kernel on every adapter of this machine, over columns that break sums, and compares
/// each word with the kernel's CPU twin and each sum with the exact one.
///
/// # Errors
/// Could not check: there is no adapter.
pub fn test() -> Result<DeviceTest> {
    let adapters = adapters();
    if adapters.is_empty() {
        return Err(no_adapter(Kind::CouldNotCheck));
    }
    Ok(DeviceTest { adapters: adapters.iter().map(tested).collect() })
}

fn tested(adapter: &Adapter) -> Tested {
    let start = Instant::now();
    let proofs = Gpu::open(adapter)
        .map_err(|error: OpenError| error.to_string())
        .and_then(|gpu| proof::prove(&gpu).map_err(|error: Lost| error.to_string()));
    let (kernels, untested) = match proofs {
        Ok(proofs) => (proofs.into_iter().map(KernelTest::from).collect(), None),
        Err(why) => (Vec::new(), Some(why)),
    };
    Tested {
        adapter: Listed::from(&adapter.info),
        kernels,
        untested,
        milliseconds: start.elapsed().as_millis().try_into().unwrap_or(u64::MAX),
    }
}

/// What `--device` asks for, as the reducer of a query; `None` is the CPU.
///
/// # Errors
/// Failed: a graphics adapter was demanded and there is none, or none can be opened.
pub fn open(choice: DeviceChoice) -> Result<Option<Arc<dyn Reducer>>> {
    if choice == DeviceChoice::Auto && !may_have_a_card() {
        return Ok(None);
    }
    choose(choice).map_err(|error| match error {
        OpenError::NoAdapter => no_adapter(Kind::Failed),
        refused => NodeError::failed(refused.to_string()).at("--device gpu").hint(REMEDY),
    })
}

/// Chooses, once for this process, where runs and reproductions compute sums over whole columns:
/// a machine's cards are the process's, not one request's. Without it they compute on the CPU.
///
/// # Errors
/// As [`open`].
pub fn use_for_runs(choice: DeviceChoice) -> Result<()> {
    let device = open(choice)?;
    // The first choice stands.
    CHOSEN.get_or_init(|| device);
    Ok(())
}

/// What [`use_for_runs`] chose.
pub(crate) fn chosen() -> Option<Arc<dyn Reducer>> {
    CHOSEN.get().cloned().flatten()
}

static CHOSEN: OnceLock<Option<Arc<dyn Reducer>>> = OnceLock::new();

/// Whether drivers need to be woken up to look for a card: on Linux a card has a file under /dev,
/// and some drivers complain on stderr where there is neither a card nor a screen.
fn may_have_a_card() -> bool {
    !cfg!(target_os = "linux")
        || ["/dev/dri", "/dev/nvidiactl", "/dev/dxg", "/dev/kgsl-3d0", "/dev/mali0"]
            .iter()
            .any(|file| std::path::Path::new(file).exists())
}

fn no_adapter(kind: Kind) -> NodeError {
    NodeError::new(kind, "no graphics adapter was found on this machine").hint(REMEDY)
}

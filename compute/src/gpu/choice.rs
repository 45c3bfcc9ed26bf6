//! What `--device` means.

use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, OnceLock};

use super::adapter::{Adapter, AdapterKind, adapters};
use super::device::{Gpu, OpenError};
use crate::exact::{Cpu, DeviceLost, Moments, Products, Reducer, Sum};

/// Where columns are to be reduced. It never changes a result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DeviceChoice {
    /// On a graphics processor where there is one, else on the CPU. A software adapter is slower
    /// than the CPU itself and is not taken.
    #[default]
    Auto,
    /// On the best adapter, a software one too; an error where there is none.
    Gpu,
    /// On the CPU.
    Cpu,
}

impl FromStr for DeviceChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "auto" => Ok(Self::Auto),
            "gpu" => Ok(Self::Gpu),
            "cpu" => Ok(Self::Cpu),
            other => Err(format!("{other} is no device: auto, gpu or cpu")),
        }
    }
}

impl fmt::Display for DeviceChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Auto => "auto",
            Self::Gpu => "gpu",
            Self::Cpu => "cpu",
        })
    }
}

/// What was asked for; `None` means the CPU. `auto` costs nothing before the first batch is
/// reduced, `gpu` some tens of milliseconds for the drivers to wake up.
///
/// # Errors
/// For [`DeviceChoice::Gpu`] alone: where there is no adapter, or none can be opened.
pub fn choose(choice: DeviceChoice) -> Result<Option<Arc<dyn Reducer>>, OpenError> {
    match choice {
        DeviceChoice::Cpu => Ok(None),
        DeviceChoice::Auto => Ok(Some(Arc::new(Card::default()))),
        DeviceChoice::Gpu => open_first(|_| true).map(|gpu| Some(gpu as Arc<dyn Reducer>)),
    }
}

/// The machine's card, opened when the first column comes; where there is none, the CPU.
#[derive(Debug, Default)]
struct Card(OnceLock<Option<Arc<Gpu>>>);

impl Card {
    fn reducer(&self) -> &dyn Reducer {
        let open = || open_first(|adapter| adapter.info.kind != AdapterKind::Software).ok();
        match self.0.get_or_init(open) {
            Some(gpu) => gpu.as_ref(),
            None => &Cpu,
        }
    }
}

impl Reducer for Card {
    fn name(&self) -> String {
        self.reducer().name()
    }

    fn sum(&self, x: &[f64]) -> Result<Sum, DeviceLost> {
        self.reducer().sum(x)
    }

    fn moments(&self, x: &[f64]) -> Result<Moments, DeviceLost> {
        self.reducer().moments(x)
    }

    fn products(&self, x: &[f64], y: &[f64]) -> Result<Products, DeviceLost> {
        self.reducer().products(x, y)
    }
}

/// Opens the first adapter that passes, serves and opens.
fn open_first(passes: impl Fn(&Adapter) -> bool) -> Result<Arc<Gpu>, OpenError> {
    let mut why = OpenError::NoAdapter;
    for adapter in adapters().iter().filter(|adapter| passes(adapter)) {
        match Gpu::open(adapter) {
            Ok(gpu) => return Ok(Arc::new(gpu)),
            Err(error) => why = error,
        }
    }
    Err(why)
}

//! `veritrail device`: the graphics adapters of this machine, and whether they compute the same
//! bits.

use std::process::ExitCode;

use clap::Subcommand;
use veritrail_server::{
    error::{NodeError, Result},
    node::device::{self, DeviceChoice, DeviceTest, Devices, Listed},
};

use crate::{context::Context, words};

/// Show this machine's graphics adapters, and prove them right
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// List the adapters: name, interface, kind, driver, limits
    List,
    /// Run every kernel over columns that break sums, and hold each word against the CPU's
    ///
    /// Exit codes: 0 all equal, 3 something differs, 1 an adapter could not be tested or there is
    /// none.
    Test,
}

// No doc comment: clap would show it in place of the command's own.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct DeviceArgs {
    /// Where sums over whole columns are computed: auto, gpu or cpu; the result is the same bits
    ///
    /// auto takes a graphics card where there is one and else the CPU, which is faster than a
    /// software adapter. gpu takes any adapter and fails without one.
    #[arg(
        long,
        value_name = "DEVICE",
        env = "VERITRAIL_DEVICE",
        hide_env_values = true,
        default_value_t
    )]
    device: DeviceChoice,
}

impl DeviceArgs {
    /// Chooses the device for what this command computes.
    pub(crate) fn choose(self) -> Result<()> {
        device::use_for_runs(self.device)
    }
}

/// Runs the command.
pub(crate) async fn run(args: Args, context: &Context) -> Result<ExitCode> {
    match args.what {
        What::List => {
            let devices = blocking(|| Ok(device::list())).await?;
            context.output.show("device.list", &devices, list)?;
            Ok(ExitCode::SUCCESS)
        }
        What::Test => {
            let tested = blocking(device::test).await?;
            context.output.show("device.test", &tested, test)?;
            Ok(ExitCode::from(tested.exit_code()))
        }
    }
}

/// Drivers take their time, and hold the thread.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(|e| NodeError::failed(e.to_string()))?
}

fn list(devices: &Devices) -> String {
    let mut text = String::new();
    for adapter in &devices.adapters {
        text.push_str(&format!("{}\n", words::printable(&adapter.name)));
        text.push_str(&words::table(&described(adapter)));
    }
    if devices.adapters.is_empty() {
        text.push_str("no graphics adapter was found; everything is computed on the CPU\n");
    }
    text.push_str(&format!("--device auto takes: {}\n", words::printable(&devices.auto)));
    text
}

fn described(adapter: &Listed) -> Vec<(&'static str, String)> {
    let mut rows = vec![
        ("kind", format!("{}, by {}", adapter.kind, adapter.backend)),
        ("driver", adapter.driver.clone()),
        ("buffers", format!("up to {}", words::bytes(adapter.buffer_bytes_max))),
        ("kernels see", format!("up to {}", words::bytes(adapter.binding_bytes_max))),
    ];
    rows.extend(adapter.unfit.clone().map(|why| ("cannot be used", why)));
    rows
}

fn test(tested: &DeviceTest) -> String {
    let mut text = String::new();
    for adapter in &tested.adapters {
        text.push_str(&format!(
            "{}, {} ms\n",
            words::printable(&adapter.adapter.name),
            words::grouped(adapter.milliseconds)
        ));
        let rows: Vec<(&str, String)> = adapter
            .kernels
            .iter()
            .map(|kernel| {
                let verdict = if kernel.equal { "equal" } else { "DIFFERENT" };
                let line = format!(
                    "{verdict}: {} columns, {}, {} passes compared word for word",
                    kernel.cases,
                    words::plural(kernel.rows as u64, "row"),
                    words::grouped(kernel.passes as u64)
                );
                (kernel.kernel, line)
            })
            .collect();
        text.push_str(&words::table(&rows));
        for fault in adapter.kernels.iter().flat_map(|kernel| &kernel.different) {
            text.push_str(&format!("  DIFFERENT  {}\n", words::printable(fault)));
        }
        if let Some(why) = &adapter.untested {
            text.push_str(&format!("  not tested  {}\n", words::printable(why)));
        }
    }
    text
}

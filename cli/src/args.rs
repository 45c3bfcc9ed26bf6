//! The command line's grammar: one variant a command, each with a file of its own.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::{commands, output::Output};

/// A verifiable trail from data to result.
///
/// Publish data, run analyses that give everybody the same bits, and check any result offline.
/// Exit codes: 0 ok, 1 error or could not check, 2 usage, 3 verification failed, 4 not
/// authorised, 5 not found, 6 conflict, 130 interrupted.
#[derive(Debug, Parser)]
#[command(name = "veritrail", version, propagate_version = true)]
pub(crate) struct Args {
    /// The folder that holds keys, data and log [default: the data folder of the platform]
    #[arg(long, global = true, env = "VERITRAIL_HOME", hide_env_values = true, value_name = "DIR")]
    pub(crate) home: Option<PathBuf>,
    /// Print JSON for programs: one object, or one a line for lists
    #[arg(long, global = true)]
    json: bool,
    /// What to do
    #[command(subcommand)]
    pub(crate) command: Command,
}

impl Args {
    /// Which face the command shows.
    pub(crate) fn output(&self) -> Output {
        if self.json { Output::Json } else { Output::Text }
    }
}

/// What can be done.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Init(commands::init::Args),
    Publish(commands::publish::Args),
    Show(commands::show::Args),
    Verify(commands::verify::Args),
    Get(commands::get::Args),
    Run(commands::run::Args),
    Reproduce(commands::reproduce::Args),
    Bundle(commands::bundle::Args),
    Prove(commands::prove::Args),
    Noise(commands::noise::Args),
    Check(commands::check::Args),
    Serve(commands::serve::Args),
    Lineage(commands::lineage::Args),
    AuditCommitments(commands::audit_commitments::Args),
    Log(commands::log::Args),
    Id(commands::id::Args),
    Store(commands::store::Args),
    Device(commands::device::Args),
    Demo(commands::demo::Args),
}

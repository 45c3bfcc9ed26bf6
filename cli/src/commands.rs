//! The commands, one file each: an `Args` and a `run` that calls one use case of the node.

pub(crate) mod audit_commitments;
pub(crate) mod bundle;
pub(crate) mod check;
pub(crate) mod demo;
pub(crate) mod device;
pub(crate) mod get;
pub(crate) mod id;
pub(crate) mod init;
pub(crate) mod lineage;
pub(crate) mod log;
pub(crate) mod noise;
pub(crate) mod prove;
pub(crate) mod publish;
pub(crate) mod reproduce;
pub(crate) mod run;
pub(crate) mod serve;
pub(crate) mod show;
pub(crate) mod store;
pub(crate) mod verify;

use std::process::ExitCode;

use veritrail_server::error::Result;

use crate::{args::Command, context::Context};

/// Runs one command.
pub(crate) async fn run(command: Command, context: &Context) -> Result<ExitCode> {
    match command {
        Command::Demo(args) => demo::run(args, context).await,
        Command::Init(args) => init::run(args, context).await,
        Command::Publish(args) => publish::run(args, context).await,
        Command::Show(args) => show::run(args, context).await,
        Command::Verify(args) => verify::run(args, context).await,
        Command::Get(args) => get::run(args, context).await,
        Command::Run(args) => run::run(args, context).await,
        Command::Reproduce(args) => reproduce::run(args, context).await,
        Command::Bundle(args) => bundle::run(args, context).await,
        Command::Prove(args) => prove::run(args, context).await,
        Command::Noise(args) => noise::run(args, context).await,
        Command::Check(args) => check::run(args, context).await,
        Command::Serve(args) => serve::run(args, context).await,
        Command::AuditCommitments(args) => audit_commitments::run(args, context).await,
        Command::Lineage(args) => lineage::run(args, context).await,
        Command::Log(args) => log::run(args, context).await,
        Command::Id(args) => id::run(args, context).await,
        Command::Store(args) => store::run(args, context).await,
        Command::Device(args) => device::run(args, context).await,
    }
}

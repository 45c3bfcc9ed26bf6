//! `veritrail check`: says what a proof file shows, and what it does not.

use std::{path::PathBuf, process::ExitCode};

use veritrail_server::{
    claims,
    error::Result,
    node::{
        Node,
        check::{CheckRequest, CheckedProof},
    },
};

use super::verify;
use crate::context::Context;

/// Check a proof file: what is proven, about which version, and what is not
///
/// The version's commitments must be known here (veritrail get TICKET). Exit 0: the proof holds,
/// and you named whoever signed the version. 3: the proof, or something that it rests on, is wrong.
/// 1: it could not be checked.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The proof file
    #[arg(value_name = "PROOF")]
    file: PathBuf,
    /// Trust this DID, vkey or file like trust.toml for this one check; `any` trusts every signer
    #[arg(long, value_name = "DID|VKEY|FILE|any")]
    trust: Vec<String>,
}

/// Runs the command.
pub(crate) async fn run(args: Args, context: &Context) -> Result<ExitCode> {
    let node = Node::open(&context.home)?;
    let request = CheckRequest { file: args.file, trust: args.trust };
    let done = node.check(&request, &context.progress).await?;
    context.output.show("check", &done, text)?;
    Ok(ExitCode::from(done.exit_code()))
}

fn text(done: &CheckedProof) -> String {
    format!("{}\n{}", claims::words(&done.shown), verify::text(&done.version))
}

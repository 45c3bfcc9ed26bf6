//! `veritrail check`: says what a proof file shows, and what it does not.

use std::{path::PathBuf, process::ExitCode};

use veritrail_server::{
    claims,
    error::{NodeError, Result},
    node::check::{CheckRequest, CheckedProof, check_offline},
};

use super::verify;
use crate::{context::Context, words};

/// Check a proof: what is proven, about which version, and what is not
///
/// The version's commitments must be known here (veritrail get TICKET), or lie in a bundle
/// (--offline), which needs neither home nor network. Exit 0: the proof holds, and you named
/// whoever signed the version. 3: the proof, or something that it rests on, is wrong. 1: it could
/// not be checked, or you have not named them (id trust, or --trust here).
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The proof file
    #[arg(value_name = "PROOF")]
    file: PathBuf,
    /// Check it against what this bundle holds of the version
    #[arg(long, value_name = "BUNDLE")]
    offline: Option<PathBuf>,
    /// Trust this DID, vkey or file like trust.toml for this one check; `any` trusts every signer
    #[arg(long, value_name = "DID|VKEY|FILE|any")]
    trust: Vec<String>,
    /// The nonce that you sent: a proof that was not made for it is refused
    #[arg(long, value_name = "HEX")]
    nonce: Option<String>,
}

/// Runs the command.
pub(crate) async fn run(args: Args, context: &Context) -> Result<ExitCode> {
    let progress = &context.progress;
    let home = context.known()?;
    let request = CheckRequest { file: args.file, trust: args.trust, nonce: args.nonce };
    let done = match (&args.offline, &home) {
        // A home that is there adds what it trusts and remembers.
        (Some(bundle), home) => tokio::task::block_in_place(|| {
            check_offline(home.as_ref(), &request, bundle, progress)
        })?,
        (None, Some(node)) => node.check(&request, progress).await?,
        (None, None) => return Err(no_home(&request)),
    };
    context.output.show("check", &done, text)?;
    Ok(ExitCode::from(done.exit_code()))
}

fn no_home(request: &CheckRequest) -> NodeError {
    NodeError::could_not_check("there is no home here that could know its version")
        .at(request.file.display())
        .hint(
            "check it against a bundle: --offline BUNDLE; or make a home (veritrail init) and \
             fetch what is public of the version: veritrail get TICKET",
        )
}

fn text(done: &CheckedProof) -> String {
    let mut text = format!("{}\n", words::printable(&done.headline()));
    if let Some(shown) = &done.shown {
        text.push_str(&claims::words(shown));
    }
    text.push_str("\nThe version\n");
    text.push_str(&verify::text(&done.version));
    text
}

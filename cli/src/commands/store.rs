//! `veritrail store`: the health of what this home keeps.

use std::process::ExitCode;

use clap::Subcommand;
use veritrail_server::{
    error::Result,
    node::{
        Node,
        fsck::{Fsck, Rebuild},
    },
};

use crate::{context::Context, words};

/// Check what this home keeps
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Check every byte: blobs, log, tiles, state, and that all that was published is here
    Fsck {
        /// Make state.db anew from the logs, and set damaged blobs aside so that they can be
        /// fetched or published again; names, pins and peers are kept
        #[arg(long)]
        rebuild: bool,
    },
}

/// Runs the command.
pub(crate) async fn run(args: Args, context: &Context) -> Result<ExitCode> {
    let What::Fsck { rebuild } = args.what;
    let rebuild = if rebuild { Rebuild::State } else { Rebuild::Nothing };
    let done = Node::fsck(context.home()?, rebuild, &context.progress).await?;
    context.output.show("store.fsck", &done, text)?;
    Ok(ExitCode::from(done.exit_code()))
}

fn text(done: &Fsck) -> String {
    let head = if done.findings.is_empty() { "all is well" } else { "damage found" };
    let blobs = words::plural(done.blobs, "blob");
    let mut rows = vec![
        ("blobs", format!("{blobs}, {}, each hashed", words::bytes(done.blob_bytes))),
        ("of no statement", words::plural(done.unreferenced, "blob") + ", never served"),
    ];
    if done.taken_away > 0 {
        let left = words::plural(done.taken_away, "left-over");
        rows.push(("taken away", left + " of interrupted work, which nothing names"));
    }
    rows.extend([
        ("log", words::plural(done.log_entries, "entry")),
        ("trails", words::plural(done.trails, "foreign log")),
        ("versions", format!("{} complete here", words::plural(done.versions, "version"))),
        ("state", done.state.clone()),
    ]);
    let mut text = format!("{head}\n{}", words::table(&rows));
    for finding in &done.findings {
        text.push_str(&format!("  DAMAGED  {}\n", words::printable(finding)));
    }
    for remark in &done.remarks {
        text.push_str(&format!("  remark   {}\n", words::printable(remark)));
    }
    text
}

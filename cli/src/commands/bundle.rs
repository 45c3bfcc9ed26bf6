//! `veritrail bundle`: everything needed to check a result offline, as one file.

use std::{path::PathBuf, process::ExitCode};

use veritrail_server::{
    error::Result,
    node::{
        Node,
        bundle::{BundleRequest, Bundled, DataInside},
    },
};

use crate::{context::Context, words};

/// Write one file from which anybody can check a dataset, a run or an output offline
///
/// It holds the signed statements of the whole lineage with their proofs, and small outputs; no
/// input bytes unless --data. Check it with: veritrail verify FILE
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// What the bundle is about: a dataset, a run, an output
    #[arg(value_name = "REF")]
    reference: String,
    /// The file to write; one that exists is kept
    #[arg(short, long, value_name = "FILE")]
    out: PathBuf,
    /// Put the files of the inputs in as well
    #[arg(long)]
    data: bool,
}

/// Runs the command.
pub(crate) async fn run(args: Args, context: &Context) -> Result<ExitCode> {
    let node = Node::open(context.home()?)?;
    let request = BundleRequest {
        reference: args.reference,
        out: args.out,
        data: if args.data { DataInside::Whole } else { DataInside::OutputsOnly },
    };
    let bundled = node.bundle(request, &context.progress).await?;
    context.output.show("bundle", &bundled, text)?;
    Ok(ExitCode::SUCCESS)
}

fn text(bundled: &Bundled) -> String {
    let logs = bundled.logs.iter().map(ToString::to_string).collect::<Vec<_>>();
    let mut rows = vec![
        ("about", bundled.subject.clone()),
        ("statements", words::grouped(bundled.statements)),
        ("logs", logs.join(", ")),
        ("size", words::bytes(bundled.bytes)),
        ("sha256", bundled.sha256.to_string()),
    ];
    for file in &bundled.files {
        rows.push(("inside", file.clone()));
    }
    for file in &bundled.left_out {
        rows.push(("left out", file.clone()));
    }
    let file = bundled.file.display();
    format!(
        "wrote {file}\n{}check it anywhere, without a network: veritrail verify {file}",
        words::table(&rows)
    )
}

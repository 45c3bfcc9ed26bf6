//! `veritrail audit-commitments`: computes every commitment of a private version again.

use std::{path::PathBuf, process::ExitCode};

use veritrail_server::{
    error::Result,
    node::{
        Node,
        private::{AuditRequest, Audited},
    },
};

use crate::{context::Context, words};

/// Compute every commitment of a private version again, from its rows and its seed
///
/// Without options it is the holder's: the home's own seed and bytes. An auditor gets the
/// commitments (veritrail get TICKET), a file with the version's seed (--export-seed), and the
/// files as they were published (--data). The seed opens that version for ever to whoever has it
/// and can guess rows. Exit 0 if all are the published ones, 3 if any differs.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The version: its DID, DID@N or local name
    #[arg(value_name = "REF")]
    reference: String,
    /// The version's seed, as --export-seed wrote it [default: the home's own]
    #[arg(long, value_name = "FILE")]
    seed: Option<PathBuf>,
    /// The files that were published, in plain [default: the home's own bytes]
    #[arg(long, value_name = "PATH", num_args = 1..)]
    data: Vec<PathBuf>,
    /// How these files are to be read, as they were published with
    #[arg(long, value_name = "FILE.toml", requires = "data")]
    describe: Option<PathBuf>,
    /// Write the version's seed to a new file, for an auditor, and audit nothing
    #[arg(long, value_name = "FILE", conflicts_with_all = ["seed", "data"])]
    export_seed: Option<PathBuf>,
}

/// Runs the command.
pub(crate) async fn run(args: Args, context: &Context) -> Result<ExitCode> {
    let node = Node::open(&context.home)?;
    if let Some(out) = args.export_seed {
        node.export_seed(&args.reference, &out)?;
        let written = serde_json::json!({ "file": out });
        context.output.show("seed", &written, |_| {
            let file = out.display();
            format!("written to {file}: it opens this version for ever to whoever can guess rows")
        })?;
        return Ok(ExitCode::SUCCESS);
    }
    let request = AuditRequest {
        reference: args.reference,
        seed: args.seed,
        data: args.data,
        describe: args.describe,
    };
    let audited = node.audit_commitments(&request, &context.progress).await?;
    context.output.show("audit", &audited, text)?;
    Ok(ExitCode::from(audited.exit_code()))
}

fn text(audited: &Audited) -> String {
    let head = match audited.differences.is_empty() {
        true => "every commitment is the published one",
        false => "the commitments DIFFER",
    };
    let rows = [
        ("what", audited.subject.clone()),
        ("log", audited.log.clone()),
        ("rows", audited.rows.to_string()),
        ("computed", words::plural(audited.commitments, "commitment")),
    ];
    let mut text = format!("{head}\n{}", words::table(&rows));
    for difference in &audited.differences {
        text.push_str(&format!("differs: {}\n", words::printable(difference)));
    }
    text
}

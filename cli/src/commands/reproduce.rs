//! `veritrail reproduce`: runs somebody's run again and signs what came out.

use std::process::ExitCode;

use veritrail_server::{
    error::Result,
    node::{
        Node,
        peering::Relay,
        reproduce::{Bytes, ReproduceRequest, Reproduced},
    },
};

use super::device::DeviceArgs;
use crate::{context::Context, ticket, words};

/// Run a run again, from inputs fetched anew, and sign a verdict
///
/// Evidence, spec, inputs and output are fetched into an empty store: from the node of the ticket,
/// or, for a run that is known here, from the nodes that it is known from. A run of this home itself
/// is repeated from its own bytes.
///
/// identical: exit 0. within the declared tolerance: exit 0. different: exit 3, with the first
/// column and row that differ. could not check: exit 1, with what was missing.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The run: run:HEX of a known run, the ticket of one, or a file that holds the ticket
    #[arg(value_name = "RUN|TICKET|FILE")]
    run: String,
    /// Ask nobody: repeat a known run from the bytes held here. The verdict says so
    #[arg(long)]
    held: bool,
    #[command(flatten)]
    device: DeviceArgs,
    /// Sign as this person of the home [default: the operator]
    #[arg(long = "as", value_name = "DID")]
    signer: Option<String>,
    /// Also try to reach the other node through public relays (n0) [default: its addresses only]
    #[arg(long, value_name = "RELAY")]
    relay: Option<Relay>,
    /// Memory that the query may take, such as 512MiB; what sorts and groups need beyond goes to disk [default: 2GiB]
    #[arg(long, value_name = "SIZE", value_parser = words::parse_bytes)]
    memory: Option<u64>,
}

/// Runs the command.
pub(crate) async fn run(args: Args, context: &Context) -> Result<ExitCode> {
    args.device.choose()?;
    let node = Node::open(context.home()?)?;
    let request = ReproduceRequest {
        run: ticket::word_or_file(args.run),
        bytes: if args.held { Bytes::Held } else { Bytes::Fetched },
        signer: args.signer,
        relay: args.relay.unwrap_or_default(),
        memory_bytes: args.memory,
    };
    let done = node.reproduce(request, &context.progress).await?;
    context.output.show("reproduce", &done, text)?;
    Ok(ExitCode::from(done.exit_code()))
}

fn text(done: &Reproduced) -> String {
    let mut rows = vec![("run", done.run.clone()), ("expected", done.expected.to_string())];
    rows.extend(done.found.map(|found| ("found", found.to_string())));
    if let Some(difference) = &done.difference {
        rows.push((
            "differs",
            format!(
                "column {}, row {}: {} expected, {} found",
                difference.column, difference.row, difference.expected, difference.found
            ),
        ));
    }
    rows.extend(done.missing.clone().map(|missing| ("missing", missing)));
    rows.push(("inputs", done.inputs.clone()));
    for asked in &done.asked {
        rows.push(("asked", words::printable(&format!("{}: {}", asked.node, asked.answer))));
    }
    rows.extend(done.remedy.clone().map(|remedy| ("", remedy)));
    rows.push(("verdict", format!("{}, signed by {}", done.log, done.signer)));
    rows.push(("binary", done.binary.to_string()));
    format!("{}\n{}", done.outcome.words(), words::table(&rows))
}

//! `veritrail serve`: offers this home to peers until it is interrupted.

use std::{net::SocketAddr, process::ExitCode};

use veritrail_server::{
    error::Result,
    node::{
        Node,
        peering::Relay,
        serve::{ServeOptions, ServeStarted},
    },
};

use crate::{context::Context, words};

/// Offer what is public in this home to peers, until interrupted
///
/// Only what a public version lists, or a run over such versions, can be fetched; the rest of the
/// home does not exist for peers. What is published meanwhile is served at once.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Listen here [default: 127.0.0.1, the port of last time where it is free]
    #[arg(long, value_name = "IP:PORT")]
    bind: Option<SocketAddr>,
    /// Also be reachable through public relays: n0 [default: none]
    #[arg(long, value_name = "RELAY")]
    relay: Option<Relay>,
}

/// Runs the command.
pub(crate) async fn run(args: Args, context: &Context) -> Result<ExitCode> {
    let node = Node::open(&context.home)?;
    let options = ServeOptions { bind: args.bind, relay: args.relay.unwrap_or_default() };
    let serving = node.serve(options).await?;
    context.output.show("serve", serving.started(), text)?;
    eprintln!("serving until interrupted (Ctrl-C)");
    // Dropped by the interrupt, which the binary's main turns into its exit code.
    std::future::pending::<()>().await;
    drop(serving);
    Ok(ExitCode::SUCCESS)
}

/// Goes on serving after a command that was given `--share`.
pub(crate) async fn share(node: &Node, bind: Option<SocketAddr>) -> Result<()> {
    let options = ServeOptions { bind, relay: Relay::default() };
    let serving = node.serve(options).await?;
    eprintln!("serving at {} until interrupted (Ctrl-C)", serving.started().addresses.join(", "));
    std::future::pending::<()>().await;
    drop(serving);
    Ok(())
}

fn text(started: &ServeStarted) -> String {
    words::table(&[
        ("node", started.node.to_string()),
        ("addresses", started.addresses.join(", ")),
        ("relay", started.relay.clone()),
        ("offers", words::plural(started.blobs, "blob")),
    ])
}

//! `veritrail serve`: offers this home to peers until it is interrupted.

use std::{net::SocketAddr, process::ExitCode, sync::Arc};

use veritrail_server::{
    error::Result,
    node::{
        Node,
        peering::Relay,
        serve::{ServeOptions, ServeStarted, Serving},
    },
};

use crate::{context::Context, output::tell, words};

/// Offer what is public in this home to peers, until interrupted
///
/// Only what a public version lists, or a run over such versions, can be fetched; the rest of the
/// home does not exist for peers. What is published meanwhile is served at once.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Listen here [default: 127.0.0.1, the port of last time where it is free]
    #[arg(long, value_name = "IP:PORT", value_parser = address)]
    bind: Option<SocketAddr>,
    /// Also be reachable through public relays: n0 [default: none]
    #[arg(long, value_name = "RELAY")]
    relay: Option<Relay>,
}

/// Runs the command.
pub(crate) async fn run(args: Args, context: &Context) -> Result<ExitCode> {
    let node = Arc::new(Node::open(context.home()?)?);
    let options = ServeOptions { bind: args.bind, relay: args.relay.unwrap_or_default() };
    let serving = node.serve(options).await?;
    context.output.show("serve", serving.started(), text)?;
    wait(Some(serving)).await;
    Ok(ExitCode::SUCCESS)
}

/// Begins to serve on loopback, for a command that was given `--share`.
pub(crate) async fn share(node: &Arc<Node>) -> Result<Serving> {
    node.serve(ServeOptions::default()).await
}

/// Serves until the interrupt, which the binary's main turns into its exit code.
pub(crate) async fn wait(serving: Option<Serving>) {
    let Some(serving) = serving else { return };
    let addresses = serving.started().addresses.join(", ");
    tell(&format!("serving at {addresses} until interrupted (Ctrl-C)"));
    std::future::pending::<()>().await;
}

fn address(text: &str) -> std::result::Result<SocketAddr, String> {
    let form = "write an address and a port, such as 127.0.0.1:4433, or 0.0.0.0:4433 for others";
    text.parse().map_err(|_| form.to_owned())
}

fn text(started: &ServeStarted) -> String {
    words::table(&[
        ("node", started.node.to_string()),
        ("fingerprint", started.fingerprint.clone()),
        ("addresses", started.addresses.join(", ")),
        ("relay", started.relay.clone()),
        ("offers", words::plural(started.blobs, "blob")),
    ])
}

//! The binary `veritrail`: parses the command line, runs one use case of the node, and turns what
//! comes back into text or JSON and an exit code. Data goes to stdout, messages to stderr.

mod args;
mod commands;
mod context;
mod error;
mod interrupt;
mod output;
mod progress;
mod ticket;
mod words;

use std::process::ExitCode;

use clap::Parser as _;
use veritrail_server::{error::NodeError, stop::Stop};

use crate::{args::Args, context::Context};

fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(refusal) => return error::usage(&refusal),
    };
    let output = args.output();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(e) => {
            let e = NodeError::failed(format!("cannot start the runtime: {e}"));
            return error::report(&e, output);
        }
    };
    let stop = Stop::default();
    let context = Context::new(&args, stop.clone());
    // A task of its own: a long pass holds its thread, and must not keep Ctrl-C from being heard.
    let command = runtime.spawn(async move { commands::run(args.command, &context).await });
    let done = runtime.block_on(interrupt::until_done(command, &stop));
    // A blocking pass that was interrupted must not hold the exit up.
    runtime.shutdown_background();
    match done {
        Ok(code) => code,
        Err(e) => error::report(&e, output),
    }
}

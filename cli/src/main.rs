//! The binary `veritrail`: parses the command line, runs one use case of the node, and turns what
//! comes back into text or JSON and an exit code. Data goes to stdout, messages to stderr.

mod args;
mod commands;
mod context;
mod error;
mod output;
mod progress;
mod words;

use std::process::ExitCode;

use clap::Parser as _;
use veritrail_server::error::NodeError;

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
    let done = Context::new(&args).and_then(|context| {
        // A task of its own: a long pass holds its thread, and must not keep Ctrl-C from being
        // heard.
        let command = runtime.spawn(async move { commands::run(args.command, &context).await });
        runtime.block_on(async {
            tokio::select! {
                done = command => done.unwrap_or_else(|e| Err(NodeError::failed(e.to_string()))),
                _ = tokio::signal::ctrl_c() => Err(interrupted()),
            }
        })
    });
    // A blocking pass that was interrupted must not hold the exit up.
    runtime.shutdown_background();
    match done {
        Ok(code) => code,
        Err(e) => error::report(&e, output),
    }
}

fn interrupted() -> NodeError {
    NodeError::new(veritrail_server::error::Kind::Interrupted, "interrupted")
        .hint("nothing was logged or served: run the same command again, which uses the chunks that are there; store fsck takes half-written ones away")
}

//! What Ctrl-C does: whoever writes is asked to stop and takes away what it wrote; everything else
//! is dropped where it stands. A second Ctrl-C ends the process at once.

use std::{process::ExitCode, time::Duration};

use tokio::{
    signal::{
        ctrl_c,
        unix::{SignalKind, signal},
    },
    task::JoinHandle,
    time::timeout,
};
use veritrail_server::{
    error::{NodeError, Result},
    stop::{Stop, interrupted},
};

/// For putting in order: a slow disk may have 64 MiB of a batch to sync.
const ORDER_SECONDS_MAX: u64 = 60;

/// For a pass that only reads, and is dropped when it next waits.
const READING_SECONDS_MAX: u64 = 2;

/// Waits until the command ends, by itself or because a signal asked for it.
pub(crate) async fn until_done(
    mut command: JoinHandle<Result<ExitCode>>,
    stop: &Stop,
) -> Result<ExitCode> {
    tokio::select! {
        done = &mut command => return joined(done),
        () = asked() => stop.ask(),
    }
    tokio::select! {
        done = in_order(command, stop) => done,
        () = asked() => Err(interrupted().hint(
            "what was half-done is taken away by the next command that writes",
        )),
    }
}

async fn in_order(mut command: JoinHandle<Result<ExitCode>>, stop: &Stop) -> Result<ExitCode> {
    let released = timeout(Duration::from_secs(ORDER_SECONDS_MAX), stop.released()).await;
    command.abort();
    let most = Duration::from_secs(READING_SECONDS_MAX);
    match (released, timeout(most, &mut command).await) {
        (Ok(()), Ok(Ok(done))) => done,
        _ => Err(interrupted()),
    }
}

fn joined(done: std::result::Result<Result<ExitCode>, tokio::task::JoinError>) -> Result<ExitCode> {
    done.unwrap_or_else(|e| {
        let bug = NodeError::failed(format!("the command ended unexpectedly: {e}"));
        Err(bug.at("the command").hint("this is a mistake of ours: please report it"))
    })
}

/// Ctrl-C, or what `kill` sends. A closing terminal is not listened to: `nohup` has the system
/// ignore it, and a listener would undo that.
async fn asked() {
    let mut terminated = signal(SignalKind::terminate());
    tokio::select! {
        _ = ctrl_c() => {}
        () = received(&mut terminated) => {}
    }
}

/// Never, where the system does not tell of it.
async fn received(signal: &mut std::io::Result<tokio::signal::unix::Signal>) {
    match signal {
        Ok(signal) => drop(signal.recv().await),
        Err(_) => std::future::pending().await,
    }
}

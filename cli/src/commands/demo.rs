//! `veritrail demo`: the main job on real data, told as a short story. Every step is this same
//! binary run as a person would run it, on homes of its own in a temporary folder.

mod attacks;
mod bundle;
mod hospital;
mod stage;
mod story;
mod table;

use std::{process::ExitCode, sync::OnceLock, time::Instant};

use veritrail_server::{error::Result, progress::Progress as _, stop::Stop};

use crate::{
    context::Context,
    output::{self, Output},
};

/// Play the main job on real data, and catch five lies
///
/// Needs no network and touches no home of yours: everything happens in a temporary folder, over
/// loopback, and is removed at the end.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

/// What the demo showed, for programs.
#[derive(serde::Serialize)]
struct Shown {
    /// The run that was reproduced.
    run: String,
    /// The digest on which the two nodes agreed.
    table_hash: String,
    /// What was altered, and how it was caught.
    caught: Vec<attacks::Caught>,
    /// How long it took.
    seconds: f64,
}

/// Which face this process shows; set once, before the first line is told.
static FACE: OnceLock<Output> = OnceLock::new();

/// Runs the command.
pub(crate) async fn run(_args: Args, context: &Context) -> Result<ExitCode> {
    let start = Instant::now();
    FACE.get_or_init(|| context.output);
    let stop = context.progress.stop();
    // Until the stage is cleared away: Ctrl-C ends the story, and the folder goes with it.
    let held = stop.hold()?;
    let played = tokio::task::spawn_blocking(move || {
        let _held = held;
        play(stop)
    })
    .await;
    let (run, table_hash, caught) = played.map_err(|e| {
        veritrail_server::error::NodeError::failed(format!("the demo stopped: {e}"))
    })??;
    let shown = Shown { run, table_hash, caught, seconds: start.elapsed().as_secs_f64() };
    let text = |shown: &Shown| {
        format!(
            "\nThat was the whole trail in {:.1} s. Every step above is a command that you can \
             type, each actor with a home of its own (--home); long values stand as shell \
             variables.\nNext: veritrail init --name \"Your name\"; veritrail publish --help",
            shown.seconds
        )
    };
    match context.output {
        Output::Json => context.output.show("demo", &shown, text)?,
        Output::Text => tell(&text(&shown)),
    }
    Ok(ExitCode::SUCCESS)
}

fn play(stop: Stop) -> Result<(String, String, Vec<attacks::Caught>)> {
    let stage = stage::Stage::new(stop)?;
    let story = story::play(&stage)?;
    bundle::play(&stage, &story)?;
    let mut caught = attacks::play(&stage, &story)?;
    caught.push(hospital::play(&stage)?);
    Ok((story.run, story.table_hash, caught))
}

/// One line of the story: to stdout for a person; with `--json` it is a message beside the object.
fn tell(line: &str) {
    match FACE.get() {
        Some(Output::Json) => output::tell(line),
        // Whoever reads no further (`| head`) does not end the story's clearing up.
        _ => drop(output::line(line)),
    }
}

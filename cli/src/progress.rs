//! Progress bars on stderr, on a terminal only; sentences for the person go there always.

use std::{io::IsTerminal as _, sync::Mutex};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use veritrail_server::{
    progress::{Progress, UnitsDone},
    stop::Stop,
};

use crate::{output::Output, words};

/// Shows the steps of a use case.
pub(crate) struct Bars {
    output: Output,
    bar: Mutex<Option<ProgressBar>>,
    stop: Stop,
}

impl Bars {
    /// Bars for `output`: none with `--json` or where stderr is no terminal. `stop` is what Ctrl-C
    /// asks for.
    pub(crate) fn new(output: Output, stop: Stop) -> Self {
        Self { output, bar: Mutex::new(None), stop }
    }

    fn with(&self, act: impl FnOnce(&mut Option<ProgressBar>)) {
        // A poisoned bar is still a bar: nothing depends on what it shows.
        act(&mut self.bar.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
    }

    fn shown(&self) -> bool {
        self.output == Output::Text && std::io::stderr().is_terminal()
    }
}

impl Progress for Bars {
    fn begin(&self, step: &str, total: Option<u64>) {
        if !self.shown() {
            return;
        }
        let bar = match total {
            Some(total) => ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr())
                .with_style(style(
                    "{msg:<24} {bar:30} {bytes:>10}/{total_bytes} {bytes_per_sec:>12} eta {eta}",
                )),
            None => ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr())
                .with_style(style("{msg:<24} {spinner} {bytes:>10} {elapsed}")),
        };
        bar.set_message(step.to_owned());
        self.with(|slot| *slot = Some(bar));
    }

    fn advance(&self, amount: u64) {
        self.with(|slot| {
            if let Some(bar) = slot {
                bar.inc(amount);
            }
        });
    }

    fn end(&self) {
        self.with(|slot| {
            if let Some(bar) = slot.take() {
                bar.finish_and_clear();
            }
        });
    }

    fn units(&self, done: &UnitsDone) {
        self.with(|slot| {
            let Some(bar) = slot else { return };
            if bar.length() != Some(done.planned) && done.planned > 0 {
                bar.set_style(style("run {bar:30} {msg}"));
                bar.set_length(done.planned);
            }
            bar.set_position(done.done());
            bar.set_message(units(done));
        });
    }

    fn say(&self, sentence: &str) {
        self.with(|slot| match slot {
            Some(bar) => bar.suspend(|| self.output.note(sentence)),
            None => self.output.note(sentence),
        });
    }

    fn stop(&self) -> Stop {
        self.stop.clone()
    }
}

/// `3/12 units (1 kept), 750,000 rows, 1,200,000 rows/s, 2 s left`.
fn units(done: &UnitsDone) -> String {
    let mut text = format!("{}/{} units", done.done(), words::grouped(done.planned));
    if done.cached > 0 {
        text.push_str(&format!(" ({} kept)", words::grouped(done.cached)));
    }
    text.push_str(&format!(", {}", words::plural(done.rows, "row")));
    if let Some(rate) = done.rows_per_second() {
        text.push_str(&format!(", {} rows/s", words::grouped(rate)));
    }
    if let Some(left) = done.left() {
        text.push_str(&format!(", {} s left", left.as_secs()));
    }
    text
}

/// A template of ours that does not parse would be a mistake of ours; plain bars then.
fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

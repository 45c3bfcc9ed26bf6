//! What every command is handed: where the home is, which face to show, whom to tell progress.

use std::path::PathBuf;

use veritrail_server::{
    error::{NodeError, Result},
    stop::Stop,
};

use crate::{args::Args, output::Output, progress::Bars};

/// The surroundings of one command.
pub(crate) struct Context {
    /// The home's folder; it need not exist yet.
    pub(crate) home: PathBuf,
    /// Text or JSON.
    pub(crate) output: Output,
    /// Progress and sentences on stderr.
    pub(crate) progress: Bars,
}

impl Context {
    /// Finds the home: `--home`, VERITRAIL_HOME, else the XDG data folder.
    pub(crate) fn new(args: &Args, stop: Stop) -> Result<Self> {
        let home = match &args.home {
            Some(home) => home.clone(),
            None => default_home().ok_or_else(|| {
                NodeError::usage("no home folder is known here")
                    .at("--home")
                    .hint("name one with --home DIR or VERITRAIL_HOME")
            })?,
        };
        Ok(Self { home, output: args.output(), progress: Bars::new(args.output(), stop) })
    }
}

/// XDG Base Directory Specification: $XDG_DATA_HOME/veritrail, else ~/.local/share/veritrail;
/// a relative XDG_DATA_HOME is ignored, as the specification asks.
fn default_home() -> Option<PathBuf> {
    let absolute =
        |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|p| p.is_absolute());
    absolute("XDG_DATA_HOME")
        .or_else(|| absolute("HOME").map(|home| home.join(".local/share")))
        .map(|data| data.join("veritrail"))
}

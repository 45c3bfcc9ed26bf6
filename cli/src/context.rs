//! What every command is handed: where the home is, which face to show, whom to tell progress.

use std::path::{Path, PathBuf};

use veritrail_server::{
    error::{NodeError, Result},
    node::Node,
    stop::Stop,
};

use crate::{args::Args, output::Output, progress::Bars};

/// The surroundings of one command.
pub(crate) struct Context {
    home: Option<PathBuf>,
    /// Text or JSON.
    pub(crate) output: Output,
    /// Progress and sentences on stderr.
    pub(crate) progress: Bars,
}

impl Context {
    /// Finds the home: `--home`, VERITRAIL_HOME, else the XDG data folder.
    pub(crate) fn new(args: &Args, stop: Stop) -> Self {
        let home = args.home.clone().or_else(default_home);
        Self { home, output: args.output(), progress: Bars::new(args.output(), stop) }
    }

    /// The home's folder; it need not exist yet.
    ///
    /// # Errors
    /// Nothing says which it is.
    pub(crate) fn home(&self) -> Result<&Path> {
        self.home.as_deref().ok_or_else(|| {
            NodeError::usage("no home folder is known here")
                .at("--home")
                .hint("name one with --home DIR or VERITRAIL_HOME")
        })
    }

    /// The home where one stands: for what it only helps with.
    pub(crate) fn known(&self) -> Result<Option<Node>> {
        match &self.home {
            Some(home) => Node::open_if_there(home),
            None => Ok(None),
        }
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

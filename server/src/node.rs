//! A node: one home with its keys, blobs, log and state, and the use cases over them, one file
//! each. No HTTP, no terminal: progress and sentences go through a callback.

pub mod audit;
pub mod bundle;
pub mod check;
pub mod clock;
pub mod device;
pub mod evidence;
pub mod fingerprint;
pub mod fsck;
pub mod get;
pub mod identity;
pub mod init;
pub mod lineage;
pub mod log;
pub mod manifest;
pub mod names;
pub mod noise;
pub mod peering;
pub mod private;
pub mod prove;
pub mod publish;
pub mod report;
pub mod reproduce;
pub mod resolve;
pub mod run;
pub mod serve;
pub mod show;
pub mod sources;
pub mod ticket;
pub mod trust;
pub mod verify;

mod catch_up;
mod claims;
mod counted;
mod file_bytes;
mod import;
mod kept;
mod named;
mod new_file;
mod plain_file;
mod recover;
mod scratch;
mod shelf;
mod statements;
mod tables;
mod text_file;
mod writing;

use std::{path::Path, sync::Arc};

use veritrail_provenance::{identity::Did, ledger::queries, log::note::VKey, statement::Origin};
use veritrail_storage::{
    blob::Blobs,
    disk::DiskError,
    home::{Home, HomeError},
    keys::KeyFileError,
    log::{LogError, Writer},
    settings::Settings,
    state::StateStore,
};

use crate::error::{Kind, NodeError, OrKind as _, Result};

/// An open home. Several processes may have one open; threads share one through an [`Arc`].
#[derive(Debug)]
pub struct Node {
    home: Home,
    state: Arc<dyn StateStore>,
    settings: Settings,
}

impl Node {
    /// Opens the home at `path`: finishes what a crash interrupted in its log, and folds what is
    /// not folded yet. Blocks; costs milliseconds unless much is to be folded.
    ///
    /// # Errors
    /// [`Kind::NotFound`] where no home stands; else what stands in the way of opening it.
    pub fn open(path: &Path) -> Result<Self> {
        let home = Home::open(path).map_err(|e| home_error(e, path))?;
        let node = Self::over(home)?;
        node.catch_up()?;
        Ok(node)
    }

    /// As [`Node::open`], with None where no home stands: for what a home only helps with.
    pub fn open_if_there(path: &Path) -> Result<Option<Self>> {
        if Home::stands(path) { Self::open(path).map(Some) } else { Ok(None) }
    }

    fn over(home: Home) -> Result<Self> {
        let state = home.open_state().map_err(|e| state_error(&e))?;
        let settings = home.open_settings().map_err(|e| {
            NodeError::failed(e.to_string()).at("node.db").hint(
                "put it back from a copy, or remove it: local names, pins and peers go with it, \
                 nothing that can be verified",
            )
        })?;
        Ok(Self { home, state: Arc::new(state), settings })
    }

    /// The folder and what stands in it.
    pub fn home(&self) -> &Home {
        &self.home
    }

    /// Chunks, manifests, pages, specs, details.
    pub fn blobs(&self) -> Arc<dyn Blobs> {
        self.home.parts().blobs.clone()
    }

    /// What the fold of all known logs says.
    pub fn state(&self) -> &dyn StateStore {
        &*self.state
    }

    /// Local names, pins and peers.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The home's own log.
    pub fn log(&self) -> &Writer {
        &self.home.parts().log
    }

    /// The name of the home's own log.
    pub fn origin(&self) -> &Origin {
        self.log().origin()
    }

    /// The key that signs the log's checkpoints.
    pub fn vkey(&self) -> &VKey {
        self.log().key()
    }

    /// Who operates this home: the DID that entry 0 binds.
    pub fn operator(&self) -> Result<Did> {
        match queries::log(self.view(), self.origin()).or_failed()? {
            Some(log) => Ok(log.operator),
            None => Err(NodeError::refused("the home's own log was not folded")
                .at(self.origin())
                .hint("make the state anew: veritrail store fsck --rebuild")),
        }
    }
}

/// What stands in the way of a home, and what to do about it.
fn home_error(error: HomeError, path: &Path) -> NodeError {
    let (kind, hint) = match &error {
        HomeError::NoHome { .. } | HomeError::NoFormat => (
            Kind::NotFound,
            "make one: veritrail init --name \"YOUR NAME\"; or name it: --home DIR",
        ),
        HomeError::Exists => {
            (Kind::Conflict, "it is kept as it is; name another folder: --home DIR")
        }
        HomeError::NotEmpty { .. } => {
            (Kind::Conflict, "name an empty folder, or a new one: --home DIR")
        }
        HomeError::LostFormat => (
            Kind::Conflict,
            "nothing was touched; if it is your home, put the file back: it holds the one line \
             `veritrail-home 1`; if keys/ is lost as well, then: veritrail init --recover",
        ),
        HomeError::Folder { .. } => (
            Kind::Failed,
            "name a folder that you may write to: --home DIR, or the variable VERITRAIL_HOME",
        ),
        HomeError::Busy => (Kind::Conflict, "wait until it is done"),
        HomeError::OtherFormat { .. } => {
            (Kind::CouldNotCheck, "use the version of veritrail that made it, or a newer one")
        }
        HomeError::Log(LogError::OtherKey { .. }) => (
            Kind::NotAuthorised,
            "put the newest log.key back from a copy; or move this one away, and make a new one \
             with your 24 words: veritrail init --recover",
        ),
        HomeError::Log(LogError::IntentDamaged | LogError::OutOfStep { .. }) => (
            Kind::VerificationFailed,
            "without it nobody can say that nothing newer was signed, and a log that forks \
             convicts its owner: put it back, or begin another log: veritrail init --recover \
             --home DIR",
        ),
        HomeError::Log(LogError::Disk(
            DiskError::Io { .. } | DiskError::Denied { .. } | DiskError::Full { .. },
        )) => (
            Kind::Failed,
            "every command locks the home, so it must be writable: free the disk or its rights",
        ),
        HomeError::Disk(DiskError::NotPlain { .. }) => {
            (Kind::Usage, "name the folder of a home, or a new one: --home DIR")
        }
        HomeError::Log(_) | HomeError::Ledger(_) => {
            (Kind::VerificationFailed, "look for the damage: veritrail store fsck")
        }
        HomeError::Key(KeyFileError::Disk(DiskError::NotFound { .. })) => (
            Kind::NotAuthorised,
            "put it back from a copy of the folder keys/; or make it anew with your 24 words: \
             veritrail init --recover",
        ),
        HomeError::Key(_) => {
            (Kind::NotAuthorised, "make keys/ and its files yours alone: chmod -R go= keys")
        }
        _ => (Kind::Failed, "free the disk or its rights, then run the same command again"),
    };
    let (words, place) = (error.to_string(), path.display().to_string());
    let words = words.strip_prefix(&format!("{place}: ")).unwrap_or(&words);
    NodeError::new(kind, words).at(place).hint(hint)
}

fn state_error(error: &veritrail_storage::state::StateError) -> NodeError {
    NodeError::failed(error.to_string())
        .at("state.db")
        .hint("it can be made anew: veritrail store fsck --rebuild")
}

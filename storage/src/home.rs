//! A home: the one folder that holds keys, blobs, log, trails and state of a node.
//!
//! `format` is written last when a home is made and read first when it is opened, so that a home
//! either stands or is said to be unfinished. What is where: docs/formats/home.md.

mod error;
mod parts;
mod rekey;
mod unfinished;

use std::{
    fs::DirBuilder,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use veritrail_provenance::statement::Origin;

pub use error::HomeError;
pub use parts::Parts;
pub use rekey::Rekey;

use crate::{
    disk::{DiskError, DiskPath, OsDisk},
    keys::KeySet,
};

/// A node's home on the real disk. Several processes may have one open.
#[derive(Debug)]
pub struct Home {
    disk: OsDisk,
    parts: Parts,
}

impl Home {
    /// Makes a home at `path`, which must be missing, an empty folder, or what an interrupted making
    /// left, with these keys and a log that holds `entries` (entry 0 is the operator's identity).
    /// All of it is durable on return; if it fails, nothing is left behind. Blocks.
    pub fn init(
        path: &Path,
        keys: &KeySet,
        origin: &Origin,
        entries: Vec<Vec<u8>>,
    ) -> Result<Self, HomeError> {
        let failed = |source| HomeError::Folder { path: path.to_owned(), source };
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).map_err(failed)?;
        }
        match DirBuilder::new().mode(0o700).create(path) {
            Err(e) if e.kind() != std::io::ErrorKind::AlreadyExists => return Err(failed(e)),
            _ => {}
        }
        let disk = OsDisk::open(path)?;
        if let Some(parent) = disk.root().parent() {
            OsDisk::open(parent)?.sync_root()?;
        }
        // Until here nothing is ours: what stands in the way is left alone.
        let lock = Parts::claim(&disk)?;
        match Parts::make(Arc::new(disk.clone()), lock, keys, origin, entries) {
            Ok(parts) => Ok(Self { disk, parts }),
            Err(e) => {
                // The folder was empty before, and nobody was told of anything in it. Best
                // effort: the first error is the one that matters.
                drop(std::fs::remove_dir_all(path));
                Err(e)
            }
        }
    }

    /// Opens a home, and finishes what a crash interrupted in its log. Blocks.
    pub fn open(path: &Path) -> Result<Self, HomeError> {
        let disk = match OsDisk::open(path) {
            Err(DiskError::NotFound { .. }) => {
                return Err(HomeError::NoHome { path: path.to_owned() });
            }
            disk => disk?,
        };
        let parts = match Parts::open(Arc::new(disk.clone())) {
            Err(HomeError::NoFormat) => Err(HomeError::NoHome { path: path.to_owned() }),
            parts => parts,
        }?;
        Ok(Self { disk, parts })
    }

    /// Holds a home whose keys are lost, for them to be made anew. Blocks until nobody appends to
    /// its log any more; whoever has it open with the old log key can append no more afterwards.
    ///
    /// # Errors
    /// Its log is damaged, or its head is not signed by a key that its operator bound.
    pub fn rekey(path: &Path) -> Result<Rekey, HomeError> {
        let disk = match OsDisk::open(path) {
            Err(DiskError::NotFound { .. }) => {
                return Err(HomeError::NoHome { path: path.to_owned() });
            }
            disk => disk?,
        };
        Parts::rekey(Arc::new(disk))
    }

    /// True if a finished home stands there.
    pub fn stands(path: &Path) -> bool {
        path.join("format").is_file()
    }

    /// Where it stands, absolute, without links.
    pub fn path(&self) -> &Path {
        self.disk.root()
    }

    /// Where the file `name` of the home stands.
    pub fn file(&self, name: &str) -> Result<PathBuf, DiskError> {
        Ok(self.path().join(DiskPath::new(name)?.as_str()))
    }

    /// The folder as a disk.
    pub fn disk(&self) -> &OsDisk {
        &self.disk
    }

    /// Keys, blobs, log and trails.
    pub fn parts(&self) -> &Parts {
        &self.parts
    }

    /// The state, opened anew: `state.db`. Blocks.
    #[cfg(feature = "sqlite")]
    pub fn open_state(&self) -> Result<crate::state::SqliteState, crate::state::StateError> {
        crate::state::SqliteState::open(&self.path().join("state.db"))
    }

    /// Local names, pins and peers, opened anew: `node.db`. Blocks.
    #[cfg(feature = "sqlite")]
    pub fn open_settings(
        &self,
    ) -> Result<crate::settings::Settings, crate::settings::SettingsError> {
        crate::settings::Settings::open(&self.path().join("node.db"))
    }
}

//! An empty store for one reproduction: nothing that was fetched or computed before can take part.

use std::{path::PathBuf, sync::Arc};

use veritrail_storage::{
    blob::{Blobs, DiskBlobs},
    disk::{DiskPath, OsDisk},
};

use crate::{
    error::{NodeError, OrKind as _, Result},
    node::Node,
};

/// The folder of the home in which fresh stores stand while they are used.
const FOLDER: &str = "fresh";

/// The store; dropped, it is removed.
#[derive(Debug)]
pub(super) struct FreshStore {
    path: PathBuf,
    blobs: Arc<DiskBlobs>,
}

impl FreshStore {
    /// Makes an empty store in the home, on the disk that its blobs are on.
    pub(super) fn create(node: &Node) -> Result<Self> {
        let parent = node.home().path().join(FOLDER);
        let failed = |e: std::io::Error| NodeError::failed(e.to_string()).at(parent.display());
        std::fs::create_dir_all(&parent).map_err(failed)?;
        let mut number = 0_u32;
        let path = loop {
            let path = parent.join(format!("{}-{number}", std::process::id()));
            match std::fs::create_dir(&path) {
                Ok(()) => break path,
                Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists && number < 1_000_000 => {
                    number += 1;
                }
                Err(e) => return Err(failed(e)),
            }
        };
        let disk = OsDisk::open(&path).or_failed()?;
        let folder = DiskPath::new("blobs").or_failed()?;
        let blobs = Arc::new(DiskBlobs::create(Arc::new(disk), folder).or_failed()?);
        Ok(Self { path, blobs })
    }

    /// The store's blobs.
    pub(super) fn blobs(&self) -> Arc<dyn Blobs> {
        self.blobs.clone()
    }
}

impl Drop for FreshStore {
    fn drop(&mut self) {
        // Best effort; what is left takes space and nothing else, and has its own name.
        let _ = std::fs::remove_dir_all(&self.path);
    }
}

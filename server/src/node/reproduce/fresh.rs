//! An empty store for one reproduction: nothing that was fetched or computed before can take part.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

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

/// What a process that was killed left behind. Best effort: it takes space and nothing else.
fn remove_left_over(parent: &Path) {
    let processes = Path::new("/proc");
    if !processes.join("self").exists() {
        return;
    }
    for entry in std::fs::read_dir(parent).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let process = name.to_str().and_then(|name| name.split_once('-')).map(|(pid, _)| pid);
        if process.is_some_and(|pid| !processes.join(pid).exists()) {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

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
        remove_left_over(&parent);
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

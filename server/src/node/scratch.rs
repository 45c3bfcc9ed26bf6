//! Folders of the home that stand only while one piece of work goes on. What a process that was
//! killed left behind is removed when the next one makes a folder.

use std::{
    fs::DirBuilder,
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
};

use crate::{
    error::{NodeError, Result},
    node::Node,
};

/// Names tried before it is taken that the folder cannot be made.
const NAMES_MAX: u32 = 1_000_000;

/// An empty folder that only its owner can read; dropped, it is removed with all in it.
#[derive(Debug)]
pub(super) struct Scratch {
    path: PathBuf,
}

impl Scratch {
    /// Makes one in the folder `name` of the home, on the home's disk.
    pub(super) fn create(node: &Node, name: &str) -> Result<Self> {
        let parent = node.home().path().join(name);
        let failed = |e: std::io::Error| {
            NodeError::failed(format!("cannot make a folder: {e}"))
                .at(parent.display())
                .hint("free the disk or its rights, then run the same command again")
        };
        DirBuilder::new().recursive(true).mode(0o700).create(&parent).map_err(failed)?;
        remove_left_over(&parent);
        let mut number = 0;
        loop {
            let path = parent.join(format!("{}-{number}", std::process::id()));
            match DirBuilder::new().mode(0o700).create(&path) {
                Ok(()) => return Ok(Self { path }),
                Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists && number < NAMES_MAX => {
                    number += 1;
                }
                Err(e) => return Err(failed(e)),
            }
        }
    }

    /// Where it stands.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Best effort; what is left takes space and nothing else, and has its own name.
        let _ = std::fs::remove_dir_all(&self.path);
    }
}

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

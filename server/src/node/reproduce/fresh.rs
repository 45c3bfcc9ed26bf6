//! An empty store for one reproduction: nothing that was fetched or computed before can take part.

use std::sync::Arc;

use veritrail_storage::{
    blob::{Blobs, DiskBlobs},
    disk::{DiskPath, OsDisk},
};

use crate::{
    error::{OrKind as _, Result},
    node::{Node, scratch::Scratch},
};

/// The folder of the home in which fresh stores stand while they are used.
const FOLDER: &str = "fresh";

/// The store; dropped, it is removed.
#[derive(Debug)]
pub(super) struct FreshStore {
    blobs: Arc<DiskBlobs>,
    _scratch: Scratch,
}

impl FreshStore {
    /// Makes an empty store in the home, on the disk that its blobs are on.
    pub(super) fn create(node: &Node) -> Result<Self> {
        let scratch = Scratch::create(node, FOLDER)?;
        let disk = OsDisk::open(scratch.path()).or_failed()?;
        let folder = DiskPath::new("blobs").or_failed()?;
        let blobs = Arc::new(DiskBlobs::create(Arc::new(disk), folder).or_failed()?);
        Ok(Self { blobs, _scratch: scratch })
    }

    /// The store's blobs.
    pub(super) fn blobs(&self) -> Arc<dyn Blobs> {
        self.blobs.clone()
    }
}

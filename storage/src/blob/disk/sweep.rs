//! Taking away what a crash left in the temporary folder.

use veritrail_provenance::hash::ChunkId;

use super::{BlobError, DiskBlobs};
use crate::disk::{LockMode, LockWait};

impl DiskBlobs {
    /// Removes what interrupted batches left, and returns the names. Does nothing while any
    /// process has a batch under way. Blocks.
    pub fn sweep(&self) -> Result<Vec<String>, BlobError> {
        let folder = self.temporary()?;
        let path = folder.join("lock")?;
        let Some(_lock) = self.disk.lock(&path, LockMode::Exclusive, LockWait::Try)? else {
            return Ok(Vec::new());
        };
        let left_over = self.left_over()?;
        for name in &left_over {
            self.disk.unlink(&folder.join(name)?)?;
        }
        Ok(left_over)
    }

    /// Temporary files: of batches under way, or left by a crash. Blocks.
    pub(crate) fn left_over(&self) -> Result<Vec<String>, BlobError> {
        let mut names = self.disk.list(&self.temporary()?)?;
        names.retain(|name| name != "lock");
        Ok(names)
    }

    /// Names in the folder that no blob has. Blocks.
    pub(crate) fn strangers(&self) -> Result<Vec<String>, BlobError> {
        let mut names = self.disk.list(&self.folder)?;
        names.retain(|name| name != "tmp" && name.parse::<ChunkId>().is_err());
        Ok(names)
    }
}

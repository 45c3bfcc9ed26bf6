//! Taking away what a crash left in the temporary folder.

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
        let mut left_over = self.disk.list(&folder)?;
        left_over.retain(|name| name != "lock");
        for name in &left_over {
            self.disk.unlink(&folder.join(name)?)?;
        }
        Ok(left_over)
    }
}

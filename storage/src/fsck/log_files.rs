//! A log's folder as the audit reads it.

use std::sync::Arc;

use veritrail_provenance::log::audit::LogFiles;

use crate::disk::{Disk, DiskError, DiskPath, Kind, OpenFor};

/// Folders within each other; a log's are 24 at most.
const DEPTH_MAX: usize = 32;

/// The files of a log, on any disk.
pub(super) struct DiskLogFiles<'a> {
    disk: &'a Arc<dyn Disk>,
    folder: &'a DiskPath,
}

impl<'a> DiskLogFiles<'a> {
    pub(super) fn new(disk: &'a Arc<dyn Disk>, folder: &'a DiskPath) -> Self {
        Self { disk, folder }
    }

    fn walk(
        &self,
        inside: Option<&str>,
        depth: usize,
        paths: &mut Vec<String>,
    ) -> Result<(), DiskError> {
        let folder = match inside {
            None => self.folder.clone(),
            Some(inside) => self.folder.join(inside)?,
        };
        for name in self.disk.list(&folder)? {
            let path = match inside {
                None => name.clone(),
                Some(inside) => format!("{inside}/{name}"),
            };
            match self.disk.metadata(&folder.join(&name)?)?.map(|m| m.kind) {
                Some(Kind::Folder) if depth < DEPTH_MAX => {
                    self.walk(Some(&path), depth + 1, paths)?;
                }
                Some(_) => paths.push(path),
                None => {}
            }
        }
        Ok(())
    }
}

impl LogFiles for DiskLogFiles<'_> {
    type Error = DiskError;

    fn read(&mut self, path: &str, size_max: usize) -> Result<Option<Vec<u8>>, DiskError> {
        let file = match self.disk.open(&self.folder.join(path)?, OpenFor::Reading) {
            Err(DiskError::NotFound { .. }) => return Ok(None),
            file => file?,
        };
        // One byte more than wanted says that it is too large.
        let wanted = file.len()?.min(size_max as u64 + 1);
        let mut bytes = vec![0; usize::try_from(wanted).unwrap_or(size_max)];
        file.read_at(0, &mut bytes)?;
        Ok(Some(bytes))
    }

    fn list(&mut self) -> Result<Vec<String>, DiskError> {
        let mut paths = Vec::new();
        self.walk(None, 0, &mut paths)?;
        Ok(paths)
    }
}

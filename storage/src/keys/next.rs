//! Keys that wait beside their names until the log binds them: `log.key.next`.

use super::{KeyFileError, KeyFiles, KeyName, Seed};
use crate::disk::{DiskError, DiskPath};

impl KeyFiles {
    /// Writes a key that waits. One that waits already is replaced: nothing binds it. Its name is
    /// durable after [`KeyFiles::sync`].
    pub(crate) fn write_next(&self, name: &KeyName, seed: &Seed) -> Result<(), KeyFileError> {
        self.remove_next(std::slice::from_ref(name))?;
        self.write_at(self.next_path(name)?, name, seed)
    }

    /// Reads a key that waits.
    pub(crate) fn read_next(&self, name: &KeyName) -> Result<Seed, KeyFileError> {
        self.read_at(self.next_path(name)?, name)
    }

    /// Those of `names` that have a key waiting.
    pub(crate) fn waiting(&self, names: &[KeyName]) -> Result<Vec<KeyName>, KeyFileError> {
        let mut waiting = Vec::new();
        for name in names {
            if self.disk.metadata(&self.next_path(name)?)?.is_some() {
                waiting.push(name.clone());
            }
        }
        Ok(waiting)
    }

    /// Puts waiting keys in their places, durably. Another key that stands in one is never replaced.
    ///
    /// Each is written anew and not renamed: of a rename, a crash may keep neither name.
    pub(crate) fn promote(&self, names: &[KeyName]) -> Result<(), KeyFileError> {
        for name in names {
            let (path, seed) = (self.path(name)?, self.read_next(name)?);
            if self.disk.metadata(&path)?.is_none() {
                self.write_at(path, name, &seed)?;
            } else if self.read(name)?.expose() != seed.expose() {
                return Err(KeyFileError::Exists { path });
            }
        }
        self.sync()?;
        self.remove_next(names)
    }

    /// Whether a crash left a key that was being written. Nothing binds it.
    pub(crate) fn has_half_written(&self) -> Result<bool, KeyFileError> {
        Ok(!self.half_written()?.is_empty())
    }

    /// Removes what a crash left of keys that were being written.
    pub(crate) fn remove_half_written(&self) -> Result<(), KeyFileError> {
        for name in self.half_written()? {
            self.disk.unlink(&self.folder.join(&name)?)?;
        }
        self.sync()
    }

    fn half_written(&self) -> Result<Vec<String>, KeyFileError> {
        let mut names = self.disk.list(&self.folder)?;
        // Not those of further persons: another process may be making one.
        let ours = ["person.key.tmp", "node.key.tmp", "log.key.tmp"];
        names.retain(|name| name.ends_with(".next.tmp") || ours.contains(&name.as_str()));
        Ok(names)
    }

    /// Removes keys that wait, those that are there.
    pub(crate) fn remove_next(&self, names: &[KeyName]) -> Result<(), KeyFileError> {
        for name in names {
            match self.disk.unlink(&self.next_path(name)?) {
                Err(DiskError::NotFound { .. }) => {}
                unlinked => unlinked?,
            }
        }
        self.sync()
    }

    /// Makes the names in the folder durable.
    pub(crate) fn sync(&self) -> Result<(), KeyFileError> {
        Ok(self.disk.fsync_dir(&self.folder)?)
    }

    fn next_path(&self, name: &KeyName) -> Result<DiskPath, DiskError> {
        self.folder.join(&format!("{}.next", name.file_name()))
    }
}

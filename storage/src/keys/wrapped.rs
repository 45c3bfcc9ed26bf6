//! Secrets of private versions, wrapped to the person's recovery key: `keys/NAME.age`, with a copy
//! of each in `recovery/`, so that the 24 words bring them back though all of `keys/` is lost.
//!
//! What stands in these files is ciphertext, and still it leaves the home in no bundle and no
//! export: whoever has the words reads it.

use std::{fmt, sync::Arc};

use super::{KeyFileError, check_private};
use crate::disk::{Access, Created, Disk, DiskError, DiskPath, Kind, replace_unsynced};

const KEYS: DiskPath = DiskPath::fixed("keys");
const COPIES: DiskPath = DiskPath::fixed("recovery");
const ENDING: &str = ".age";

/// Bytes of a wrapped secret's file at most.
const FILE_LEN_MAX: u64 = 4096;

/// Which secret.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SecretName {
    /// What every version's seed of blinds comes from.
    CommitmentMaster,
    /// The identity that opens one version's bytes, by its recipient `age1…`.
    Version(String),
}

impl SecretName {
    fn file_name(&self) -> String {
        match self {
            Self::CommitmentMaster => format!("commitments{ENDING}"),
            Self::Version(recipient) => format!("{recipient}{ENDING}"),
        }
    }

    fn of_file(name: &str) -> Option<Self> {
        let stem = name.strip_suffix(ENDING)?;
        match stem {
            "commitments" => Some(Self::CommitmentMaster),
            recipient if is_recipient(recipient) => Some(Self::Version(recipient.to_owned())),
            _ => None,
        }
    }
}

impl fmt::Display for SecretName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CommitmentMaster => f.write_str("the commitment master"),
            Self::Version(recipient) => write!(f, "the identity of {recipient}"),
        }
    }
}

/// Whether this is an X25519 recipient as age writes it, and so fit for a file's name.
pub fn is_recipient(text: &str) -> bool {
    let data = text.strip_prefix("age1").unwrap_or_default();
    data.len() == 58 && data.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
}

/// The wrapped secrets of a home.
#[derive(Clone, Debug)]
pub struct WrappedSecrets {
    disk: Arc<dyn Disk>,
}

impl WrappedSecrets {
    /// Those of the home on this disk.
    pub fn of(disk: Arc<dyn Disk>) -> Self {
        Self { disk }
    }

    /// Writes a new one and its copy: 0600, durable on return. Blocks.
    ///
    /// # Errors
    /// There is one of this name: secrets are never replaced.
    pub fn write(&self, name: &SecretName, wrapped: &[u8]) -> Result<(), KeyFileError> {
        check_private(&*self.disk, &KEYS, Kind::Folder)?;
        self.make_copies()?;
        for folder in [COPIES, KEYS] {
            let path = folder.join(&name.file_name())?;
            if self.disk.metadata(&path)?.is_some() {
                return Err(KeyFileError::Exists { path });
            }
        }
        // The copy first: a secret that is in use has one.
        for folder in [COPIES, KEYS] {
            let path = folder.join(&name.file_name())?;
            replace_unsynced(&*self.disk, &path, wrapped, Access::Private)?;
            self.disk.fsync_dir(&folder)?;
        }
        Ok(())
    }

    /// Reads one, from its copy where `keys/` has lost it; None if there is neither. Refused if
    /// others have any right to the file. Blocks.
    pub fn read(&self, name: &SecretName) -> Result<Option<Vec<u8>>, KeyFileError> {
        for folder in [KEYS, COPIES] {
            let path = folder.join(&name.file_name())?;
            if self.disk.metadata(&path)?.is_some() {
                check_private(&*self.disk, &path, Kind::File)?;
                return Ok(Some(self.disk.read(&path, FILE_LEN_MAX)?));
            }
        }
        Ok(None)
    }

    /// Removes one that nothing needs, and its copy. Blocks.
    pub fn remove(&self, name: &SecretName) -> Result<(), KeyFileError> {
        for folder in [KEYS, COPIES] {
            match self.disk.unlink(&folder.join(&name.file_name())?) {
                Err(DiskError::NotFound { .. }) => {}
                unlinked => {
                    unlinked?;
                    self.disk.fsync_dir(&folder)?;
                }
            }
        }
        Ok(())
    }

    /// Puts back into `keys/` what it has lost; returns what that was. Blocks.
    pub fn restore(&self) -> Result<Vec<SecretName>, KeyFileError> {
        let mut restored = Vec::new();
        if self.disk.metadata(&COPIES)?.is_none() {
            return Ok(restored);
        }
        for name in self.disk.list(&COPIES)?.iter().filter_map(|name| SecretName::of_file(name)) {
            let path = KEYS.join(&name.file_name())?;
            if self.disk.metadata(&path)?.is_some() {
                continue;
            }
            let copy = COPIES.join(&name.file_name())?;
            check_private(&*self.disk, &copy, Kind::File)?;
            let wrapped = self.disk.read(&copy, FILE_LEN_MAX)?;
            replace_unsynced(&*self.disk, &path, &wrapped, Access::Private)?;
            restored.push(name);
        }
        self.disk.fsync_dir(&KEYS)?;
        Ok(restored)
    }

    fn make_copies(&self) -> Result<(), KeyFileError> {
        if self.disk.create_dir(&COPIES, Access::Private)? == Created::New {
            self.disk.fsync_dir(&DiskPath::ROOT)?;
        }
        check_private(&*self.disk, &COPIES, Kind::Folder)
    }
}

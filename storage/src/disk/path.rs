//! Paths below a disk's root: relative, plain, never leaving it.

use std::{borrow::Cow, fmt};

use super::DiskError;

/// A path below the root of a [`Disk`](super::Disk): parts joined by `/`, each not empty, not `.`
/// or `..`, without `/`, `\` or control characters, at most 255 bytes. The root itself is empty.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DiskPath(Cow<'static, str>);

impl DiskPath {
    /// The folder that the disk is rooted at.
    pub const ROOT: DiskPath = DiskPath(Cow::Borrowed(""));

    /// Checks every part; [`DiskError::BadName`] names what is wrong.
    pub fn new(path: &str) -> Result<Self, DiskError> {
        if !path.is_empty() {
            path.split('/').try_for_each(check_part)?;
        }
        Ok(Self(Cow::Owned(path.to_owned())))
    }

    /// For literals of this crate, which are known to be right.
    pub(crate) const fn fixed(path: &'static str) -> Self {
        Self(Cow::Borrowed(path))
    }

    /// This path with `relative` (one part or several) appended.
    pub fn join(&self, relative: &str) -> Result<Self, DiskError> {
        relative.split('/').try_for_each(check_part)?;
        Ok(match self.0.as_ref() {
            "" => Self(Cow::Owned(relative.to_owned())),
            base => Self(Cow::Owned(format!("{base}/{relative}"))),
        })
    }

    /// The folder that holds it; the root is its own parent.
    pub fn parent(&self) -> Self {
        match self.0.rsplit_once('/') {
            Some((parent, _)) => Self(Cow::Owned(parent.to_owned())),
            None => Self::ROOT,
        }
    }

    /// The last part; empty for the root.
    pub fn name(&self) -> &str {
        self.0.rsplit_once('/').map_or(&self.0, |(_, name)| name)
    }

    /// The parts from the root down.
    pub fn parts(&self) -> impl Iterator<Item = &str> {
        self.0.split('/').filter(|part| !part.is_empty())
    }

    /// As it is written, without a leading slash.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for DiskPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_empty() { "." } else { &self.0 })
    }
}

fn check_part(part: &str) -> Result<(), DiskError> {
    let bad = part.is_empty()
        || part == "."
        || part == ".."
        || part.len() > 255
        || part.chars().any(|c| matches!(c, '/' | '\\') || c.is_control());
    match bad {
        true => Err(DiskError::BadName { name: part.escape_debug().to_string() }),
        false => Ok(()),
    }
}

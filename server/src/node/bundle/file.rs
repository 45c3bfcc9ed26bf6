//! Writes a bundle's file: under another name first, so that it is there whole or not at all.

use std::{
    fs::{File, OpenOptions},
    io::{BufWriter, Read as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use rustix::fs::{CWD, RenameFlags};
use sha2::{Digest as _, Sha256};
use veritrail_provenance::hash::FileDigest;
use veritrail_storage::blob::Blobs;

use super::{
    container::{ContainerError, Listing, Writer},
    contents::{Contents, Source},
    unmade,
};
use crate::{
    error::{NodeError, OrKind as _, Result},
    node::file_bytes::FilePieces,
    progress::Progress,
};

/// Writes the bundle; returns its size and SHA-256.
pub(super) async fn write(
    out: &Path,
    listing: &Listing,
    contents: &Contents,
    blobs: Arc<dyn Blobs>,
    progress: &dyn Progress,
) -> Result<(u64, FileDigest)> {
    let temporary = Temporary::create(out)?;
    let file = temporary.file.try_clone().map_err(|e| temporary.error(&e))?;
    let mut writer = Writer::begin(BufWriter::new(file), listing).map_err(unmade)?;
    for entry in &listing.entries {
        let Some(part) = contents.part(&entry.name) else {
            return Err(unmade(ContainerError::Absent(entry.name.clone())));
        };
        writer.entry(&entry.name).map_err(unmade)?;
        match &part.source {
            Source::Bytes(bytes) => {
                writer.write(bytes).map_err(unmade)?;
                progress.advance(bytes.len() as u64);
            }
            Source::File(layout, path) => {
                let mut pieces = FilePieces::new(layout, path, Arc::clone(&blobs)).or_failed()?;
                while let Some(piece) = pieces.next().await.or_refused()? {
                    writer.write(&piece).map_err(unmade)?;
                    progress.advance(piece.len() as u64);
                }
            }
        }
    }
    writer.finish().map_err(unmade)?;
    temporary.file.sync_all().map_err(|e| temporary.error(&e))?;
    let summed = sum(&temporary.path).map_err(|e| temporary.error(&e))?;
    temporary.finish(out)?;
    Ok(summed)
}

/// A file beside the one that is wanted; dropped unfinished, it is removed.
struct Temporary {
    path: PathBuf,
    file: File,
}

impl Temporary {
    fn create(out: &Path) -> Result<Self> {
        let Some(name) = out.file_name() else {
            return Err(NodeError::usage("this names no file").at(out.display()));
        };
        let mut hidden = std::ffi::OsString::from(".");
        hidden.push(name);
        hidden.push(format!(".{}.part", std::process::id()));
        let path = out.with_file_name(hidden);
        let file = OpenOptions::new().read(true).write(true).create_new(true).open(&path);
        let file = file.map_err(|e| {
            NodeError::failed(format!("cannot create the bundle: {e}"))
                .at(out.display())
                .hint("name a file in a folder that is there and may be written to")
        })?;
        Ok(Self { path, file })
    }

    fn finish(self, out: &Path) -> Result<()> {
        let moved = rustix::fs::renameat_with(CWD, &self.path, CWD, out, RenameFlags::NOREPLACE);
        moved.map_err(|e| match e {
            rustix::io::Errno::EXIST => {
                NodeError::conflict("there is a file of this name, which is kept").at(out.display())
            }
            e => self.error(&e.into()),
        })?;
        let parent = out.parent().filter(|p| !p.as_os_str().is_empty());
        let folder = File::open(parent.unwrap_or(Path::new(".")));
        folder.and_then(|folder| folder.sync_all()).map_err(|e| self.error(&e))
    }

    fn error(&self, e: &std::io::Error) -> NodeError {
        NodeError::failed(format!("cannot write the bundle: {e}")).at(self.path.display())
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // After a success nothing has this name any more; after a failure that is what to tell.
        let _ = std::fs::remove_file(&self.path);
    }
}

fn sum(path: &Path) -> std::io::Result<(u64, FileDigest)> {
    let mut file = File::open(path)?;
    let (mut sha256, mut bytes) = (Sha256::new(), 0);
    let mut buffer = vec![0; 1 << 20];
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            return Ok((bytes, FileDigest::from_bytes(sha256.finalize().into())));
        }
        sha256.update(buffer.get(..read).unwrap_or_default());
        bytes += read as u64;
    }
}

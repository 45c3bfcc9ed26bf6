//! Checks the files of a dataset as wholes, and writes them beneath a folder.

use std::{
    io::{ErrorKind, Read as _},
    path::Path,
    sync::Arc,
};

use sha2::{Digest as _, Sha256};
use veritrail_provenance::{
    hash::FileDigest,
    layout::{FileEntry, Layout},
};
use veritrail_storage::blob::Blobs;

use super::folder::{Folder, FolderError};
use crate::{
    error::{NodeError, OrKind as _, Result},
    node::{counted::counted, file_bytes::FilePieces},
    progress::Progress,
};

/// What was written.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Unpacked {
    pub(super) written: u64,
    pub(super) kept: u64,
}

/// Room that the files need beneath `out` at most, and whether it is there. States the size before
/// anything is written.
pub(super) fn check_room(
    layout: &Layout,
    out: &Path,
    max_bytes: Option<u64>,
    progress: &dyn Progress,
) -> Result<Folder> {
    let (bytes, files) = (layout.bytes(), counted(layout.files().len() as u64, "file"));
    let size = counted(bytes, "byte");
    progress.say(&format!("{files}, {size}, to write beneath {}", out.display()));
    if let Some(max) = max_bytes.filter(|max| bytes > *max) {
        return Err(NodeError::usage(format!("{size} exceed --max-size {max}"))
            .at(out.display())
            .hint("allow more with --max-size, or leave -o out"));
    }
    let folder = Folder::open(out).map_err(|e| folder_error(&e))?;
    let free = folder.free_bytes().map_err(|e| folder_error(&e))?;
    if bytes > free {
        return Err(NodeError::failed(format!("needed bytes: {bytes}; free: {free}"))
            .at(out.display())
            .hint("free some space, or name a folder on another disk"));
    }
    Ok(folder)
}

/// Hashes every file as a whole, which proves that its publisher's list of files is true of the
/// bytes; writes those that are not beneath `folder` yet.
pub(super) async fn unpack(
    layout: &Layout,
    blobs: &Arc<dyn Blobs>,
    folder: Option<&Folder>,
    progress: &dyn Progress,
) -> Result<Unpacked> {
    let mut unpacked = Unpacked::default();
    let step = if folder.is_some() { "check and write files" } else { "check files" };
    progress.begin(step, Some(layout.bytes()));
    let mut done = Ok(());
    for file in layout.files() {
        done = one(layout, file, blobs, folder, &mut unpacked, progress).await;
        if done.is_err() {
            break;
        }
    }
    progress.end();
    done.map(|()| unpacked)
}

async fn one(
    layout: &Layout,
    file: &FileEntry,
    blobs: &Arc<dyn Blobs>,
    folder: Option<&Folder>,
    unpacked: &mut Unpacked,
    progress: &dyn Progress,
) -> Result<()> {
    let mut target = None;
    if let Some(folder) = folder {
        match folder.existing(&file.path).map_err(|e| folder_error(&e))? {
            Some(there) => {
                if is_same(there, file)? {
                    unpacked.kept += 1;
                } else {
                    return Err(NodeError::conflict(
                        "a file of this name is there, with other bytes",
                    )
                    .at(folder.path_of(&file.path).display())
                    .hint("it is kept; name an empty folder with -o"));
                }
            }
            None => target = Some(folder.create(&file.path).map_err(|e| folder_error(&e))?),
        }
    }
    let mut sha256 = Sha256::new();
    let mut pieces = FilePieces::new(layout, &file.path, Arc::clone(blobs)).or_failed()?;
    while let Some(piece) = pieces.next().await.or_refused()? {
        sha256.update(&piece);
        if let Some(target) = &mut target {
            target.write(&piece).map_err(|e| folder_error(&e))?;
        }
        progress.advance(piece.len() as u64);
    }
    let found = FileDigest::from_bytes(sha256.finalize().into());
    if found != file.sha256 {
        return Err(NodeError::refused(format!(
            "its SHA-256 is {found}, its publisher's list says {}",
            file.sha256
        ))
        .at(&file.path)
        .hint("the list is false: tell its publisher"));
    }
    if let Some(target) = target {
        target.finish().map_err(|e| folder_error(&e))?;
        unpacked.written += 1;
    }
    Ok(())
}

/// Whether a file that is there has the listed bytes.
fn is_same(mut there: std::fs::File, file: &FileEntry) -> Result<bool> {
    if there.metadata().or_failed()?.len() != file.size {
        return Ok(false);
    }
    let mut sha256 = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        let read = there.read(&mut buffer).or_failed()?;
        if read == 0 {
            return Ok(FileDigest::from_bytes(sha256.finalize().into()) == file.sha256);
        }
        sha256.update(buffer.get(..read).unwrap_or_default());
    }
}

fn folder_error(error: &FolderError) -> NodeError {
    match error {
        FolderError::Io { path, .. } if path.is_symlink() && !path.exists() => {
            NodeError::failed("a link stands here that leads nowhere")
                .at(path.display())
                .hint("make the folder that it names, or name another: -o DIR")
        }
        FolderError::Io { path, source, .. }
            if matches!(source.kind(), ErrorKind::AlreadyExists | ErrorKind::NotADirectory) =>
        {
            NodeError::conflict("a file stands here, and -o takes a folder")
                .at(path.display())
                .hint("name a folder, or a new one: -o DIR")
        }
        FolderError::Io { path, .. } => NodeError::failed(error.to_string())
            .at(path.display())
            .hint("name a folder that may be written to with -o; a link must lead to one"),
        FolderError::InTheWay(path) | FolderError::Exists(path) => {
            NodeError::conflict(error.to_string())
                .at(path.display())
                .hint("name an empty folder with -o")
        }
    }
}

//! The pass: every byte is read once, cut, hashed and stored, and the manifest over it; all of it
//! durable when this ends.

use std::{fs::File, io::Read as _};

use bytes::Bytes;
use veritrail_datasets::{
    ingest::bytes::Seen,
    manifest::{About, Manifest, Table, TableFile},
};
use veritrail_provenance::{hash::ChunkId, layout::Layout};
use veritrail_storage::{
    blob::Batch,
    chunk::{CutPoints, Pass, PassError, Passed},
};

use super::inspect::{Inspected, at_path};
use crate::{
    error::{Kind, NodeError, OrKind as _, Result},
    node::{
        Node,
        show::{ShownTable, dataset::tables},
    },
    progress::Progress,
};

/// Bytes that are read and handed on at once.
const BLOCK_BYTES: usize = 1 << 20;

/// Files that are durable here, and the manifest over them.
#[derive(Debug)]
pub struct Stored {
    /// Files and chunks.
    pub layout: Layout,
    /// The manifest's head.
    pub manifest: ChunkId,
    /// What it says of the whole dataset.
    pub about: About,
    /// Its tables, as they are shown.
    pub tables: Vec<ShownTable>,
}

impl Node {
    /// Stores inspected files and their manifest. Blocks; durable on return.
    pub(super) fn store(
        &self,
        found: Vec<Inspected>,
        about: About,
        batch: Box<dyn Batch>,
        progress: &dyn Progress,
    ) -> Result<Stored> {
        let total = found.iter().map(|file| file.source.stamp.size).sum();
        let points = CutPoints::new(cut_points(&found), total);
        let mut pass = Pass::new(total, &points, batch);
        progress.begin("storing", Some(total));
        let fed = found.iter().try_for_each(|file| feed(&mut pass, file, progress));
        progress.end();
        fed?;
        let Passed { layout, batch } = pass.finish().map_err(stored_error)?;
        check_same(&found, &layout)?;
        let tables = found.into_iter().filter_map(Inspected::into_table).collect();
        self.store_manifest(layout, tables, about, batch)
    }

    /// Puts the manifest over `layout` into the batch that holds its chunks, and makes all of it
    /// durable. Blocks.
    pub(in crate::node) fn store_manifest(
        &self,
        layout: Layout,
        files: Vec<TableFile>,
        about: About,
        mut batch: Box<dyn Batch>,
    ) -> Result<Stored> {
        let grouped = Table::group(&layout, files).or_kind(Kind::Usage)?;
        let manifest = Manifest::new(layout.head().clone(), grouped, about).or_kind(Kind::Usage)?;
        let pages = layout.pages().or_failed()?;
        for page in pages.files.into_iter().chain(pages.chunks) {
            batch.put(Bytes::from(page.bytes)).map_err(|e| unwritten(&e))?;
        }
        let head = manifest.encode().or_kind(Kind::Usage)?;
        let id = batch.put(Bytes::from(head)).map_err(|e| unwritten(&e))?;
        batch.commit_blocking().map_err(|e| unwritten(&e))?;
        let tables = tables(&manifest, Some(&layout));
        Ok(Stored { layout, manifest: id, about: manifest.about().clone(), tables })
    }
}

/// The offsets that formats named, in the whole sequence.
fn cut_points(found: &[Inspected]) -> Vec<u64> {
    let mut points = Vec::new();
    let mut start = 0;
    for file in found {
        points.extend(file.cut_points.iter().map(|offset| start + offset));
        start += file.source.stamp.size;
    }
    points
}

fn feed(pass: &mut Pass, file: &Inspected, progress: &dyn Progress) -> Result<()> {
    let source = &file.source;
    let stop = progress.stop();
    let mut open = source.open().map_err(|e| at_path(&source.on_disk, &e))?;
    pass.begin(source.path.clone(), source.stamp.size).map_err(stored_error)?;
    loop {
        stop.check()?;
        let block = read_block(&mut open).map_err(|e| {
            at_path(&source.on_disk, &e).hint("make it readable, then publish again")
        })?;
        if block.is_empty() {
            break;
        }
        let len = block.len() as u64;
        pass.feed(block).map_err(|e| changed(e, file))?;
        progress.advance(len);
    }
    pass.end().map_err(|e| changed(e, file))?;
    source.check_unchanged(&open).map_err(|e| at_path(&source.on_disk, &e))
}

/// Up to [`BLOCK_BYTES`]; empty at the file's end.
fn read_block(file: &mut File) -> std::io::Result<Bytes> {
    let mut block = Vec::with_capacity(BLOCK_BYTES);
    file.take(BLOCK_BYTES as u64).read_to_end(&mut block)?;
    Ok(block.into())
}

/// What was inspected must be what was stored.
fn check_same(found: &[Inspected], layout: &Layout) -> Result<()> {
    for (file, entry) in found.iter().zip(layout.files()) {
        let stored = Seen { sha256: entry.sha256, bytes: entry.size };
        if let Some(seen) = &file.seen {
            let same = file.source.check_same(seen, &stored);
            same.map_err(|e| at_path(&file.source.on_disk, &e))?;
        }
    }
    Ok(())
}

fn changed(error: PassError, file: &Inspected) -> NodeError {
    match error {
        PassError::Changed { .. } => NodeError::failed("changed while being read")
            .at(file.source.on_disk.display())
            .hint("publish again when nothing writes to it"),
        other => stored_error(other),
    }
}

fn stored_error(error: PassError) -> NodeError {
    match &error {
        PassError::Layout(_) => {
            NodeError::usage(error.to_string()).hint("rename one of the files, then publish again")
        }
        _ => unwritten(&error),
    }
}

/// A blob that could not be written; where it comes out depends on how far behind the disk is.
pub(in crate::node) fn unwritten(error: &dyn std::error::Error) -> NodeError {
    NodeError::failed(error.to_string())
        .at("blobs/")
        .hint("free the disk or its rights, then run the same command again")
}

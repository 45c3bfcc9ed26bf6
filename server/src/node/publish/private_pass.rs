//! The pass over private files: every byte of a CSV is read once, and is encrypted, hashed and
//! committed to on the way. A Parquet file is read out of order for its rows, so twice.

use std::{fs::File, io};

use sha2::{Digest as _, Sha256};
use veritrail_datasets::{
    ingest::bytes::Seen,
    manifest::TableFormat,
    private::{Committing, PackHeader, PackedFile},
};
use veritrail_proof::{columns::build::EncodedColumn, schema::Schema};
use veritrail_provenance::hash::FileDigest;
use veritrail_storage::{
    blob::Batch,
    chunk::Passed,
    private::{PrivateError, Sealing, VersionIdentity},
};

use super::inspect::{self, Inspected, at_path, shown};
use crate::{
    error::{NodeError, OrKind as _, Result},
    node::private::rows::Rows,
    progress::Progress,
};

/// Bytes that are read at once.
const BLOCK_BYTES: usize = 1 << 20;

/// What a pass leaves: ciphertext, and what must stay here.
pub(super) struct Read {
    pub(super) passed: Passed,
    /// SHA-256 of each file.
    pub(super) digests: Vec<[u8; 32]>,
}

/// Encrypts all files and takes their rows. Blocks.
pub(super) fn seal(
    found: &[Inspected],
    header: &PackHeader,
    identity: &VersionIdentity,
    mut rows: Rows<'_, '_>,
    batch: Box<dyn Batch>,
    progress: &dyn Progress,
) -> Result<Read> {
    let head = header.encode().or_failed()?;
    let bytes = header.file_bytes().or_failed()?;
    let announced = bytes.checked_add(head.len() as u64);
    let announced = announced.ok_or_else(|| NodeError::failed("the files are too long"))?;
    let mut sealing = Sealing::begin(identity, announced, batch).map_err(|e| unsealed(&e))?;
    sealing.feed(&head).map_err(|e| unsealed(&e))?;
    progress.begin("encrypting and reading", Some(bytes));
    let mut digests = Vec::with_capacity(found.len());
    let read = found.iter().zip(&header.files).try_for_each(|(file, packed)| {
        digests.push(one(file, packed, Some(&mut sealing), &mut rows, progress)?);
        Ok::<(), NodeError>(())
    });
    progress.end();
    read?;
    let passed = sealing.finish().map_err(|e| unsealed(&e))?;
    Ok(Read { passed, digests })
}

/// The rows of files that somebody has in plain, as an auditor does.
pub(super) fn plain(
    found: &[Inspected],
    schema: &Schema,
    progress: &dyn Progress,
) -> Result<Vec<EncodedColumn>> {
    let mut committing = Committing::new(schema);
    let mut rows = Rows { schema, committing: &mut committing, stop: progress.stop() };
    progress.begin("reading", Some(found.iter().map(|file| file.source.stamp.size).sum()));
    let read = found
        .iter()
        .try_for_each(|file| one(file, &file.packed(), None, &mut rows, progress).map(drop));
    progress.end();
    read?;
    Ok(committing.finish())
}

/// One file; returns the SHA-256 of what was read.
fn one(
    file: &Inspected,
    packed: &PackedFile,
    sealing: Option<&mut Sealing>,
    rows: &mut Rows<'_, '_>,
    progress: &dyn Progress,
) -> Result<[u8; 32]> {
    let source = &file.source;
    let place = shown(&source.on_disk);
    let open = source.open().map_err(|e| at_path(&source.on_disk, &e))?;
    let (sha256, failed) = (Sha256::new(), None);
    let mut tee = Tee { file: &open, sealing, sha256, bytes: 0, progress, failed };
    let taken = match &packed.table {
        Some(table) if matches!(table.format, TableFormat::Csv(_)) => {
            rows.csv(&mut tee, table, &place)
        }
        _ => copy(&mut tee).map_err(|e| at_path(&source.on_disk, &e)),
    };
    let Tee { sha256, bytes, failed, .. } = tee;
    // What the reader of rows was told is less than what went wrong.
    if let Some(failed) = failed {
        return Err(failed);
    }
    taken?;
    if let Some(table) = packed.table.as_ref().filter(|t| t.format == TableFormat::Parquet) {
        rows.parquet(&open, table, &place)?;
    }
    source.check_unchanged(&open).map_err(|e| at_path(&source.on_disk, &e))?;
    let digest: [u8; 32] = sha256.finalize().into();
    let now = Seen { sha256: FileDigest::from_bytes(digest), bytes };
    if let Some(seen) = &file.seen {
        source.check_same(seen, &now).map_err(|e| at_path(&source.on_disk, &e))?;
    }
    if bytes != packed.size {
        return Err(inspect::changed(&source.on_disk));
    }
    Ok(digest)
}

fn copy(tee: &mut Tee<'_>) -> io::Result<()> {
    let mut block = vec![0; BLOCK_BYTES];
    loop {
        match io::Read::read(tee, &mut block) {
            Ok(0) => return Ok(()),
            Ok(_) => {}
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
}

/// A file whose bytes are encrypted and hashed as they are read.
struct Tee<'a> {
    file: &'a File,
    sealing: Option<&'a mut Sealing>,
    sha256: Sha256,
    bytes: u64,
    progress: &'a dyn Progress,
    failed: Option<NodeError>,
}

impl Tee<'_> {
    fn pass_on(&mut self, bytes: &[u8]) -> Result<()> {
        self.progress.stop().check()?;
        self.sha256.update(bytes);
        self.bytes += bytes.len() as u64;
        self.progress.advance(bytes.len() as u64);
        match &mut self.sealing {
            Some(sealing) => sealing.feed(bytes).map_err(|e| unsealed(&e)),
            None => Ok(()),
        }
    }
}

impl io::Read for Tee<'_> {
    fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        let count = io::Read::read(&mut self.file, space)?;
        match self.pass_on(space.get(..count).unwrap_or_default()) {
            Ok(()) => Ok(count),
            Err(e) => {
                self.failed = Some(e);
                Err(io::Error::other("stopped"))
            }
        }
    }
}

fn unsealed(error: &PrivateError) -> NodeError {
    match error {
        PrivateError::Length { .. } => NodeError::failed("a file changed while being read")
            .at("the files")
            .hint("publish again when nothing writes to them"),
        _ => NodeError::failed(error.to_string())
            .at("blobs/")
            .hint("free the disk or its rights, then run the same command again"),
    }
}

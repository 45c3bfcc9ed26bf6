//! The outputs of a run: a Parquet file each, a version of no dataset, durable with spec and
//! details before any statement names them.

use bytes::Bytes;
use veritrail_compute::run::{Finished, resolved::ResolvedSpec};
use veritrail_datasets::{
    ingest::parquet,
    manifest::{About, TableFile, TableFormat},
    schema::TableSchema,
};
use veritrail_provenance::{
    evidence::BLOB_SIZE_MAX,
    hash::{ChunkId, DatasetRoot, TableHash},
    layout::FilePath,
    statement::RunOutput,
};
use veritrail_storage::{
    blob::Batch,
    chunk::{CutPoints, Pass, Passed},
};

use super::details::Details;
use crate::{
    error::{Kind, NodeError, OrKind as _, Result},
    node::{Node, publish::unwritten},
};

/// What was stored.
#[derive(Debug)]
pub(super) struct Written {
    pub(super) spec: ChunkId,
    pub(super) details: ChunkId,
    pub(super) manifest: ChunkId,
    pub(super) root: DatasetRoot,
    pub(super) bytes: u64,
    pub(super) table_hash: TableHash,
    pub(super) rows: u64,
}

impl Written {
    /// As the receipt states it.
    pub(super) fn stated(&self) -> RunOutput {
        RunOutput {
            root: self.root,
            manifest: self.manifest,
            table_hash: self.table_hash,
            rows: self.rows,
        }
    }
}

impl Node {
    /// Stores output, spec and details. Blocks; durable on return.
    pub(super) fn write_output(
        &self,
        spec: &ResolvedSpec,
        done: &Finished,
        details: &Details,
        batch: Box<dyn Batch>,
    ) -> Result<Written> {
        let text = spec.to_bytes();
        if text.len() > BLOB_SIZE_MAX {
            // Evidence could not carry it, so nobody could check the run.
            return Err(NodeError::usage(format!(
                "the spec takes {} bytes, a run's spec {BLOB_SIZE_MAX} at most",
                text.len()
            )));
        }
        let files = files(done)?;
        let total = files.iter().map(|(_, file)| file.len() as u64).sum();
        let points = CutPoints::new(cut_points(&files), total);
        let mut pass = Pass::new(total, &points, batch);
        for (table, file) in &files {
            pass.begin(table.path.clone(), file.len() as u64).map_err(|e| unwritten(&e))?;
            pass.feed(file.clone()).map_err(|e| unwritten(&e))?;
            pass.end().map_err(|e| unwritten(&e))?;
        }
        let Passed { layout, mut batch } = pass.finish().map_err(|e| unwritten(&e))?;
        let spec = batch.put(Bytes::from(text)).map_err(|e| unwritten(&e))?;
        let observed = serde_json::to_vec(details).or_failed()?;
        let details = batch.put(Bytes::from(observed)).map_err(|e| unwritten(&e))?;
        let files = files.into_iter().map(|(table, _)| table).collect();
        let stored = self.store_manifest(layout, files, About::default(), batch)?;
        Ok(Written {
            spec,
            details,
            manifest: stored.manifest,
            root: *stored.layout.root(),
            bytes: total,
            table_hash: done.table_hash,
            rows: done.rows(),
        })
    }
}

/// Each output as a file of the dataset, in the order of names, which is that of paths.
fn files(done: &Finished) -> Result<Vec<(TableFile, Bytes)>> {
    done.outputs
        .iter()
        .map(|(name, made)| {
            let table = TableFile {
                path: path(name)?,
                rows: made.table.num_rows() as u64,
                format: TableFormat::Parquet,
                schema: TableSchema::from_arrow(&made.table.schema()).or_kind(Kind::Usage)?,
            };
            Ok((table, made.parquet.clone()))
        })
        .collect()
}

/// Where an output stands in its dataset.
pub(in crate::node) fn path(output: &str) -> Result<FilePath> {
    format!("{output}.parquet").parse().or_kind(Kind::Usage)
}

/// The offsets that the files' format names, in the whole sequence.
fn cut_points(files: &[(TableFile, Bytes)]) -> Vec<u64> {
    let mut points = Vec::new();
    let mut start = 0;
    for (_, file) in files {
        points.extend(parquet::cut_points(file).iter().map(|offset| start + offset));
        start += file.len() as u64;
    }
    points
}

//! The output of a run: one Parquet file, a version of no dataset, durable with spec and details
//! before any statement names them.

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
    node::Node,
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
        let schema = TableSchema::from_arrow(&done.table.schema()).or_kind(Kind::Usage)?;
        let file = done.parquet.clone();
        let (bytes, rows) = (file.len() as u64, done.rows());
        let path: FilePath = format!("{}.parquet", spec.output).parse().or_kind(Kind::Usage)?;

        let points = CutPoints::new(parquet::cut_points(&file), bytes);
        let mut pass = Pass::new(bytes, &points, batch);
        pass.begin(path.clone(), bytes).or_failed()?;
        pass.feed(file).or_failed()?;
        pass.end().or_failed()?;
        let Passed { layout, mut batch } = pass.finish().or_failed()?;
        let spec = batch.put(Bytes::from(text)).or_failed()?;
        let observed = serde_json::to_vec(details).or_failed()?;
        let details = batch.put(Bytes::from(observed)).or_failed()?;
        let files = vec![TableFile { path, rows, format: TableFormat::Parquet, schema }];
        let stored = self.store_manifest(layout, files, About::default(), batch)?;
        Ok(Written {
            spec,
            details,
            manifest: stored.manifest,
            root: *stored.layout.root(),
            bytes,
            table_hash: done.table_hash,
            rows,
        })
    }
}

//! The TableHash of an output inside a bundle, from its rows.

use bytes::Bytes;
use veritrail_compute::run::canonical::{table_hash, widen_table};
use veritrail_datasets::ingest::parquet::inspect;
use veritrail_provenance::{hash::TableHash, layout::FileEntry};

use super::layouts::Dataset;

/// Bytes that the rows may take in memory: an output in a bundle is 1 MiB of Parquet at most, and
/// a hostile one may claim to unpack to anything.
const ROWS_BYTES_MAX: usize = 512 << 20;

/// The hash over the rows of `file`, in their order; None where the file is no table.
pub(super) fn hash(
    bytes: Vec<u8>,
    dataset: &Dataset,
    file: &FileEntry,
) -> Result<Option<TableHash>, String> {
    let layout = dataset.layout.as_ref();
    let is_table = layout.is_some_and(|layout| {
        let mut tables = dataset.manifest.tables().iter();
        tables.any(|table| table.files(layout).any(|of_table| of_table.path == file.path))
    });
    if !is_table {
        return Ok(None);
    }
    let bytes = Bytes::from(bytes);
    let inspected = inspect(&bytes).map_err(|e| e.to_string())?;
    let all: Vec<usize> = (0..inspected.schema().columns().len()).collect();
    let (mut batches, mut size) = (Vec::new(), 0);
    for group in 0..inspected.row_groups() {
        let rows = inspected.read(&bytes, group, &all).map_err(|e| e.to_string())?;
        for batch in rows {
            let batch = batch.map_err(|e| e.to_string())?;
            size += batch.get_array_memory_size();
            if size > ROWS_BYTES_MAX {
                return Err(format!("its rows take more than {ROWS_BYTES_MAX} bytes"));
            }
            batches.push(batch);
        }
    }
    let table = widen_table(&inspected.schema().arrow(), &batches).map_err(|e| e.to_string())?;
    let hash = table_hash(&table.schema(), &[table]).map_err(|e| e.to_string())?;
    Ok(Some(hash))
}

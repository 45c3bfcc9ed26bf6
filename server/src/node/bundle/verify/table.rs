//! The TableHash of an output inside a bundle, from its rows.

use bytes::Bytes;
use veritrail_compute::run::canonical::{table_hash, widen_table};
use veritrail_datasets::ingest::parquet::inspect;
use veritrail_provenance::hash::TableHash;

/// Bytes that the rows may take in memory: an output in a bundle is 1 MiB of Parquet at most, and
/// a hostile one may claim to unpack to anything.
const ROWS_BYTES_MAX: usize = 512 << 20;

/// The hash over the rows of an output's file, in their order, and how many they are. An output is
/// Parquet, whatever its manifest calls it: else a manifest without tables would hide its values.
pub(super) fn hash(bytes: Vec<u8>) -> Result<(TableHash, u64), String> {
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
    let rows = table.num_rows() as u64;
    let hash = table_hash(&table.schema(), &[table]).map_err(|e| e.to_string())?;
    Ok((hash, rows))
}

//! The same through an object store, which is how tables are read where their bytes are chunks.

use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};

use super::error::ParquetRefused;
use super::footer::{self, TAIL_BYTES};
use super::group::GroupRows;
use super::inspect::Inspection;

/// Reads and checks the footer of the file at `path`. Cost: the metadata, and three reads of 4
/// and 8 bytes and the footer.
pub async fn inspect_object(
    store: &dyn ObjectStore,
    path: &Path,
) -> Result<Inspection, ParquetRefused> {
    let length = store.head(path).await?.size;
    if length <= TAIL_BYTES {
        return Err(ParquetRefused::NotParquet("is too short"));
    }
    let tail = store.get_range(path, length - TAIL_BYTES..length).await?;
    let range = footer::locate(&tail, length)?;
    footer::check_head(&store.get_range(path, 0..4).await?)?;
    let bytes = store.get_range(path, range.clone()).await?;
    Inspection::of_footer(&bytes, range)
}

/// Fetches the bytes of `columns` (positions in the schema) of row group `group`, and nothing
/// else of the file. Decoding happens as the rows are asked for, and is work for a thread that
/// may block.
pub async fn read_object_group(
    store: &dyn ObjectStore,
    path: &Path,
    file: &Inspection,
    group: usize,
    columns: &[usize],
) -> Result<GroupRows, ParquetRefused> {
    let ranges = file.ranges(group, columns)?;
    let chunks = store.get_ranges(path, &ranges).await?;
    file.decode(group, columns, chunks)
}

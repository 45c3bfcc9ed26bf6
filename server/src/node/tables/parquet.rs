//! Parquet files of one schema as one table of a query: one part a row group, read through the
//! object_store face of the layout, so that only the chunks of the wanted columns are touched.

use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use futures::{StreamExt as _, stream};
use veritrail_compute::sql::{BatchStream, ReadError, TableSource};
use veritrail_datasets::{
    ingest::parquet::{Inspection, inspect_object, read_object_group},
    schema::TableSchema,
};
use veritrail_provenance::layout::FilePath;
use veritrail_storage::object_face::LayoutStore;

use super::Opened;

/// The table.
#[derive(Debug)]
pub(super) struct ParquetTable {
    name: String,
    store: LayoutStore,
    schema: TableSchema,
    groups: Vec<Group>,
}

/// One row group of one file.
#[derive(Debug, Clone)]
struct Group {
    path: FilePath,
    file: Arc<Inspection>,
    index: usize,
}

impl ParquetTable {
    /// Reads the footers of `files`, each of which must have the schema that the manifest states.
    pub(super) async fn open(
        name: &str,
        dataset: &Opened,
        schema: &TableSchema,
        files: Vec<FilePath>,
    ) -> Result<Self, ReadError> {
        let store = LayoutStore::new(Arc::clone(&dataset.layout), Arc::clone(&dataset.blobs));
        let mut groups = Vec::new();
        for path in files {
            let refused =
                |message: String| ReadError { table: format!("{name} ({path})"), message };
            let at = LayoutStore::location(&path).map_err(|e| refused(e.to_string()))?;
            let file = inspect_object(&store, &at).await.map_err(|e| refused(e.to_string()))?;
            if let Some(difference) = file.schema().first_difference(schema) {
                let message = format!("it is not what the manifest says: {difference}");
                return Err(refused(message));
            }
            let file = Arc::new(file);
            groups.extend((0..file.row_groups()).map(|index| Group {
                path: path.clone(),
                file: Arc::clone(&file),
                index,
            }));
        }
        Ok(Self { name: name.to_owned(), store, schema: schema.clone(), groups })
    }
}

impl TableSource for ParquetTable {
    fn schema(&self) -> SchemaRef {
        self.schema.arrow()
    }

    fn partitions(&self, wanted: usize) -> usize {
        wanted.clamp(1, self.groups.len().max(1))
    }

    fn open(&self, part: usize, parts: usize, columns: &[usize]) -> BatchStream {
        let groups: Vec<Group> =
            self.groups.iter().skip(part).step_by(parts.max(1)).cloned().collect();
        let (store, columns, name) = (self.store.clone(), columns.to_vec(), self.name.clone());
        stream::iter(groups)
            .then(move |group| read(store.clone(), group, columns.clone(), name.clone()))
            .flat_map(|batches| stream::iter(batches))
            .boxed()
    }
}

type Batches = Box<dyn Iterator<Item = Result<arrow::record_batch::RecordBatch, ReadError>> + Send>;

/// The batches of one row group; an error is one batch that is none.
async fn read(store: LayoutStore, group: Group, columns: Vec<usize>, name: String) -> Batches {
    let table = format!("{name} ({}, row group {})", group.path, group.index + 1);
    let refused = move |message: String| ReadError { table: table.clone(), message };
    let at = match LayoutStore::location(&group.path) {
        Ok(at) => at,
        Err(e) => return Box::new(std::iter::once(Err(refused(e.to_string())))),
    };
    match read_object_group(&store, &at, &group.file, group.index, &columns).await {
        Ok(rows) => Box::new(rows.map(move |batch| batch.map_err(|e| refused(e.to_string())))),
        Err(e) => Box::new(std::iter::once(Err(refused(e.to_string())))),
    }
}

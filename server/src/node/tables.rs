//! From a dataset's files to the tables of a query: bytes are read from blobs, each piece checked
//! against its hash, by the schema that the manifest holds.

use std::sync::Arc;

use veritrail_compute::sql::{FileTable, TableSource};
use veritrail_datasets::{manifest::Manifest, table};
use veritrail_provenance::layout::Layout;
use veritrail_storage::{blob::Blobs, object_face::LayoutStore};

use crate::error::{NodeError, OrKind as _, Result};

/// A dataset whose list of files is at hand.
#[derive(Debug, Clone)]
pub(super) struct Opened {
    /// Where its bytes are.
    pub(super) blobs: Arc<dyn Blobs>,
    /// What its files mean.
    pub(super) manifest: Arc<Manifest>,
    /// Its files and chunks.
    pub(super) layout: Arc<Layout>,
}

impl Opened {
    /// The table `name` of a query: the file or files that `select` names, all tables without it.
    pub(super) async fn table(
        &self,
        name: &str,
        select: Option<&str>,
    ) -> Result<Arc<dyn TableSource>> {
        let place = || match select {
            Some(select) => format!("input {name}, {select}"),
            None => format!("input {name}"),
        };
        let chosen = table::select(&self.manifest, &self.layout, select)
            .map_err(|e| NodeError::usage(e.to_string()).at(place()))?;
        let store = LayoutStore::new(Arc::clone(&self.layout), Arc::clone(&self.blobs));
        let table = FileTable::open(name, Arc::new(store), &chosen).await.or_refused()?;
        // The store checks every byte against the root, so what is made of them may be kept by it.
        Ok(Arc::new(table.rooted(*self.layout.root())))
    }
}

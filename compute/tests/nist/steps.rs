//! Queries one after another, each reading the answer of the one before as table `t`.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::RecordBatch;
use veritrail_compute::sql::{MemoryTable, TableSource};

use crate::sql::fixture::ask;

/// The table that a query makes of `table`.
pub fn step(table: &RecordBatch, sql: &str) -> RecordBatch {
    let source: Arc<dyn TableSource> =
        Arc::new(MemoryTable::new(table.schema(), vec![table.clone()]));
    let tables = BTreeMap::from([("t".to_owned(), source)]);
    ask(sql, &tables).unwrap_or_else(|error| panic!("{sql}: {error}")).table
}

//! The same tables behind our engine and behind DataFusion's own session.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::RecordBatch;
use datafusion::datasource::MemTable;
use datafusion::prelude::{SessionConfig, SessionContext};
use tokio::runtime::Runtime;
use veritrail_compute::sql::{MemoryTable, Options, TableSource, execute};

use super::report::{median, seconds};

/// Rows of a batch, for both.
pub const BATCH: usize = 8_192;

pub struct Engines {
    runtime: Runtime,
    ours: BTreeMap<String, Arc<dyn TableSource>>,
    plain: SessionContext,
}

impl Engines {
    /// Both over the same batches.
    pub fn over(tables: &[(&str, Vec<RecordBatch>)]) -> Self {
        let partitions = cores();
        let config = SessionConfig::new().with_target_partitions(partitions);
        let plain = SessionContext::new_with_config(config);
        let mut ours: BTreeMap<String, Arc<dyn TableSource>> = BTreeMap::new();
        for (name, batches) in tables {
            let schema = batches[0].schema();
            let parts = batches
                .chunks(batches.len().div_ceil(partitions))
                .map(<[RecordBatch]>::to_vec)
                .collect();
            let table = MemTable::try_new(Arc::clone(&schema), parts).expect("a table");
            plain.register_table(*name, Arc::new(table)).expect("a new name");
            ours.insert((*name).to_owned(), Arc::new(MemoryTable::new(schema, batches.clone())));
        }
        Self { runtime: Runtime::new().expect("a runtime"), ours, plain }
    }

    pub fn ours(&self, sql: &str) -> RecordBatch {
        let options = Options { partitions: cores(), memory_bytes: 16 << 30, ..Options::default() };
        let answer = self.runtime.block_on(execute(sql, &BTreeMap::new(), &self.ours, &options));
        answer.unwrap_or_else(|error| panic!("{sql}: {error}")).table
    }

    pub fn plain(&self, sql: &str) -> Vec<RecordBatch> {
        self.runtime
            .block_on(async { self.plain.sql(sql).await?.collect().await })
            .unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    /// Seconds of ours and of the plain one, medians of alternating rounds after one to warm up.
    pub fn beside(&self, sql: &str, rounds: usize) -> (f64, f64) {
        let (mut ours, mut plain) = (Vec::new(), Vec::new());
        for round in 0..=rounds {
            let a = seconds(|| drop(self.ours(sql)));
            let b = seconds(|| drop(self.plain(sql)));
            if round > 0 {
                ours.push(a);
                plain.push(b);
            }
        }
        (median(ours), median(plain))
    }
}

pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// A table cut into batches.
pub fn cut(table: &RecordBatch) -> Vec<RecordBatch> {
    (0..table.num_rows())
        .step_by(BATCH)
        .map(|start| table.slice(start, BATCH.min(table.num_rows() - start)))
        .collect()
}

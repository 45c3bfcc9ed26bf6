//! Peak memory of many small groups. The rows are made while they are read, so that the peak is
//! that of the states.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Float64Array, Int64Array, RecordBatch};
use arrow::datatypes::{DataType, Field, Int64Type, Schema, SchemaRef};
use futures::StreamExt;
use tokio::runtime::Runtime;
use veritrail_compute::sql::{BatchStream, Options, TableSource, execute};

use super::child::peak_mb;
use super::engines::{BATCH, cores};
use super::groups::{GROUPED, scatter, value};
use super::report::{Figure, Goal, seconds, setting};

/// `groups` keys three times over, each time in another order.
#[derive(Debug)]
struct Thrice {
    groups: u64,
}

impl Thrice {
    fn batch(&self, start: u64, columns: &[usize]) -> RecordBatch {
        let rows = start..(start + BATCH as u64).min(self.groups * 3);
        // A prime that does not divide the number of groups permutes them.
        let key = |row: u64| {
            let (turn, place) = (row / self.groups, row % self.groups);
            ((place * 6_700_417 + scatter(turn) % self.groups) % self.groups) as i64
        };
        let k: ArrayRef = Arc::new(Int64Array::from_iter_values(rows.clone().map(key)));
        let x: ArrayRef = Arc::new(Float64Array::from_iter_values(rows.map(value)));
        let batch = RecordBatch::try_new(self.schema(), vec![k, x]).expect("columns of one length");
        batch.project(columns).expect("known columns")
    }
}

impl TableSource for Thrice {
    fn schema(&self) -> SchemaRef {
        let field = |name: &str, kind| Field::new(name, kind, false);
        Arc::new(Schema::new(vec![field("k", DataType::Int64), field("x", DataType::Float64)]))
    }

    fn partitions(&self, wanted: usize) -> usize {
        wanted.max(1)
    }

    fn open(&self, part: usize, parts: usize, columns: &[usize]) -> BatchStream {
        let (table, columns) = (Self { groups: self.groups }, columns.to_vec());
        let starts = (0..self.groups * 3).step_by(BATCH).skip(part).step_by(parts.max(1));
        futures::stream::iter(starts).map(move |start| Ok(table.batch(start, &columns))).boxed()
    }
}

pub fn measure() -> Vec<Figure> {
    let groups = setting("BENCH_GROUPS", 10_000_000);
    let source: Arc<dyn TableSource> = Arc::new(Thrice { groups: groups as u64 });
    let tables = BTreeMap::from([("t".to_owned(), source)]);
    let options = Options { partitions: cores(), memory_bytes: 16 << 30, ..Options::default() };
    let runtime = Runtime::new().expect("a runtime");
    let before = peak_mb().unwrap_or(0.0);
    let mut counted = 0;
    let took = seconds(|| {
        let answer = runtime.block_on(execute(GROUPED, &BTreeMap::new(), &tables, &options));
        let table = answer.unwrap_or_else(|error| panic!("{error}")).table;
        counted = table.column(0).as_primitive::<Int64Type>().value(0);
    });
    assert_eq!(counted, groups as i64, "every group was counted");
    let peak = peak_mb().unwrap_or(0.0) - before;
    vec![
        Figure::new("groups_of_three", groups as f64 / 1e6, "million", Goal::None),
        Figure::new("groups_of_three_exact", took, "s", Goal::None),
        Figure::new(
            "groups_of_three_memory",
            peak * 1e6 / f64::from(1 << 30),
            "GiB",
            Goal::Below(2.0),
        ),
    ]
}

//! Aggregates on a device: the same values as on the CPU, also when it is lost half-way, and an
//! account of what computed them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use arrow::array::{Float64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema};
use veritrail_compute::exact::{Cpu, DeviceLost, Moments, Products, Reducer, Sum};
use veritrail_compute::gpu::cases::Random;
use veritrail_compute::run::canonical::table_hash;
use veritrail_compute::sql::aggregate::{AggregateUse, DEVICE_ROWS_MIN};
use veritrail_compute::sql::{Options, execute};

use super::fixture::{Tables, block_on, cut};
use crate::kernels::fixture::{fresh_gpu, gpu};

/// Four batches of a device, and some rows over.
const ROWS: usize = 4 * DEVICE_ROWS_MIN + 777;

const QUERIES: [&str; 7] = [
    "SELECT covar_samp(z, x), covar_pop(x, z), corr(x, z), regr_slope(z, x), regr_count(x, z) FROM t",
    "SELECT sum(x), avg(x) FROM t",
    "SELECT var_samp(x), var_pop(x), stddev(x), stddev_pop(x) FROM t",
    "SELECT sum(z), avg(z), var_samp(z), stddev_samp(z), count(z), min(z), max(z) FROM t",
    "SELECT sum(x), count(DISTINCT g), sum(DISTINCT z) FROM t WHERE z > 0",
    "SELECT sum(z) FILTER (WHERE g = 'a'), avg(x) FROM t",
    "SELECT g, sum(x), stddev(z) FROM t GROUP BY g",
];

/// x: every oddity, with a cancelling pair that a sum of floats cannot survive; z: measurements.
fn table() -> RecordBatch {
    let mut random = Random(11);
    let x = (0..ROWS).map(|row| match row % 1_000 {
        0 => None,
        1 => Some(1e300),
        2 => Some(-1e300),
        3 => Some(f64::from_bits(random.bits() >> 12)),
        _ => Some(random.measurement()),
    });
    let x: Vec<Option<f64>> = x.collect();
    let z: Vec<f64> = (0..ROWS).map(|_| random.measurement()).collect();
    let g: Vec<&str> = (0..ROWS).map(|row| ["a", "b", "c"][row % 3]).collect();
    let schema = Schema::new(vec![
        Field::new("x", DataType::Float64, true),
        Field::new("z", DataType::Float64, false),
        Field::new("g", DataType::Utf8, false),
    ]);
    RecordBatch::try_new(
        Arc::new(schema),
        vec![
            Arc::new(Float64Array::from(x)),
            Arc::new(Float64Array::from(z)),
            Arc::new(StringArray::from(g)),
        ],
    )
    .unwrap()
}

fn tables(seed: u64) -> Tables {
    BTreeMap::from([("t".to_owned(), cut(&table(), 50_000, seed))])
}

fn ask(
    sql: &str,
    tables: &Tables,
    partitions: usize,
    device: Option<Arc<dyn Reducer>>,
) -> (String, Vec<AggregateUse>) {
    let options = Options { partitions, device, ..Options::default() };
    let answer = block_on(execute(sql, &BTreeMap::new(), tables, &options))
        .unwrap_or_else(|error| panic!("{sql}: {error}"));
    let hash = table_hash(&answer.schema(), &[answer.table]).unwrap().to_hex();
    (hash, answer.aggregates)
}

/// The CPU in a device's place, lost after so many answers: this runs on every machine.
#[derive(Debug)]
struct Mortal(AtomicI64);

impl Mortal {
    fn lost_after(answers: i64) -> Arc<dyn Reducer> {
        Arc::new(Self(AtomicI64::new(answers)))
    }

    fn alive(&self) -> Result<(), DeviceLost> {
        if self.0.fetch_sub(1, Ordering::SeqCst) > 0 {
            return Ok(());
        }
        Err(DeviceLost { device: self.name(), reason: "unplugged".to_owned() })
    }
}

impl Reducer for Mortal {
    fn name(&self) -> String {
        "mortal".to_owned()
    }

    fn sum(&self, x: &[f64]) -> Result<Sum, DeviceLost> {
        self.alive().and_then(|()| Cpu.sum(x))
    }

    fn moments(&self, x: &[f64]) -> Result<Moments, DeviceLost> {
        self.alive().and_then(|()| Cpu.moments(x))
    }

    fn products(&self, x: &[f64], y: &[f64]) -> Result<Products, DeviceLost> {
        self.alive().and_then(|()| Cpu.products(x, y))
    }
}

#[test]
fn neither_a_device_nor_its_loss_changes_a_result() {
    let tables = [tables(0), tables(3)];
    for sql in QUERIES {
        let (expected, _) = ask(sql, &tables[0], 1, None);
        for (partitions, answers) in [(1, i64::MAX), (2, i64::MAX), (1, 0), (1, 1), (2, 3)] {
            let device = Some(Mortal::lost_after(answers));
            let (found, _) = ask(sql, &tables[partitions - 1], partitions, device);
            assert_eq!(found, expected, "{sql}: {partitions} partitions, {answers} answers");
        }
    }
}

#[test]
fn neither_a_gpu_nor_its_loss_changes_a_result() {
    let Some(gpu) = gpu() else { return };
    let tables = tables(0);
    for sql in QUERIES {
        let (expected, _) = ask(sql, &tables, 1, None);
        for partitions in [1, 3] {
            let (found, _) = ask(sql, &tables, partitions, Some(gpu.clone()));
            assert_eq!(found, expected, "{sql}: {partitions} partitions");
        }
        let Some(losing) = fresh_gpu() else { return };
        losing.lose_after(2);
        let (found, _) = ask(sql, &tables, 1, Some(Arc::new(losing)));
        assert_eq!(found, expected, "{sql}: lost half-way");
    }
}

#[test]
fn what_computed_each_aggregate_is_told() {
    let sql = "SELECT sum(z), stddev(z), count(*), sum(DISTINCT z) FROM t";
    let (_, uses) = ask(sql, &tables(0), 1, Some(Mortal::lost_after(i64::MAX)));
    assert_eq!(uses.len(), 4, "{uses:?}");
    let of = |name: &str| uses.iter().find(|one| one.aggregate.starts_with(name)).unwrap().clone();
    for name in ["sum(t.z)", "stddev"] {
        let found = of(name);
        assert_eq!(found.device.as_deref(), Some("mortal"), "{found:?}");
        assert!(found.device_rows as usize >= 3 * DEVICE_ROWS_MIN, "{found:?}");
        assert_eq!((found.device_rows + found.cpu_rows) as usize, ROWS, "{found:?}");
        assert_eq!(found.lost, None);
    }
    for name in ["count", "sum(DISTINCT"] {
        assert_eq!(of(name).device, None, "{:?}", of(name));
    }
    let (_, uses) = ask("SELECT sum(z) FROM t", &tables(0), 1, Some(Mortal::lost_after(1)));
    assert_eq!(uses[0].lost.as_deref(), Some("unplugged"));
    assert!(uses[0].device_rows > 0 && uses[0].cpu_rows > 0, "{uses:?}");
    let (_, uses) = ask("SELECT sum(z) FROM t", &tables(0), 1, None);
    assert_eq!((uses[0].device.clone(), uses[0].device_rows), (None, 0));
}

//! Little memory: the same table by way of the disk, or an error that names the limit.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::*;
use arrow::datatypes::{DataType, Field, Schema};
use veritrail_compute::run::canonical::table_hash;
use veritrail_compute::sql::unit::{MemoryCache, UnitCache};
use veritrail_compute::sql::{Answer, MemoryTable, Options, Spill, SqlError, TableSource, execute};

use super::fixture::*;

const ROWS: i64 = 200_000;

/// As many groups as rows by `k`, half as many by `h`; floats that cancel.
pub(super) fn many() -> Tables {
    let schema = Arc::new(Schema::new(vec![
        Field::new("k", DataType::Int64, true),
        Field::new("h", DataType::Int64, true),
        Field::new("x", DataType::Float64, true),
    ]));
    let value = |row: i64| match row % 5 {
        0 => 1e300,
        1 => -1e300,
        rest => (row as f64) * 10f64.powi(rest as i32 * 7 - 20),
    };
    let columns: Vec<ArrayRef> = vec![
        Arc::new(Int64Array::from_iter_values((0..ROWS).map(|row| row * 7_919 % ROWS))),
        Arc::new(Int64Array::from_iter_values((0..ROWS).map(|row| row % (ROWS / 2)))),
        Arc::new(Float64Array::from_iter_values((0..ROWS).map(value))),
    ];
    let table = RecordBatch::try_new(schema.clone(), columns).unwrap();
    let hash = table_hash(&schema, std::slice::from_ref(&table)).unwrap();
    let batches =
        (0..ROWS as usize).step_by(4_096).map(|at| table.slice(at, 4_096.min(ROWS as usize - at)));
    let source = MemoryTable::new(schema, batches.collect()).hashed(hash);
    BTreeMap::from([("t".to_owned(), Arc::new(source) as Arc<dyn TableSource>)])
}

pub(super) fn ask_with(sql: &str, tables: &Tables, options: &Options) -> Result<Answer, SqlError> {
    block_on(execute(sql, &BTreeMap::new(), tables, options))
}

/// Some limit is tight enough to spill and roomy enough to end; below it a query is refused.
#[test]
fn what_spills_comes_back_bit_for_bit() {
    let tables = many();
    for sql in [
        "SELECT sum(s) AS s, count(*) AS n, max(c) AS c FROM \
         (SELECT h, sum(x) AS s, var_pop(x) AS v, count(*) AS c FROM t GROUP BY h) g",
        "SELECT count(*) AS n, sum(a.x) AS s FROM t a JOIN t b ON a.k = b.k",
    ] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_str().unwrap().to_owned();
        let spill = Spill { folder: path, bytes_max: 1 << 30 };
        let roomy = ask_with(sql, &tables, &options(2)).unwrap();
        assert_eq!(roomy.units.spilled_bytes, 0, "{sql}");
        let mut spills = 0;
        for limit in [4, 6, 8, 12, 16, 24].map(|mebibytes| mebibytes << 20) {
            let tight = Options { memory_bytes: limit, spill: Some(spill.clone()), ..options(2) };
            match ask_with(sql, &tables, &tight) {
                Err(error) => assert!(matches!(error, SqlError::Memory { .. }), "{error}"),
                Ok(spilled) => {
                    spills += u32::from(spilled.units.spilled_bytes > 0);
                    // Merging what was spilled may take a little without asking.
                    let most = spilled.units.memory_bytes;
                    assert!(most <= limit as u64 * 3 / 2, "{most} of {limit}");
                    assert_eq!(roomy.table, spilled.table, "{sql}");
                    assert_eq!(roomy.scans, spilled.scans);
                }
            }
            // What was written is gone.
            assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        }
        assert!(spills > 0, "{sql} never spilled");
    }
}

#[test]
fn groups_that_leave_early_are_merged_before_they_are_kept() {
    let tables = many();
    let sql = "SELECT h % 1000 AS r, sum(x), count(*) FROM t GROUP BY h % 1000";
    let kept = |memory_bytes: usize| {
        let cache = Arc::new(MemoryCache::default());
        let folder = tempfile::tempdir().unwrap();
        let spill =
            Spill { folder: folder.path().to_str().unwrap().to_owned(), bytes_max: 1 << 30 };
        let options = Options {
            memory_bytes,
            spill: Some(spill),
            unit_rows: 50_000,
            cache: Some(Arc::clone(&cache) as Arc<dyn UnitCache>),
            ..options(1)
        };
        ask_with(sql, &tables, &options).map(|answer| (answer.table, cache.kept()))
    };
    let (table, units) = kept(1 << 30).unwrap();
    assert_eq!(units.len(), 4);
    let mut agreed = 0;
    for limit in [400_000, 600_000, 800_000, 1_200_000] {
        // A limit that is too tight for the query at all is another test's.
        if let Ok((same, kept)) = kept(limit) {
            assert_eq!(same, table, "{limit}");
            assert!(kept.iter().all(|unit| units.contains(unit)), "{limit}");
            agreed += kept.len();
        }
    }
    assert!(agreed >= 4, "{agreed}");
}

#[test]
fn too_little_memory_names_the_limit_and_leaves_nothing() {
    let tables = many();
    let folder = tempfile::tempdir().unwrap();
    let spill = Spill { folder: folder.path().to_str().unwrap().to_owned(), bytes_max: 1 << 16 };
    for (sql, spill) in [
        ("SELECT h, sum(x) FROM t GROUP BY h", None),
        ("SELECT h, sum(x) FROM t GROUP BY h", Some(spill)),
        ("SELECT a.k, b.x FROM t a JOIN t b ON a.h = b.h", None),
        ("SELECT a.k, b.x FROM t a CROSS JOIN t b", None),
    ] {
        let options = Options { memory_bytes: 2 << 20, spill, ..options(2) };
        let error = ask_with(sql, &tables, &options).unwrap_err();
        assert!(
            matches!(error, SqlError::Memory { limit, .. } if limit == 2 << 20),
            "{sql}: {error}"
        );
        assert!(error.to_string().contains("2097152"), "{error}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

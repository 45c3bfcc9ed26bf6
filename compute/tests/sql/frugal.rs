//! The way over the disk gives the rows of the fast way: joins by sorting, limits over full sorts.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::*;
use arrow::datatypes::{DataType, Field, Schema};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use veritrail_compute::sql::Options;

use super::fixture::*;
use super::invariance::{QUERIES, hash};

#[test]
fn every_query_has_one_hash_either_way() {
    let (t, s) = (measurements(), labels());
    let mut wrong = Vec::new();
    for sql in QUERIES {
        let tables = both();
        let fast = hash(sql, &tables, &options(3));
        for (partitions, batch_rows, seed) in [(1, 8_192, 1), (2, 17, 2), (7, 8_192, 3)] {
            let tables: Tables = BTreeMap::from([
                ("t".to_owned(), cut(&t, 700, seed)),
                ("s".to_owned(), cut(&s, 2, seed)),
            ]);
            let frugal = Options { partitions, batch_rows, frugal: true, ..Options::default() };
            if hash(sql, &tables, &frugal) != fast {
                wrong.push((sql, partitions, batch_rows));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Few keys, so that each stands often; nulls, both zeros and NaN among them.
fn keyed(rng: &mut StdRng, rows: usize) -> RecordBatch {
    let schema = Schema::new(vec![
        Field::new("id", DataType::Int64, false),
        Field::new("k", DataType::Int64, true),
        Field::new("f", DataType::Float64, true),
        Field::new("v", DataType::Int64, true),
    ]);
    let floats = [0.0, -0.0, f64::NAN, 1.5, f64::NEG_INFINITY];
    let columns: Vec<ArrayRef> = vec![
        Arc::new(Int64Array::from_iter_values(0..rows as i64)),
        Arc::new(Int64Array::from_iter(
            (0..rows).map(|_| rng.random_bool(0.8).then(|| rng.random_range(0..9))),
        )),
        Arc::new(Float64Array::from_iter(
            (0..rows).map(|_| rng.random_bool(0.8).then(|| floats[rng.random_range(0..5)])),
        )),
        Arc::new(Int64Array::from_iter(
            (0..rows).map(|_| rng.random_bool(0.9).then(|| rng.random_range(0..20))),
        )),
    ];
    RecordBatch::try_new(Arc::new(schema), columns).unwrap()
}

const JOINS: [&str; 14] = [
    "SELECT a.id, b.id AS o FROM a JOIN b ON a.k = b.k AND a.v < b.v",
    "SELECT a.id, b.id AS o FROM a LEFT JOIN b ON a.k = b.k",
    "SELECT a.id, b.id AS o FROM a LEFT JOIN b ON a.k = b.k AND a.v < b.v",
    "SELECT a.id, b.id AS o FROM a RIGHT JOIN b ON a.k = b.k AND a.v < b.v",
    "SELECT a.id, b.id AS o FROM a FULL JOIN b ON a.k = b.k AND a.v <> b.v",
    "SELECT a.id, b.id AS o FROM a FULL JOIN b ON a.f = b.f AND a.k = b.k",
    "SELECT a.id, b.id AS o FROM a FULL JOIN b ON a.f = b.f AND a.v + b.v > 20",
    "SELECT id FROM a WHERE EXISTS (SELECT 1 FROM b WHERE a.k = b.k AND a.v < b.v)",
    "SELECT id FROM a WHERE NOT EXISTS (SELECT 1 FROM b WHERE a.k = b.k AND a.v < b.v)",
    "SELECT id FROM a WHERE f IN (SELECT f FROM b WHERE v > 12)",
    "SELECT id FROM a WHERE k NOT IN (SELECT k FROM b WHERE k < 4)",
    "SELECT id, k IN (SELECT k FROM b WHERE v > 17) AS found FROM a",
    "SELECT k, f FROM a INTERSECT SELECT k, f FROM b",
    "SELECT k, v FROM a EXCEPT SELECT k, v FROM b",
];

#[test]
fn joins_agree_over_random_tables() {
    let (mut rng, mut answered) = (StdRng::seed_from_u64(41), 0);
    for round in 0..24usize {
        let rows = [0, 1, 7, 60][round % 4];
        let tables: Tables = BTreeMap::from([
            ("a".to_owned(), cut(&keyed(&mut rng, 40), 1 + round, 0)),
            ("b".to_owned(), cut(&keyed(&mut rng, rows), 3 + round, 0)),
        ]);
        for sql in JOINS {
            let (partitions, batch_rows) = (1 + round % 4, [1, 3, 8_192][round % 3]);
            let fast = Options { partitions, batch_rows, ..Options::default() };
            let frugal = Options { frugal: true, ..fast.clone() };
            let hashes = [hash(sql, &tables, &fast), hash(sql, &tables, &frugal)];
            assert_eq!(hashes[0], hashes[1], "round {round}: {sql}");
            answered += u32::from(!hashes[0].starts_with("fails"));
        }
    }
    assert!(answered > 200, "{answered}");
}

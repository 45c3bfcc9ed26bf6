//! Queries whose TableHashes stand in pins.txt: any later change of a bit shows here, whatever it
//! was meant to change. A pin that moves breaks receipts that people hold, so it moves with a new
//! version of the engine or not at all.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;

use arrow::array::*;
use arrow::datatypes::{DataType, Field, Schema, TimeUnit};
use veritrail_compute::run::canonical::table_hash;
use veritrail_compute::sql::{Options, execute};

use super::fixture::*;

const PINNED_ROWS: usize = 2_000;

/// SplitMix64 (Steele, Lea and Flood, 2014), so that no library's next version moves a pin.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From 0 to below a limit; that low numbers are a little likelier does not matter here.
    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    fn around_zero(&mut self, limit: u64) -> i64 {
        self.below(2 * limit) as i64 - limit as i64
    }
}

/// Any float there is, with NaN, infinities and zeros among them; null now and then.
fn odd(random: &mut Random) -> Option<f64> {
    Some(match random.below(24) {
        0 => return None,
        1 => f64::NAN,
        2 => f64::from_bits(0xfff8_0000_0000_0abc),
        3 => f64::INFINITY,
        4 => -0.0,
        5 => 0.0,
        6 => 1e300,
        7 => -1e300,
        8 => f64::from_bits(random.below(1 << 52)),
        _ => random.around_zero(1 << 53) as f64 / (1u64 << random.below(60)) as f64,
    })
}

/// Keys `g` and `k`; floats `x` (anything), `w` (any finite one of middling size), `z` (tame);
/// integers `y` and `u`; decimals `d`; days, instants, truth, text.
fn pinned_table() -> RecordBatch {
    let mut random = Random(2_026);
    let rows = 0..PINNED_ROWS;
    let some = |random: &mut Random, of: u64| random.below(of) != 0;
    let g = ["north", "south", "", "Δ", "east"];
    let g: Vec<Option<&str>> =
        rows.clone().map(|_| g.get(random.below(6) as usize).copied()).collect();
    let k: Vec<i64> = rows.clone().map(|_| random.below(40) as i64).collect();
    let x: Vec<Option<f64>> = rows.clone().map(|_| odd(&mut random)).collect();
    let w: Vec<f64> = rows
        .clone()
        .map(|_| {
            let exponent = 823 + random.below(400);
            f64::from_bits(random.next() & 0x800f_ffff_ffff_ffff | exponent << 52)
        })
        .collect();
    let z: Vec<f64> = rows.clone().map(|_| random.around_zero(1_000_000) as f64 / 64.0).collect();
    let y: Vec<Option<i64>> =
        rows.clone().map(|_| some(&mut random, 11).then(|| random.around_zero(50))).collect();
    let u: Vec<u64> = rows.clone().map(|_| random.below(1 << 40)).collect();
    let d: Vec<Option<i128>> = rows
        .clone()
        .map(|_| some(&mut random, 13).then(|| random.around_zero(1_000_000_000_000).into()))
        .collect();
    let day: Vec<i32> = rows.clone().map(|_| random.below(20_000) as i32).collect();
    let at: Vec<i64> = rows.clone().map(|_| random.around_zero(1 << 60)).collect();
    let flag: Vec<Option<bool>> =
        rows.clone().map(|_| some(&mut random, 7).then(|| random.below(2) == 0)).collect();
    let text: Vec<String> =
        rows.clone().map(|_| format!("t{}", random.below(300) * 7_919 % 1_000)).collect();
    let utc = DataType::Timestamp(TimeUnit::Nanosecond, Some("UTC".into()));
    let d = Decimal128Array::from(d).with_precision_and_scale(18, 4).unwrap();
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("id", Arc::new(Int64Array::from_iter_values(rows.map(|row| row as i64)))),
        ("g", Arc::new(StringArray::from(g))),
        ("k", Arc::new(Int64Array::from(k))),
        ("x", Arc::new(Float64Array::from(x))),
        ("w", Arc::new(Float64Array::from(w))),
        ("z", Arc::new(Float64Array::from(z))),
        ("y", Arc::new(Int64Array::from(y))),
        ("u", Arc::new(UInt64Array::from(u))),
        ("d", Arc::new(d)),
        ("day", Arc::new(Date32Array::from(day))),
        ("at", Arc::new(TimestampNanosecondArray::from(at).with_data_type(utc))),
        ("flag", Arc::new(BooleanArray::from(flag))),
        ("text", Arc::new(StringArray::from(text))),
    ];
    let fields: Vec<Field> = columns
        .iter()
        .map(|(name, column)| Field::new(*name, column.data_type().clone(), true))
        .collect();
    let columns = columns.into_iter().map(|(_, column)| column).collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap()
}

/// A few names for some of the groups, and one that no row has.
fn names() -> RecordBatch {
    let columns: [(&str, ArrayRef); 3] = [
        ("g", Arc::new(StringArray::from(vec![Some("north"), Some("Δ"), Some("west"), None]))),
        ("name", Arc::new(StringArray::from(vec!["N", "D", "W", "?"]))),
        ("weight", Arc::new(Float64Array::from(vec![0.1, 1e300, -1e300, -0.0]))),
    ];
    RecordBatch::try_from_iter(columns).unwrap()
}

/// One query a line, without its pin.
const QUERIES: &str = include_str!("pins.sql");

fn hash(sql: &str, partitions: usize, rows: usize, seed: u64) -> String {
    let tables: Tables = BTreeMap::from([
        ("t".to_owned(), cut(&pinned_table(), rows, seed)),
        ("n".to_owned(), cut(&names(), 3, seed)),
    ]);
    let options = Options { partitions, ..Options::default() };
    let answer = block_on(execute(sql, &BTreeMap::new(), &tables, &options))
        .unwrap_or_else(|error| panic!("{sql}: {error}"));
    assert!(answer.table.num_rows() > 0, "{sql} has no rows, so it pins nothing");
    table_hash(&answer.schema(), &[answer.table]).unwrap().to_hex()
}

/// Set UPDATE_PINS to write the list anew; a pin that is there already is never to be changed.
#[test]
fn old_queries_keep_their_table_hashes() {
    let mut list = String::new();
    for sql in QUERIES.lines().filter(|line| !line.is_empty() && !line.starts_with("--")) {
        let pin = hash(sql, 1, PINNED_ROWS, 0);
        assert_eq!(pin, hash(sql, 3, 97, 5), "partitions and order decide over {sql}");
        writeln!(list, "{pin} {sql}").unwrap();
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/sql/pins.txt");
    if std::env::var_os("UPDATE_PINS").is_some() {
        std::fs::write(path, &list).unwrap();
    }
    let pinned = std::fs::read_to_string(path).unwrap_or_default();
    assert!(pinned.lines().count() >= 40, "the pins are lost");
    for (found, pinned) in list.lines().zip(pinned.lines()) {
        assert_eq!(found, pinned, "a query gives other bits than it did");
    }
    assert_eq!(list.lines().count(), pinned.lines().count());
}

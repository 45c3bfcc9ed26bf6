//! What each condition of a WHERE dropped, and that no row is asked a condition that an earlier
//! one has settled.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::*;
use arrow::datatypes::{DataType, Field, Schema};
use veritrail_compute::run::canonical::table_hash;
use veritrail_compute::sql::unit::{MemoryCache, UnitCache, UnitError, UnitId, UnitResult};
use veritrail_compute::sql::{Dropped, MemoryTable, Options, TableSource, execute};

use super::fixture::*;

fn conditions(sql: &str, tables: &Tables, options: &Options) -> Vec<(u64, String)> {
    let answer = block_on(execute(sql, &BTreeMap::new(), tables, options))
        .unwrap_or_else(|error| panic!("{sql}: {error}"));
    let scan = answer.scans.iter().find(|scan| scan.table == "t").unwrap();
    let each = scan.conditions.iter();
    let sum: u64 = each.clone().map(|condition| condition.rows).sum();
    assert!(scan.conditions.is_empty() || scan.dropped == Some(sum), "{sql}");
    each.map(|Dropped { rows, reason }| (*rows, reason.clone())).collect()
}

#[test]
fn a_dropped_row_counts_with_the_first_condition_that_it_fails() {
    let table = measurements();
    let number = |name: &str, row: usize| {
        let column = table.column_by_name(name).unwrap();
        column.is_valid(row).then(|| text_of(column, row).parse::<f64>().unwrap())
    };
    let (mut first, mut second, mut third) = (0, 0, 0);
    for row in 0..ROWS {
        match (number("x", row), number("y", row), number("z", row)) {
            (None, ..) => first += 1,
            (_, None, _) => second += 1,
            (_, Some(y), _) if y <= 3.0 => second += 1,
            (_, _, Some(z)) if z >= 0.0 => third += 1,
            _ => {}
        }
    }
    assert!(first > 100 && second > 100 && third > 100);
    let expected = [
        (first, "x is null".to_owned()),
        (second, "not y > 3".to_owned()),
        (third, "not z < 0".to_owned()),
    ];
    for sql in [
        "SELECT g, sum(x) AS s FROM t WHERE x IS NOT NULL AND y > 3 AND z < 0 GROUP BY g",
        "SELECT id FROM t WHERE x IS NOT NULL AND y > 3 AND z < 0",
        "SELECT id FROM (SELECT id, y, z FROM t WHERE x IS NOT NULL) q WHERE y > 3 AND z < 0",
        "SELECT t.id, s.w FROM t JOIN s ON t.g = s.g WHERE x IS NOT NULL AND y > 3 AND z < 0",
    ] {
        for (partitions, batch_rows, rows) in [(1, 8_192, ROWS), (2, 64, 500), (64, 1, 40)] {
            let tables: Tables = BTreeMap::from([
                ("t".to_owned(), cut(&table, rows, partitions as u64)),
                ("s".to_owned(), cut(&labels(), 2, 0)),
            ]);
            let options = Options { partitions, batch_rows, unit_rows: 700, ..Options::default() };
            assert_eq!(conditions(sql, &tables, &options), expected, "{sql}");
        }
    }
    // One condition has no list; neither has none.
    for sql in ["SELECT id FROM t WHERE z < 0 OR y > 3", "SELECT id FROM t"] {
        assert_eq!(conditions(sql, &both(), &options(2)), [], "{sql}");
    }
}

fn text_of(column: &ArrayRef, row: usize) -> String {
    arrow::util::display::array_value_to_string(column, row).unwrap()
}

#[test]
fn a_condition_guards_those_after_it_for_any_batches() {
    let schema = Schema::new(vec![
        Field::new("y", DataType::Int64, true),
        Field::new("c", DataType::Utf8, true),
    ]);
    let y = (0..400).map(|row| if row % 7 == 0 { None } else { Some(row % 5) });
    let c = (0..400).map(|row| if row % 3 == 0 { "none".to_owned() } else { row.to_string() });
    let columns: Vec<ArrayRef> =
        vec![Arc::new(Int64Array::from_iter(y)), Arc::new(StringArray::from_iter_values(c))];
    let table = RecordBatch::try_new(Arc::new(schema), columns).unwrap();
    let count = |condition: &str, rows: usize, batch_rows: usize| {
        let tables = BTreeMap::from([("t".to_owned(), cut(&table, rows, 0))]);
        let sql = format!("SELECT count(*) AS n FROM t WHERE {condition}");
        let options = Options { partitions: 2, batch_rows, ..Options::default() };
        let answer = block_on(execute(&sql, &BTreeMap::new(), &tables, &options));
        answer.map(|answer| text(&answer, 0, 0)).map_err(|error| error.to_string())
    };
    let guarded = |y: &i64| *y != 0 && 100 / *y > 30;
    let kept = (0..400i64).filter(|row| row % 7 != 0 && guarded(&(row % 5))).count().to_string();
    let either =
        (0..400i64).filter(|row| row % 7 != 0).filter(|row| row % 5 == 0 || guarded(&(row % 5)));
    let either = either.count().to_string();
    let parsed = (0..400).filter(|row| row % 3 != 0 && *row > 17).count().to_string();
    for (rows, batch) in [(400, 8_192), (400, 16), (40, 8_192), (1, 1), (7, 3)] {
        assert_eq!(count("y <> 0 AND 100 / y > 30", rows, batch), Ok(kept.clone()));
        assert_eq!(count("y = 0 OR 100 / y > 30", rows, batch), Ok(either.clone()));
        assert_eq!(
            count("c <> 'none' AND CAST(c AS BIGINT) > 17", rows, batch),
            Ok(parsed.clone())
        );
        // Unguarded, it fails for any batches.
        assert!(count("100 / y > 30", rows, batch).is_err(), "{rows}, {batch}");
        assert!(count("y >= 0 AND 100 / y > 30", rows, batch).is_err(), "{rows}, {batch}");
    }
}

#[test]
fn conditions_without_columns_and_of_null_drop_what_they_should() {
    for (condition, kept) in [
        ("1 = 1 AND y IS NOT NULL", 2_727),
        ("1 = 0 AND y IS NOT NULL", 0),
        ("y IS NOT NULL AND 1 = 0", 0),
        ("y IS NOT NULL AND CAST(NULL AS BOOLEAN)", 0),
        ("flag OR flag IS NULL OR NOT flag", ROWS),
        ("y IS NOT NULL AND (x > 0 OR (x <= 0 OR x IS NULL))", 2_727),
    ] {
        let sql = format!("SELECT count(*) AS n FROM t WHERE {condition}");
        assert_eq!(value(&sql, &both()), kept.to_string(), "{condition}");
    }
}

/// docs/formats/unit.md, version 2.
#[test]
fn the_golden_unit_of_two_conditions_is_as_written_down() {
    let schema = Schema::new(vec![
        Field::new("g", DataType::Utf8, true),
        Field::new("x", DataType::Float64, true),
    ]);
    let columns: Vec<ArrayRef> = vec![
        Arc::new(StringArray::from(vec![Some("b"), None, Some("b"), Some("c"), None])),
        Arc::new(Float64Array::from(vec![Some(1.5), Some(-0.25), None, Some(8.0), None])),
    ];
    let table = RecordBatch::try_new(Arc::new(schema), columns).unwrap();
    let hash = table_hash(&table.schema(), std::slice::from_ref(&table)).unwrap();
    let source = MemoryTable::new(table.schema(), vec![table]).hashed(hash);
    let tables: Tables =
        BTreeMap::from([("t".to_owned(), Arc::new(source) as Arc<dyn TableSource>)]);
    let cache = Arc::new(MemoryCache::default());
    let options = Options {
        partitions: 1,
        cache: Some(Arc::clone(&cache) as Arc<dyn UnitCache>),
        ..Options::default()
    };
    let sql = "SELECT g, sum(x) AS s FROM t WHERE x IS NOT NULL AND x < 5 GROUP BY g";
    let dropped = [(2, "x is null".to_owned()), (1, "not x < 5".to_owned())];
    assert_eq!(conditions(sql, &tables, &options), dropped);
    let golden = |name: &str| {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/formats/golden");
        std::fs::read_to_string(format!("{folder}/{name}")).unwrap_or_default()
    };
    let [(_, text, result)] = &cache.kept()[..] else { panic!("one unit") };
    assert_eq!(*text, golden("unit-2.json").trim_end());
    let hex: String = golden("unit-result-2.hex").split_whitespace().collect();
    assert_eq!(hex::encode(result), hex);
    // A second run takes the kept result, and tells the same.
    assert_eq!(conditions(sql, &tables, &options), dropped);
}

#[test]
fn a_result_that_miscounts_its_conditions_is_refused() {
    let schema = Arc::new(Schema::new(vec![Field::new("k", DataType::Int64, true)]));
    let unit = UnitId::of(b"text");
    let result = |dropped, by: &[u64]| UnitResult {
        read: 9,
        dropped,
        dropped_by: by.to_vec(),
        groups: RecordBatch::try_new(schema.clone(), vec![Arc::new(Int64Array::from(vec![1]))])
            .unwrap(),
    };
    let good = result(5, &[2, 0, 3]);
    let bytes = good.encode(&unit, 1).unwrap();
    assert_eq!(UnitResult::decode(&bytes, &unit, &schema, 1), Ok(good));
    for odd in [result(5, &[2, 2]), result(5, &[5]), result(0, &[u64::MAX, 1])] {
        assert!(matches!(odd.encode(&unit, 1), Err(UnitError::NotCanonical(_))), "{odd:?}");
    }
    // Tag, unit, read, dropped, then how many conditions.
    let with = |at: usize, count: u64| {
        let mut bytes = bytes.to_vec();
        bytes[at..at + 8].copy_from_slice(&count.to_le_bytes());
        UnitResult::decode(&bytes, &unit, &schema, 1)
    };
    assert_eq!(with(64, u64::MAX), Err(UnitError::Length));
    for (at, count) in [(64, 0), (64, 1), (72, 3), (56, 4)] {
        assert!(matches!(with(at, count), Err(UnitError::NotCanonical(_))), "{at}: {count}");
    }
    for at in 0..bytes.len() {
        for flip in [1, 0x80, 0xff] {
            let mut bad = bytes.to_vec();
            bad[at] ^= flip;
            if let Ok(other) = UnitResult::decode(&bad, &unit, &schema, 1) {
                assert_eq!(other.encode(&unit, 1).unwrap(), bad, "byte {at}");
            }
        }
        assert!(UnitResult::decode(&bytes[..at], &unit, &schema, 1).is_err(), "{at} bytes");
    }
}

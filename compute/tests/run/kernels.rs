//! Executing runs of several steps: queries, kernels, declared outputs, and bad data.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use arrow::array::*;
use arrow::datatypes::{DataType, Field, Schema};
use sha2::{Digest, Sha256};
use veritrail_compute::exact::{Cpu, DeviceLost, Moments, Products, Reducer, Sum};
use veritrail_compute::run::compare::{OutputPair, compare_outputs};
use veritrail_compute::run::{Finished, RunError, Tolerance, execute};
use veritrail_compute::sql::{MemoryTable, Options, TableSource};
use veritrail_provenance::statement::Outcome;

use super::steps::{resolved, steps};
use crate::sql::fixture::{block_on, cut, floats, measurements};

fn run_with(text: &str, table: &RecordBatch, options: &Options) -> Result<Finished, RunError> {
    let source: Arc<dyn TableSource> = cut(table, 700, 1);
    let tables = BTreeMap::from([("t".to_owned(), source)]);
    block_on(execute(&resolved(text), &tables, options))
}

fn run(text: &str, table: &RecordBatch) -> Result<Finished, RunError> {
    run_with(text, table, &Options { partitions: 3, ..Options::default() })
}

/// A spec whose only output is one kernel step over `t`.
fn kernel(lines: &str) -> String {
    format!("version = 2\n[inputs]\nt = \"x\"\n[steps.k]\n{lines}\n[outputs.out]\nfrom = \"k\"\n")
}

/// All cells of an output, row by row.
fn cells(finished: &Finished, output: &str) -> Vec<String> {
    let table = &finished.outputs[output].table;
    (0..table.num_rows())
        .map(|row| {
            let cell = |column: &ArrayRef| match column.is_null(row) {
                true => "null".to_owned(),
                false => arrow::util::display::array_value_to_string(column, row).unwrap(),
            };
            table.columns().iter().map(cell).collect::<Vec<_>>().join("|")
        })
        .collect()
}

#[test]
fn steps_hand_their_results_on() {
    let text = steps(&[
        ("means", "SELECT g, avg(z) AS m, count(*) AS n FROM cohort GROUP BY g"),
        ("cohort", "SELECT g, z FROM t WHERE y IS NOT NULL"),
    ]) + "[outputs.all]\nfrom = \"cohort\"\n";
    let table = measurements();
    let finished = run(&text, &table).unwrap();
    let whole = "SELECT g, avg(z) AS m, count(*) AS n FROM t WHERE y IS NOT NULL GROUP BY g";
    let one = run(&steps(&[("means", whole)]), &table).unwrap();
    assert_eq!(finished.outputs["out"].table_hash, one.outputs["out"].table_hash);
    // Of one output, the hash is the table's own.
    assert_eq!(one.table_hash, one.outputs["out"].table_hash);

    let kept = (0..3_000).filter(|row| row % 11 != 0).count() as u64;
    let names: Vec<_> = finished.steps.iter().map(|step| step.name.as_deref().unwrap()).collect();
    assert_eq!(names, ["cohort", "means"]);
    assert_eq!((finished.steps[0].rows, finished.steps[1].rows), (kept, 5));
    let scan = &finished.steps[0].scans[0];
    assert_eq!((scan.table.as_str(), scan.read, scan.dropped), ("t", 3_000, Some(3_000 - kept)));
    assert_eq!(scan.reason.as_deref(), Some("y is null"));
    let scan = &finished.steps[1].scans[0];
    assert_eq!((scan.table.as_str(), scan.read, scan.dropped), ("cohort", kept, Some(0)));
    // What was computed on the way is no row that was read.
    assert_eq!((finished.rows_read(), finished.rows_dropped()), (3_000, 3_000 - kept));
    assert_eq!(finished.rows(), kept + 5);
}

#[test]
fn several_outputs_have_one_hash() {
    let text = steps(&[("a", "SELECT sum(z) AS s FROM t")]) + "[outputs.b_2]\nfrom = \"a\"\n";
    let finished = run(&text, &measurements()).unwrap();
    let mut by_hand = Sha256::new();
    by_hand.update(b"veritrail/outputs/1\n");
    by_hand.update(2u32.to_le_bytes());
    for name in ["b_2", "out"] {
        by_hand.update((name.len() as u32).to_le_bytes());
        by_hand.update(name);
        by_hand.update(finished.outputs[name].table_hash.as_bytes());
    }
    let by_hand = hex::encode(by_hand.finalize());
    assert_eq!(finished.table_hash.to_hex(), by_hand);
    assert_ne!(finished.table_hash, finished.outputs["out"].table_hash);
}

/// Cancels in floats, wherever it is rounded on the way.
fn hard() -> RecordBatch {
    let x = [1e200, 1.0, -1e200, 3.0, 0.1];
    let y = [1e100, 2.0, 1e100, 0.5, 0.1];
    let g = [Some("b"), Some("a"), Some("b"), None, Some("a")];
    let columns: [(&str, ArrayRef); 3] = [
        ("x", Arc::new(Float64Array::from(x.to_vec()))),
        ("y", Arc::new(Float64Array::from(y.to_vec()))),
        ("g", Arc::new(StringArray::from(g.to_vec()))),
    ];
    RecordBatch::try_from_iter(columns).unwrap()
}

#[test]
fn kernels_round_once() {
    let dot = "kernel = \"dot\"\ntable = \"t\"\ncolumns = [\"x\", \"y\"]";
    // 1e200 · 1e100 − 1e200 · 1e100 is nothing, and what is left is 2 + 1.5 + 0.1².
    assert_eq!(cells(&run(&kernel(dot), &hard()).unwrap(), "out"), ["5|3.51"]);
    let grouped = format!("{dot}\ngroup = \"g\"");
    let found = run(&kernel(&grouped), &hard()).unwrap();
    assert_eq!(cells(&found, "out"), ["null|1|1.5", "a|2|2.01", "b|2|0.0"]);
    let all = "kernel = \"products\"\ntable = \"t\"\ncolumns = [\"y\", \"y\"]\ngroup = \"g\"";
    let found = run(&kernel(all), &hard()).unwrap();
    assert_eq!(cells(&found, "out")[0], "null|1|0.5|0.5|0.25|0.25|0.25");
}

/// Where SQL is exact too, both say the same, grouped and not.
#[test]
fn kernels_agree_with_sql() {
    let table = measurements();
    for group in ["", "g"] {
        let (by, also) = match group {
            "" => (String::new(), String::new()),
            group => (format!("group = \"{group}\""), format!("GROUP BY {group}")),
        };
        let select = if group.is_empty() { String::new() } else { format!("{group}, ") };
        let moments = format!("kernel = \"moments\"\ntable = \"t\"\ncolumns = [\"z\"]\n{by}");
        let found = run(&kernel(&moments), &table).unwrap();
        let sql = format!(
            "SELECT {select}count(z) AS n, sum(z) AS sum, avg(z) AS mean, var_samp(z) AS variance, \
             stddev_samp(z) AS deviation FROM t {also}"
        );
        let expected = run(&steps(&[("a", &sql)]), &table).unwrap();
        assert_eq!(found.table_hash, expected.table_hash, "moments {group}");
        // Whole numbers are taken as they are, and nulls do not count.
        let sum = format!("kernel = \"sum\"\ntable = \"t\"\ncolumns = [\"y\"]\n{by}");
        let found = run(&kernel(&sum), &table).unwrap();
        let sql = format!(
            "SELECT {select}count(y) AS n, sum(CAST(y AS DOUBLE)) AS sum, avg(y) AS mean FROM t \
             {also}"
        );
        let expected = run(&steps(&[("a", &sql)]), &table).unwrap();
        assert_eq!(found.table_hash, expected.table_hash, "sum {group}");
        let scan = &found.steps[0].scans[0];
        let nulls = (0..3_000).filter(|row| row % 11 == 0).count() as u64;
        assert_eq!((scan.read, scan.dropped), (3_000, Some(nulls)));
        assert_eq!(scan.reason.as_deref(), Some("y is null"));
    }
}

/// A device that is lost at its second call.
#[derive(Debug, Default)]
struct Failing(AtomicUsize);

impl Failing {
    fn answer<T>(&self, made: Result<T, DeviceLost>) -> Result<T, DeviceLost> {
        match self.0.fetch_add(1, Ordering::SeqCst) {
            0 => made,
            _ => Err(DeviceLost { device: "failing".into(), reason: "asked twice".into() }),
        }
    }
}

impl Reducer for Failing {
    fn name(&self) -> String {
        "failing".to_owned()
    }
    fn sum(&self, x: &[f64]) -> Result<Sum, DeviceLost> {
        self.answer(Cpu.sum(x))
    }
    fn moments(&self, x: &[f64]) -> Result<Moments, DeviceLost> {
        self.answer(Cpu.moments(x))
    }
    fn products(&self, x: &[f64], y: &[f64]) -> Result<Products, DeviceLost> {
        self.answer(Cpu.products(x, y))
    }
}

#[test]
fn a_device_is_used_and_may_be_lost() {
    let rows = 200_000;
    let x = Float64Array::from_iter_values((0..rows).map(|row| f64::from(row) * 0.1));
    let table = RecordBatch::try_from_iter([("x", Arc::new(x) as ArrayRef)]).unwrap();
    let text = kernel("kernel = \"products\"\ntable = \"t\"\ncolumns = [\"x\", \"x\"]");
    let device = Arc::new(Failing::default());
    let options =
        Options { device: Some(Arc::clone(&device) as Arc<dyn Reducer>), ..Options::default() };
    let found = run_with(&text, &table, &options).unwrap();
    assert_eq!(found.table_hash, run(&text, &table).unwrap().table_hash);
    let used = &found.steps[0].aggregates[0];
    assert_eq!(
        (used.aggregate.as_str(), used.device.as_deref()),
        ("products(x, x)", Some("failing"))
    );
    assert_eq!((used.device_rows, used.cpu_rows), (65_536, 200_000 - 65_536));
    assert_eq!(used.lost.as_deref(), Some("asked twice"));
    // Once it did the work, once it was lost, and then it was left alone.
    assert_eq!(device.0.load(Ordering::SeqCst), 2);
}

#[test]
fn faults_of_kernels_name_step_and_column() {
    let table = measurements();
    let fault = |lines: &str| run(&kernel(lines), &table).unwrap_err().to_string();
    let of = |column: &str| format!("kernel = \"sum\"\ntable = \"t\"\ncolumns = [\"{column}\"]");
    let unknown = fault(&of("nope"));
    assert!(unknown.contains("step k:") && unknown.contains("no column \"nope\""), "{unknown}");
    let text = fault(&of("g"));
    assert!(text.contains("column \"g\" of t is text: CAST it"), "{text}");
    let decimal = fault(&of("d"));
    assert!(decimal.contains("is decimal(18,4)"), "{decimal}");
    // Not every whole number is a float.
    let large: ArrayRef = Arc::new(Int64Array::from(vec![1 << 53, (1 << 53) + 1]));
    let large = RecordBatch::try_from_iter([("x", large)]).unwrap();
    let error = run(&kernel(&of("x")), &large).unwrap_err().to_string();
    assert!(error.contains("9007199254740993, which no float64 is"), "{error}");
    // Many groups do not fit into little memory.
    let grouped = of("z") + "\ngroup = \"id\"";
    let options = Options { memory_bytes: 100_000, ..Options::default() };
    let error = run_with(&kernel(&grouped), &table, &options).unwrap_err().to_string();
    assert!(error.contains("needs more memory") && error.contains("groups"), "{error}");
}

#[test]
fn outputs_must_be_as_declared() {
    let declared = |columns: &str| {
        let text = steps(&[("a", "SELECT g, sum(z) AS s FROM t GROUP BY g")]);
        run(&(text + "[outputs.out.columns]\n" + columns), &measurements())
    };
    assert!(declared("g = \"text\"\ns = \"float64\"").is_ok());
    for (columns, words) in [
        (
            "g = \"text\"\ns = \"int64\"",
            "output out: column \"s\" is declared as int64 and is float64",
        ),
        (
            "g = \"text\"\nt = \"int64\"",
            "column \"t\" is declared as int64, and the result has none",
        ),
        ("g = \"text\"", "has a column \"s\", which is not declared"),
    ] {
        let error = declared(columns).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
    let tolerant =
        steps(&[("a", "SELECT g FROM t")]) + "[outputs.out.tolerance.g]\nabsolute = 1.0\n";
    let error = run(&tolerant, &measurements()).unwrap_err().to_string();
    assert!(error.contains("column \"g\", but it is not numeric"), "{error}");
}

#[test]
fn faults_of_queries_name_their_step() {
    let fault = |sql: &str| {
        let text = steps(&[("a", "SELECT * FROM b"), ("b", sql)]);
        run(&text, &measurements()).unwrap_err().to_string()
    };
    let unknown = fault("SELECT nope FROM t");
    assert!(unknown.starts_with("step b: ") && unknown.contains("nope"), "{unknown}");
    let clash = fault("SELECT g + 1 AS x FROM t");
    assert!(clash.starts_with("step b: "), "{clash}");
    let zero = fault("SELECT y / (y - y) AS x FROM t");
    assert!(zero.starts_with("step b: ") && zero.contains("division by zero"), "{zero}");
    // What an earlier step made is memory that a later one does not have.
    let pairs = "SELECT b.id, c.id AS other FROM b CROSS JOIN b c";
    let text = steps(&[("a", pairs), ("b", "SELECT id, z, u FROM t")]);
    let options = Options { memory_bytes: 20_000_000, ..Options::default() };
    let error = run_with(&text, &measurements(), &options).unwrap_err().to_string();
    assert!(error.starts_with("step a: ") && error.contains("more memory"), "{error}");
    assert!(!error.contains("(20000000 bytes)"), "{error}");
}

/// Nothing, nulls alone, one value, infinities, sums beyond the largest float: documented values.
#[test]
fn odd_data_has_documented_values() {
    let moments = kernel("kernel = \"moments\"\ntable = \"t\"\ncolumns = [\"x\"]");
    let sql = steps(&[(
        "a",
        "SELECT count(x) AS n, sum(x) AS sum, avg(x) AS mean, var_samp(x) AS variance, \
         stddev_samp(x) AS deviation FROM t",
    )]);
    let dot = kernel("kernel = \"dot\"\ntable = \"t\"\ncolumns = [\"x\", \"x\"]");
    let nulls = {
        let schema = Schema::new(vec![Field::new("x", DataType::Float64, true)]);
        let column: ArrayRef = Arc::new(Float64Array::from(vec![None, None, None]));
        RecordBatch::try_new(Arc::new(schema), vec![column]).unwrap()
    };
    let inf = f64::INFINITY;
    for (table, row, product) in [
        (floats(&[]), "0|null|null|null|null", "0|null"),
        (nulls, "0|null|null|null|null", "0|null"),
        (floats(&[4.0]), "1|4.0|4.0|null|null", "1|16.0"),
        (floats(&[1.0, inf]), "2|inf|inf|NaN|NaN", "2|NaN"),
        (floats(&[inf, -inf]), "2|NaN|NaN|NaN|NaN", "2|NaN"),
        (floats(&[1.0, f64::NAN]), "2|NaN|NaN|NaN|NaN", "2|NaN"),
        (floats(&[1e308, 1e308]), "2|inf|1e308|0.0|0.0", "2|inf"),
        (
            floats(&[1e308, 1e308, -1e308]),
            "3|1e308|3.333333333333333e307|inf|1.1547005383792515e308",
            "3|inf",
        ),
    ] {
        let words = format!("{:?}", table.column(0));
        let found = run(&moments, &table).unwrap();
        assert_eq!(cells(&found, "out"), [row], "{words}");
        assert_eq!(found.table_hash, run(&sql, &table).unwrap().table_hash, "{words}");
        assert_eq!(cells(&run(&dot, &table).unwrap(), "out"), [product], "{words}");
    }
    // By groups, of nothing there are no rows.
    let grouped = "kernel = \"sum\"\ntable = \"t\"\ncolumns = [\"x\"]\ngroup = \"x\"";
    assert!(cells(&run(&kernel(grouped), &floats(&[])).unwrap(), "out").is_empty());
    // One group for both zeros, shown as +0, and one for all NaN.
    let odd = floats(&[-0.0, 0.0, f64::NAN, -f64::NAN]);
    assert_eq!(
        cells(&run(&kernel(grouped), &odd).unwrap(), "out"),
        ["0.0|2|0.0|0.0", "NaN|2|NaN|NaN"]
    );
}

#[test]
fn a_result_of_no_rows_is_a_table_to_the_next_step() {
    let text = steps(&[
        ("a", "SELECT sum(z) AS s, count(*) AS n FROM b"),
        ("b", "SELECT z FROM t WHERE z > 1e9"),
    ]);
    assert_eq!(cells(&run(&text, &measurements()).unwrap(), "out"), ["null|0"]);
    let empty: Arc<dyn TableSource> = Arc::new(MemoryTable::new(floats(&[]).schema(), Vec::new()));
    let tables = BTreeMap::from([("t".to_owned(), empty)]);
    let text = steps(&[("a", "SELECT sum(x) AS s FROM t")]);
    let found = block_on(execute(&resolved(&text), &tables, &Options::default())).unwrap();
    assert_eq!(cells(&found, "out"), ["null"]);
}

#[test]
fn a_difference_names_output_and_column() {
    let (a, b) = (floats(&[1.0, 2.0]), floats(&[1.0, 2.5]));
    let none = BTreeMap::new();
    let some =
        BTreeMap::from([("x".to_owned(), Tolerance { absolute: Some(0.5), relative: None })]);
    let pair = |name, expected, found, tolerance| OutputPair { name, expected, found, tolerance };
    let same = pair("first", &a, &a, &none);
    assert_eq!(compare_outputs(&[same, same]).unwrap().outcome, Outcome::Identical);
    let near = compare_outputs(&[same, pair("second", &a, &b, &some)]).unwrap();
    assert_eq!(near.outcome, Outcome::WithinTolerance);
    assert_eq!(near.difference.unwrap().column, "second.x");
    let far = [pair("second", &a, &b, &some), pair("third", &a, &b, &none)];
    let far = compare_outputs(&far).unwrap();
    assert_eq!(far.outcome, Outcome::Different);
    assert_eq!(far.difference.unwrap().column, "third.x");
    // Of one output the column is enough.
    let alone = compare_outputs(&[pair("second", &a, &b, &none)]).unwrap();
    assert_eq!(alone.difference.unwrap().column, "x");
}

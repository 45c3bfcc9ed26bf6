//! Published numbers, reproduced from the files that the project ships.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::Float64Type;
use veritrail_compute::sql::FileTable;
use veritrail_datasets::describe::FileDescription;
use veritrail_datasets::ingest::csv::infer;
use veritrail_datasets::table::TableInput;

use super::end_to_end::{Noted, run, stored};
use crate::sql::fixture::{ask, block_on, cut, text};

/// Hernán and Robins, Causal Inference: What If, table 12.1 and section 12.2.
#[test]
fn the_smoking_study() {
    let csv = include_bytes!("../../../datasets/samples/nhefs/nhefs.csv");
    let sql = "SELECT qsmk, count(*) AS n, avg(age) AS age, avg(wt71) AS weight, \
               avg(smokeintensity) AS cigarettes, avg(smokeyrs) AS years, \
               avg(wt82_71) AS change FROM t WHERE wt82 IS NOT NULL GROUP BY qsmk";
    let finished = block_on(async {
        let store = Arc::new(Noted::default());
        let part = stored(&store, "nhefs.csv", csv.to_vec()).await;
        let schema = infer(&csv[..], &FileDescription::default()).unwrap().schema;
        let input = TableInput { schema, parts: vec![part] };
        run(sql, FileTable::open("t", store, &input).await.unwrap(), 3).await
    });
    assert_eq!((finished.rows_read(), finished.rows_dropped()), (1_629, 63));
    assert_eq!(finished.steps[0].scans[0].reason.as_deref(), Some("wt82 is null"));
    let table = &finished.outputs["result"].table;
    let shown = |row: usize| -> Vec<String> {
        (2..7)
            .map(|at| format!("{:.1}", table.column(at).as_primitive::<Float64Type>().value(row)))
            .collect()
    };
    let counts = table.column(1).as_primitive::<arrow::datatypes::Int64Type>();
    assert_eq!((counts.value(0), counts.value(1)), (1_163, 403));
    assert_eq!(shown(0), ["42.8", "70.3", "21.2", "24.1", "2.0"]);
    assert_eq!(shown(1), ["46.2", "72.4", "18.6", "26.0", "4.5"]);
}

fn nist(text: &str, first: usize, last: usize) -> RecordBatch {
    let rows: Vec<(i64, &str)> = text
        .lines()
        .take(last)
        .skip(first - 1)
        .map(|line| {
            let mut cells = line.split_whitespace();
            (cells.next().unwrap().parse().unwrap(), cells.next().unwrap())
        })
        .collect();
    assert_eq!(rows.len(), last + 1 - first);
    let instrument: ArrayRef = Arc::new(Int64Array::from_iter_values(rows.iter().map(|row| row.0)));
    let value: ArrayRef = Arc::new(StringArray::from_iter_values(rows.iter().map(|row| row.1)));
    RecordBatch::try_from_iter([("i", instrument), ("y", value)]).unwrap()
}

/// Residual standard deviation of a one-way layout, from exact group variances of decimals.
fn residual(table: &RecordBatch, freedom: usize) -> f64 {
    let sql = format!(
        "SELECT sqrt(sum(ss) / {freedom}) AS r FROM (SELECT var_samp(CAST(y AS DECIMAL(12,7))) * \
         (count(*) - 1) AS ss FROM t GROUP BY i) g"
    );
    let tables = BTreeMap::from([("t".to_owned(), cut(table, 5, 1))]);
    text(&ask(&sql, &tables).unwrap(), 0, 0).parse().unwrap()
}

/// NIST StRD, analysis of variance: three and seven constant leading digits.
#[test]
fn certified_residual_deviations() {
    let agrees = |found: f64, certified: f64| {
        let error = ((found - certified) / certified).abs();
        assert!(error < 5e-15, "{found:e} against {certified:e}: {error:e}");
    };
    let resistance = nist(include_str!("../../../datasets/samples/nist/SiRstv.dat"), 61, 85);
    agrees(residual(&resistance, 20), 1.04076068334656e-1);
    let silver = nist(include_str!("../../../datasets/samples/nist/AtmWtAg.dat"), 61, 108);
    agrees(residual(&silver, 46), 1.51048314446410e-5);
}

/// The same table's other rows, and the effect of section 12.2 with its confidence interval:
/// 2.5 kg (1.7 to 3.4).
#[test]
fn shares_and_effect_in_the_smoking_study() {
    let csv = include_bytes!("../../../datasets/samples/nhefs/nhefs.csv");
    let share = |condition: &str| format!("avg(CASE WHEN {condition} THEN 100 ELSE 0 END)");
    let (men, white, university) = (share("sex = 0"), share("race = 0"), share("education = 5"));
    let (little, inactive) = (share("exercise = 2"), share("active = 2"));
    let sql = format!(
        "WITH g AS (SELECT qsmk, count(*) AS n, avg(wt82_71) AS m, var_samp(wt82_71) AS v, \
         {men} AS men, {white} AS white, {university} AS university, {little} AS little, \
         {inactive} AS inactive FROM t WHERE wt82 IS NOT NULL GROUP BY qsmk) \
         SELECT a.men, b.men AS men0, a.white, b.white AS white0, a.university, \
         b.university AS university0, a.little, b.little AS little0, a.inactive, \
         b.inactive AS inactive0, a.m - b.m AS effect, sqrt((a.v * (a.n - 1) + b.v * (b.n - 1)) \
         / (a.n + b.n - 2) * (1.0 / a.n + 1.0 / b.n)) AS error \
         FROM g a JOIN g b ON a.qsmk = 1 AND b.qsmk = 0"
    );
    let finished = block_on(async {
        let store = Arc::new(Noted::default());
        let part = stored(&store, "nhefs.csv", csv.to_vec()).await;
        let schema = infer(&csv[..], &FileDescription::default()).unwrap().schema;
        let input = TableInput { schema, parts: vec![part] };
        run(&sql, FileTable::open("t", store, &input).await.unwrap(), 2).await
    });
    let value = |at: usize| {
        finished.outputs["result"].table.column(at).as_primitive::<Float64Type>().value(0)
    };
    let shown: Vec<String> = (0..10).map(|at| format!("{:.1}", value(at))).collect();
    assert_eq!(
        shown,
        ["54.6", "46.6", "91.1", "85.4", "15.4", "9.9", "40.7", "37.9", "11.2", "8.9"]
    );
    let (effect, error) = (value(10), value(11));
    let interval = [effect, effect - 1.96 * error, effect + 1.96 * error];
    assert_eq!(interval.map(|bound| format!("{bound:.1}")), ["2.5", "1.7", "3.4"]);
}

//! TPC-H with money as DOUBLE beside a plain DataFusion session over the same batches, and DuckDB
//! over the same values.

use arrow::array::RecordBatch;

use super::duckdb;
use super::engines::{Engines, cut};
use super::generate::generate;
use super::queries::{Q1, Q5, Q6, Q18};
use super::report::{Figure, Goal};

const ROUNDS: usize = 5;

pub fn measure() -> Vec<Figure> {
    let scale: f64 =
        std::env::var("BENCH_SCALE").ok().and_then(|value| value.parse().ok()).unwrap_or(1.0);
    let generated = generate(scale);
    let tables: Vec<(&str, Vec<RecordBatch>)> =
        generated.iter().map(|(name, table)| (*name, cut(table))).collect();
    let engines = Engines::over(&tables);
    let mut figures = Vec::new();
    let queries = [
        ("q1", Q1, Goal::AtMost(1.5)),
        ("q6", Q6, Goal::AtMost(1.1)),
        ("q5", Q5, Goal::None),
        ("q18", Q18, Goal::None),
    ];
    for (name, sql, goal) in queries {
        let (ours, plain) = engines.beside(sql, ROUNDS);
        let seconds =
            |of: &str, value| Figure::new(format!("tpch_{name}_{of}"), value, "s", Goal::None);
        figures.push(seconds("exact", ours));
        figures.push(seconds("plain", plain));
        figures.push(Figure::new(format!("tpch_{name}_over_plain"), ours / plain, "ratio", goal));
    }
    drop(engines);
    match duckdb::seconds(&generated, &queries.map(|(name, sql, _)| (name, sql))) {
        Ok(times) => figures.extend(times.into_iter().map(|(name, seconds)| {
            Figure::new(format!("tpch_{name}_duckdb"), seconds, "s", Goal::None)
        })),
        Err(reason) => eprintln!("DuckDB is not here: {reason}"),
    }
    figures
}

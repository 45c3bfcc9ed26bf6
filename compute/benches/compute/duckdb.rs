//! DuckDB beside, where its Python module is installed.

use std::fs::File;
use std::io::Write as _;
use std::process::{Command, Stdio};

use parquet::arrow::ArrowWriter;

use super::generate::Generated;

const SCRIPT: &str = r#"
import sys, time, json
import duckdb
folder, tables, queries = json.loads(sys.stdin.read())
con = duckdb.connect()
con.execute("SET threads TO " + str(len(__import__("os").sched_getaffinity(0))))
for name in tables:
    con.execute(f"CREATE TABLE {name} AS SELECT * FROM read_parquet('{folder}/{name}.parquet')")
for name, sql in queries:
    times = []
    for _ in range(6):
        start = time.perf_counter()
        con.execute(sql).fetchall()
        times.append(time.perf_counter() - start)
    print(name, sorted(times[1:])[2])
"#;

/// Median seconds of each query over tables in DuckDB's own memory, or why there are none.
pub fn seconds(
    tables: &[Generated],
    queries: &[(&str, &str)],
) -> Result<Vec<(String, f64)>, String> {
    let python = |arguments: &[&str]| {
        let mut command = Command::new("python3");
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().map_err(|error| format!("python3: {error}"))
    };
    let found = python(&["-c", "import duckdb"])?.wait_with_output().map_err(|e| e.to_string())?;
    if !found.status.success() {
        return Err("python3 has no module duckdb".to_owned());
    }
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    for (name, table) in tables {
        let path = folder.path().join(format!("{name}.parquet"));
        let file = File::create(path).map_err(|error| error.to_string())?;
        let writer = ArrowWriter::try_new(file, table.schema(), None).and_then(|mut writer| {
            writer.write(table)?;
            writer.close()
        });
        writer.map_err(|error| error.to_string())?;
    }
    let names: Vec<&str> = tables.iter().map(|(name, _)| *name).collect();
    let question = serde_json::json!([folder.path(), names, queries]).to_string();
    let mut child = python(&["-c", SCRIPT])?;
    let mut input = child.stdin.take().ok_or("no standard input")?;
    input.write_all(question.as_bytes()).map_err(|error| error.to_string())?;
    drop(input);
    let output = child.wait_with_output().map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    let time = |line: &str| {
        let (name, seconds) = line.split_once(' ')?;
        Some((name.to_owned(), seconds.parse().ok()?))
    };
    Ok(String::from_utf8_lossy(&output.stdout).lines().filter_map(time).collect())
}

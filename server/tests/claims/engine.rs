//! The same question to the engine that runs are computed with.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Decimal128Type, Float64Type, Int64Type, UInt64Type};
use tokio::runtime::Runtime;
use veritrail_compute::sql::{MemoryTable, Options, TableSource, execute};
use veritrail_server::claims::answers::{Row, Value};
use veritrail_server::claims::{Claim, Item};

/// A cell of the engine's result.
#[derive(Debug, Clone, PartialEq)]
pub enum Told {
    Text(Option<String>),
    Number(Value),
}

/// What the engine answers over one table that is called t.
pub fn ask(sql: &str, table: RecordBatch) -> Vec<Vec<Told>> {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    let runtime = RUNTIME.get_or_init(|| Runtime::new().unwrap());
    let source: Arc<dyn TableSource> = Arc::new(MemoryTable::new(table.schema(), vec![table]));
    let tables = BTreeMap::from([("t".to_owned(), source)]);
    let options = Options { partitions: 1, ..Options::default() };
    let answer = runtime
        .block_on(execute(sql, &BTreeMap::new(), &tables, &options))
        .unwrap_or_else(|error| panic!("{sql}: {error}"));
    rows(&answer.table)
}

/// A row of ours as the engine would tell it.
pub fn told(claim: &Claim, row: &Row) -> Vec<Told> {
    let mut answers = row.answers.iter();
    let item = |item: &Item| match item {
        Item::Group(at) => Told::Text(row.keys[*at].clone()),
        Item::Measured(_) => Told::Number(answers.next().unwrap().value),
    };
    claim.items().iter().map(item).collect()
}

fn rows(table: &RecordBatch) -> Vec<Vec<Told>> {
    (0..table.num_rows())
        .map(|row| table.columns().iter().map(|column| cell(column, row)).collect())
        .collect()
}

fn cell(column: &dyn Array, row: usize) -> Told {
    let null = column.is_null(row);
    match column.data_type() {
        DataType::Utf8 => {
            Told::Text((!null).then(|| column.as_string::<i32>().value(row).to_owned()))
        }
        DataType::LargeUtf8 => {
            Told::Text((!null).then(|| column.as_string::<i64>().value(row).to_owned()))
        }
        DataType::Utf8View => {
            Told::Text((!null).then(|| column.as_string_view().value(row).to_owned()))
        }
        DataType::Boolean => {
            Told::Text((!null).then(|| column.as_boolean().value(row).to_string()))
        }
        _ if null => Told::Number(Value::Null),
        DataType::Int64 => {
            Told::Number(Value::Whole(column.as_primitive::<Int64Type>().value(row).into()))
        }
        DataType::UInt64 => {
            Told::Number(Value::Whole(column.as_primitive::<UInt64Type>().value(row).into()))
        }
        DataType::Float64 => {
            Told::Number(Value::Float(column.as_primitive::<Float64Type>().value(row)))
        }
        DataType::Decimal128(_, scale) => {
            let value = column.as_primitive::<Decimal128Type>().value(row);
            Told::Number(Value::Decimal(value, *scale as u8))
        }
        other => panic!("a column of {other}"),
    }
}

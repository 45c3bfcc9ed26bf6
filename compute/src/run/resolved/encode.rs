//! A resolved spec as JSON with sorted keys and without spaces.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::ResolvedSpec;
use crate::run::parameter::Parameter;
use crate::run::spec::{Tolerance, Work};
use crate::run::steps::{Output, Step};

/// The one value of a spec; serde_json's Map is sorted by key (its feature preserve_order is off;
/// a golden file pins it).
pub(super) fn value(spec: &ResolvedSpec) -> Value {
    let inputs = spec.inputs.iter().map(|(name, input)| {
        let value = match &input.select {
            Some(select) => json!({ "root": input.root.to_hex(), "select": select }),
            None => json!({ "root": input.root.to_hex() }),
        };
        (name.clone(), value)
    });
    let parameters = spec.parameters.iter().map(|(name, p)| (name.clone(), tagged(p)));
    let mut object = Map::new();
    object.insert("inputs".to_owned(), Value::Object(inputs.collect()));
    object.insert("parameters".to_owned(), Value::Object(parameters.collect()));
    if let Some(seed) = spec.seed {
        // As text: JSON readers lose whole numbers beyond 2^53.
        object.insert("seed".to_owned(), json!(seed.to_string()));
    }
    match &spec.work {
        Work::Query(query) => {
            object.insert("output".to_owned(), json!(query.output));
            object.insert("sql".to_owned(), json!(query.sql));
            object.insert("tolerance".to_owned(), tolerances(&query.tolerance));
        }
        Work::Steps(work) => {
            let outputs = work.outputs.iter().map(|(name, o)| (name.clone(), output(o)));
            object.insert("outputs".to_owned(), Value::Object(outputs.collect()));
            object.insert("steps".to_owned(), steps(&work.steps));
        }
    }
    object.insert("v".to_owned(), json!(spec.work.version()));
    Value::Object(object)
}

/// The steps alone, which the receipt's `sql` is the hash of.
pub(super) fn steps(steps: &BTreeMap<String, Step>) -> Value {
    let step = |step: &Step| match step {
        Step::Sql(sql) => json!({ "sql": sql }),
        Step::Kernel(call) => {
            let mut object = Map::new();
            object.insert("columns".to_owned(), json!(call.columns));
            if let Some(group) = &call.group {
                object.insert("group".to_owned(), json!(group));
            }
            object.insert("kernel".to_owned(), json!(call.kernel.name()));
            object.insert("table".to_owned(), json!(call.table));
            Value::Object(object)
        }
    };
    Value::Object(steps.iter().map(|(name, one)| (name.clone(), step(one))).collect())
}

fn output(output: &Output) -> Value {
    let mut object = Map::new();
    if let Some(columns) = &output.columns {
        let typed = columns.iter().map(|(name, kind)| (name.clone(), json!(kind.to_string())));
        object.insert("columns".to_owned(), Value::Object(typed.collect()));
    }
    object.insert("from".to_owned(), json!(output.from));
    object.insert("tolerance".to_owned(), tolerances(&output.tolerance));
    Value::Object(object)
}

fn tolerances(tolerance: &BTreeMap<String, Tolerance>) -> Value {
    Value::Object(tolerance.iter().map(|(column, t)| (column.clone(), bounds(t))).collect())
}

fn bounds(tolerance: &Tolerance) -> Value {
    let mut object = Map::new();
    for (name, bound) in [("absolute", tolerance.absolute), ("relative", tolerance.relative)] {
        if let Some(bound) = bound {
            object.insert(name.to_owned(), json!(float_text(bound)));
        }
    }
    Value::Object(object)
}

fn tagged(parameter: &Parameter) -> Value {
    match parameter {
        Parameter::Bool(x) => json!({ "bool": x }),
        Parameter::Int64(x) => json!({ "int64": x.to_string() }),
        Parameter::Float64(x) => json!({ "float64": float_text(*x) }),
        Parameter::Text(x) => json!({ "text": x }),
        Parameter::Date(x) => json!({ "date32": x.to_string() }),
    }
}

/// Shortest text that reads back as the same float.
fn float_text(value: f64) -> String {
    format!("{value:?}")
}

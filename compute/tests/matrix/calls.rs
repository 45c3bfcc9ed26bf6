//! How each aggregate of the registry is called.

use arrow::datatypes::DataType;
use datafusion::logical_expr::AggregateUDF;
use veritrail_compute::sql::aggregate::exact_aggregates;

/// An aggregate, and how many columns it takes.
#[derive(Clone, Debug)]
pub struct Call {
    pub name: String,
    pub columns: usize,
}

/// What takes no float, or needs an order of its own: tests/sql/statistics.rs judges these.
const OTHERS: [&str; 8] = [
    "bit_and",
    "bit_or",
    "bit_xor",
    "bool_and",
    "bool_or",
    "first_value",
    "last_value",
    "string_agg",
];

/// All numeric aggregates of the registry.
pub fn calls() -> Vec<Call> {
    let calls: Vec<Call> = exact_aggregates()
        .iter()
        .filter(|function| !OTHERS.contains(&function.name()))
        .map(|function| call(function))
        .collect();
    assert!(calls.len() >= 9, "{calls:?}");
    calls
}

fn call(function: &AggregateUDF) -> Call {
    let name = function.name().to_owned();
    let takes = |count| function.coerce_types(&vec![DataType::Float64; count]).is_ok();
    let columns = match name.as_str() {
        // The other argument is a constant.
        "percentile_cont" => 1,
        _ if takes(1) => 1,
        _ if takes(2) => 2,
        _ => panic!("{name} takes neither one float nor two: say here how it is called"),
    };
    Call { name, columns }
}

impl Call {
    /// The call over one or two columns.
    pub fn over(&self, x: &str, y: &str) -> String {
        match (self.name.as_str(), self.columns) {
            ("percentile_cont", _) => format!("percentile_cont(0.3) WITHIN GROUP (ORDER BY {x})"),
            (name, 1) => format!("{name}({x})"),
            (name, _) => format!("{name}({y}, {x})"),
        }
    }

    /// The call over different values only, where that has a meaning.
    pub fn distinct(&self, x: &str) -> Option<String> {
        (self.columns == 1 && self.name != "percentile_cont")
            .then(|| format!("{}(DISTINCT {x})", self.name))
    }
}

/// Expressions as columns of a SELECT, each with a name of its own.
pub fn select(expressions: impl IntoIterator<Item = String>) -> String {
    let columns: Vec<String> = expressions
        .into_iter()
        .enumerate()
        .map(|(at, expression)| format!("{expression} AS a{at}"))
        .collect();
    assert!(!columns.is_empty());
    columns.join(", ")
}

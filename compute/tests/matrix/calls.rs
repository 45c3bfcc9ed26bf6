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
    let takes = |kind: &DataType, count| function.coerce_types(&vec![kind.clone(); count]).is_ok();
    let columns = match name.as_str() {
        // The other argument is a constant.
        "percentile_cont" | "string_agg" => 1,
        _ if takes(&DataType::Float64, 2) && !takes(&DataType::Float64, 1) => 2,
        _ if [DataType::Float64, DataType::Int64, DataType::Boolean]
            .iter()
            .any(|k| takes(k, 1)) =>
        {
            1
        }
        _ => panic!("{name} takes no number, no two numbers and no truth: say how it is called"),
    };
    Call { name, columns }
}

impl Call {
    /// The call over one or two numeric columns.
    pub fn over(&self, x: &str, y: &str) -> String {
        match (self.name.as_str(), self.columns) {
            ("percentile_cont", _) => format!("percentile_cont(0.3) WITHIN GROUP (ORDER BY {x})"),
            ("string_agg", _) => format!("string_agg(CAST({x} AS VARCHAR), ';' ORDER BY {y})"),
            ("first_value" | "last_value", _) => format!("{}({x} ORDER BY {y})", self.name),
            ("bool_and" | "bool_or", _) => format!("{}({x} > 0)", self.name),
            ("bit_and" | "bit_or" | "bit_xor", _) => {
                format!("{}(CASE WHEN {x} > 0 THEN 6 WHEN {x} <= 0 THEN 3 END)", self.name)
            }
            (name, 1) => format!("{name}({x})"),
            (name, _) => format!("{name}({y}, {x})"),
        }
    }

    /// Whether the call names an order of its own.
    pub fn ordered(&self) -> bool {
        self.over("x", "y").contains("ORDER BY")
    }

    /// The call over different values only, where that has a meaning.
    pub fn distinct(&self, x: &str) -> Option<String> {
        let plain = self.over(x, x) == format!("{}({x})", self.name);
        (self.columns == 1 && plain).then(|| format!("{}(DISTINCT {x})", self.name))
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

//! The text of a unit: everything that its result depends on, and nothing else.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::datatypes::Schema;
use datafusion::common::ScalarValue;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::physical_expr::scalar_subquery::ScalarSubqueryExpr;
use datafusion::physical_plan::aggregates::AggregateExec;
use datafusion::physical_plan::filter::FilterExec;
use datafusion::physical_plan::{ExecutionPlan, displayable};
use serde_json::{Value, json};

use super::super::keep;
use super::super::scan::ScanExec;
use super::columns::tag;
use crate::run::engine::Engine;

/// The version of the text and of the result's bytes: 2 where WHERE has several conditions, and
/// the result a count for each.
fn version(conditions: usize) -> u64 {
    if conditions > 1 { 2 } else { 1 }
}

/// What the texts of a step's units share.
#[derive(Clone, Debug)]
pub(super) struct StepText {
    parts: BTreeMap<&'static str, Value>,
}

impl StepText {
    /// The text of a step without its range, or `None` where a result cannot be told by a text:
    /// where a filter waits for a subquery, or a column has a type without bytes.
    pub(super) fn new(
        sql: &str,
        parameters: &BTreeMap<String, ScalarValue>,
        partial: &AggregateExec,
        scan: &ScanExec,
    ) -> Option<Self> {
        let states = partial.schema();
        if waits(partial) || !states.fields().iter().all(|field| tag(field.data_type()).is_some()) {
            return None;
        }
        let parameters: BTreeMap<&String, Value> =
            parameters.iter().map(|(name, value)| (name, parameter(value))).collect();
        let input = json!({ "columns": types(&scan.stored()), "table": scan.table() });
        let parts = BTreeMap::from([
            ("aggregates", aggregates(partial)),
            ("engine", json!(Engine::current().line())),
            ("input", input),
            ("keys", keys(partial)),
            ("parameters", json!(parameters)),
            ("rows", json!(displayable(partial.input().as_ref()).indent(false).to_string())),
            ("sql", json!(sql)),
            ("states", types(&states)),
            ("v", json!(version(conditions(partial.input())))),
        ]);
        Some(Self { parts })
    }

    /// The text of the unit over these bytes: JSON, its keys sorted, without white space.
    pub(super) fn of(&self, content: &Value) -> String {
        let mut parts = self.parts.clone();
        parts.insert("range", content.clone());
        json!(parts).to_string()
    }
}

/// Conditions of all filters between the table and the grouping.
fn conditions(node: &Arc<dyn ExecutionPlan>) -> usize {
    let here = node.downcast_ref::<FilterExec>();
    let here = here.map_or(0, |filter| keep::conditions(filter.predicate()).len());
    here + node.children().into_iter().map(conditions).sum::<usize>()
}

/// Whether an expression's value comes from another part of the plan.
fn waits(plan: &dyn ExecutionPlan) -> bool {
    let mut found = false;
    let looked = plan.apply_expressions(&mut |expression| {
        expression.apply(|part| {
            found |= part.is::<ScalarSubqueryExpr>();
            Ok(TreeNodeRecursion::Continue)
        })
    });
    found || looked.is_err() || plan.children().iter().any(|child| waits(child.as_ref()))
}

fn aggregates(partial: &AggregateExec) -> Value {
    let each = partial.aggr_expr().iter().zip(partial.filter_expr()).map(|(aggregate, filter)| {
        let arguments: Vec<String> =
            aggregate.expressions().iter().map(ToString::to_string).collect();
        let order: Vec<String> = aggregate.order_bys().iter().map(ToString::to_string).collect();
        json!({
            "arguments": arguments,
            "distinct": aggregate.is_distinct(),
            "filter": filter.as_ref().map(ToString::to_string),
            "function": aggregate.fun().name(),
            "order": order,
        })
    });
    each.collect()
}

fn keys(partial: &AggregateExec) -> Value {
    let group = partial.group_expr();
    let names: Vec<String> = group.expr().iter().map(|(key, _)| key.to_string()).collect();
    json!({ "columns": names, "sets": group.groups() })
}

fn types(schema: &Schema) -> Value {
    let each = schema.fields().iter();
    each.map(|field| json!([field.name(), field.data_type().to_string()])).collect()
}

/// A value with its type; floats by their bits, since no two of them share a text then.
fn parameter(value: &ScalarValue) -> Value {
    let text = match value {
        ScalarValue::Float64(Some(x)) => format!("{:016x}", x.to_bits()),
        ScalarValue::Utf8(Some(text)) => text.clone(),
        null if null.is_null() => return json!([value.data_type().to_string()]),
        other => other.to_string(),
    };
    json!([value.data_type().to_string(), text])
}

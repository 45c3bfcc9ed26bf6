//! Window functions whose result does not depend on the order in which rows happen to arrive.
//!
//! Two kinds of windows exist. Where peers (rows with equal keys) are treated alike (`rank`,
//! RANGE and GROUPS frames), nothing is added to the ORDER BY. Where the function sees one row
//! after the other (`row_number`, `lag`, ROWS frames), the ORDER BY is completed with all columns
//! of the window's input, so that rows that still tie are equal. `first_value` and its like over
//! RANGE and GROUPS frames need both: frames by peers, and an order among them ([`ordered`]).
//!
//! −0 and +0 are one value where equality counts (PARTITION BY and peers), and −0 comes before
//! +0 where only the order does.

mod held;
mod ordered;

pub(super) use held::hold_windows;

use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::Transformed;
use datafusion::common::{DFSchema, DataFusionError, Result, ScalarValue};
use datafusion::functions_window::all_default_window_functions;
use datafusion::logical_expr::expr::{Sort as SortExpr, WindowFunction, WindowFunctionParams};
use datafusion::logical_expr::planner::{ExprPlanner, PlannerResult, RawWindowExpr};
use datafusion::logical_expr::{
    Expr, ExprSchemable, LogicalPlan, Projection, Window, WindowFrame, WindowFrameBound,
    WindowFrameUnits, WindowFunctionDefinition, WindowUDF, cast,
};
use datafusion::optimizer::AnalyzerRule;

use super::arithmetic::{one_zero_of, unaliased};
use super::error::SqlError;
use super::order::complete_keys;

/// The window functions, beside the aggregates, that a query may use.
const ADMITTED: [&str; 11] = [
    "cume_dist",
    "dense_rank",
    "first_value",
    "lag",
    "last_value",
    "lead",
    "nth_value",
    "ntile",
    "percent_rank",
    "rank",
    "row_number",
];

/// The engine's window functions that a query may use: integers and positions all of them, and
/// one division.
#[must_use]
pub fn allowed_windows() -> Vec<Arc<WindowUDF>> {
    all_default_window_functions()
        .into_iter()
        .filter(|function| ADMITTED.contains(&function.name()))
        .collect()
}

/// Makes places and ranks signed integers: `row_number() OVER (…) - 2` is a number below zero, and
/// no error.
#[derive(Debug)]
pub(super) struct SignedPlaces;

impl ExprPlanner for SignedPlaces {
    fn plan_window(&self, expr: RawWindowExpr) -> Result<PlannerResult<RawWindowExpr>> {
        let counts = ["row_number", "rank", "dense_rank", "ntile"];
        let WindowFunctionDefinition::WindowUDF(function) = &expr.func_def else {
            return Ok(PlannerResult::Original(expr));
        };
        if !counts.contains(&function.name()) {
            return Ok(PlannerResult::Original(expr));
        }
        let window = Expr::from(WindowFunction {
            fun: expr.func_def,
            params: WindowFunctionParams {
                args: expr.args,
                partition_by: expr.partition_by,
                order_by: expr.order_by,
                window_frame: expr.window_frame,
                filter: expr.filter,
                null_treatment: expr.null_treatment,
                distinct: expr.distinct,
            },
        });
        let name = window.schema_name().to_string();
        Ok(PlannerResult::Planned(cast(window, DataType::Int64).alias(name)))
    }
}

/// Refuses, by name, what of a window has no one meaning.
pub(super) fn admit_window(window: &WindowFunction) -> Result<()> {
    let params = &window.params;
    let name = window.fun.name();
    let refuse = |what: String, hint: &str| {
        Err(DataFusionError::External(Box::new(SqlError::refused(what, hint))))
    };
    match &window.fun {
        WindowFunctionDefinition::AggregateUDF(_) if params.null_treatment.is_some() => {
            refuse(format!("IGNORE NULLS in {name}"), "the aggregates leave nulls out anyway")
        }
        WindowFunctionDefinition::WindowUDF(_) if params.filter.is_some() => {
            refuse(format!("FILTER in {name}"), "only aggregates take one; filter in a subquery")
        }
        WindowFunctionDefinition::WindowUDF(_) if params.distinct => {
            refuse(format!("DISTINCT in {name}"), "only aggregates take it")
        }
        _ if [&params.window_frame.start_bound, &params.window_frame.end_bound]
            .into_iter()
            .any(is_not_finite) =>
        {
            refuse("a frame that reaches infinitely far".to_owned(), "write UNBOUNDED")
        }
        _ => Ok(()),
    }
}

fn is_not_finite(bound: &WindowFrameBound) -> bool {
    let (WindowFrameBound::Preceding(by) | WindowFrameBound::Following(by)) = bound else {
        return false;
    };
    match by {
        ScalarValue::Float64(Some(by)) => !by.is_finite(),
        ScalarValue::Utf8(Some(by)) => by.parse::<f64>().is_ok_and(|by| !by.is_finite()),
        _ => false,
    }
}

/// The analyzer rule; it runs when types are settled.
#[derive(Debug, Default)]
pub(super) struct CompleteWindows;

impl AnalyzerRule for CompleteWindows {
    fn name(&self) -> &str {
        "complete_windows"
    }

    fn analyze(&self, plan: LogicalPlan, _config: &ConfigOptions) -> Result<LogicalPlan> {
        let complete = plan.transform_up_with_subqueries(|node| match node {
            LogicalPlan::Window(window) => complete_window(window).map(Transformed::yes),
            other => Ok(Transformed::no(other)),
        })?;
        Ok(complete.data)
    }
}

/// The same window in up to two steps: first what treats peers alike, then what follows rows.
///
/// The second step's order includes the columns of the first, and of every window below: two
/// windows over rows that are equal otherwise must not number them independently.
fn complete_window(window: Window) -> Result<LogicalPlan> {
    let columns: Vec<Expr> = window.schema.columns().into_iter().map(Expr::Column).collect();
    let mut plan = Arc::unwrap_or_clone(window.input);
    let (by_row, by_peers): (Vec<Expr>, Vec<Expr>) =
        window.window_expr.into_iter().partition(follows_rows);
    for step in [by_peers, by_row].into_iter().filter(|step| !step.is_empty()) {
        let step =
            step.into_iter().map(|expr| complete_expr(expr, &plan)).collect::<Result<Vec<_>>>()?;
        plan = LogicalPlan::Window(Window::try_new(step, Arc::new(plan))?);
    }
    // What stands above finds the columns in the order in which they were.
    Ok(LogicalPlan::Projection(Projection::try_new(columns, Arc::new(plan))?))
}

fn called(expr: &Expr) -> Option<&WindowFunction> {
    match unaliased(expr) {
        Expr::WindowFunction(window) => Some(window),
        _ => None,
    }
}

/// Whether a function sees its rows one after the other, rather than peers together.
fn follows_rows(expr: &Expr) -> bool {
    let Some(window) = called(expr) else { return false };
    let frame = &window.params.window_frame;
    let rows = frame.units == WindowFrameUnits::Rows;
    match &window.fun {
        WindowFunctionDefinition::AggregateUDF(_) => rows && !is_whole(frame),
        WindowFunctionDefinition::WindowUDF(function) => match function.name() {
            "row_number" | "ntile" | "lag" | "lead" => true,
            "first_value" | "last_value" | "nth_value" => rows,
            _ => false,
        },
    }
}

fn is_whole(frame: &WindowFrame) -> bool {
    frame.start_bound.is_unbounded() && frame.end_bound.is_unbounded()
}

fn complete_expr(expr: Expr, input: &LogicalPlan) -> Result<Expr> {
    let name = expr.schema_name().to_string();
    let follows = follows_rows(&expr);
    let Expr::WindowFunction(mut window) = expr.unalias() else {
        let message = "a window without a window function".to_owned();
        return Err(DataFusionError::Internal(message));
    };
    let schema = input.schema();
    let params = &mut window.params;
    params.partition_by =
        params.partition_by.drain(..).map(|key| folded(key, schema)).collect::<Result<_>>()?;
    if follows {
        complete_keys(&mut params.order_by, input);
    } else {
        let written = std::mem::take(&mut params.order_by);
        for key in &written {
            let SortExpr { expr, asc, nulls_first } = key.clone();
            let expr = folded(expr, schema)?;
            params.order_by.push(SortExpr { expr, asc, nulls_first });
        }
        order_among_peers(&mut window.fun, params, written, input);
    }
    Ok(Expr::WindowFunction(window).alias(name))
}

/// A key whose −0 is +0.
fn folded(key: Expr, schema: &DFSchema) -> Result<Expr> {
    Ok(if key.get_type(schema)? == DataType::Float64 { one_zero_of(key) } else { key })
}

/// Gives `first_value`, `last_value` and `nth_value` the order among peers: the folded keys, by
/// which rows arrive, then the keys as written, then all columns.
fn order_among_peers(
    function: &mut WindowFunctionDefinition,
    params: &mut WindowFunctionParams,
    written: Vec<SortExpr>,
    input: &LogicalPlan,
) {
    let WindowFunctionDefinition::WindowUDF(engine) = &*function else { return };
    let Some(end) = ordered::End::of(engine.name()) else { return };
    let mut keys = params.order_by.clone();
    let mut further = written;
    complete_keys(&mut further, input);
    keys.extend(further);
    let arguments = params.args.len();
    let sorts = keys.iter().map(|key| (key.asc, key.nulls_first)).collect();
    params.args.extend(keys.into_iter().map(|key| key.expr));
    *function = WindowFunctionDefinition::WindowUDF(ordered::function(end, arguments, sorts));
}

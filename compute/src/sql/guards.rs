//! Lets a part of AND, OR and FILTER guard what stands after it, for any cut of the rows.
//!
//! The engine evaluates the right side of `y <> 0 AND 1 / y > 2` for all rows of a batch, for some
//! or for none, depending on what the left side gave for the batch as a whole: whether the query
//! fails would hang on how rows are batched. And an aggregate's argument is evaluated for rows that
//! its FILTER keeps out. CASE evaluates an arm for exactly those rows that come to it. So where a
//! later part may fail, the chain is written as a CASE that settles the rows part by part:
//!
//! `a AND b` → `CASE WHEN a IS FALSE THEN FALSE WHEN b IS FALSE THEN FALSE ELSE a AND b END`
//!
//! In the ELSE every part is evaluated for rows of which it was evaluated before, so nothing new
//! can fail there. It is done once, after all rules, which would guard the chain in the ELSE again or
//! simplify the CASE away. A filter's own chain stays as it is: see `keep`, which guards it and counts
//! its parts.

use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, DataFusionError, Result, ScalarValue};
use datafusion::logical_expr::expr::{AggregateFunction, Case};
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::{
    Between, BinaryExpr, Expr, LogicalPlan, Operator, Projection, Sort, Window,
};

use super::arithmetic::{compares, is_folding};
use super::error::SqlError;

/// Parts that one expression may have with all guards written out. Each level of AND within OR
/// within AND doubles them.
const PARTS_MAX: usize = 20_000;

/// What a column is called that holds a key to sort by; the result never shows it.
const KEY: &str = "sort key";

/// A plan in which whatever may fail is evaluated for the rows that come to it, no more.
///
/// # Errors
/// When that takes more than [`PARTS_MAX`] parts.
pub(super) fn guard(plan: LogicalPlan) -> Result<LogicalPlan> {
    let guarded = plan.transform_up_with_subqueries(|node| {
        let names = NamePreserver::new(&node);
        let filter = matches!(node, LogicalPlan::Filter(_));
        node.map_expressions(|expr| {
            if !may_fail(&expr) {
                return Ok(Transformed::no(expr));
            }
            let name = names.save(&expr);
            let guarded = if filter { guarded_parts(expr)? } else { guarded(expr)? };
            Ok(Transformed::yes(name.restore(guarded)))
        })?
        .transform_data(|node| Ok(Transformed::yes(keyed(node)?)))
    });
    guarded.data()
}

/// A node that sorts by columns: what it sorted by is computed beneath it. The engine does not know
/// some expressions again when it compares what a sort gives with what was asked for.
fn keyed(node: LogicalPlan) -> Result<LogicalPlan> {
    let columns = |plan: &LogicalPlan| plan.schema().columns().into_iter().map(Expr::Column);
    let shown: Vec<Expr> = columns(&node).collect();
    let (sorted, keys) = match node {
        LogicalPlan::Sort(Sort { mut expr, input, fetch }) => {
            let mut keys = Vec::new();
            expr.iter_mut().for_each(|key| place(&mut key.expr, &mut keys));
            let input = beneath(input, &keys)?;
            (LogicalPlan::Sort(Sort { expr, input, fetch }), keys)
        }
        LogicalPlan::Window(Window { input, mut window_expr, schema }) => {
            let mut keys = Vec::new();
            let preserver = NamePreserver::new_for_projection();
            for expr in &mut window_expr {
                let name = preserver.save(expr);
                let placed = expr.clone().transform_down(|mut part| {
                    let Expr::WindowFunction(window) = &mut part else {
                        return Ok(Transformed::no(part));
                    };
                    let params = &mut window.params;
                    params.partition_by.iter_mut().for_each(|key| place(key, &mut keys));
                    params.order_by.iter_mut().for_each(|key| place(&mut key.expr, &mut keys));
                    Ok(Transformed::yes(part))
                });
                *expr = name.restore(placed.data()?);
            }
            if keys.is_empty() {
                return Ok(LogicalPlan::Window(Window { input, window_expr, schema }));
            }
            let window = Window::try_new(window_expr, beneath(input, &keys)?)?;
            (LogicalPlan::Window(window), keys)
        }
        other => return Ok(other),
    };
    if keys.is_empty() {
        return Ok(sorted);
    }
    Ok(LogicalPlan::Projection(Projection::try_new(shown, Arc::new(sorted))?))
}

/// Puts a column in the place of a key that may fail.
fn place(key: &mut Expr, keys: &mut Vec<Expr>) {
    if may_fail(key) {
        let name = format!("{KEY} {}", keys.len());
        let key = std::mem::replace(key, Expr::Column(Column::new_unqualified(name.clone())));
        keys.push(key.alias(name));
    }
}

/// The input, with keys as further columns.
fn beneath(input: Arc<LogicalPlan>, keys: &[Expr]) -> Result<Arc<LogicalPlan>> {
    if keys.is_empty() {
        return Ok(input);
    }
    let columns = input.schema().columns().into_iter().map(Expr::Column);
    let all = columns.chain(keys.iter().cloned()).collect();
    Ok(Arc::new(LogicalPlan::Projection(Projection::try_new(all, input)?)))
}

/// A filter's chain of AND and OR, of which only the parts are guarded inside.
fn guarded_parts(expr: Expr) -> Result<Expr> {
    match expr {
        Expr::BinaryExpr(BinaryExpr { left, op: op @ (Operator::And | Operator::Or), right }) => {
            Ok(joined(guarded_parts(*left)?, op, guarded_parts(*right)?))
        }
        Expr::Between(between) => {
            let (low, op, high) = ends(between);
            Ok(joined(guarded(low)?, op, guarded(high)?))
        }
        part => guarded(part),
    }
}

/// The two comparisons of a BETWEEN, and what joins them.
fn ends(between: Between) -> (Expr, Operator, Expr) {
    let Between { expr, negated, low, high } = between;
    let (least, op, most) = if negated {
        (Operator::Lt, Operator::Or, Operator::Gt)
    } else {
        (Operator::GtEq, Operator::And, Operator::LtEq)
    };
    (joined((*expr).clone(), least, *low), op, joined(*expr, most, *high))
}

fn guarded(expr: Expr) -> Result<Expr> {
    if !may_fail(&expr) {
        return Ok(expr);
    }
    let (parts, op) = match expr {
        Expr::BinaryExpr(BinaryExpr { op: op @ (Operator::And | Operator::Or), .. }) => {
            let mut parts = Vec::new();
            split(expr, op, &mut parts);
            (parts, op)
        }
        Expr::Between(between) if may_fail(&between.high) => {
            let (low, op, high) = ends(between);
            (vec![low, high], op)
        }
        other => return Ok(guarded_arguments(inside(other)?)),
    };
    let parts = parts.into_iter().map(guarded).collect::<Result<Vec<_>>>()?;
    let chain = settled(parts, op)?;
    let mut size = 0usize;
    chain.apply(|_| {
        size += 1;
        Ok(if size > PARTS_MAX { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    })?;
    if size > PARTS_MAX {
        let what = "AND and OR nested too deep around something that may fail".to_owned();
        let error = SqlError::Limit { what, limit: PARTS_MAX };
        return Err(DataFusionError::External(Box::new(error)));
    }
    Ok(chain)
}

fn inside(expr: Expr) -> Result<Expr> {
    Ok(expr.map_children(|child| Ok(Transformed::yes(guarded(child)?)))?.data)
}

fn joined(left: Expr, op: Operator, right: Expr) -> Expr {
    Expr::BinaryExpr(BinaryExpr::new(Box::new(left), op, Box::new(right)))
}

/// The parts of a chain, in its order.
fn split(expr: Expr, by: Operator, parts: &mut Vec<Expr>) {
    match expr {
        Expr::BinaryExpr(BinaryExpr { left, op, right }) if op == by => {
            split(*left, by, parts);
            split(*right, by, parts);
        }
        part => parts.push(part),
    }
}

/// A chain whose parts are evaluated for the rows that the earlier ones did not settle.
fn settled(parts: Vec<Expr>, op: Operator) -> Result<Expr> {
    let join = |parts: Vec<Expr>| parts.into_iter().reduce(|left, right| joined(left, op, right));
    let lost = || DataFusionError::Internal("a chain of conditions has no parts".to_owned());
    // What cannot fail needs no guard, and is asked at once.
    let mut steps: Vec<Expr> = Vec::new();
    let mut safe = false;
    for part in parts {
        let fails = may_fail(&part);
        match steps.pop() {
            Some(last) if safe && !fails => steps.extend(join(vec![last, part])),
            last => {
                steps.extend(last);
                steps.push(part);
            }
        }
        safe = !fails;
    }
    if steps.iter().skip(1).all(|step| !may_fail(step)) {
        return join(steps).ok_or_else(lost);
    }
    let settles = Expr::Literal(ScalarValue::Boolean(Some(op == Operator::Or)), None);
    let arms = steps.iter().map(|step| {
        let step = Box::new(step.clone());
        let is = if op == Operator::Or { Expr::IsTrue(step) } else { Expr::IsFalse(step) };
        (Box::new(is), Box::new(settles.clone()))
    });
    let arms = arms.collect();
    let all = join(steps).ok_or_else(lost)?;
    Ok(Expr::Case(Case::new(None, arms, Some(Box::new(all)))))
}

/// An aggregate whose arguments are evaluated for the rows of its FILTER alone.
fn guarded_arguments(expr: Expr) -> Expr {
    match expr {
        Expr::AggregateFunction(AggregateFunction { func, mut params }) => {
            guard_each(&mut params.args, params.filter.as_deref());
            Expr::AggregateFunction(AggregateFunction { func, params })
        }
        Expr::WindowFunction(mut window) => {
            let params = &mut window.params;
            guard_each(&mut params.args, params.filter.as_deref());
            Expr::WindowFunction(window)
        }
        other => other,
    }
}

fn guard_each(args: &mut [Expr], filter: Option<&Expr>) {
    let Some(filter) = filter else { return };
    for arg in args.iter_mut().filter(|arg| may_fail(arg)) {
        let arm = (Box::new(filter.clone()), Box::new(arg.clone()));
        *arg = Expr::Case(Case::new(None, vec![arm], None));
    }
}

/// Whether it may fail for some row: everything but comparisons, and what joins and chooses them.
fn may_fail(expr: &Expr) -> bool {
    let mut may_fail = false;
    let looked = expr.apply(|part| {
        let safe = match part {
            Expr::Alias(_)
            | Expr::Column(_)
            | Expr::Literal(..)
            | Expr::OuterReferenceColumn(..) => true,
            Expr::Not(_) | Expr::IsNull(_) | Expr::IsNotNull(_) => true,
            Expr::IsTrue(_) | Expr::IsFalse(_) | Expr::IsUnknown(_) => true,
            Expr::IsNotTrue(_) | Expr::IsNotFalse(_) | Expr::IsNotUnknown(_) => true,
            Expr::Between(_) | Expr::InList(_) | Expr::Case(_) => true,
            Expr::BinaryExpr(binary) => compares(binary.op),
            Expr::ScalarFunction(function) => is_folding(function.name()),
            _ => false,
        };
        may_fail |= !safe;
        Ok(if safe { TreeNodeRecursion::Continue } else { TreeNodeRecursion::Stop })
    });
    may_fail || looked.is_err()
}

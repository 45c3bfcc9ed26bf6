//! Of which rows a condition is true, asked of no row that an earlier condition has settled.
//!
//! Whether a query fails must not depend on how rows are batched: what may fail (an arithmetic, a
//! CAST) is evaluated for exactly those rows that come to it, one by one in meaning. What cannot
//! fail may be evaluated for more.

use std::sync::Arc;

use arrow::array::{Array, AsArray, BooleanArray, BooleanBufferBuilder, RecordBatch};
use arrow::buffer::BooleanBuffer;
use arrow::compute::filter_record_batch;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::common::{DataFusionError, Result};
use datafusion::logical_expr::Operator;
use datafusion::physical_expr::expressions::{
    BinaryExpr, Column, InListExpr, IsNotNullExpr, IsNullExpr, Literal, NotExpr,
};
use datafusion::physical_expr::{PhysicalExpr, ScalarFunctionExpr};

use super::super::arithmetic::{compares, is_folding};

/// A batch's rows are evaluated one and all where at most this many times as many are asked for.
const FEW: usize = 4;

/// One part of a conjunction.
#[derive(Debug)]
pub(super) enum Condition {
    /// Any of these is true.
    Any(Vec<Condition>),
    /// All of these are true.
    All(Vec<Condition>),
    /// An expression that is true, rather than false or null.
    One(Test),
}

#[derive(Debug)]
pub(super) struct Test {
    whole: Arc<dyn PhysicalExpr>,
    /// The columns that it needs (`None` for all), and the expression over these alone.
    columns: Option<Vec<usize>>,
    narrow: Arc<dyn PhysicalExpr>,
    may_fail: bool,
}

/// The parts of a conjunction, in its order.
pub(super) fn parts(predicate: &Arc<dyn PhysicalExpr>) -> Vec<&Arc<dyn PhysicalExpr>> {
    split(predicate, Operator::And)
}

fn split(expr: &Arc<dyn PhysicalExpr>, by: Operator) -> Vec<&Arc<dyn PhysicalExpr>> {
    match expr.downcast_ref::<BinaryExpr>().filter(|binary| *binary.op() == by) {
        Some(binary) => {
            let mut parts = split(binary.left(), by);
            parts.extend(split(binary.right(), by));
            parts
        }
        None => vec![expr],
    }
}

/// The rows of which all conditions are true (`None` for every row), and how many each dropped
/// that was true of the ones before it.
pub(super) fn select(
    batch: &RecordBatch,
    conditions: &[Condition],
) -> Result<(Option<BooleanArray>, Vec<u64>)> {
    let (mut kept, mut alive) = (Rows::all(batch), batch.num_rows());
    let mut dropped = Vec::with_capacity(conditions.len());
    for condition in conditions {
        kept = condition.of(batch, kept)?;
        dropped.push((alive - kept.count) as u64);
        alive = kept.count;
    }
    Ok((kept.bits.map(|bits| BooleanArray::new(bits, None)), dropped))
}

/// Some of a batch's rows.
#[derive(Clone)]
struct Rows {
    /// `None` for all of them.
    bits: Option<BooleanBuffer>,
    count: usize,
}

impl Rows {
    fn all(batch: &RecordBatch) -> Self {
        Self { bits: None, count: batch.num_rows() }
    }

    fn of(bits: BooleanBuffer) -> Self {
        let count = bits.count_set_bits();
        Self { bits: Some(bits).filter(|bits| bits.len() > count), count }
    }

    fn and(&self, bits: &BooleanBuffer) -> Self {
        Self::of(self.bits.as_ref().map_or_else(|| bits.clone(), |own| own & bits))
    }

    /// These, without those of which something is true already.
    fn without(&self, settled: &Self, rows: usize) -> Self {
        let settled = settled.buffer(rows);
        self.and(&!&settled)
    }

    fn or(&self, other: &Self, rows: usize) -> Self {
        Self::of(&self.buffer(rows) | &other.buffer(rows))
    }

    fn buffer(&self, rows: usize) -> BooleanBuffer {
        self.bits.clone().unwrap_or_else(|| BooleanBuffer::new_set(rows))
    }
}

impl Condition {
    pub(super) fn new(expr: &Arc<dyn PhysicalExpr>) -> Self {
        let of = |by| split(expr, by).into_iter().map(Self::new).collect();
        match expr.downcast_ref::<BinaryExpr>().map(BinaryExpr::op) {
            Some(Operator::And) => Self::All(of(Operator::And)),
            Some(Operator::Or) => Self::Any(of(Operator::Or)),
            _ => Self::One(Test::new(expr)),
        }
    }

    /// Those of the rows of which it is true.
    fn of(&self, batch: &RecordBatch, among: Rows) -> Result<Rows> {
        if among.count == 0 {
            return Ok(among);
        }
        match self {
            Self::One(test) => test.of(batch, &among),
            Self::All(parts) => parts.iter().try_fold(among, |rows, part| part.of(batch, rows)),
            Self::Any(parts) => {
                let rows = batch.num_rows();
                let (mut found, mut open) = (Rows::of(BooleanBuffer::new_unset(rows)), among);
                for part in parts {
                    let more = part.of(batch, open.clone())?;
                    open = open.without(&more, rows);
                    found = found.or(&more, rows);
                }
                Ok(found)
            }
        }
    }
}

impl Test {
    fn new(expr: &Arc<dyn PhysicalExpr>) -> Self {
        let may_fail = may_fail(expr);
        let (columns, narrow) = narrowed(expr);
        Self { whole: Arc::clone(expr), columns, narrow, may_fail }
    }

    fn of(&self, batch: &RecordBatch, among: &Rows) -> Result<Rows> {
        let rows = batch.num_rows();
        match &among.bits {
            Some(bits) if self.may_fail || among.count < rows / FEW => {
                let asked = BooleanArray::new(bits.clone(), None);
                let narrow = match &self.columns {
                    Some(columns) => filter_record_batch(&batch.project(columns)?, &asked)?,
                    None => filter_record_batch(batch, &asked)?,
                };
                let found = truths(&self.narrow, &narrow)?;
                let mut placed = BooleanBufferBuilder::new(rows);
                placed.append_n(rows, false);
                for (at, row) in bits.set_indices().enumerate() {
                    if found.value(at) {
                        placed.set_bit(row, true);
                    }
                }
                Ok(Rows::of(placed.finish()))
            }
            _ => Ok(among.and(&truths(&self.whole, batch)?)),
        }
    }
}

/// Where an expression is true: false and null are not.
fn truths(expr: &Arc<dyn PhysicalExpr>, batch: &RecordBatch) -> Result<BooleanBuffer> {
    let array = expr.evaluate(batch)?.into_array(batch.num_rows())?;
    let Some(array) = array.as_boolean_opt() else {
        let message = format!("WHERE asks for a truth value, and {expr} is none");
        return Err(DataFusionError::Plan(message));
    };
    Ok(match array.nulls().filter(|nulls| nulls.null_count() > 0) {
        Some(nulls) => array.values() & nulls.inner(),
        None => array.values().clone(),
    })
}

/// The columns of an expression, and the expression over these.
fn narrowed(expr: &Arc<dyn PhysicalExpr>) -> (Option<Vec<usize>>, Arc<dyn PhysicalExpr>) {
    let mut columns = Vec::new();
    let narrow = Arc::clone(expr).transform(|part| {
        let Some(column) = part.downcast_ref::<Column>() else { return Ok(Transformed::no(part)) };
        let place = columns.iter().position(|&at| at == column.index()).unwrap_or_else(|| {
            columns.push(column.index());
            columns.len() - 1
        });
        Ok(Transformed::yes(Arc::new(Column::new(column.name(), place)) as Arc<dyn PhysicalExpr>))
    });
    match narrow.data() {
        Ok(narrow) => (Some(columns), narrow),
        // An expression that cannot be put together anew is asked over all columns.
        Err(_) => (None, Arc::clone(expr)),
    }
}

/// Whether it may fail for some row: everything but comparisons, and what joins them.
fn may_fail(expr: &Arc<dyn PhysicalExpr>) -> bool {
    let mut may_fail = false;
    let looked = expr.apply(|part| {
        let safe = part.is::<Column>()
            || part.is::<Literal>()
            || part.is::<IsNullExpr>()
            || part.is::<IsNotNullExpr>()
            || part.is::<NotExpr>()
            || part.is::<InListExpr>()
            || part.downcast_ref::<ScalarFunctionExpr>().is_some_and(|f| is_folding(f.name()))
            || part.downcast_ref::<BinaryExpr>().is_some_and(|binary| compares(*binary.op()));
        may_fail |= !safe;
        Ok(if safe { TreeNodeRecursion::Continue } else { TreeNodeRecursion::Stop })
    });
    may_fail || looked.is_err()
}

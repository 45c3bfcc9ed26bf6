//! Sums, means, variances and deviations of one column, several of them from one state.
//!
//! What is asked of a column is a list of outputs; one state serves them all. `whole` keeps one
//! group's state and adds columns at a time, `grouped` keeps a cell per group.

mod grouped;
mod output;
mod whole;

use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::Accumulator;

use super::definition::Call;
use super::driver::{Driver, GroupStates};
use super::numbers::unit_of;
use crate::exact::cell::{MomentCell, SumCell};
use crate::exact::{Moments, Sum, Unit};
use grouped::CellGroups;
pub(super) use output::{Output, Shape, sum_type};
use whole::Whole;

/// A column of a numeric type, and what is made of it.
#[derive(Clone, Debug)]
struct Column {
    kind: DataType,
    unit: Unit,
    shape: Shape,
}

/// Computes outputs of one numeric column.
#[derive(Debug)]
pub(super) struct Numeric {
    column: Column,
}

impl Numeric {
    /// For a column of a numeric type.
    pub(super) fn new(call: &Call<'_>, shape: Shape) -> Result<Self> {
        let kind = call.kinds[0].clone();
        let column = Column { unit: unit_of(&kind)?, kind, shape };
        Ok(Self { column })
    }
}

impl Driver for Numeric {
    fn one(self: Box<Self>) -> Box<dyn Accumulator> {
        if self.column.shape.needs_squares() {
            Box::new(Whole::<Moments>::new(self.column))
        } else {
            Box::new(Whole::<Sum>::new(self.column))
        }
    }

    fn many(self: Box<Self>) -> Box<dyn GroupStates> {
        if self.column.shape.needs_squares() {
            Box::new(CellGroups::<MomentCell>::new(self.column))
        } else {
            Box::new(CellGroups::<SumCell>::new(self.column))
        }
    }
}

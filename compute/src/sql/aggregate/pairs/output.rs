//! What is made of pairs' states: one statistic, or several as a struct.

use std::cell::OnceCell;
use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int64Array, StructArray};
use arrow::datatypes::{DataType, Field, Fields};
use datafusion::common::{DataFusionError, Result};

use super::super::numbers::state_error;
use crate::exact::cell::PairCell;
use crate::exact::{Products, StateError, Statistic, Unit};

/// One thing made of a state of pairs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in super::super) enum PairOutput {
    /// How many pairs there are.
    Count,
    /// A statistic of them.
    Statistic(Statistic),
}

impl PairOutput {
    pub(in super::super) fn kind(self) -> DataType {
        match self {
            Self::Count => DataType::Int64,
            Self::Statistic(_) => DataType::Float64,
        }
    }
}

/// One output, or a struct of several.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(in super::super) enum PairShape {
    One(PairOutput),
    Struct(Vec<PairOutput>),
}

impl PairShape {
    pub(in super::super) fn kind(&self) -> DataType {
        match self {
            Self::One(output) => output.kind(),
            Self::Struct(outputs) => DataType::Struct(fields(outputs)),
        }
    }

    /// The values of all states.
    pub(super) fn finish<'a>(
        &self,
        states: impl ExactSizeIterator<Item = Group<'a>>,
    ) -> Result<ArrayRef> {
        let outputs = match self {
            Self::One(output) => std::slice::from_ref(output),
            Self::Struct(outputs) => outputs,
        };
        let mut columns: Vec<Values> =
            outputs.iter().map(|output| Values::new(*output, states.len())).collect();
        // All outputs of a group together: they share its state at full size, which is large.
        for state in states {
            columns.iter_mut().try_for_each(|column| column.push(&state))?;
        }
        let mut columns: Vec<ArrayRef> = columns.into_iter().map(Values::finish).collect();
        match (self, columns.pop()) {
            (Self::One(_), Some(column)) => Ok(column),
            (_, last) => {
                columns.extend(last);
                Ok(Arc::new(StructArray::try_new(fields(outputs), columns, None)?))
            }
        }
    }
}

fn fields(outputs: &[PairOutput]) -> Fields {
    let field =
        |(at, output): (usize, &PairOutput)| Field::new(format!("f{at}"), output.kind(), true);
    outputs.iter().enumerate().map(field).collect()
}

/// One output's values so far.
enum Values {
    Counts(Vec<i64>),
    Statistics(Statistic, Vec<Option<f64>>),
}

impl Values {
    fn new(output: PairOutput, groups: usize) -> Self {
        match output {
            PairOutput::Count => Self::Counts(Vec::with_capacity(groups)),
            PairOutput::Statistic(which) => Self::Statistics(which, Vec::with_capacity(groups)),
        }
    }

    fn push(&mut self, state: &Group<'_>) -> Result<()> {
        match self {
            Self::Counts(counts) => counts.push(i64::try_from(state.pairs()).map_err(|_| {
                DataFusionError::Execution("a count passes the range of bigint".to_owned())
            })?),
            Self::Statistics(which, values) => {
                values.push(state.statistic(*which).map_err(state_error)?);
            }
        }
        Ok(())
    }

    fn finish(self) -> ArrayRef {
        match self {
            Self::Counts(counts) => Arc::new(Int64Array::from(counts)),
            Self::Statistics(_, values) => Arc::new(Float64Array::from(values)),
        }
    }
}

/// A group's state: in its cell, or where it moved when its values left the window.
pub(super) enum Group<'a> {
    /// The cell, the units of x and y, and the state at full size once something asked for it.
    Here(&'a PairCell, Unit, Unit, OnceCell<Box<Products>>),
    Moved(&'a Products),
}

impl Group<'_> {
    fn pairs(&self) -> u128 {
        match self {
            Self::Here(cell, ..) => cell.pairs().into(),
            Self::Moved(state) => state.pairs(),
        }
    }

    fn statistic(&self, statistic: Statistic) -> Result<Option<f64>, StateError> {
        match self {
            Self::Here(cell, x, y, full) => cell.statistic(statistic, *x, *y, || {
                full.get_or_init(|| Box::new(cell.state(*x, *y))).statistic(statistic)
            }),
            Self::Moved(state) => state.statistic(statistic),
        }
    }
}

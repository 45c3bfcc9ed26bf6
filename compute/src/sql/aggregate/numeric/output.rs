//! What is made of a column's state: one value per group and output, or a struct of several.

use std::sync::Arc;

use arrow::array::{ArrayRef, Decimal128Array, Float64Array, Int64Array, StructArray, UInt64Array};
use arrow::datatypes::{DataType, Field, Fields};
use datafusion::common::{DataFusionError, Result};

use super::super::numbers::state_error;
use super::super::offload::DeviceState;
use crate::exact::cell::Cell;
use crate::exact::{Moments, StateError, Sum, Unit, Variance};

/// One thing made of a column's state.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(in super::super) enum Output {
    /// The sum in this type; an error where it does not fit.
    Sum(DataType),
    /// The mean.
    Mean,
    /// A variance.
    Variance(Variance),
    /// A standard deviation.
    Deviation(Variance),
}

impl Output {
    pub(in super::super) fn kind(&self) -> DataType {
        match self {
            Self::Sum(kind) => kind.clone(),
            Self::Mean | Self::Variance(_) | Self::Deviation(_) => DataType::Float64,
        }
    }
}

/// The type of a sum over a column type: wide enough for 10^10 rows of a decimal.
pub(in super::super) fn sum_type(kind: &DataType) -> DataType {
    match kind {
        DataType::Decimal128(precision, scale) => {
            DataType::Decimal128((precision + 10).min(38), *scale)
        }
        other => other.clone(),
    }
}

/// One output, or a struct of several.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(in super::super) enum Shape {
    One(Output),
    Struct(Vec<Output>),
}

impl Shape {
    fn outputs(&self) -> &[Output] {
        match self {
            Self::One(output) => std::slice::from_ref(output),
            Self::Struct(outputs) => outputs,
        }
    }

    /// The state that a device can reduce the column to.
    pub(in super::super) fn on_device(&self) -> DeviceState {
        if self.needs_squares() { DeviceState::Moments } else { DeviceState::Sum }
    }

    pub(super) fn needs_squares(&self) -> bool {
        let squares =
            |output: &Output| matches!(output, Output::Variance(_) | Output::Deviation(_));
        self.outputs().iter().any(squares)
    }

    pub(in super::super) fn kind(&self) -> DataType {
        match self {
            Self::One(output) => output.kind(),
            Self::Struct(outputs) => DataType::Struct(fields(outputs)),
        }
    }

    /// The values of all states.
    pub(super) fn finish<R: Reading>(&self, states: &[R]) -> Result<ArrayRef> {
        match self {
            Self::One(output) => finish(output, states),
            Self::Struct(outputs) => {
                let columns = outputs.iter().map(|output| finish(output, states));
                let columns = columns.collect::<Result<Vec<_>>>()?;
                Ok(Arc::new(StructArray::try_new(fields(outputs), columns, None)?))
            }
        }
    }
}

fn fields(outputs: &[Output]) -> Fields {
    let field = |(at, output): (usize, &Output)| Field::new(format!("f{at}"), output.kind(), true);
    outputs.iter().enumerate().map(field).collect()
}

/// A state that values are read from.
pub(super) trait Reading {
    /// Whether any value was added.
    fn any(&self) -> bool;
    /// The sum as a whole number of units, where it fits.
    fn whole(&self) -> Option<i128>;
    fn sum(&self) -> Option<f64>;
    fn mean(&self) -> Option<f64>;
    fn variance(&self, variance: Variance) -> Result<Option<f64>, StateError>;
    fn deviation(&self, variance: Variance) -> Result<Option<f64>, StateError>;
}

impl Reading for &Sum {
    fn any(&self) -> bool {
        self.counts().total() > 0
    }
    fn whole(&self) -> Option<i128> {
        self.total().to_i128()
    }
    fn sum(&self) -> Option<f64> {
        self.value()
    }
    fn mean(&self) -> Option<f64> {
        Sum::mean(self)
    }
    fn variance(&self, _: Variance) -> Result<Option<f64>, StateError> {
        Err(StateError::Order { expected: 2, found: 1 })
    }
    fn deviation(&self, _: Variance) -> Result<Option<f64>, StateError> {
        Err(StateError::Order { expected: 2, found: 1 })
    }
}

impl Reading for &Moments {
    fn any(&self) -> bool {
        self.counts().total() > 0
    }
    fn whole(&self) -> Option<i128> {
        Moments::sum(self).total().to_i128()
    }
    fn sum(&self) -> Option<f64> {
        Moments::sum(self).value()
    }
    fn mean(&self) -> Option<f64> {
        Moments::sum(self).mean()
    }
    fn variance(&self, variance: Variance) -> Result<Option<f64>, StateError> {
        Moments::variance(self, variance)
    }
    fn deviation(&self, variance: Variance) -> Result<Option<f64>, StateError> {
        Moments::deviation(self, variance)
    }
}

/// A group's state: in its cell, or where it moved when its values left the window.
pub(super) enum Group<'a, C: Cell> {
    Here(&'a C, Unit),
    Moved(&'a C::State),
}

impl<'a, C: Cell> Reading for Group<'a, C>
where
    &'a C::State: Reading,
{
    fn any(&self) -> bool {
        match self {
            Self::Here(cell, _) => cell.sum().count() > 0,
            Self::Moved(state) => state.any(),
        }
    }
    fn whole(&self) -> Option<i128> {
        match self {
            Self::Here(cell, _) => cell.sum().whole(),
            Self::Moved(state) => state.whole(),
        }
    }
    fn sum(&self) -> Option<f64> {
        match self {
            Self::Here(cell, unit) => cell.sum().value(*unit),
            Self::Moved(state) => Reading::sum(state),
        }
    }
    fn mean(&self) -> Option<f64> {
        match self {
            Self::Here(cell, unit) => cell.sum().mean(*unit),
            Self::Moved(state) => Reading::mean(state),
        }
    }
    fn variance(&self, variance: Variance) -> Result<Option<f64>, StateError> {
        match self {
            Self::Here(cell, unit) => cell.variance(*unit, variance),
            Self::Moved(state) => Reading::variance(state, variance),
        }
    }
    fn deviation(&self, variance: Variance) -> Result<Option<f64>, StateError> {
        match self {
            Self::Here(cell, unit) => cell.deviation(*unit, variance),
            Self::Moved(state) => Reading::deviation(state, variance),
        }
    }
}

fn finish<R: Reading>(output: &Output, states: &[R]) -> Result<ArrayRef> {
    let checked = |value: fn(&R, Variance) -> Result<Option<f64>, StateError>, which| {
        let values = states.iter().map(|state| value(state, which).map_err(state_error));
        values.collect::<Result<Float64Array>>()
    };
    Ok(Arc::new(match output {
        Output::Sum(DataType::Float64) => states.iter().map(Reading::sum).collect(),
        Output::Sum(kind) => return finish_whole(kind, states),
        Output::Mean => states.iter().map(Reading::mean).collect(),
        Output::Variance(which) => checked(R::variance, *which)?,
        Output::Deviation(which) => checked(R::deviation, *which)?,
    }))
}

fn finish_whole<R: Reading>(kind: &DataType, states: &[R]) -> Result<ArrayRef> {
    /// Each sum converted, or null where nothing was added.
    fn each<R: Reading, T>(
        states: &[R],
        convert: impl Fn(&R) -> Result<T>,
    ) -> Result<Vec<Option<T>>> {
        states.iter().map(|state| state.any().then(|| convert(state)).transpose()).collect()
    }
    let unfit = || {
        DataFusionError::Execution(format!(
            "a sum does not fit {kind}: CAST the column to double or to a wider decimal first"
        ))
    };
    let whole = |state: &R| state.whole().ok_or_else(unfit);
    Ok(match kind {
        DataType::Int64 => Arc::new(Int64Array::from(each(states, |state| {
            i64::try_from(whole(state)?).map_err(|_| unfit())
        })?)),
        DataType::UInt64 => Arc::new(UInt64Array::from(each(states, |state| {
            u64::try_from(whole(state)?).map_err(|_| unfit())
        })?)),
        DataType::Decimal128(precision, scale) => {
            let array = Decimal128Array::from(each(states, whole)?)
                .with_precision_and_scale(*precision, *scale)?;
            array.validate_decimal_precision(*precision).map_err(|_| unfit())?;
            Arc::new(array)
        }
        other => {
            return Err(DataFusionError::Internal(format!("a sum cannot be {other}")));
        }
    })
}

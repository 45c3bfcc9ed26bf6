//! `sum`, `avg`, the variances and the standard deviations: what is made of one numeric column.

use arrow::datatypes::DataType;
use datafusion::common::Result;

use super::definition::{Call, Definition, Part};
use super::distinct::Distinct;
use super::driver::Driver;
use super::numbers::numeric_inputs;
use super::numeric::{Numeric, Output, Shape, sum_type};
use super::offload::DeviceState;
use crate::exact::Variance;

/// An aggregate of one numeric column.
#[derive(Debug)]
pub(super) struct OfColumn {
    names: &'static [&'static str],
    /// `None` is the sum, whose type is the input's.
    output: Option<Output>,
}

/// Exact sum in the input's own type.
pub(super) static SUM: OfColumn = OfColumn { names: &["sum"], output: None };
/// Exact rational mean, rounded once to float64.
pub(super) static AVG: OfColumn = OfColumn { names: &["avg", "mean"], output: Some(Output::Mean) };
/// Variance over n − 1.
pub(super) static VAR_SAMP: OfColumn = OfColumn {
    names: &["var_samp", "var", "var_sample"],
    output: Some(Output::Variance(Variance::Sample)),
};
/// Variance over n.
pub(super) static VAR_POP: OfColumn = OfColumn {
    names: &["var_pop", "var_population"],
    output: Some(Output::Variance(Variance::Population)),
};
/// Root of the variance over n − 1.
pub(super) static STDDEV_SAMP: OfColumn = OfColumn {
    names: &["stddev_samp", "stddev"],
    output: Some(Output::Deviation(Variance::Sample)),
};
/// Root of the variance over n.
pub(super) static STDDEV_POP: OfColumn =
    OfColumn { names: &["stddev_pop"], output: Some(Output::Deviation(Variance::Population)) };

impl Definition for OfColumn {
    fn names(&self) -> &'static [&'static str] {
        self.names
    }

    fn inputs(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        numeric_inputs::<1>(self.names[0], given)
    }

    fn result(&self, inputs: &[DataType]) -> DataType {
        self.output.as_ref().map_or_else(|| sum_type(&inputs[0]), Output::kind)
    }

    fn part(&self, inputs: &[DataType]) -> Option<Part> {
        let sum = || inputs.first().map(|input| Output::Sum(sum_type(input)));
        self.output.clone().or_else(sum).map(Part::OfColumn)
    }

    fn on_device(&self) -> Option<DeviceState> {
        let output = self.output.clone().unwrap_or(Output::Mean);
        Some(Shape::One(output).on_device())
    }

    fn sends_rows(&self) -> bool {
        true
    }

    fn driver(&self, call: &Call<'_>) -> Result<Box<dyn Driver>> {
        let output = self.output.clone();
        let shape = Shape::One(output.unwrap_or_else(|| Output::Sum(sum_type(&call.kinds[0]))));
        Distinct::unless_all(call, Numeric::new(call, shape)?)
    }
}

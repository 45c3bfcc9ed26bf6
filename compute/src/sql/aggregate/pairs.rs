//! `covar_samp`, `covar_pop`, `corr` and the `regr_*` functions, all over pairs (y, x).
//!
//! What is asked of two columns is a list of outputs; one state serves them all. `whole` keeps one
//! group's state and adds columns at a time, `grouped` keeps a cell per group, `columns` reads both
//! columns in their own types.

mod columns;
mod grouped;
mod output;
mod whole;

use arrow::datatypes::DataType;
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::Accumulator;

use super::definition::{Call, Definition, Part};
use super::distinct::Distinct;
use super::driver::{Driver, GroupStates};
use super::numbers::{numeric_inputs, unit_of};
use super::offload::DeviceState;
use crate::exact::{Statistic, Unit, Variance};
use grouped::PairGroups;
pub(super) use output::{PairOutput, PairShape};
use whole::WholePairs;

/// A statistic of pairs of numbers of which neither is null.
#[derive(Debug)]
pub(super) struct Pairs {
    names: &'static [&'static str],
    output: PairOutput,
}

const fn pairs(names: &'static [&'static str], statistic: Statistic) -> Pairs {
    Pairs { names, output: PairOutput::Statistic(statistic) }
}

pub(super) static COVAR_SAMP: Pairs =
    pairs(&["covar_samp", "covar"], Statistic::Covariance(Variance::Sample));
pub(super) static COVAR_POP: Pairs =
    pairs(&["covar_pop"], Statistic::Covariance(Variance::Population));
pub(super) static CORR: Pairs = pairs(&["corr"], Statistic::Correlation);
pub(super) static REGR_SLOPE: Pairs = pairs(&["regr_slope"], Statistic::Slope);
pub(super) static REGR_INTERCEPT: Pairs = pairs(&["regr_intercept"], Statistic::Intercept);
pub(super) static REGR_COUNT: Pairs = Pairs { names: &["regr_count"], output: PairOutput::Count };
pub(super) static REGR_R2: Pairs = pairs(&["regr_r2"], Statistic::RSquared);
pub(super) static REGR_AVGX: Pairs = pairs(&["regr_avgx"], Statistic::MeanX);
pub(super) static REGR_AVGY: Pairs = pairs(&["regr_avgy"], Statistic::MeanY);
pub(super) static REGR_SXX: Pairs = pairs(&["regr_sxx"], Statistic::SquaresX);
pub(super) static REGR_SYY: Pairs = pairs(&["regr_syy"], Statistic::SquaresY);
pub(super) static REGR_SXY: Pairs = pairs(&["regr_sxy"], Statistic::CrossProducts);

impl Definition for Pairs {
    fn names(&self) -> &'static [&'static str] {
        self.names
    }

    fn inputs(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        numeric_inputs::<2>(self.names[0], given)
    }

    fn result(&self, _inputs: &[DataType]) -> DataType {
        self.output.kind()
    }

    fn of_nothing(&self, result: &DataType) -> Result<ScalarValue> {
        match self.output {
            PairOutput::Statistic(_) => ScalarValue::try_from(result),
            PairOutput::Count => Ok(ScalarValue::Int64(Some(0))),
        }
    }

    fn nullable(&self) -> bool {
        self.output != PairOutput::Count
    }

    fn on_device(&self) -> Option<DeviceState> {
        Some(DeviceState::Products)
    }

    fn part(&self, _inputs: &[DataType]) -> Option<Part> {
        Some(Part::OfPairs(self.output))
    }

    fn sends_rows(&self) -> bool {
        true
    }

    fn driver(&self, call: &Call<'_>) -> Result<Box<dyn Driver>> {
        let pairs = OfPairs::new(call, PairShape::One(self.output))?;
        Distinct::unless_all(call, pairs)
    }
}

/// Two columns of numeric types, and what is made of them.
#[derive(Clone, Debug)]
pub(super) struct OfPairs {
    /// The types of y and x.
    kinds: [DataType; 2],
    x: Unit,
    y: Unit,
    shape: PairShape,
}

impl OfPairs {
    pub(super) fn new(call: &Call<'_>, shape: PairShape) -> Result<Self> {
        let kinds = [call.kinds[0].clone(), call.kinds[1].clone()];
        Ok(Self { x: unit_of(&kinds[1])?, y: unit_of(&kinds[0])?, kinds, shape })
    }
}

impl Driver for OfPairs {
    fn one(self: Box<Self>) -> Box<dyn Accumulator> {
        Box::new(WholePairs::new(*self))
    }

    fn many(self: Box<Self>) -> Box<dyn GroupStates> {
        Box::new(PairGroups::new(*self))
    }
}

//! `covar_samp`, `covar_pop`, `corr` and the `regr_*` functions, all over pairs (y, x).

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Float64Array, Int64Array};
use arrow::datatypes::DataType;
use datafusion::common::{DataFusionError, Result, ScalarValue};

use super::definition::{Call, Definition};
use super::driver::Driver;
use super::kernel::{Kernel, Rows};
use super::numbers::{floats, numeric_inputs, reader, state_error, unit_of};
use super::offload::DeviceState;
use crate::exact::bins::ProductBins;
use crate::exact::{Products, Statistic, Unit, Variance};

/// A statistic of pairs of numbers of which neither is null.
#[derive(Debug)]
pub(super) struct Pairs {
    names: &'static [&'static str],
    /// `None` counts the pairs.
    statistic: Option<Statistic>,
}

const fn pairs(names: &'static [&'static str], statistic: Option<Statistic>) -> Pairs {
    Pairs { names, statistic }
}

pub(super) static COVAR_SAMP: Pairs =
    pairs(&["covar_samp", "covar"], Some(Statistic::Covariance(Variance::Sample)));
pub(super) static COVAR_POP: Pairs =
    pairs(&["covar_pop"], Some(Statistic::Covariance(Variance::Population)));
pub(super) static CORR: Pairs = pairs(&["corr"], Some(Statistic::Correlation));
pub(super) static REGR_SLOPE: Pairs = pairs(&["regr_slope"], Some(Statistic::Slope));
pub(super) static REGR_INTERCEPT: Pairs = pairs(&["regr_intercept"], Some(Statistic::Intercept));
pub(super) static REGR_COUNT: Pairs = pairs(&["regr_count"], None);
pub(super) static REGR_R2: Pairs = pairs(&["regr_r2"], Some(Statistic::RSquared));
pub(super) static REGR_AVGX: Pairs = pairs(&["regr_avgx"], Some(Statistic::MeanX));
pub(super) static REGR_AVGY: Pairs = pairs(&["regr_avgy"], Some(Statistic::MeanY));
pub(super) static REGR_SXX: Pairs = pairs(&["regr_sxx"], Some(Statistic::SquaresX));
pub(super) static REGR_SYY: Pairs = pairs(&["regr_syy"], Some(Statistic::SquaresY));
pub(super) static REGR_SXY: Pairs = pairs(&["regr_sxy"], Some(Statistic::CrossProducts));

impl Definition for Pairs {
    fn names(&self) -> &'static [&'static str] {
        self.names
    }

    fn inputs(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        numeric_inputs::<2>(self.names[0], given)
    }

    fn result(&self, _inputs: &[DataType]) -> DataType {
        match self.statistic {
            Some(_) => DataType::Float64,
            None => DataType::Int64,
        }
    }

    fn of_nothing(&self, result: &DataType) -> Result<ScalarValue> {
        match self.statistic {
            Some(_) => ScalarValue::try_from(result),
            None => Ok(ScalarValue::Int64(Some(0))),
        }
    }

    fn nullable(&self) -> bool {
        self.statistic.is_some()
    }

    fn on_device(&self) -> Option<DeviceState> {
        Some(DeviceState::Products)
    }

    fn driver(&self, call: &Call<'_>) -> Result<Box<dyn Driver>> {
        let (y, x) = (unit_of(&call.kinds[0])?, unit_of(&call.kinds[1])?);
        call.drive(PairsKernel { x, y, statistic: self.statistic })
    }
}

/// All statistics of pairs share their state and differ in how they finish.
#[derive(Clone, Debug)]
struct PairsKernel {
    x: Unit,
    y: Unit,
    statistic: Option<Statistic>,
}

/// Rows from which a column is worth the bins' fixed cost.
const COLUMN_ROWS: usize = 4_096;

impl Kernel for PairsKernel {
    type State = Products;

    fn empty(&self) -> Products {
        Products::new(self.x, self.y)
    }

    fn add(&self, columns: &[ArrayRef], rows: &Rows<'_>, states: &mut [Products]) -> Result<usize> {
        if let ([state], true) = (&mut *states, columns[0].len() >= COLUMN_ROWS)
            && (self.x, self.y) == (Unit::Float, Unit::Float)
        {
            let selected = rows.selected(columns);
            let (y, x) =
                (floats(&columns[0], selected.as_ref()), floats(&columns[1], selected.as_ref()));
            let mut bins = ProductBins::default();
            bins.add(&x, &y);
            let before = state.heap_size();
            state.merge(&bins.take()).map_err(state_error)?;
            return Ok(state.heap_size().saturating_sub(before));
        }
        let (y, x) = (reader(&columns[0])?, reader(&columns[1])?);
        let mut grown = 0;
        for (row, group) in rows.of(columns) {
            let state = &mut states[group];
            let before = state.heap_size();
            state.add(x(row), y(row));
            grown += state.heap_size() - before;
        }
        Ok(grown)
    }

    fn retract(
        &self,
        columns: &[ArrayRef],
        rows: &Rows<'_>,
        states: &mut [Products],
    ) -> Result<()> {
        let (y, x) = (reader(&columns[0])?, reader(&columns[1])?);
        rows.of(columns)
            .try_for_each(|(row, group)| states[group].remove(x(row), y(row)).map_err(state_error))
    }

    fn retracts(&self) -> bool {
        true
    }

    fn merge(&self, state: &mut Products, encoded: &[u8]) -> Result<usize> {
        let before = state.heap_size();
        let other = Products::decode(encoded).map_err(state_error)?;
        state.merge(&other).map_err(state_error)?;
        Ok(state.heap_size() - before)
    }

    fn encode(&self, state: &Products) -> Result<Vec<u8>> {
        Ok(state.encode())
    }

    fn finish(&self, states: &[Products]) -> Result<ArrayRef> {
        let Some(statistic) = self.statistic else {
            let count = |state: &Products| {
                i64::try_from(state.pairs()).map_err(|_| {
                    DataFusionError::Execution("a count passes the range of bigint".to_owned())
                })
            };
            let counts = states.iter().map(count).collect::<Result<Vec<_>>>()?;
            return Ok(Arc::new(Int64Array::from(counts)));
        };
        let values = states
            .iter()
            .map(|state| state.statistic(statistic).map_err(state_error))
            .collect::<Result<Vec<_>>>()?;
        Ok(Arc::new(Float64Array::from(values)))
    }

    fn heap_size(&self, state: &Products) -> usize {
        state.heap_size()
    }
}

//! What every aggregate says of itself, and the list of all of them.

use std::fmt::Debug;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::common::{DataFusionError, Result, ScalarValue};
use datafusion::physical_plan::PhysicalExpr;

use super::distinct::Distinct;
use super::driver::{Driver, Generic};
use super::kernel::Kernel;
use super::numeric::Output;
use super::offload::DeviceState;
use super::pairs::PairOutput;
use super::{bits, chosen, column, count, extreme, pairs, quantile, text};
use crate::columns::widened;

/// One aggregate: its names, its types and what computes it. Implemented once per aggregate, in
/// one file per family, and listed in [`Aggregate::ALL`].
pub(super) trait Definition: Debug + Send + Sync {
    /// The name, then its aliases.
    fn names(&self) -> &'static [&'static str];

    /// The types that the aggregate works in, for given ones; or an error with a remedy.
    fn inputs(&self, given: &[DataType]) -> Result<Vec<DataType>>;

    /// The type of the result over [`Self::inputs`].
    fn result(&self, inputs: &[DataType]) -> DataType;

    /// The result over no rows at all; null unless said otherwise.
    fn of_nothing(&self, result: &DataType) -> Result<ScalarValue> {
        ScalarValue::try_from(result)
    }

    /// Whether the result can be null.
    fn nullable(&self) -> bool {
        true
    }

    /// The state that a device can reduce its columns of floats to, if any.
    fn on_device(&self) -> Option<DeviceState> {
        None
    }

    /// What it is made of the state of one numeric column or of a pair of them, if that is what it
    /// is; several of them then share the state.
    fn part(&self, _inputs: &[DataType]) -> Option<Part> {
        None
    }

    /// Whether rows may travel between phases as they are, in a column beside the states.
    fn sends_rows(&self) -> bool {
        false
    }

    /// Whether it takes an order of its own, as WITHIN GROUP or as ORDER BY inside the call.
    fn ordered(&self) -> bool {
        false
    }

    /// What computes it.
    fn driver(&self, call: &Call<'_>) -> Result<Box<dyn Driver>>;
}

/// What an aggregate is made of, where several can be made of one state.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Part {
    /// One numeric column.
    OfColumn(Output),
    /// A pair of them.
    OfPairs(PairOutput),
}

/// One use of an aggregate in a plan.
#[allow(dead_code, reason = "each family reads what it needs")]
pub(super) struct Call<'a> {
    /// The types of the arguments, as [`Definition::inputs`] made them.
    pub(super) kinds: Vec<DataType>,
    /// The arguments.
    pub(super) arguments: &'a [Arc<dyn PhysicalExpr>],
    /// Whether DISTINCT was written.
    pub(super) distinct: bool,
}

impl Call<'_> {
    /// A kernel that is fed each row, or with DISTINCT each different row once.
    pub(super) fn drive<K: Kernel>(&self, kernel: K) -> Result<Box<dyn Driver>> {
        Distinct::unless_all(self, Generic(kernel))
    }
}

/// An aggregate that exists.
#[derive(Clone, Copy, Debug)]
pub struct Aggregate(pub(super) &'static dyn Definition);

impl Aggregate {
    /// All of them.
    pub const ALL: &'static [Self] = &[
        Self(&column::SUM),
        Self(&column::AVG),
        Self(&column::VAR_SAMP),
        Self(&column::VAR_POP),
        Self(&column::STDDEV_SAMP),
        Self(&column::STDDEV_POP),
        Self(&pairs::COVAR_SAMP),
        Self(&pairs::COVAR_POP),
        Self(&pairs::CORR),
        Self(&pairs::REGR_SLOPE),
        Self(&pairs::REGR_INTERCEPT),
        Self(&pairs::REGR_COUNT),
        Self(&pairs::REGR_R2),
        Self(&pairs::REGR_AVGX),
        Self(&pairs::REGR_AVGY),
        Self(&pairs::REGR_SXX),
        Self(&pairs::REGR_SYY),
        Self(&pairs::REGR_SXY),
        Self(&count::Count),
        Self(&extreme::MIN),
        Self(&extreme::MAX),
        Self(&quantile::Median),
        Self(&quantile::PercentileCont),
        Self(&bits::BOOL_AND),
        Self(&bits::BOOL_OR),
        Self(&bits::BIT_AND),
        Self(&bits::BIT_OR),
        Self(&bits::BIT_XOR),
        Self(&chosen::FIRST_VALUE),
        Self(&chosen::LAST_VALUE),
        Self(&text::StringAgg),
    ];

    /// The name, then its aliases.
    #[must_use]
    pub fn names(self) -> &'static [&'static str] {
        self.0.names()
    }

    /// Whether a call may say an order: WITHIN GROUP, or ORDER BY inside the parentheses.
    #[must_use]
    pub fn ordered(self) -> bool {
        self.0.ordered()
    }

    /// The name.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.names()[0]
    }
}

impl PartialEq for Aggregate {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl Eq for Aggregate {}

impl Hash for Aggregate {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name().hash(state);
    }
}

/// The widened types of an aggregate's arguments, of which there must be `N`.
pub(super) fn widened_inputs<const N: usize>(
    name: &str,
    given: &[DataType],
) -> Result<[DataType; N]> {
    let Ok(given) = <&[DataType; N]>::try_from(given) else {
        let wanted = if N == 1 { "one argument".to_owned() } else { format!("{N} arguments") };
        return Err(DataFusionError::Plan(format!(
            "{name} takes exactly {wanted}, not {}",
            given.len()
        )));
    };
    let mut wide = [const { DataType::Null }; N];
    for (wide, given) in wide.iter_mut().zip(given) {
        // A bare NULL has to become something.
        let kind = if *given == DataType::Null { Some(DataType::Int64) } else { widened(given) };
        *wide = kind
            .ok_or_else(|| refused(name, given, "CAST it to one of the types a table may have"))?;
    }
    Ok(wide)
}

/// The error for an argument that an aggregate cannot take.
pub(super) fn refused(name: &str, given: &DataType, remedy: &str) -> DataFusionError {
    DataFusionError::Plan(format!("{name} cannot take {given}: {remedy}"))
}

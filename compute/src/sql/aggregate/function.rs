//! The aggregates as DataFusion's planner sees them: names, aliases, types.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::{DataFusionError, Result, ScalarValue};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::{AggregateOrderSensitivity, format_state_name};
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, GroupsAccumulator, Signature, Volatility,
};

use super::count::CountKernel;
use super::distinct::DistinctKernel;
use super::extreme::{End, ExtremeKernel};
use super::groups::{Groups, Single};
use super::kernel::Kernel;
use super::moments::{MomentsKernel, Spread};
use super::numbers::unit;
use super::total::{Total, TotalKernel, sum_type};
use crate::columns::widened;
use crate::exact::Variance;

/// The aggregates that exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Aggregate {
    /// Exact sum in the input's own type.
    Sum,
    /// Exact rational mean, rounded once to float64.
    Avg,
    /// Variance over n − 1.
    VarSamp,
    /// Variance over n.
    VarPop,
    /// Root of the variance over n − 1.
    StddevSamp,
    /// Root of the variance over n.
    StddevPop,
    /// Rows, or values that are not null.
    Count,
    /// The least value.
    Min,
    /// The greatest value.
    Max,
}

impl Aggregate {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Sum,
        Self::Avg,
        Self::VarSamp,
        Self::VarPop,
        Self::StddevSamp,
        Self::StddevPop,
        Self::Count,
        Self::Min,
        Self::Max,
    ];

    /// The name, then its aliases.
    #[must_use]
    pub fn names(self) -> &'static [&'static str] {
        match self {
            Self::Sum => &["sum"],
            Self::Avg => &["avg", "mean"],
            Self::VarSamp => &["var_samp", "var", "var_sample"],
            Self::VarPop => &["var_pop", "var_population"],
            Self::StddevSamp => &["stddev_samp", "stddev"],
            Self::StddevPop => &["stddev_pop"],
            Self::Count => &["count"],
            Self::Min => &["min"],
            Self::Max => &["max"],
        }
    }

    /// The type of the result over a widened input type.
    fn result(self, input: &DataType) -> DataType {
        match self {
            Self::Sum => sum_type(input),
            Self::Count => DataType::Int64,
            Self::Min | Self::Max => input.clone(),
            _ => DataType::Float64,
        }
    }

    /// The input type that the aggregate works in: the widened one, or an error with a remedy.
    fn input(self, given: &DataType) -> Result<DataType> {
        let name = self.names()[0];
        let refuse = |remedy: &str| {
            Err(DataFusionError::Plan(format!("{name} cannot take {given}: {remedy}")))
        };
        if self == Self::Count && *given == DataType::Null {
            return Ok(DataType::Null);
        }
        let given_null = *given == DataType::Null;
        let Some(wide) = (if given_null { Some(DataType::Int64) } else { widened(given) }) else {
            return refuse("CAST it to one of the types a table may have");
        };
        match self {
            Self::Count | Self::Min | Self::Max => Ok(wide),
            _ if unit(&wide).is_some() => Ok(wide),
            _ => refuse("it takes numbers; CAST the column to bigint, double or decimal"),
        }
    }
}

/// Our aggregates, to be registered in an otherwise empty registry.
#[must_use]
pub fn exact_aggregates() -> Vec<Arc<AggregateUDF>> {
    Aggregate::ALL
        .into_iter()
        .map(|aggregate| Arc::new(AggregateUDF::from(ExactFunction::new(aggregate))))
        .collect()
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct ExactFunction {
    aggregate: Aggregate,
    aliases: Vec<String>,
    signature: Signature,
}

impl ExactFunction {
    fn new(aggregate: Aggregate) -> Self {
        let aliases = aggregate.names()[1..].iter().map(|&name| name.to_owned()).collect();
        Self { aggregate, aliases, signature: Signature::user_defined(Volatility::Immutable) }
    }

    /// Makes the kernel for the input at hand and hands it to `maker`.
    fn make<M: Maker>(&self, args: &AccumulatorArgs<'_>, maker: M) -> Result<M::Made> {
        let [input] = args.expr_fields else {
            return Err(DataFusionError::Plan(format!(
                "{} takes exactly one argument, not {}",
                self.name(),
                args.expr_fields.len()
            )));
        };
        let kind = input.data_type().clone();
        let unit = unit(&kind);
        let untyped =
            || DataFusionError::Internal(format!("{} over {kind} was not coerced", self.name()));
        let distinct = args.is_distinct;
        let spread = |spread| unit.map(|unit| MomentsKernel { unit, spread }).ok_or_else(untyped);
        let total = |total| unit.map(|unit| TotalKernel { unit, total }).ok_or_else(untyped);
        match self.aggregate {
            Aggregate::Sum => finish(maker, total(Total::Sum(sum_type(&kind)))?, distinct, kind),
            Aggregate::Avg => finish(maker, total(Total::Mean)?, distinct, kind),
            Aggregate::VarSamp => {
                finish(maker, spread(Spread::Variance(Variance::Sample))?, distinct, kind)
            }
            Aggregate::VarPop => {
                finish(maker, spread(Spread::Variance(Variance::Population))?, distinct, kind)
            }
            Aggregate::StddevSamp => {
                finish(maker, spread(Spread::Deviation(Variance::Sample))?, distinct, kind)
            }
            Aggregate::StddevPop => {
                finish(maker, spread(Spread::Deviation(Variance::Population))?, distinct, kind)
            }
            Aggregate::Count => finish(maker, CountKernel, distinct, kind),
            // The least of distinct values is the least of all.
            Aggregate::Min => Ok(maker.made(ExtremeKernel::new(kind, End::Least)?)),
            Aggregate::Max => Ok(maker.made(ExtremeKernel::new(kind, End::Greatest)?)),
        }
    }
}

/// Turns a kernel of any type into what DataFusion wants.
trait Maker {
    type Made;
    fn made<K: Kernel>(self, kernel: K) -> Self::Made;
}

struct ForGroups;

impl Maker for ForGroups {
    type Made = Box<dyn GroupsAccumulator>;
    fn made<K: Kernel>(self, kernel: K) -> Self::Made {
        Box::new(Groups::new(kernel))
    }
}

struct ForOne;

impl Maker for ForOne {
    type Made = Box<dyn Accumulator>;
    fn made<K: Kernel>(self, kernel: K) -> Self::Made {
        Box::new(Single::new(kernel))
    }
}

fn finish<M: Maker, K: Kernel>(
    maker: M,
    kernel: K,
    distinct: bool,
    kind: DataType,
) -> Result<M::Made> {
    Ok(if distinct { maker.made(DistinctKernel::new(kernel, kind)?) } else { maker.made(kernel) })
}

impl AggregateUDFImpl for ExactFunction {
    fn name(&self) -> &str {
        self.aggregate.names()[0]
    }

    fn aliases(&self) -> &[String] {
        &self.aliases
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        match arg_types {
            [given] => Ok(vec![self.aggregate.input(given)?]),
            _ => Err(DataFusionError::Plan(format!(
                "{} takes exactly one argument, not {}",
                self.name(),
                arg_types.len()
            ))),
        }
    }

    fn return_type(&self, arg_types: &[DataType]) -> Result<DataType> {
        let coerced = self.coerce_types(arg_types)?;
        Ok(self.aggregate.result(&coerced[0]))
    }

    fn is_nullable(&self) -> bool {
        self.aggregate != Aggregate::Count
    }

    fn default_value(&self, data_type: &DataType) -> Result<ScalarValue> {
        match self.aggregate {
            Aggregate::Count => Ok(ScalarValue::Int64(Some(0))),
            _ => ScalarValue::try_from(data_type),
        }
    }

    fn state_fields(&self, args: StateFieldsArgs<'_>) -> Result<Vec<FieldRef>> {
        let name = format_state_name(args.name, "exact");
        Ok(vec![Arc::new(Field::new(name, DataType::Binary, false))])
    }

    fn accumulator(&self, acc_args: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        self.make(&acc_args, ForOne)
    }

    fn groups_accumulator_supported(&self, _args: AccumulatorArgs<'_>) -> bool {
        true
    }

    fn create_groups_accumulator(
        &self,
        args: AccumulatorArgs<'_>,
    ) -> Result<Box<dyn GroupsAccumulator>> {
        self.make(&args, ForGroups)
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        AggregateOrderSensitivity::Insensitive
    }
}

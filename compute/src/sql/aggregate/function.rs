//! The aggregates as DataFusion's planner sees them.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::{AggregateOrderSensitivity, format_state_name};
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, GroupsAccumulator, Signature, Volatility,
};

use super::definition::{Aggregate, Call};
use super::driver::Driver;
use super::offload::offload;
use super::uses::AllUses;
use crate::exact::Reducer;

/// Our aggregates, to be registered in an otherwise empty registry.
#[must_use]
pub fn exact_aggregates() -> Vec<Arc<AggregateUDF>> {
    exact_aggregates_on(None, &AllUses::default())
}

/// The same, with whole columns reduced on a device where that pays, and what computed each.
#[must_use]
pub(in crate::sql) fn exact_aggregates_on(
    device: Option<&Arc<dyn Reducer>>,
    uses: &AllUses,
) -> Vec<Arc<AggregateUDF>> {
    Aggregate::ALL
        .iter()
        .map(|&aggregate| ExactFunction::new(aggregate, device.cloned(), uses.clone()))
        .map(|function| Arc::new(AggregateUDF::from(function)))
        .collect()
}

#[derive(Debug)]
struct ExactFunction {
    aggregate: Aggregate,
    aliases: Vec<String>,
    signature: Signature,
    device: Option<Arc<dyn Reducer>>,
    uses: AllUses,
}

impl ExactFunction {
    fn new(aggregate: Aggregate, device: Option<Arc<dyn Reducer>>, uses: AllUses) -> Self {
        let aliases = aggregate.names()[1..].iter().map(|&name| name.to_owned()).collect();
        let signature = Signature::user_defined(Volatility::Immutable);
        Self { aggregate, aliases, signature, device, uses }
    }

    fn driver(&self, args: &AccumulatorArgs<'_>) -> Result<Box<dyn Driver>> {
        self.aggregate.0.driver(&Call {
            kinds: args.expr_fields.iter().map(|field| field.data_type().clone()).collect(),
            arguments: args.exprs,
            distinct: args.is_distinct,
        })
    }
}

/// The columns that states travel in: their encodings, and where `rows` do too, those.
pub(super) fn state_fields(args: &StateFieldsArgs<'_>, rows: bool) -> Vec<FieldRef> {
    let field = |kind: &str, of, nullable| {
        Arc::new(Field::new(format_state_name(args.name, kind), of, nullable))
    };
    let mut fields = vec![field("exact", DataType::Binary, rows)];
    if rows {
        let kinds = args.input_fields.iter().map(|input| input.data_type().clone());
        let names = ["row".to_owned()].into_iter().chain((1..).map(|at| format!("row{at}")));
        fields.extend(names.zip(kinds).map(|(name, kind)| field(&name, kind, true)));
    }
    fields
}

/// A device changes how fast an aggregate is and nothing that a plan could depend on.
impl PartialEq for ExactFunction {
    fn eq(&self, other: &Self) -> bool {
        self.aggregate == other.aggregate
    }
}

impl Eq for ExactFunction {}

impl Hash for ExactFunction {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.aggregate.hash(state);
    }
}

impl AggregateUDFImpl for ExactFunction {
    fn name(&self) -> &str {
        self.aggregate.name()
    }

    fn aliases(&self) -> &[String] {
        &self.aliases
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        self.aggregate.0.inputs(arg_types)
    }

    fn return_type(&self, arg_types: &[DataType]) -> Result<DataType> {
        Ok(self.aggregate.0.result(&self.aggregate.0.inputs(arg_types)?))
    }

    fn is_nullable(&self) -> bool {
        self.aggregate.0.nullable()
    }

    fn default_value(&self, data_type: &DataType) -> Result<ScalarValue> {
        self.aggregate.0.of_nothing(data_type)
    }

    fn supports_within_group_clause(&self) -> bool {
        self.aggregate.name() == "percentile_cont"
    }

    fn state_fields(&self, args: StateFieldsArgs<'_>) -> Result<Vec<FieldRef>> {
        let rows = self.aggregate.0.sends_rows() && !args.is_distinct;
        Ok(state_fields(&args, rows))
    }

    fn accumulator(&self, acc_args: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        let one = self.driver(&acc_args)?.one();
        let uses = self.uses.of(&[acc_args.name]);
        let (Some(device), Some(state)) = (&self.device, self.aggregate.0.on_device()) else {
            return Ok(one);
        };
        if acc_args.is_distinct {
            return Ok(one);
        }
        let kinds: Vec<DataType> =
            acc_args.expr_fields.iter().map(|field| field.data_type().clone()).collect();
        Ok(offload(one, state, &kinds, Arc::clone(device), uses))
    }

    fn create_sliding_accumulator(
        &self,
        args: AccumulatorArgs<'_>,
    ) -> Result<Box<dyn Accumulator>> {
        Ok(self.driver(&args)?.moving())
    }

    fn groups_accumulator_supported(&self, _args: AccumulatorArgs<'_>) -> bool {
        true
    }

    fn create_groups_accumulator(
        &self,
        args: AccumulatorArgs<'_>,
    ) -> Result<Box<dyn GroupsAccumulator>> {
        self.uses.of(&[args.name]);
        let many: Box<dyn GroupsAccumulator> = self.driver(&args)?.many();
        Ok(many)
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        AggregateOrderSensitivity::Insensitive
    }
}

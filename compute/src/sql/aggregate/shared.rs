//! Aggregates of one column that share one state: `sum(x), avg(x), stddev(x)` reads x once.
//!
//! The rule rewrites an aggregation's node: those of its aggregates that are made of the same
//! column under the same filter become one, which returns a struct, and a projection above takes
//! the fields under the old names. Nothing is computed twice, and no group has two states.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::AsArray;
use arrow::datatypes::{DataType, FieldRef};
use datafusion::common::tree_node::Transformed;
use datafusion::common::{DataFusionError, Result, ScalarValue};
use datafusion::logical_expr::expr::{AggregateFunction, ScalarFunction};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::AggregateOrderSensitivity;
use datafusion::logical_expr::{
    Accumulator, Aggregate as AggregateNode, AggregateUDF, AggregateUDFImpl, ColumnarValue, Expr,
    ExprSchemable, GroupsAccumulator, LogicalPlan, Projection, ScalarFunctionArgs, ScalarUDF,
    ScalarUDFImpl, Signature, Volatility,
};
use datafusion::optimizer::optimizer::ApplyOrder;
use datafusion::optimizer::{OptimizerConfig, OptimizerRule};

use super::definition::{Aggregate, Call};
use super::driver::Driver;
use super::function::state_fields;
use super::numeric::{Numeric, Output, Shape};
use super::offload::offload;
use super::uses::{AllUses, Uses};
use crate::exact::Reducer;
use crate::sql::arithmetic::unaliased;

/// The optimizer rule; it runs after the rules that look at aggregates by name.
#[derive(Debug)]
pub(in crate::sql) struct ShareStates {
    device: Option<Arc<dyn Reducer>>,
    uses: AllUses,
}

impl ShareStates {
    pub(in crate::sql) fn new(device: Option<Arc<dyn Reducer>>, uses: AllUses) -> Self {
        Self { device, uses }
    }
}

impl OptimizerRule for ShareStates {
    fn name(&self) -> &str {
        "share_states"
    }

    fn apply_order(&self) -> Option<ApplyOrder> {
        Some(ApplyOrder::BottomUp)
    }

    fn rewrite(
        &self,
        plan: LogicalPlan,
        _config: &dyn OptimizerConfig,
    ) -> Result<Transformed<LogicalPlan>> {
        let LogicalPlan::Aggregate(node) = plan else { return Ok(Transformed::no(plan)) };
        let shares = shares(&node)?;
        if shares.iter().all(|share| share.members.len() < 2) {
            return Ok(Transformed::no(LogicalPlan::Aggregate(node)));
        }
        Ok(Transformed::yes(self.shared(node, &shares)?))
    }
}

/// Aggregates of one node that can share a state.
struct Share {
    arguments: Vec<Expr>,
    filter: Option<Box<Expr>>,
    /// Their places in the node, and what each is.
    members: Vec<(usize, Output)>,
}

fn shares(node: &AggregateNode) -> Result<Vec<Share>> {
    let mut shares: Vec<Share> = Vec::new();
    for (at, expr) in node.aggr_expr.iter().enumerate() {
        let Expr::AggregateFunction(AggregateFunction { func, params }) = unaliased(expr) else {
            continue;
        };
        let ours = Aggregate::ALL.iter().find(|ours| ours.name() == func.name());
        let ([argument], Some(ours), false) = (params.args.as_slice(), ours, params.distinct)
        else {
            continue;
        };
        let Some(output) = ours.0.output(&argument.get_type(node.input.schema())?) else {
            continue;
        };
        let same =
            |share: &&mut Share| share.arguments == params.args && share.filter == params.filter;
        match shares.iter_mut().find(same) {
            Some(share) => share.members.push((at, output)),
            None => shares.push(Share {
                arguments: params.args.clone(),
                filter: params.filter.clone(),
                members: vec![(at, output)],
            }),
        }
    }
    Ok(shares)
}

impl ShareStates {
    fn shared(&self, node: AggregateNode, shares: &[Share]) -> Result<LogicalPlan> {
        let groups = node.schema.fields().len() - node.aggr_expr.len();
        let shared: Vec<&Share> = shares.iter().filter(|share| share.members.len() > 1).collect();
        let member = |at: usize| {
            shared.iter().enumerate().find_map(|(which, share)| {
                let field = share.members.iter().position(|(place, _)| *place == at)?;
                Some((which, field))
            })
        };
        let mut aggregates: Vec<Expr> =
            shared.iter().map(|share| self.call(share, &node)).collect();
        let alone = node.aggr_expr.iter().enumerate().filter(|(at, _)| member(*at).is_none());
        aggregates.extend(alone.map(|(_, expr)| expr.clone()));
        let made = AggregateNode::try_new(node.input, node.group_expr, aggregates)?;
        let mut columns = Vec::with_capacity(node.schema.fields().len());
        for at in 0..node.schema.fields().len() {
            let (qualifier, field) = node.schema.qualified_field(at);
            let Some((which, place)) = at.checked_sub(groups).and_then(member) else {
                columns.push(Expr::from((qualifier, field)));
                continue;
            };
            let states = Expr::from(made.schema.qualified_field(groups + which));
            columns.push(pick(states, place).alias(field.name()));
        }
        let made = Arc::new(LogicalPlan::Aggregate(made));
        Ok(LogicalPlan::Projection(Projection::try_new(columns, made)?))
    }

    fn call(&self, share: &Share, node: &AggregateNode) -> Expr {
        let outputs = share.members.iter().map(|(_, output)| output.clone()).collect();
        let names =
            share.members.iter().map(|(at, _)| node.aggr_expr[*at].schema_name().to_string());
        let function = SharedFunction {
            shape: Shape::Struct(outputs),
            signature: Signature::any(1, Volatility::Immutable),
            device: self.device.clone(),
            uses: self.uses.clone(),
            names: names.collect(),
        };
        Expr::AggregateFunction(AggregateFunction::new_udf(
            Arc::new(AggregateUDF::from(function)),
            share.arguments.clone(),
            false,
            share.filter.clone(),
            Vec::new(),
            None,
        ))
    }
}

/// Several outputs of one column, as a struct. It has no name that a query could call.
#[derive(Debug)]
struct SharedFunction {
    shape: Shape,
    signature: Signature,
    device: Option<Arc<dyn Reducer>>,
    uses: AllUses,
    /// The aggregates as the query has them.
    names: Vec<String>,
}

impl SharedFunction {
    fn driver(&self, args: &AccumulatorArgs<'_>) -> Result<Box<dyn Driver>> {
        let call = Call {
            kinds: args.expr_fields.iter().map(|field| field.data_type().clone()).collect(),
            arguments: args.exprs,
            distinct: false,
        };
        Ok(Box::new(Numeric::new(&call, self.shape.clone())?))
    }

    fn uses(&self) -> Uses {
        self.uses.of(&self.names.iter().map(String::as_str).collect::<Vec<_>>())
    }
}

impl PartialEq for SharedFunction {
    fn eq(&self, other: &Self) -> bool {
        self.shape == other.shape
    }
}

impl Eq for SharedFunction {}

impl Hash for SharedFunction {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.shape.hash(state);
    }
}

impl AggregateUDFImpl for SharedFunction {
    fn name(&self) -> &str {
        "shared state"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arg_types: &[DataType]) -> Result<DataType> {
        Ok(self.shape.kind())
    }

    fn state_fields(&self, args: StateFieldsArgs<'_>) -> Result<Vec<FieldRef>> {
        Ok(state_fields(&args, true))
    }

    fn accumulator(&self, acc_args: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        let (one, uses) = (self.driver(&acc_args)?.one(), self.uses());
        let Some(device) = &self.device else { return Ok(one) };
        let kinds = [acc_args.expr_fields[0].data_type().clone()];
        Ok(offload(one, self.shape.on_device(), &kinds, Arc::clone(device), uses))
    }

    fn groups_accumulator_supported(&self, _args: AccumulatorArgs<'_>) -> bool {
        true
    }

    fn create_groups_accumulator(
        &self,
        args: AccumulatorArgs<'_>,
    ) -> Result<Box<dyn GroupsAccumulator>> {
        self.uses();
        Ok(self.driver(&args)?.many())
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        AggregateOrderSensitivity::Insensitive
    }
}

fn pick(states: Expr, field: usize) -> Expr {
    let function = Pick { field, signature: Signature::any(1, Volatility::Immutable) };
    Expr::ScalarFunction(ScalarFunction::new_udf(Arc::new(ScalarUDF::from(function)), vec![states]))
}

/// Takes a field of a struct, by place.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Pick {
    field: usize,
    signature: Signature,
}

impl ScalarUDFImpl for Pick {
    fn name(&self) -> &str {
        "field of a shared state"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arg_types: &[DataType]) -> Result<DataType> {
        match arg_types {
            [DataType::Struct(fields)] if self.field < fields.len() => {
                Ok(fields[self.field].data_type().clone())
            }
            _ => Err(DataFusionError::Internal("a shared state lost its fields".to_owned())),
        }
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        match args.args.as_slice() {
            [ColumnarValue::Array(array)] => {
                Ok(ColumnarValue::Array(Arc::clone(array.as_struct().column(self.field))))
            }
            [ColumnarValue::Scalar(ScalarValue::Struct(array))] => {
                let value = ScalarValue::try_from_array(array.column(self.field), 0)?;
                Ok(ColumnarValue::Scalar(value))
            }
            _ => Err(DataFusionError::Internal("a shared state lost its fields".to_owned())),
        }
    }
}

//! Aggregates of one column, or of one pair, that share one state: `sum(x), avg(x), stddev(x)`
//! reads x once, and `corr(y, x), regr_slope(y, x)` the pair.
//!
//! The rule rewrites an aggregation's node: those of its aggregates that are made of the same
//! columns under the same filter become one, which returns a struct, and a projection above takes
//! the fields under the old names. Nothing is computed twice, and no group has two states.

mod pick;

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::datatypes::{DataType, FieldRef};
use datafusion::common::Result;
use datafusion::common::tree_node::Transformed;
use datafusion::logical_expr::expr::AggregateFunction;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::AggregateOrderSensitivity;
use datafusion::logical_expr::{
    Accumulator, Aggregate as AggregateNode, AggregateUDF, AggregateUDFImpl, Expr, ExprSchemable,
    GroupsAccumulator, LogicalPlan, Projection, Signature, Volatility,
};
use datafusion::optimizer::optimizer::ApplyOrder;
use datafusion::optimizer::{OptimizerConfig, OptimizerRule};

use super::definition::{Aggregate, Call, Part};
use super::driver::Driver;
use super::function::state_fields;
use super::numeric::{Numeric, Shape};
use super::offload::{DeviceState, offload};
use super::pairs::{OfPairs, PairShape};
use super::uses::{AllUses, Uses};
use crate::exact::Reducer;
use crate::sql::arithmetic::unaliased;
use pick::pick;

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
    members: Vec<(usize, Part)>,
}

fn shares(node: &AggregateNode) -> Result<Vec<Share>> {
    let mut shares: Vec<Share> = Vec::new();
    for (at, expr) in node.aggr_expr.iter().enumerate() {
        let Expr::AggregateFunction(AggregateFunction { func, params }) = unaliased(expr) else {
            continue;
        };
        let ours = Aggregate::ALL.iter().find(|ours| ours.name() == func.name());
        let (Some(ours), false) = (ours, params.distinct) else { continue };
        let kinds = params.args.iter().map(|argument| argument.get_type(node.input.schema()));
        let Some(part) = ours.0.part(&kinds.collect::<Result<Vec<_>>>()?) else { continue };
        let same =
            |share: &&mut Share| share.arguments == params.args && share.filter == params.filter;
        match shares.iter_mut().find(same) {
            Some(share) => share.members.push((at, part)),
            None => shares.push(Share {
                arguments: params.args.clone(),
                filter: params.filter.clone(),
                members: vec![(at, part)],
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
        let parts: Vec<Part> = share.members.iter().map(|(_, part)| part.clone()).collect();
        let names =
            share.members.iter().map(|(at, _)| node.aggr_expr[*at].schema_name().to_string());
        let function = SharedFunction {
            shape: Shared::of(&parts),
            signature: Signature::any(share.arguments.len(), Volatility::Immutable),
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

/// Several outputs of a state, as a struct.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Shared {
    Column(Shape),
    Pairs(PairShape),
}

impl Shared {
    /// Of parts that have their arguments in common, so that all are of one sort.
    fn of(parts: &[Part]) -> Self {
        let columns = parts.iter().filter_map(|part| match part {
            Part::OfColumn(output) => Some(output.clone()),
            Part::OfPairs(_) => None,
        });
        let pairs = parts.iter().filter_map(|part| match part {
            Part::OfPairs(output) => Some(*output),
            Part::OfColumn(_) => None,
        });
        match pairs.collect::<Vec<_>>() {
            none if none.is_empty() => Self::Column(Shape::Struct(columns.collect())),
            pairs => Self::Pairs(PairShape::Struct(pairs)),
        }
    }

    fn kind(&self) -> DataType {
        match self {
            Self::Column(shape) => shape.kind(),
            Self::Pairs(shape) => shape.kind(),
        }
    }

    fn on_device(&self) -> DeviceState {
        match self {
            Self::Column(shape) => shape.on_device(),
            Self::Pairs(_) => DeviceState::Products,
        }
    }

    fn driver(&self, call: &Call<'_>) -> Result<Box<dyn Driver>> {
        Ok(match self {
            Self::Column(shape) => Box::new(Numeric::new(call, shape.clone())?),
            Self::Pairs(shape) => Box::new(OfPairs::new(call, shape.clone())?),
        })
    }
}

/// Several outputs of one column or pair, as a struct. It has no name that a query could call.
#[derive(Debug)]
struct SharedFunction {
    shape: Shared,
    signature: Signature,
    device: Option<Arc<dyn Reducer>>,
    uses: AllUses,
    /// The aggregates as the query has them.
    names: Vec<String>,
}

impl SharedFunction {
    fn driver(&self, args: &AccumulatorArgs<'_>) -> Result<Box<dyn Driver>> {
        self.shape.driver(&Call {
            kinds: args.expr_fields.iter().map(|field| field.data_type().clone()).collect(),
            arguments: args.exprs,
            distinct: false,
        })
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
        let kinds: Vec<DataType> =
            acc_args.expr_fields.iter().map(|field| field.data_type().clone()).collect();
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
        let many: Box<dyn GroupsAccumulator> = self.driver(&args)?.many();
        Ok(many)
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        AggregateOrderSensitivity::Insensitive
    }
}

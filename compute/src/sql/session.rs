//! A DataFusion session made of explicit lists: functions, analyzer, optimizer, physical rules.
//!
//! Nothing is inherited from DataFusion's defaults, so an upgrade can add no rule and no function
//! unseen. What is left out on purpose: every rule that rewrites aggregates by name
//! (single_distinct_aggregation_to_group_by), answers from statistics (aggregate_statistics),
//! reassociates or folds expressions (simplify_expressions), prunes by dynamic filters, or stops
//! a scan early without an order.

use std::sync::Arc;

use datafusion::execution::config::SessionConfig;
use datafusion::execution::memory_pool::MemoryPool;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::execution::session_state::{SessionState, SessionStateBuilder};
use datafusion::functions::datetime::planner::DatetimeFunctionPlanner;
use datafusion::functions::unicode::planner::UnicodeFunctionPlanner;
use datafusion::functions_aggregate::grouping::grouping_udaf;
use datafusion::functions_aggregate::planner::AggregateFunctionPlanner;
use datafusion::functions_window::planner::WindowFunctionPlanner;
use datafusion::logical_expr::AggregateUDF;
use datafusion::logical_expr::planner::ExprPlanner;
use datafusion::optimizer::analyzer::resolve_grouping_function::ResolveGroupingFunction;
use datafusion::optimizer::analyzer::type_coercion::TypeCoercion;
use datafusion::optimizer::decorrelate_predicate_subquery::DecorrelatePredicateSubquery;
use datafusion::optimizer::eliminate_cross_join::EliminateCrossJoin;
use datafusion::optimizer::extract_equijoin_predicate::ExtractEquijoinPredicate;
use datafusion::optimizer::optimize_projections::OptimizeProjections;
use datafusion::optimizer::push_down_filter::PushDownFilter;
use datafusion::optimizer::push_down_limit::PushDownLimit;
use datafusion::optimizer::replace_distinct_aggregate::ReplaceDistinctWithAggregate;
use datafusion::optimizer::scalar_subquery_to_join::ScalarSubqueryToJoin;
use datafusion::optimizer::{AnalyzerRule, OptimizerRule};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_optimizer::combine_partial_final_agg::CombinePartialFinalAggregate;
use datafusion::physical_optimizer::ensure_coop::EnsureCooperative;
use datafusion::physical_optimizer::ensure_requirements::EnsureRequirements;
use datafusion::physical_optimizer::join_selection::JoinSelection;
use datafusion::physical_optimizer::output_requirements::OutputRequirements;
use datafusion::physical_optimizer::sanity_checker::SanityCheckPlan;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_planner::DefaultPhysicalPlanner;

use super::aggregate::{AllUses, ShareStates, exact_aggregates_on};
use super::arithmetic::CheckedArithmetic;
use super::attempt::Attempt;
use super::execute::Options;
use super::functions::allowed_functions;
use super::keep::keep_rows;
use super::memory::{MeteredPool, disk};
use super::merge::full_sorts;
use super::terms::ShareTerms;
use super::windows::{CompleteWindows, SignedPlaces, allowed_windows};
use super::written::Conditions;

/// A session in which only exact aggregates and allowed functions exist, and what it may hold.
/// Its physical plans are not fit to be executed before [`finish`].
///
/// # Errors
/// When the runtime cannot be set up.
pub(super) fn session(
    attempt: &Attempt,
    uses: &AllUses,
) -> datafusion::common::Result<(SessionState, Arc<MeteredPool>)> {
    let options = &attempt.options;
    let pool = Arc::new(MeteredPool::new(options));
    let runtime = RuntimeEnvBuilder::new()
        .with_memory_pool(Arc::clone(&pool) as Arc<dyn MemoryPool>)
        .with_disk_manager_builder(disk(options))
        .build_arc()?;
    let state = SessionStateBuilder::new()
        .with_session_id("run".to_owned())
        .with_config(config(options, attempt.frugal))
        .with_runtime_env(runtime)
        .with_scalar_functions(allowed_functions())
        .with_window_functions(allowed_windows())
        .with_aggregate_functions(aggregates(options, uses))
        .with_expr_planners(expr_planners())
        .with_analyzer_rules(analyzer_rules())
        .with_optimizer_rules(optimizer_rules(options, uses))
        // The units are cut first, before exchanges are put in: see finish.
        .with_physical_optimizer_rules(Vec::new())
        .build();
    Ok((state, pool))
}

/// Puts in what a plan needs to be executed (exchanges, sorts, the modes of joins), and checks it.
///
/// # Errors
/// When a rule fails, which a plan that was admitted gives no cause for.
pub(super) fn finish(
    plan: Arc<dyn ExecutionPlan>,
    state: &SessionState,
    frugal: bool,
) -> datafusion::common::Result<Arc<dyn ExecutionPlan>> {
    let state = SessionStateBuilder::new_from_existing(state.clone())
        .with_physical_optimizer_rules(physical_rules())
        .build();
    let plan = DefaultPhysicalPlanner::default().optimize_physical_plan(plan, &state, |_, _| {})?;
    // Last, since the rules know the engine's own filters.
    let plan = keep_rows(plan)?;
    if frugal { full_sorts(plan) } else { Ok(plan) }
}

/// Ours, and `grouping`, which the analyzer replaces.
fn aggregates(options: &Options, uses: &AllUses) -> Vec<Arc<AggregateUDF>> {
    let mut aggregates = exact_aggregates_on(options.device.as_ref(), uses);
    aggregates.push(grouping_udaf());
    aggregates
}

fn config(options: &Options, frugal: bool) -> SessionConfig {
    let partitions = options.partitions.max(1);
    let mut config = SessionConfig::new()
        .with_target_partitions(partitions)
        .with_batch_size(options.batch_rows.max(1))
        .with_information_schema(false)
        .with_collect_statistics(false);
    let all = config.options_mut();
    all.execution.time_zone = None;
    all.execution.enable_recursive_ctes = false;
    // What a sort sets aside for merging what it spilled: by default more than a small limit.
    let sorts = if frugal { 8 * partitions } else { 8.max(4 * partitions) };
    let aside = all.execution.sort_spill_reservation_bytes.min(options.memory_bytes / sorts);
    all.execution.sort_spill_reservation_bytes = aside;
    all.sql_parser.map_string_types_to_utf8view = false;
    // An ORDER BY that does nothing is seen, so that a LIMIT over it can be refused.
    all.sql_parser.enable_subquery_sort_elimination = false;
    all.sql_parser.default_null_ordering = "nulls_max".to_owned();
    all.optimizer.enable_dynamic_filter_pushdown = false;
    all.optimizer.enable_topk_dynamic_filter_pushdown = false;
    all.optimizer.enable_join_dynamic_filter_pushdown = false;
    all.optimizer.enable_aggregate_dynamic_filter_pushdown = false;
    all.optimizer.use_statistics_registry = false;
    // It would gather the batches of a table that is read in one part until they have `batch_rows`
    // rows, whatever those weigh; SpreadExec shares them out as they come.
    all.optimizer.enable_round_robin_repartition = false;
    config
}

/// COUNT(*), EXTRACT, SUBSTRING and POSITION; no struct or map literals.
fn expr_planners() -> Vec<Arc<dyn ExprPlanner>> {
    vec![
        Arc::new(AggregateFunctionPlanner),
        Arc::new(WindowFunctionPlanner),
        Arc::new(SignedPlaces),
        Arc::new(DatetimeFunctionPlanner),
        Arc::new(UnicodeFunctionPlanner),
    ]
}

fn analyzer_rules() -> Vec<Arc<dyn AnalyzerRule + Send + Sync>> {
    vec![
        Arc::new(ResolveGroupingFunction::new()),
        Arc::new(TypeCoercion::new()),
        Arc::new(CheckedArithmetic),
        Arc::new(CompleteWindows),
    ]
}

fn optimizer_rules(options: &Options, uses: &AllUses) -> Vec<Arc<dyn OptimizerRule + Send + Sync>> {
    vec![
        // Without these, DISTINCT and subqueries have no physical plan.
        Arc::new(ReplaceDistinctWithAggregate::new()),
        Arc::new(DecorrelatePredicateSubquery::new()),
        Arc::new(ScalarSubqueryToJoin::new()),
        // Joins by hash instead of by comparing all pairs.
        Arc::new(ExtractEquijoinPredicate::new()),
        Arc::new(EliminateCrossJoin::new()),
        // A sort under LIMIT keeps only its first rows.
        Arc::new(PushDownLimit::new()),
        Arc::new(Conditions::Mark),
        Arc::new(PushDownFilter::new()),
        Arc::new(Conditions::Unmark),
        // What aggregates and projections say twice is computed once.
        Arc::new(ShareTerms::new()),
        // Only the columns that are used are read.
        Arc::new(OptimizeProjections::new()),
        // After all that look at aggregates by name: sum, avg, … of one column share a state.
        Arc::new(ShareStates::new(options.device.clone(), uses.clone())),
    ]
}

fn physical_rules() -> Vec<Arc<dyn PhysicalOptimizerRule + Send + Sync>> {
    vec![
        Arc::new(OutputRequirements::new_add_mode()),
        // Settles the join's mode; there are no statistics to select by.
        Arc::new(JoinSelection::new()),
        Arc::new(EnsureRequirements::new()),
        Arc::new(CombinePartialFinalAggregate::new()),
        Arc::new(OutputRequirements::new_remove_mode()),
        Arc::new(EnsureCooperative::new()),
        Arc::new(SanityCheckPlan::new()),
    ]
}

//! From the text of steps to the order in which they are executed.
//!
//! What a step depends on is not declared: it is the tables that its query names.

use std::collections::{BTreeMap, BTreeSet};

use super::resolved::ResolvedSpec;
use super::spec::{Spec, SpecError, Work};
use super::steps::{Step, Steps};
use crate::sql::query_names;

/// The steps of a run, each after those whose results it reads; among steps that could be next,
/// by name. So every node executes them in the same order.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// At least one.
    pub steps: Vec<Planned>,
}

/// One step and what it is handed.
#[derive(Clone, Debug, PartialEq)]
pub struct Planned {
    /// Its name; none for the one query of a spec of version 1.
    pub name: Option<String>,
    /// What it computes.
    pub step: Step,
    /// The inputs and steps that it reads.
    pub tables: BTreeSet<String>,
    /// The parameters that its query names.
    pub parameters: BTreeSet<String>,
}

impl Spec {
    /// The steps in the order of execution.
    ///
    /// # Errors
    /// When a query does not parse, names a table that is neither input nor step or a parameter
    /// without a value; when steps depend on each other in a circle; when a step, an input or a
    /// parameter of a spec of version 2 is used by nobody.
    pub fn plan(&self) -> Result<Plan, SpecError> {
        plan(&self.work, &self.inputs.keys().collect(), &self.parameters.keys().collect())
    }
}

impl ResolvedSpec {
    /// As [`Spec::plan`].
    ///
    /// # Errors
    /// As [`Spec::plan`].
    pub fn plan(&self) -> Result<Plan, SpecError> {
        plan(&self.work, &self.inputs.keys().collect(), &self.parameters.keys().collect())
    }
}

type Names<'a> = BTreeSet<&'a String>;

fn plan(work: &Work, inputs: &Names<'_>, parameters: &Names<'_>) -> Result<Plan, SpecError> {
    let owned = |names: &Names<'_>| names.iter().map(|&name| name.clone()).collect();
    match work {
        // The query itself is held against its inputs and parameters when it is executed.
        Work::Query(query) => Ok(Plan {
            steps: vec![Planned {
                name: None,
                step: Step::Sql(query.sql.clone()),
                tables: owned(inputs),
                parameters: owned(parameters),
            }],
        }),
        Work::Steps(steps) => {
            let planned = steps
                .steps
                .iter()
                .map(|(name, step)| planned(name, step))
                .collect::<Result<Vec<_>, _>>()?;
            check_names(&planned, steps, inputs, parameters)?;
            let ordered = in_order(planned)?;
            check_used(&ordered, steps, inputs, parameters)?;
            Ok(Plan { steps: ordered })
        }
    }
}

fn planned(name: &str, step: &Step) -> Result<Planned, SpecError> {
    let (tables, parameters) = match step {
        Step::Sql(sql) => {
            let names = query_names(sql).map_err(|error| SpecError::Step {
                step: name.to_owned(),
                fault: error.to_string(),
            })?;
            (names.tables, names.parameters)
        }
        Step::Kernel(call) => (BTreeSet::from([call.table.clone()]), BTreeSet::new()),
    };
    Ok(Planned { name: Some(name.to_owned()), step: step.clone(), tables, parameters })
}

/// Whatever a step names must be there.
fn check_names(
    planned: &[Planned],
    steps: &Steps,
    inputs: &Names<'_>,
    parameters: &Names<'_>,
) -> Result<(), SpecError> {
    for Planned { name, tables, parameters: wanted, .. } in planned {
        let step = name.clone().unwrap_or_default();
        let known = |table: &&String| inputs.contains(table) || steps.steps.contains_key(*table);
        if let Some(table) = tables.iter().find(|table| !known(table)) {
            let known: Vec<&str> =
                inputs.iter().copied().chain(steps.steps.keys()).map(String::as_str).collect();
            let fault = format!(
                "it reads {table:?}, which is neither an input nor a step ({})",
                known.join(", ")
            );
            return Err(SpecError::Step { step, fault });
        }
        if let Some(name) = wanted.iter().find(|name| !parameters.contains(name)) {
            let fault = format!("${name} has no value: give it one under [parameters]");
            return Err(SpecError::Step { step, fault });
        }
    }
    Ok(())
}

/// Each step after those that it reads; names decide where several could be next.
fn in_order(planned: Vec<Planned>) -> Result<Vec<Planned>, SpecError> {
    let names: BTreeSet<String> = planned.iter().filter_map(|one| one.name.clone()).collect();
    let mut waiting: BTreeMap<String, Planned> =
        planned.into_iter().filter_map(|one| Some((one.name.clone()?, one))).collect();
    let mut ordered: Vec<Planned> = Vec::new();
    while !waiting.is_empty() {
        let ready = |one: &Planned| {
            one.tables.iter().all(|table| !names.contains(table) || !waiting.contains_key(table))
        };
        let next = waiting.iter().find(|(_, one)| ready(one)).map(|(name, _)| name.clone());
        match next.and_then(|name| waiting.remove(&name)) {
            Some(one) => ordered.push(one),
            None => return Err(SpecError::Cycle(circle(&waiting))),
        }
    }
    Ok(ordered)
}

/// A circle among steps of which none could be first, as `a → b → a`.
fn circle(waiting: &BTreeMap<String, Planned>) -> String {
    let mut path: Vec<&String> = Vec::new();
    let mut at = waiting.keys().next();
    while let Some(name) = at {
        if let Some(start) = path.iter().position(|&earlier| earlier == name) {
            path.push(name);
            let names: Vec<&str> = path[start..].iter().map(|name| name.as_str()).collect();
            return names.join(" → ");
        }
        path.push(name);
        at = waiting
            .get(name)
            .and_then(|one| one.tables.iter().find(|table| waiting.contains_key(*table)));
    }
    // Every step that waits reads one that waits, so the walk ends above.
    waiting.keys().map(String::as_str).collect::<Vec<_>>().join(", ")
}

/// What nobody uses was meant for something: a name was mistyped, or a step forgotten.
fn check_used(
    ordered: &[Planned],
    steps: &Steps,
    inputs: &Names<'_>,
    parameters: &Names<'_>,
) -> Result<(), SpecError> {
    let read: BTreeSet<&String> = ordered.iter().flat_map(|one| &one.tables).collect();
    let published: BTreeSet<&String> = steps.outputs.values().map(|output| &output.from).collect();
    let idle = steps.steps.keys().find(|name| !read.contains(name) && !published.contains(name));
    if let Some(name) = idle {
        let fault = "no step and no output uses it";
        return Err(SpecError::Step { step: name.clone(), fault: fault.to_owned() });
    }
    if let Some(name) = inputs.iter().find(|name| !read.contains(*name)) {
        return Err(SpecError::Unread((*name).clone()));
    }
    let named: BTreeSet<&String> = ordered.iter().flat_map(|one| &one.parameters).collect();
    match parameters.iter().find(|name| !named.contains(*name)) {
        Some(name) => {
            let why = "no step names it".to_owned();
            Err(SpecError::Parameter((*name).clone(), why))
        }
        None => Ok(()),
    }
}

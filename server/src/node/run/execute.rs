//! Executes a resolved spec over opened datasets: the same for `run` and `reproduce`.

use std::{collections::BTreeMap, sync::Arc};

use veritrail_compute::{
    run::{Finished, RunError, execute, resolved::ResolvedSpec},
    sql::{Options, SqlError, TableSource},
};

use super::means::{Setting, Watch};
use crate::{
    error::{NodeError, Result},
    node::{device, tables::Opened},
    progress::Progress,
};

/// Executes the query.
///
/// # Errors
/// Usage: the query is refused or does not fit its tables. Refused: a table is not what its
/// manifest says. Failed: it failed on the way.
pub(crate) async fn run(
    spec: &ResolvedSpec,
    datasets: &BTreeMap<String, Opened>,
    setting: &Setting,
    progress: &dyn Progress,
) -> Result<Finished> {
    let tables = tables(spec, datasets).await?;
    let watch = Watch::new();
    let options = Options {
        device: device::chosen(),
        progress: Some(watch.hears()),
        ..setting.options.clone()
    };
    let done = watch.over(progress, execute(spec, &tables, &options)).await;
    done.map_err(|e| error(&e))
}

/// The tables that a spec names.
pub(super) async fn tables(
    spec: &ResolvedSpec,
    datasets: &BTreeMap<String, Opened>,
) -> Result<BTreeMap<String, Arc<dyn TableSource>>> {
    let mut tables: BTreeMap<String, Arc<dyn TableSource>> = BTreeMap::new();
    for (name, input) in &spec.inputs {
        let Some(dataset) = datasets.get(name) else {
            return Err(
                NodeError::not_found("no dataset is at hand for it").at(format!("input {name}"))
            );
        };
        tables.insert(name.clone(), dataset.table(name, input.select.as_deref()).await?);
    }
    Ok(tables)
}

pub(super) fn error(error: &RunError) -> NodeError {
    match error {
        RunError::Sql(cause) => of_query(cause, "the query".to_owned()),
        RunError::Step { step, error } => of_query(error, format!("step {step}")),
        RunError::Spec(_) | RunError::Schema { .. } => {
            NodeError::usage(error.to_string()).at("the spec")
        }
        RunError::Output(_) => NodeError::failed(error.to_string()),
        _ => NodeError::usage(error.to_string()).at("the query"),
    }
}

fn of_query(error: &SqlError, place: String) -> NodeError {
    let place = match error.position() {
        Some(at) => format!("{place}, line {}, column {}", at.line, at.column),
        None => place,
    };
    let message = error.message();
    match error {
        SqlError::Read { .. } => NodeError::refused(message).hint(
            "the file itself is faulty, unless veritrail store fsck finds damage in this home",
        ),
        SqlError::Memory { .. } => NodeError::failed(message).at(place).hint(
            "allow it more (--memory 8GiB), or select, group or join less: sorts, groups and joins \
             on equal columns go to disk, windows and other joins do not",
        ),
        SqlError::Execution(_) | SqlError::Cancelled => {
            NodeError::failed(message).at(place).hint(error.hint())
        }
        _ => NodeError::usage(message).at(place).hint(error.hint()),
    }
}

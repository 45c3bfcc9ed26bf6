//! Executes a resolved spec over opened datasets: the same for `run` and `reproduce`.

use std::{collections::BTreeMap, sync::Arc};

use veritrail_compute::{
    run::{Finished, RunError, execute, resolved::ResolvedSpec},
    sql::{Options, SqlError, TableSource},
};

use crate::{
    error::{NodeError, Result},
    node::tables::Opened,
};

/// Executes the query.
///
/// # Errors
/// Usage: the query is refused or does not fit its tables. Refused: a table is not what its
/// manifest says. Failed: it failed on the way.
pub(crate) async fn run(
    spec: &ResolvedSpec,
    datasets: &BTreeMap<String, Opened>,
) -> Result<Finished> {
    let mut tables: BTreeMap<String, Arc<dyn TableSource>> = BTreeMap::new();
    for (name, input) in &spec.inputs {
        let Some(dataset) = datasets.get(name) else {
            return Err(
                NodeError::not_found("no dataset is at hand for it").at(format!("input {name}"))
            );
        };
        tables.insert(name.clone(), dataset.table(name, input.select.as_deref()).await?);
    }
    execute(spec, &tables, &Options::default()).await.map_err(|e| error(&e))
}

fn error(error: &RunError) -> NodeError {
    let message = error.to_string();
    match error {
        RunError::Sql(SqlError::Read { .. }) => NodeError::refused(message).hint(
            "the file itself is faulty, unless veritrail store fsck finds damage in this home",
        ),
        RunError::Sql(SqlError::Execution(_) | SqlError::Cancelled) | RunError::Output(_) => {
            NodeError::failed(message)
        }
        _ => NodeError::usage(message).at("the query"),
    }
}

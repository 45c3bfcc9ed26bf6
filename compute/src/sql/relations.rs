//! How many tables a query names, when each name of a WITH stands for the tables of its query.
//!
//! The engine plans a WITH anew wherever it is named. One that names the one before it twice doubles
//! the plan with each, and some twenty of them, in 600 bytes, fill any memory before a row is read.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    ObjectName, Query, Statement, Visit, Visitor, visit_relations,
};

use super::error::SqlError;

/// The most tables of a query, written out.
pub(super) const RELATIONS_MAX: usize = 1000;

/// Refuses a query that names more tables.
pub(super) fn check_relations(statement: &Statement) -> Result<(), SqlError> {
    let mut named = Named(BTreeMap::new());
    let _: ControlFlow<()> = statement.visit(&mut named);
    let count = named.count(statement);
    if count <= RELATIONS_MAX as u64 {
        return Ok(());
    }
    let what = format!("{count} tables, with each WITH written out where it is named");
    Err(SqlError::Limit { what, limit: RELATIONS_MAX })
}

/// The tables of each WITH; of two of one name, in different places, the more.
struct Named(BTreeMap<String, u64>);

impl Named {
    fn count(&self, part: &impl Visit) -> u64 {
        let mut count = 0_u64;
        let _: ControlFlow<()> = visit_relations(part, |name| {
            count = count.saturating_add(self.tables(name));
            ControlFlow::Continue(())
        });
        count.max(1)
    }

    fn tables(&self, name: &ObjectName) -> u64 {
        self.0.get(&folded(&name.to_string())).copied().unwrap_or(1)
    }
}

impl Visitor for Named {
    type Break = ();

    /// After all queries inside, so that what they name is counted.
    fn post_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        for table in query.with.iter().flat_map(|with| &with.cte_tables) {
            let count = self.count(&table.query);
            let known = self.0.entry(folded(&table.alias.name.to_string())).or_default();
            *known = count.max(*known);
        }
        ControlFlow::Continue(())
    }
}

/// One spelling of a name; that two names may become one counts too much at the worst.
fn folded(name: &str) -> String {
    name.replace('"', "").to_lowercase()
}

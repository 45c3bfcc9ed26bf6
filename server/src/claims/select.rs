//! The frame of a claim: one SELECT FROM one table, and nothing around it.

use veritrail_compute::sql::sqlparser::ast::{
    ObjectNamePart, Query, Select, SelectFlavor, SetExpr, Spanned, TableFactor, TableWithJoins,
};

use super::columns::folded;
use super::refused::Refused;

/// The SELECT of a query that is nothing but a SELECT.
pub(super) fn plain(query: &Query) -> Result<&Select, Refused> {
    // Every clause is named here, so that none that a later parser knows is passed over.
    let Query {
        with,
        body,
        order_by,
        limit_clause,
        fetch,
        locks,
        for_clause,
        settings,
        format_clause,
        pipe_operators,
    } = query;
    let clauses = [
        (with.is_some(), "WITH", "write the SELECT alone"),
        (order_by.is_some(), "ORDER BY", "leave it out: groups come in the order of their levels"),
        (limit_clause.is_some(), "LIMIT", "leave it out: every group is part of the claim"),
        (fetch.is_some(), "FETCH", "leave it out: every group is part of the claim"),
        (!locks.is_empty() || for_clause.is_some(), "FOR", "leave it out"),
        (settings.is_some(), "SETTINGS", "leave it out"),
        (format_clause.is_some(), "FORMAT", "leave it out"),
        (!pipe_operators.is_empty(), "|>", "write one SELECT"),
    ];
    // These two say where they stand; the rest is told of the query.
    if let Some(order_by) = order_by {
        refuse_first(&clauses[1..2], order_by)?;
    }
    if let Some(limit) = limit_clause {
        refuse_first(&clauses[2..3], limit)?;
    }
    refuse_first(&clauses, query)?;
    match &**body {
        SetExpr::Select(select) => check_select(select).map(|()| &**select),
        SetExpr::Query(inner) => plain(inner),
        other => {
            let why = "a claim is one SELECT over one table";
            Err(Refused::new("a combination of queries", why, "a claim for each").at(other))
        }
    }
}

fn check_select(select: &Select) -> Result<(), Refused> {
    let Select {
        select_token: _,
        optimizer_hints,
        distinct,
        select_modifiers,
        top,
        top_before_distinct: _,
        projection: _,
        exclude,
        into,
        from: _,
        lateral_views,
        prewhere,
        selection: _,
        connect_by,
        group_by: _,
        cluster_by,
        distribute_by,
        sort_by,
        having: _,
        named_window,
        qualify,
        window_before_qualify: _,
        value_table_mode,
        flavor,
    } = select;
    let out = "leave it out";
    let every = "leave it out: every group is part of the claim";
    let clauses = [
        (distinct.is_some(), "DISTINCT", out),
        (top.is_some(), "TOP", every),
        (qualify.is_some(), "QUALIFY", every),
        (!named_window.is_empty(), "WINDOW", "aggregates of whole groups are proven"),
        (exclude.is_some(), "EXCLUDE", out),
        (into.is_some(), "INTO", out),
        (!lateral_views.is_empty(), "LATERAL VIEW", out),
        (prewhere.is_some(), "PREWHERE", "write WHERE"),
        (!connect_by.is_empty(), "CONNECT BY", out),
        (!cluster_by.is_empty(), "CLUSTER BY", out),
        (!distribute_by.is_empty(), "DISTRIBUTE BY", out),
        (!sort_by.is_empty(), "SORT BY", out),
        (!optimizer_hints.is_empty(), "a hint to an optimizer", out),
        (select_modifiers.is_some(), "a modifier of SELECT", out),
        (value_table_mode.is_some(), "AS VALUE or STRUCT", out),
        (*flavor != SelectFlavor::Standard, "FROM before SELECT", "write SELECT … FROM …"),
    ];
    refuse_first(&clauses, select)
}

fn refuse_first(clauses: &[(bool, &str, &str)], part: &impl Spanned) -> Result<(), Refused> {
    match clauses.iter().find(|(found, _, _)| *found) {
        Some((_, what, instead)) => {
            Err(Refused::new(*what, "it is no part of a claim", *instead).at(part))
        }
        None => Ok(()),
    }
}

/// The name that the claim gives its table. It means nothing: the proof names the version.
pub(super) fn table(select: &Select) -> Result<String, Refused> {
    let refused = |part: &dyn std::fmt::Display| {
        let why = "a claim is about the rows of one version";
        Refused::new(part.to_string(), why, "FROM t: the proof itself names the version")
    };
    let [TableWithJoins { relation, joins }] = &select.from[..] else {
        return Err(refused(&"FROM with no or several tables").at(select));
    };
    if let Some(join) = joins.first() {
        return Err(refused(join).at(join));
    }
    let TableFactor::Table {
        name,
        alias: None,
        args: None,
        with_hints,
        version: None,
        with_ordinality: false,
        partitions,
        json_path: None,
        sample: None,
        index_hints,
    } = relation
    else {
        return Err(refused(relation).at(relation));
    };
    let plain = with_hints.is_empty() && partitions.is_empty() && index_hints.is_empty();
    match &name.0[..] {
        [ObjectNamePart::Identifier(name)] if plain => Ok(folded(name)),
        _ => Err(refused(relation).at(relation)),
    }
}

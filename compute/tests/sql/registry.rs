//! Every name that the engine has for a function is ours, exact as it is, or refused for a reason.

use std::collections::BTreeSet;
use std::fmt::Write;

use datafusion::execution::session_state::{SessionState, SessionStateBuilder};
use veritrail_compute::sql::aggregate::Aggregate;
use veritrail_compute::sql::{SqlError, allowed_functions, allowed_windows, reason};

use super::fixture::*;

/// How a name is classed; `None` where nobody has thought about it.
fn scalar_class(engine: &SessionState, name: &str) -> Option<&'static str> {
    let known = &engine.scalar_functions()[name];
    let ours = allowed_functions();
    let own = ours.iter().find(|own| own.name() == name || own.aliases().iter().any(|a| a == name));
    match own {
        Some(own) if own == known => Some("exact as it is"),
        Some(_) => Some("ours"),
        None => reason(name).map(|_| "refused"),
    }
}

fn aggregate_class(name: &str) -> Option<&'static str> {
    if Aggregate::ALL.iter().any(|ours| ours.names().contains(&name)) {
        return Some("ours");
    }
    if name == "grouping" { Some("exact as it is") } else { reason(name).map(|_| "refused") }
}

fn window_class(name: &str) -> Option<&'static str> {
    if allowed_windows().iter().any(|window| window.name() == name) {
        return Some("exact as it is");
    }
    reason(name).map(|_| "refused")
}

/// The review of an upgrade of the engine: what is new fails here until it is classed, and the
/// list in registry.txt shows what a run gains and loses. Set UPDATE_REGISTRY to write it anew.
#[test]
fn every_name_of_the_engine_is_classed() {
    let engine = SessionStateBuilder::new_with_default_features().build();
    let mut list = String::new();
    let mut unclassed = Vec::new();
    let mut class = |kind: &str, name: &str, class: Option<&str>| match class {
        Some(class) => writeln!(list, "{kind} {name}: {class}").unwrap(),
        None => unclassed.push(format!("{kind} {name}")),
    };
    for name in engine.aggregate_functions().keys().collect::<BTreeSet<_>>() {
        class("aggregate", name, aggregate_class(name));
    }
    for name in engine.scalar_functions().keys().collect::<BTreeSet<_>>() {
        class("scalar", name, scalar_class(&engine, name));
    }
    for name in engine.window_functions().keys().collect::<BTreeSet<_>>() {
        class("window", name, window_class(name));
    }
    assert!(unclassed.is_empty(), "neither on a list nor refused for a reason: {unclassed:#?}");
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/sql/registry.txt");
    if std::env::var_os("UPDATE_REGISTRY").is_some() {
        std::fs::write(path, &list).unwrap();
    }
    let reviewed = std::fs::read_to_string(path).unwrap_or_default();
    assert!(reviewed.lines().count() > 140, "the list is lost");
    assert_eq!(list, reviewed, "the engine's functions changed: review them");
}

#[test]
fn what_is_refused_is_refused_when_called() {
    let engine = SessionStateBuilder::new_with_default_features().build();
    let tables = both();
    let names = engine.scalar_functions().keys().chain(engine.aggregate_functions().keys());
    let refused: BTreeSet<&String> = names.filter(|name| reason(name).is_some()).collect();
    assert!(refused.len() > 45, "{}", refused.len());
    for name in refused {
        for sql in [format!("SELECT \"{name}\"(x) FROM t"), format!("SELECT \"{name}\"() FROM t")] {
            let error = ask(&sql, &tables).unwrap_err();
            assert!(matches!(error, SqlError::Refused { .. }), "{sql}: {error:?}");
        }
    }
}

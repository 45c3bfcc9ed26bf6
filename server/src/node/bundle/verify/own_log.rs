//! A head of this home's own log in somebody else's bundle: the home knows what it signed.

use veritrail_provenance::evidence::Report;

use crate::{
    error::Result,
    node::{Node, log::refused, report::Verification},
};

/// Holds the head that the bundle shows of this home's own log against the log itself. A head that
/// the log never had was signed elsewhere, with a copy of its key; what is wrong is told in `done`.
pub(super) fn check(node: &Node, report: &Report, done: &mut Verification) -> Result<()> {
    let Some(shown) = report.logs.iter().find(|log| log.origin == *node.origin()) else {
        return Ok(());
    };
    let place = format!("log {}, checkpoint", shown.origin);
    let log = node.snapshot()?;
    let (size, held) = (shown.size, log.size());
    if size > held {
        done.add_open(format!(
            "{place}: it has {size} entries, this home's own log {held}: a copy of this home went \
             on elsewhere, or somebody else has its keys"
        ));
    } else if log.root_at(size).map_err(|e| refused(&e))? != shown.root {
        done.add_finding(format!(
            "{place}: this home's own log had other entries at size {size}: a copy of this home \
             went on elsewhere, or somebody else has its keys"
        ));
    }
    Ok(())
}

//! Which groups a holder withholds, where a grouped statement has small ones.

use super::compute;
use crate::ingest::prove::OpenVersion;
use crate::policy::{self, Refusal};
use crate::statement::plan::{Plan, Tables, plan};
use crate::statement::{Statement, StatementError};

/// The statement with as few groups withheld as its policy asks for; as it is, where none need be.
///
/// Groups with a small count are withheld, and with them the smallest others, until there are two
/// and what they hold together may be told. That the others are the smallest is a rule that readers
/// know: it tells them that every group that is told is at least as large.
///
/// # Errors
/// When no choice of groups makes the statement one that may be released. Which statements these are
/// depends on the rows: it is for the holder's eyes and must not be logged.
pub fn withhold(version: &OpenVersion, statement: &Statement) -> Result<Statement, StatementError> {
    let whole = Statement { withheld: Vec::new(), ..statement.clone() };
    let told = plan(&whole, &version.body)?;
    let results = compute(version, &told.claims)?;
    let refusal = match policy::check(&version.body, &whole, &told, &results) {
        Ok(()) => return Ok(whole),
        Err(refusal) => refusal,
    };
    let cells = whole.cells(&version.body.schema);
    if cells < 3 {
        return Err(refusal.into());
    }
    // With any two groups withheld the plan says which integers are counts.
    let probe = Statement { withheld: vec![0, 1], ..whole.clone() };
    let probe = plan(&probe, &version.body)?;
    let own: Vec<&[u128]> = results.chunks_exact(probe.tables.integers.max(1)).collect();
    let minimum = version.body.policy.minimum_cell();
    let small: Vec<bool> = own.iter().map(|own| is_small(own, &probe.tables, minimum)).collect();
    if !small.contains(&true) {
        return Err(refusal.into());
    }
    let size = |cell: &usize| own[*cell].get(probe.tables.counts[0]).copied().unwrap_or_default();
    let mut others: Vec<usize> =
        (0..cells).filter(|cell| !small[*cell] && size(cell) > 0).collect();
    others.sort_by_key(|cell| (size(cell), *cell));
    let totals = compute(version, &probe.claims[probe.claims.len() - probe.tables.counts.len()..])?;
    let first: Vec<usize> = (0..cells).filter(|cell| small[*cell]).collect();
    let mut refusal = StatementError::from(refusal);
    for more in 0..=others.len() {
        let mut withheld: Vec<u16> =
            first.iter().chain(&others[..more]).map(|cell| *cell as u16).collect();
        if withheld.len() == cells {
            break;
        }
        withheld.sort_unstable();
        let chosen = Statement { withheld, ..whole.clone() };
        match allowed(version, &chosen, &own, &totals) {
            Ok(()) => return Ok(chosen),
            Err(error) => refusal = error,
        }
    }
    Err(refusal)
}

fn allowed(
    version: &OpenVersion,
    statement: &Statement,
    own: &[&[u128]],
    totals: &[u128],
) -> Result<(), StatementError> {
    let plan: Plan = plan(statement, &version.body)?;
    let told = plan.tables.told.iter().flat_map(|cell| own[*cell]);
    let results: Vec<u128> = told.chain(totals).copied().collect();
    let decided: Result<(), Refusal> = policy::check(&version.body, statement, &plan, &results);
    Ok(decided?)
}

/// A count that may not be told, or one that leaves too little of a wider one.
fn is_small(own: &[u128], tables: &Tables, minimum: u32) -> bool {
    let small = |count: u128| count > 0 && count < u128::from(minimum);
    let count = |kind: &usize| own.get(tables.counts[*kind]).copied().unwrap_or_default();
    (0..tables.counts.len()).any(|kind| small(count(&kind)))
        || tables
            .within
            .iter()
            .any(|(wide, narrow)| small(count(wide).saturating_sub(count(narrow))))
}

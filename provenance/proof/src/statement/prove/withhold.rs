//! Which groups a holder withholds, where a grouped statement has small ones.

use super::{Comparison, compute};
use crate::ingest::prove::OpenVersion;
use crate::policy::{self, Refusal};
use crate::statement::plan::{Plan, Tables, plan};
use crate::statement::{Statement, StatementError};

/// The statement with as few groups withheld as its policy asks for; as it is, where none need be.
///
/// Groups with a small count are withheld, and with them the smallest others, until there are two
/// and what they hold together may be told. That the others are the smallest is a rule that readers
/// know: it tells them that every group that is told is at least as large. So more are withheld
/// until nothing follows for the small ones, if that can be reached.
///
/// It is also one that tells too few rows together with none of the `earlier` statements.
///
/// # Errors
/// When no choice of groups makes the statement one that may be released. Which statements these are
/// depends on the rows: it is for the holder's eyes and must not be logged.
pub fn withhold(
    version: &OpenVersion,
    statement: &Statement,
    earlier: &[Statement],
) -> Result<Statement, StatementError> {
    let whole = Statement { withheld: Vec::new(), ..statement.clone() };
    let told = plan(&whole, &version.body)?;
    let results = compute(version, &told.claims)?;
    let comparison = Comparison::new(version, &whole, earlier)?;
    let refusal = match policy::check(&version.body, &whole, &told, &results) {
        Ok(()) if comparison.conflict(&[])?.is_none() => return Ok(whole),
        Ok(()) => Refusal::Earlier,
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
    let mut telling = None;
    let (mut more, mut tried) = (0, 0);
    while more <= others.len() {
        let mut withheld: Vec<u16> =
            first.iter().chain(&others[..more]).map(|cell| *cell as u16).collect();
        if withheld.len() == cells {
            break;
        }
        withheld.sort_unstable();
        let chosen = Statement { withheld, ..whole.clone() };
        match allowed(version, &chosen, &own, &totals) {
            Ok(()) if comparison.conflict(&chosen.withheld)?.is_none() => {
                let told = (0..cells).filter(|cell| !chosen.withheld.contains(&(*cell as u16)));
                let told: Vec<u128> =
                    told.map(|cell| size(&cell)).filter(|size| *size > 0).collect();
                if told.is_empty() {
                    break;
                }
                if hides(&told, totals[0], more) {
                    return Ok(chosen);
                }
                telling = telling.or(Some(chosen));
            }
            Ok(()) => refusal = Refusal::Earlier.into(),
            Err(error) => refusal = error,
        }
        // One more at first; later in strides, as each try costs a pass over all groups.
        tried += 1;
        more += if tried < SINGLE_TRIES { 1 } else { 1 + more / 4 };
    }
    telling.ok_or(refusal)
}

/// Whether the rule by which groups are chosen says nothing of the small one: none of the others that
/// are withheld is larger than the smallest that is told, so what they can hold at the most must
/// leave as little as one row of what all withheld groups hold.
fn hides(told: &[u128], total: u128, others: usize) -> bool {
    let held = total.saturating_sub(told.iter().sum());
    let most = told.iter().min().copied().unwrap_or(held) * others as u128;
    held <= most + 1
}

/// Choices that are tried with one group more each time.
const SINGLE_TRIES: usize = 32;

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

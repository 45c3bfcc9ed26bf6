//! What two statements about the same rows tell together, which no verifier sees: where one counts
//! some rows and the other nearly the same, the few that make the difference are told.
//!
//! Statements are held against each other two at a time, set by set: each group that is told, all
//! groups together, and what withheld groups hold together, of every kind of count (each sum of
//! numbers has the count of its rows beside it). Combinations of three sets or more are not looked
//! for.

use rayon::prelude::*;
use zeroize::Zeroizing;

use super::cells_of;
use crate::ingest::prove::OpenVersion;
use crate::policy::Refusal;
use crate::statement::plan::{Counted, plan};
use crate::statement::{Statement, StatementError};

/// Refuses a statement if one of its sets of rows and one of an earlier statement differ in fewer
/// rows than the minimum cell, but for none; or if so few are in both or in neither.
///
/// Costs what computing the integers of all these statements does, and a pass over the rows for each
/// two kinds of counts; holds two bytes a row for each kind.
///
/// # Errors
/// [`Refusal::Earlier`]: that depends on the rows, is for the holder's eyes and must not be logged.
/// Also when a statement does not fit the version.
pub fn compare(
    version: &OpenVersion,
    statement: &Statement,
    earlier: &[Statement],
) -> Result<(), StatementError> {
    let minimum = u64::from(version.body.policy.minimum_cell());
    let new = kinds(version, statement)?;
    for earlier in earlier {
        let old = kinds(version, earlier)?;
        let pairs: Vec<_> =
            new.iter().flat_map(|new| old.iter().map(move |old| (new, old))).collect();
        if pairs.par_iter().any(|(new, old)| tell_few(new, old, minimum)) {
            return Err(Refusal::Earlier.into());
        }
    }
    Ok(())
}

/// The rows that one kind of count counts.
struct Kind {
    /// The group of each row, 0 where it is not counted.
    labels: Zeroizing<Vec<u16>>,
    /// One more than the greatest label.
    groups: usize,
    /// The sets of groups of which the rows are told.
    sets: Vec<Vec<usize>>,
}

fn kinds(version: &OpenVersion, statement: &Statement) -> Result<Vec<Kind>, StatementError> {
    let plan = plan(statement, &version.body)?;
    let tables = &plan.tables;
    let (told, hidden) = (tables.told.len(), tables.withheld);
    let kind = |(at, count): (usize, &usize)| {
        let own = (0..told).map(|group| plan.claims.get(group * tables.integers + count));
        let withheld = (0..hidden).map(|group| plan.hidden.get(group * tables.counts.len() + at));
        let cells = own.chain(withheld).collect::<Option<Vec<&Counted>>>();
        let labels = labels(version, &cells.ok_or(StatementError::Shape)?)?;
        let mut sets: Vec<Vec<usize>> = (1..=told).map(|group| vec![group]).collect();
        sets.push((1..=told + hidden).collect());
        if hidden > 0 {
            sets.push((told + 1..=told + hidden).collect());
        }
        Ok(Kind { labels, groups: 1 + told + hidden, sets })
    };
    tables.counts.par_iter().enumerate().map(kind).collect()
}

/// Numbers the cells from 1 on; no row is in two of them.
fn labels(
    version: &OpenVersion,
    cells: &[&Counted],
) -> Result<Zeroizing<Vec<u16>>, StatementError> {
    let mut labels = Zeroizing::new(vec![0; version.body.rows as usize]);
    for (label, cell) in (1..).zip(cells) {
        let facts = cell.facts.iter().map(|fact| cells_of(version, *fact));
        let facts = facts.collect::<Result<Vec<_>, _>>()?;
        for (row, own) in labels.iter_mut().enumerate() {
            if facts.iter().all(|fact| fact.word(row) != 0) {
                *own = label;
            }
        }
    }
    Ok(labels)
}

/// Whether a set of one kind and a set of the other tell a number of rows that may not be told.
fn tell_few(new: &Kind, old: &Kind, minimum: u64) -> bool {
    let mut table = Zeroizing::new(vec![0u64; new.groups * old.groups]);
    for (row, column) in new.labels.iter().zip(old.labels.iter()) {
        table[usize::from(*row) * old.groups + usize::from(*column)] += 1;
    }
    let rows = new.labels.len() as u64;
    let both = |first: &[usize], second: &[usize]| -> u64 {
        let row =
            |row: &usize| second.iter().map(|column| table[row * old.groups + column]).sum::<u64>();
        first.iter().map(row).sum()
    };
    let (all_new, all_old): (Vec<usize>, Vec<usize>) =
        ((0..new.groups).collect(), (0..old.groups).collect());
    let olds: Vec<(&Vec<usize>, u64)> =
        old.sets.iter().map(|set| (set, both(&all_new, set))).collect();
    let few = |count: u64| count > 0 && count < minimum;
    new.sets.iter().any(|first| {
        let size = both(first, &all_old);
        olds.iter().any(|(second, other)| {
            let apart = size + other - 2 * both(first, second);
            few(apart) || few(rows - apart)
        })
    })
}

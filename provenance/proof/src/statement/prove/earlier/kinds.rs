//! The rows that each kind of count of a statement counts.

use rayon::prelude::*;
use zeroize::Zeroizing;

use crate::ingest::prove::OpenVersion;
use crate::statement::plan::{Counted, Plan, plan};
use crate::statement::prove::cells_of;
use crate::statement::{Statement, StatementError};

/// The kinds of a statement, and what those leave that count some rows of others.
pub(super) enum Kinds {
    /// Of a statement without groups.
    Alone(Vec<Bits>),
    /// Of one with groups.
    Grouped { kinds: Vec<Labels>, groups: usize },
}

/// A bit for each row: whether it is counted.
pub(super) struct Bits {
    words: Zeroizing<Vec<u64>>,
    /// How many rows there are.
    pub(super) rows: u64,
}

/// The group of each row, by its place; [`OUTSIDE`] where it is not counted.
pub(super) type Labels = Zeroizing<Vec<u16>>;

/// The label of rows that are not counted.
const OUTSIDE: u16 = u16::MAX;

impl Kinds {
    /// Finds the rows.
    ///
    /// # Errors
    /// When the statement does not fit the version.
    pub(super) fn new(
        version: &OpenVersion,
        statement: &Statement,
    ) -> Result<Self, StatementError> {
        let plan = plan(statement, &version.body)?;
        let tables = &plan.tables;
        let groups = tables.told.len() + tables.withheld;
        let kinds = (0..tables.counts.len()).into_par_iter();
        let (wide, rest) = (|pair: &(usize, usize)| pair.0, |pair: &(usize, usize)| pair.1);
        if groups == 1 {
            let bits = |kind| bits(version, &cells(&plan, statement, kind)?);
            let mut kinds: Vec<Bits> = kinds.map(bits).collect::<Result<_, _>>()?;
            let left = |pair| kinds[wide(pair)].without(&kinds[rest(pair)]);
            let left: Vec<Bits> = tables.within.par_iter().map(left).collect();
            kinds.extend(left);
            return Ok(Self::Alone(kinds));
        }
        let labels = |kind| labels(version, &cells(&plan, statement, kind)?, groups);
        let mut kinds: Vec<Labels> = kinds.map(labels).collect::<Result<_, _>>()?;
        let left = |pair| without(&kinds[wide(pair)], &kinds[rest(pair)]);
        let left: Vec<Labels> = tables.within.par_iter().map(left).collect();
        kinds.extend(left);
        Ok(Self::Grouped { kinds, groups })
    }

    /// How many groups there are, withheld ones among them.
    pub(super) fn groups(&self) -> usize {
        match self {
            Self::Alone(_) => 1,
            Self::Grouped { groups, .. } => *groups,
        }
    }

    /// Whether one of the kinds, as labels, is so.
    pub(super) fn any(&self, is_so: impl Fn(&Labels) -> bool + Send + Sync) -> bool {
        match self {
            Self::Alone(kinds) => kinds.par_iter().any(|bits| is_so(&bits.labels())),
            Self::Grouped { kinds, .. } => kinds.par_iter().any(is_so),
        }
    }
}

impl Bits {
    fn without(&self, other: &Self) -> Self {
        let words = self.words.iter().zip(other.words.iter());
        let words = words.map(|(word, other)| word & !other).collect::<Vec<_>>();
        Self { words: Zeroizing::new(words), rows: self.rows }
    }

    fn labels(&self) -> Labels {
        let label = |row: u64| match self.words[(row / 64) as usize] >> (row % 64) & 1 {
            0 => OUTSIDE,
            _ => 0,
        };
        Zeroizing::new((0..self.rows).map(label).collect())
    }
}

/// Rows that are counted by one of the two.
pub(super) fn apart(first: &Bits, second: &Bits) -> u64 {
    let words = first.words.iter().zip(second.words.iter());
    words.map(|(first, second)| u64::from((first ^ second).count_ones())).sum()
}

/// What one kind of count counts, with the group's place.
fn cells<'a>(
    plan: &'a Plan,
    statement: &Statement,
    kind: usize,
) -> Result<Vec<(usize, &'a Counted)>, StatementError> {
    let tables = &plan.tables;
    let told = tables.told.iter().enumerate().map(|(at, place)| {
        let claim = plan.claims.get(at * tables.integers + tables.counts[kind]);
        claim.map(|claim| (*place, claim))
    });
    let withheld = statement.withheld.iter().enumerate().map(|(at, place)| {
        let claim = plan.hidden.get(at * tables.counts.len() + kind);
        claim.map(|claim| (usize::from(*place), claim))
    });
    told.chain(withheld).collect::<Option<_>>().ok_or(StatementError::Shape)
}

/// The rows of a cell, in order.
fn counted(
    version: &OpenVersion,
    cell: &Counted,
) -> Result<impl Iterator<Item = bool>, StatementError> {
    let facts = cell.facts.iter().map(|fact| cells_of(version, *fact));
    let facts = facts.collect::<Result<Vec<_>, _>>()?;
    let rows = 0..version.body.rows as usize;
    Ok(rows.map(move |row| facts.iter().all(|fact| fact.word(row) != 0)))
}

fn bits(version: &OpenVersion, cells: &[(usize, &Counted)]) -> Result<Bits, StatementError> {
    let rows = version.body.rows;
    let mut words = Zeroizing::new(vec![0; rows.div_ceil(64) as usize]);
    for (_, cell) in cells {
        for (row, counted) in counted(version, cell)?.enumerate() {
            words[row / 64] |= u64::from(counted) << (row % 64);
        }
    }
    Ok(Bits { words, rows })
}

/// No row is in two groups.
fn labels(
    version: &OpenVersion,
    cells: &[(usize, &Counted)],
    groups: usize,
) -> Result<Labels, StatementError> {
    if groups >= usize::from(OUTSIDE) {
        return Err(StatementError::Shape);
    }
    let mut labels = Zeroizing::new(vec![OUTSIDE; version.body.rows as usize]);
    for (place, cell) in cells {
        for (own, counted) in labels.iter_mut().zip(counted(version, cell)?) {
            if counted {
                *own = *place as u16;
            }
        }
    }
    Ok(labels)
}

fn without(wide: &Labels, narrow: &Labels) -> Labels {
    let left = |(wide, narrow): (&u16, &u16)| if *narrow == OUTSIDE { *wide } else { OUTSIDE };
    Zeroizing::new(wide.iter().zip(narrow.iter()).map(left).collect())
}

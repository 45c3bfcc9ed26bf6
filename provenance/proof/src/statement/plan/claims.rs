//! What each claimed integer of a statement adds up: group by group, measure by measure.

use super::{Counted, DERIVED_MAX, Fact};
use crate::relation::{CLAIMS_MAX, OneSmall};
use crate::schema::{Kind, Schema};
use crate::statement::{Condition, Measure, Quantity, Statement, StatementError};

/// How a statement's integers are laid out: group by group, and what is left out of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tables {
    /// Integers of one group.
    pub integers: usize,
    /// The groups that are told, by their places among all.
    pub told: Vec<usize>,
    /// How many are withheld.
    pub withheld: usize,
    /// Which of a group's integers are counts, each kind once. Where groups are withheld, the
    /// claims end with a total for each of them.
    pub counts: Vec<usize>,
    /// What each kind counts of all groups together: each column that is grouped by is not null.
    pub kinds: Vec<Vec<Fact>>,
    /// Pairs of places in `counts`: the second counts some rows of the first.
    pub within: Vec<(usize, usize)>,
}

/// A statement's sums.
pub(super) struct Claims {
    /// Those that are told.
    pub(super) told: Vec<Counted>,
    /// Counts of withheld groups.
    pub(super) hidden: Vec<Counted>,
    pub(super) tables: Tables,
}

impl Claims {
    pub(super) fn of(statement: &Statement, schema: &Schema) -> Result<Self, StatementError> {
        let measures = |cell: &[Fact]| {
            let mut claims = Vec::new();
            for measure in &statement.measures {
                measure_claims(cell, measure, schema, &mut claims);
            }
            claims
        };
        let conditions: Vec<Fact> = statement.conditions.iter().map(condition_fact).collect();
        let all = statement.groups.iter().map(|group| Fact::Valid(*group));
        let totals = measures(&conditions.iter().copied().chain(all).collect::<Vec<_>>());
        let counts = counts(&totals);
        let (mut told, mut hidden, mut told_groups) = (Vec::new(), Vec::new(), Vec::new());
        for (at, cell) in cells(conditions, statement, schema).iter().enumerate() {
            let claims = measures(cell);
            if statement.withheld.iter().any(|withheld| usize::from(*withheld) == at) {
                hidden.extend(counts.iter().map(|count| claims[*count].clone()));
            } else {
                told.extend(claims);
                told_groups.push(at);
            }
            if told.len() + hidden.len() > CLAIMS_MAX - DERIVED_MAX - totals.len() {
                return Err(StatementError::Shape);
            }
        }
        let tables = Tables {
            integers: totals.len(),
            told: told_groups,
            withheld: statement.withheld.len(),
            kinds: counts.iter().map(|count| totals[*count].facts.clone()).collect(),
            within: pairs(&counts, &totals),
            counts,
        };
        told.extend(tables.counts[..tables.totals()].iter().map(|count| totals[*count].clone()));
        Ok(Self { told, hidden, tables })
    }
}

impl Tables {
    /// Claims that are totals, the last ones: none where no group is withheld.
    pub fn totals(&self) -> usize {
        if self.withheld > 0 { self.counts.len() } else { 0 }
    }

    /// What is shown of the hidden counts, which are the claims after the `told` ones: a count of a
    /// withheld group is small, or what it leaves of a wider one of that group is.
    pub(super) fn one_small(&self, told: usize, below: u32) -> Option<OneSmall> {
        if self.withheld == 0 {
            return None;
        }
        let kinds = self.counts.len();
        let mut terms = Vec::new();
        for first in (0..self.withheld).map(|group| group * kinds) {
            terms.extend((0..kinds).map(|kind| vec![(first + kind, 1)]));
            let difference =
                |(wide, narrow): &(usize, usize)| vec![(first + wide, 1), (first + narrow, -1)];
            terms.extend(self.within.iter().map(difference));
        }
        Some(OneSmall { claims: (told..told + self.withheld * kinds).collect(), terms, below })
    }
}

/// One list of facts a group, the first grouped column varying slowest.
fn cells(conditions: Vec<Fact>, statement: &Statement, schema: &Schema) -> Vec<Vec<Fact>> {
    let mut cells = vec![conditions];
    for group in &statement.groups {
        let kind = &schema.columns()[usize::from(*group)].kind;
        let split = |cell: &Vec<Fact>| {
            let cell = cell.clone();
            let with = move |at| [&cell[..], &[group_fact(*group, kind, at)]].concat();
            (0..kind.groups()).map(with).collect::<Vec<_>>()
        };
        cells = cells.iter().flat_map(split).collect();
    }
    cells
}

/// A level; or a band: below the first threshold, from the last one on, or between two.
fn group_fact(column: u16, kind: &Kind, at: u8) -> Fact {
    match kind {
        Kind::Number { .. } if at == 0 => Fact::Below(column, 0),
        Kind::Number { .. } if at + 1 == kind.groups() => Fact::AtLeast(column, at - 1),
        Kind::Number { .. } => Fact::Band(column, at),
        Kind::Category { .. } | Kind::Boolean => Fact::Level(column, at),
    }
}

/// The places of counts, each kind once.
fn counts(totals: &[Counted]) -> Vec<usize> {
    let is_new = |at: &usize| !totals[..*at].contains(&totals[*at]);
    (0..totals.len()).filter(|at| totals[*at].values.is_empty()).filter(is_new).collect()
}

/// Which counts count some rows of which others.
fn pairs(counts: &[usize], totals: &[Counted]) -> Vec<(usize, usize)> {
    let within = |(wide, narrow): &(usize, usize)| {
        let (wide, narrow) = (&totals[counts[*wide]].facts, &totals[counts[*narrow]].facts);
        wide.iter().all(|fact| fact.follows_from(narrow))
    };
    let all =
        (0..counts.len()).flat_map(|wide| (0..counts.len()).map(move |narrow| (wide, narrow)));
    all.filter(|(wide, narrow)| wide != narrow).filter(within).collect()
}

fn measure_claims(cell: &[Fact], measure: &Measure, schema: &Schema, claims: &mut Vec<Counted>) {
    let add = |claims: &mut Vec<Counted>, facts: &[Fact], quantities: &[Quantity]| {
        claims.push(counted(facts, quantities, schema));
    };
    match measure {
        Measure::Count => add(claims, cell, &[]),
        Measure::Present(columns) => {
            let present: Vec<Fact> =
                cell.iter().copied().chain(columns.iter().copied().map(Fact::Valid)).collect();
            add(claims, &present, &[]);
        }
        Measure::Sum(quantity) => {
            let present = [cell, &[presence(quantity)]].concat();
            add(claims, &present, &[]);
            add(claims, &present, &[*quantity]);
        }
        Measure::Gram(quantities) => {
            let present: Vec<Fact> =
                cell.iter().copied().chain(quantities.iter().map(presence)).collect();
            add(claims, &present, &[]);
            for quantity in quantities {
                add(claims, &present, &[*quantity]);
            }
            for (at, first) in quantities.iter().enumerate() {
                for second in &quantities[at..] {
                    add(claims, &present, &[*first, *second]);
                }
            }
        }
    }
}

/// A product in its shortest form: a boolean counts once, and needs no word that it is not null.
fn counted(facts: &[Fact], quantities: &[Quantity], schema: &Schema) -> Counted {
    let mut facts = facts.to_vec();
    let mut values = Vec::new();
    for quantity in quantities {
        match quantity {
            Quantity::Value(column) => values.push(*column),
            Quantity::Level(column, level) => facts.push(Fact::Level(*column, *level)),
            Quantity::True(column) => facts.push(Fact::True(*column)),
        }
    }
    facts.sort_unstable();
    facts.dedup();
    let implied = |column: &u16| {
        let nullable = schema.columns()[usize::from(*column)].nullable;
        let said = facts.iter().any(|fact| fact.says_more_of() == Some(*column));
        !nullable || values.contains(column) || said
    };
    let kept = |fact: &&Fact| !matches!(fact, Fact::Valid(column) if implied(column));
    let facts = facts.iter().filter(kept).copied().collect();
    values.sort_unstable();
    Counted { facts, values }
}

fn presence(quantity: &Quantity) -> Fact {
    match quantity {
        Quantity::Value(column) | Quantity::Level(column, _) | Quantity::True(column) => {
            Fact::Valid(*column)
        }
    }
}

fn condition_fact(condition: &Condition) -> Fact {
    match condition {
        Condition::Level(column, level) => Fact::Level(*column, *level),
        Condition::True(column) => Fact::True(*column),
        Condition::False(column) => Fact::False(*column),
        Condition::AtLeast(column, at) => Fact::AtLeast(*column, *at),
        Condition::Below(column, at) => Fact::Below(*column, *at),
    }
}

//! What two statements about the same rows tell together, which no verifier sees: where one counts
//! some rows and the other nearly the same, the few that make the difference are told.
//!
//! Statements are held against each other two at a time, kind of count by kind of count (each sum
//! of numbers has the count of its rows beside it), and what one count leaves of a wider one is a
//! kind as well. Of three statements together nobody looks.

mod kinds;
mod table;

use std::borrow::Cow;

use rayon::prelude::*;

use crate::ingest::prove::OpenVersion;
use crate::statement::{Statement, StatementError};
use kinds::{Bits, Kinds, Labels};
use table::{Table, few};

/// A statement beside earlier ones.
pub struct Comparison {
    /// The first earlier statement that is in the way whatever is withheld, which is nothing.
    decided: Option<usize>,
    /// Each with the place of the earlier statement that it is about.
    tables: Vec<(usize, Table)>,
    groups: usize,
    minimum: u64,
}

impl Comparison {
    /// Counts what is needed to compare; which groups the statement withholds does not matter yet.
    ///
    /// Costs what computing the integers of all these statements does, and a pass over the rows for
    /// each two kinds of counts, over their bits where neither has groups. Holds two bytes a row for
    /// each kind of two statements, or a bit.
    ///
    /// # Errors
    /// When a statement does not fit the version.
    pub fn new(
        version: &OpenVersion,
        statement: &Statement,
        earlier: &[Statement],
    ) -> Result<Self, StatementError> {
        let new = Kinds::new(version, statement)?;
        let minimum = u64::from(version.body.policy.minimum_cell());
        let mut compared =
            Self { decided: None, tables: Vec::new(), groups: new.groups(), minimum };
        for (at, old) in earlier.iter().enumerate() {
            // What a statement tells by itself its policy has decided.
            if old != statement && !earlier[..at].contains(old) {
                compared.add(at, &new, (&Kinds::new(version, old)?, old));
            }
        }
        Ok(compared)
    }

    fn add(&mut self, at: usize, new: &Kinds, (old, statement): (&Kinds, &Statement)) {
        let told = told(old.groups(), &statement.withheld);
        match (new, old) {
            (Kinds::Alone(new), Kinds::Alone(old)) => {
                let close = |(new, old): (&Bits, &Bits)| {
                    let apart = kinds::apart(new, old);
                    few(apart, self.minimum) || few(new.rows - apart, self.minimum)
                };
                self.decide(at, pairs(new, old).into_par_iter().any(close));
            }
            (Kinds::Grouped { .. }, _) => {
                let (new_labels, old_labels) = (new.labelled(), old.labelled());
                let pairs = pairs(&new_labels, &old_labels).into_par_iter();
                let table = |(new_kind, old_kind): (&Cow<'_, Labels>, &Cow<'_, Labels>)| {
                    let new = (&new_kind[..], new.groups());
                    let old = (&old_kind[..], old.groups());
                    (at, Table::new(new, old, told.clone()))
                };
                self.tables.par_extend(pairs.map(table));
            }
            (Kinds::Alone(_), _) => {
                let (new_labels, old_labels) = (new.labelled(), old.labelled());
                let close = |(new, old_kind): (&Cow<'_, Labels>, &Cow<'_, Labels>)| {
                    let old = (&old_kind[..], old.groups());
                    let table = Table::new((&new[..], 1), old, told.clone());
                    table.tells_few(&[true], self.minimum)
                };
                self.decide(at, pairs(&new_labels, &old_labels).into_par_iter().any(close));
            }
        }
    }

    fn decide(&mut self, at: usize, close: bool) {
        if close && self.decided.is_none() {
            self.decided = Some(at);
        }
    }

    /// The first of the earlier statements that tells too few rows together with this one, where it
    /// withholds these groups: more than none, and fewer than the minimum cell.
    ///
    /// It depends on the rows, is for the holder's eyes and must not be logged.
    pub fn conflict(&self, withheld: &[u16]) -> Option<usize> {
        let told = told(self.groups, withheld);
        let tells_few = |(_, table): &&(usize, Table)| table.tells_few(&told, self.minimum);
        let found = self.tables.par_iter().filter(tells_few).map(|(at, _)| *at).min();
        self.decided.into_iter().chain(found).min()
    }
}

/// Which groups are told.
fn told(groups: usize, withheld: &[u16]) -> Vec<bool> {
    let mut told = vec![true; groups];
    for at in withheld {
        if let Some(told) = told.get_mut(usize::from(*at)) {
            *told = false;
        }
    }
    told
}

fn pairs<'a, T>(new: &'a [T], old: &'a [T]) -> Vec<(&'a T, &'a T)> {
    new.iter().flat_map(|new| old.iter().map(move |old| (new, old))).collect()
}

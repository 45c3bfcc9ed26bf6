//! What two statements about the same rows tell together, which no verifier sees: where one counts
//! some rows and the other nearly the same, the few that make the difference are told.
//!
//! Statements are held against each other two at a time, kind of count by kind of count (each sum
//! of numbers has the count of its rows beside it), and what one count leaves of a wider one is a
//! kind as well. Of three statements together nobody looks.

mod kinds;
mod table;

use rayon::prelude::*;

use crate::ingest::prove::OpenVersion;
use crate::statement::{Statement, StatementError};
use kinds::{Bits, Kinds, Labels};
use table::{Table, few};

/// A statement beside earlier ones.
pub struct Comparison<'a> {
    version: &'a OpenVersion,
    statement: &'a Statement,
    earlier: &'a [Statement],
    new: Kinds,
}

impl<'a> Comparison<'a> {
    /// Finds the rows that the statement counts; which groups it withholds does not matter yet.
    ///
    /// # Errors
    /// When it does not fit the version.
    pub fn new(
        version: &'a OpenVersion,
        statement: &'a Statement,
        earlier: &'a [Statement],
    ) -> Result<Self, StatementError> {
        Ok(Self { version, statement, earlier, new: Kinds::new(version, statement)? })
    }

    /// The first of the earlier statements that tells too few rows together with this one, where it
    /// withholds these groups: more than none, and fewer than the minimum cell.
    ///
    /// It depends on the rows, is for the holder's eyes and must not be logged.
    ///
    /// Costs what computing the integers of all these statements does, and a pass over the rows for
    /// each two kinds of counts, over their bits where neither has groups. Holds two bytes a row for
    /// each kind of two statements, or a bit.
    ///
    /// # Errors
    /// When an earlier statement does not fit the version.
    pub fn conflict(&self, withheld: &[u16]) -> Result<Option<usize>, StatementError> {
        let statement = Statement { withheld: withheld.to_vec(), ..self.statement.clone() };
        for (at, old) in self.earlier.iter().enumerate() {
            // What a statement tells by itself its policy has decided.
            if *old == statement || self.earlier[..at].contains(old) {
                continue;
            }
            let kinds = Kinds::new(self.version, old)?;
            if self.tells_few(withheld, (&kinds, &old.withheld)) {
                return Ok(Some(at));
            }
        }
        Ok(None)
    }

    fn tells_few(&self, withheld: &[u16], (old, old_withheld): (&Kinds, &[u16])) -> bool {
        let minimum = u64::from(self.version.body.policy.minimum_cell());
        if let (Kinds::Alone(new), Kinds::Alone(old)) = (&self.new, old) {
            let close = |new: &Bits, old: &Bits| {
                let apart = kinds::apart(new, old);
                few(apart, minimum) || few(new.rows - apart, minimum)
            };
            return new.par_iter().any(|new| old.par_iter().any(|old| close(new, old)));
        }
        let (new_told, old_told) =
            (told(self.new.groups(), withheld), told(old.groups(), old_withheld));
        // At most one of the two is without groups: its labels are made a kind at a time.
        let close = |new: &Labels, old: &Labels| {
            Table::new((new, &new_told), (old, &old_told)).tells_few(minimum)
        };
        match &self.new {
            Kinds::Alone(_) => self.new.any(|new| old.any(|old| close(new, old))),
            Kinds::Grouped { .. } => old.any(|old| self.new.any(|new| close(new, old))),
        }
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

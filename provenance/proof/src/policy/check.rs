//! The decision from a statement's integers: may they be released?

use std::collections::BTreeMap;

use thiserror::Error;

use super::Policy;
use super::counts::Remainders;
use crate::body::Body;
use crate::schema::Kind;
use crate::statement::plan::{Counted, Fact, Plan, Tables};
use crate::statement::{Measure, Statement};

/// Which rule a statement breaks. No variant holds a size: a message may leave the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Refusal {
    /// A count is neither 0 nor at least the minimum cell.
    #[error("a count is below the minimum cell")]
    Cell,
    /// What a count leaves of all rows, or of another count, is below the minimum cell.
    #[error("what a count leaves of a larger one is below the minimum cell")]
    Complement,
    /// All numbers of a group are the same, so each of them is told.
    #[error("a group's numbers do not vary")]
    Variance,
    /// Fewer than two groups are withheld, or what they hold together is told.
    #[error("too few groups are withheld to hide what a small one holds")]
    Withheld,
    /// A sum shows that all its numbers stand at one end of the range.
    #[error("a sum shows an extreme")]
    Extreme,
    /// What an earlier statement tells and what this one does differ in too few rows. The holder's
    /// node alone sees it.
    #[error("together with an earlier release it tells of too few rows")]
    Earlier,
    /// A model has too many parameters for its rows.
    #[error("too few rows for this many parameters")]
    Freedom,
}

/// Decides about a statement's integers under the version's policy. Prover and verifier both ask.
///
/// # Errors
/// Names the first rule that is broken.
pub fn check(
    body: &Body,
    statement: &Statement,
    plan: &Plan,
    results: &[u128],
) -> Result<(), Refusal> {
    let (claims, tables) = (&plan.claims[..], &plan.tables);
    if claims.len() != results.len() {
        return Err(Refusal::Cell);
    }
    let remainders = Remainders::of(&tables.kinds);
    let rules = Rules { body, policy: &body.policy, claims, tables, results, remainders };
    rules.cells()?;
    rules.complements()?;
    rules.together()?;
    rules.withheld()?;
    rules.sums()?;
    rules.models(statement)
}

struct Rules<'a> {
    body: &'a Body,
    policy: &'a Policy,
    claims: &'a [Counted],
    tables: &'a Tables,
    results: &'a [u128],
    remainders: Remainders,
}

impl Rules<'_> {
    /// Counts: sums of booleans alone, also those within a Gram matrix.
    fn counts(&self) -> impl Iterator<Item = (&Counted, u128)> {
        let all = self.claims.iter().zip(self.results.iter().copied());
        all.filter(|(claim, _)| claim.values.is_empty())
    }

    fn allowed(&self, count: u128) -> bool {
        count == 0 || count >= u128::from(self.policy.minimum_cell())
    }

    fn cells(&self) -> Result<(), Refusal> {
        let all_allowed = self.counts().all(|(_, count)| self.allowed(count));
        if all_allowed { Ok(()) } else { Err(Refusal::Cell) }
    }

    /// What each group's counts leave of one another, and of all rows.
    fn complements(&self) -> Result<(), Refusal> {
        let fit = self.counts().all(|(_, count)| count <= u128::from(self.body.rows));
        let mut groups = self.told().chunks_exact(self.tables.integers.max(1));
        let enough = fit && groups.all(|own| self.leave_enough(&self.kinds(own)));
        if enough { Ok(()) } else { Err(Refusal::Complement) }
    }

    /// The same of all groups together.
    fn together(&self) -> Result<(), Refusal> {
        let (told, totals) = self.results.split_at(self.told().len());
        let enough = match totals {
            [] => self.leave_enough(&self.sums_of_kinds(told)),
            totals => self.leave_enough(totals),
        };
        if enough { Ok(()) } else { Err(Refusal::Complement) }
    }

    /// Withheld groups: two at least, and what they hold together may be told as if they were one.
    fn withheld(&self) -> Result<(), Refusal> {
        let tables = self.tables;
        if tables.withheld == 0 {
            return Ok(());
        }
        if tables.withheld < 2 {
            return Err(Refusal::Withheld);
        }
        let (told, totals) = self.results.split_at(self.told().len());
        let told = self.sums_of_kinds(told);
        let rests = totals.iter().zip(&told).map(|(total, told)| total.checked_sub(*told));
        let rests = rests.collect::<Option<Vec<u128>>>().ok_or(Refusal::Withheld)?;
        let allowed = rests.iter().all(|rest| self.allowed(*rest)) && self.leave_enough(&rests);
        if allowed { Ok(()) } else { Err(Refusal::Withheld) }
    }

    /// The results of groups, without totals.
    fn told(&self) -> &[u128] {
        &self.results[..self.results.len() - self.tables.totals()]
    }

    /// One group's counts, each kind once.
    fn kinds(&self, own: &[u128]) -> Vec<u128> {
        self.tables
            .counts
            .iter()
            .map(|count| own.get(*count).copied().unwrap_or_default())
            .collect()
    }

    /// Each kind's counts of all told groups, none of which is more than all rows.
    fn sums_of_kinds(&self, told: &[u128]) -> Vec<u128> {
        let mut sums = vec![0; self.tables.counts.len()];
        for own in told.chunks_exact(self.tables.integers.max(1)) {
            sums.iter_mut().zip(self.kinds(own)).for_each(|(sum, count)| *sum += count);
        }
        sums
    }

    fn leave_enough(&self, counts: &[u128]) -> bool {
        let rows = u128::from(self.body.rows);
        let number = |count: u128| i128::try_from(count).ok().filter(|_| count <= rows);
        let numbers: Option<Vec<i128>> = counts.iter().copied().chain([rows]).map(number).collect();
        let allowed = |rest: i128| u128::try_from(rest).is_ok_and(|rest| self.allowed(rest));
        numbers.is_some_and(|numbers| self.remainders.numbers(&numbers).all(allowed))
    }

    /// Σu at an end of what the conditions leave of the range: every number stands there.
    fn sums(&self) -> Result<(), Refusal> {
        let counts: BTreeMap<Vec<Fact>, u128> =
            self.counts().map(|(claim, count)| (claim.facts.clone(), count)).collect();
        for (claim, sum) in self.claims.iter().zip(self.results) {
            let [column] = claim.values[..] else { continue };
            let kind = &self.body.schema.columns()[usize::from(column)].kind;
            let (low, high) = ends(&claim.facts, column, kind);
            let count = number_of(claim, column, &counts).unwrap_or(u128::from(self.body.rows));
            let at_an_end = [low, high].iter().any(|end| *sum == count * u128::from(*end));
            // A band of one number tells it by itself.
            if count > 0 && low < high && at_an_end {
                return Err(Refusal::Extreme);
            }
        }
        Ok(())
    }

    /// Gram matrices: each quantity varies, and rows are many enough for a model of all of them.
    fn models(&self, statement: &Statement) -> Result<(), Refusal> {
        let all: Vec<(&Counted, &u128)> = self.claims.iter().zip(self.results).collect();
        let mut rest = &all[..self.told().len()];
        while !rest.is_empty() {
            for measure in &statement.measures {
                let (own, others) = rest.split_at(measure.integers().min(rest.len()));
                rest = others;
                if let Measure::Gram(quantities) = measure {
                    self.model(quantities.len(), own)?;
                }
            }
        }
        Ok(())
    }

    fn model(&self, size: usize, matrix: &[(&Counted, &u128)]) -> Result<(), Refusal> {
        let [(_, rows), rest @ ..] = matrix else { return Ok(()) };
        if **rows == 0 {
            return Ok(());
        }
        let parameters = size as u128;
        let freedom = rows.saturating_sub(parameters) >= u128::from(self.policy.minimum_freedom());
        let share = parameters * 100 <= **rows * u128::from(self.policy.parameters_percent());
        if !freedom || !share {
            return Err(Refusal::Freedom);
        }
        let (sums, products) = rest.split_at(size.min(rest.len()));
        let mut at = 0;
        for (row, (_, sum)) in sums.iter().enumerate() {
            let Some((claim, square)) = products.get(at) else { return Ok(()) };
            // n·Σu² = (Σu)², compared without overflow.
            let same = wide(**rows, **square) == wide(**sum, **sum);
            if same && !claim.values.is_empty() {
                return Err(Refusal::Variance);
            }
            at += size - row;
        }
        Ok(())
    }
}

/// The least and the greatest u that a column can have where these facts hold.
fn ends(facts: &[Fact], column: u16, kind: &Kind) -> (u32, u32) {
    let thresholds = kind.thresholds();
    let threshold = |at: &u8| thresholds.get(usize::from(*at)).copied();
    facts.iter().fold((0, kind.span()), |(low, high), fact| match fact {
        Fact::AtLeast(of, at) if *of == column => {
            (low.max(threshold(at).unwrap_or_default()), high)
        }
        Fact::Below(of, at) if *of == column => {
            (low, high.min(threshold(at).map_or(high, |next| next - 1)))
        }
        Fact::Band(of, band) if *of == column => kind.band(*band).unwrap_or((low, high)),
        _ => (low, high),
    })
}

/// The count that belongs to a sum: the same conditions, and that the column is not null.
fn number_of(claim: &Counted, column: u16, counts: &BTreeMap<Vec<Fact>, u128>) -> Option<u128> {
    let mut present = claim.facts.clone();
    present.push(Fact::Valid(column));
    present.sort_unstable();
    counts.get(&present).or_else(|| counts.get(&claim.facts)).copied()
}

/// The product of two numbers below 2^128, as its high and low half.
fn wide(a: u128, b: u128) -> (u128, u128) {
    let half = |number: u128| (number >> 64, number & u128::from(u64::MAX));
    let ((a_high, a_low), (b_high, b_low)) = (half(a), half(b));
    let (low, middle) = (a_low * b_low, a_high * b_low);
    let (carry, other) = (middle + (low >> 64), a_low * b_high);
    let (sum, overflow) = carry.overflowing_add(other);
    let top = a_high * b_high + (sum >> 64) + (u128::from(overflow) << 64);
    (top, sum << 64 | low & u128::from(u64::MAX))
}

//! The exact sum of a column, and the mean made from it.

use super::bins::Long;
use super::integer::Integer;
use super::number::Number;
use super::rational::Rational;
use super::round::{CANONICAL_NAN, Sign};
use super::state::StateError;
use super::wide::{Magnitude, Wide};

/// What one unit of a state's integers stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// 2^−1074, the smallest `f64`: every finite `f64` is a whole number of these.
    Float,
    /// 1.
    Integer,
    /// 10^−scale.
    Decimal {
        /// Digits after the point; negative for whole tens, hundreds and so on.
        scale: i8,
    },
}

/// How many values of each sort were added.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Values that have a place on the number line.
    pub finite: u64,
    /// NaNs, of any payload.
    pub nan: u64,
    /// Positive infinities.
    pub positive_infinite: u64,
    /// Negative infinities.
    pub negative_infinite: u64,
}

impl Counts {
    /// All values, of whatever sort.
    #[must_use]
    pub fn total(&self) -> u128 {
        [self.finite, self.nan, self.positive_infinite, self.negative_infinite]
            .into_iter()
            .map(u128::from)
            .sum()
    }

    /// What the values beyond the number line make of any sum: an infinity or NaN, or `None`
    /// where there are none and the finite ones decide.
    #[must_use]
    pub fn special(&self) -> Option<f64> {
        match (self.nan, self.positive_infinite, self.negative_infinite) {
            (0, 0, 0) => None,
            (0, _, 0) => Some(f64::INFINITY),
            (0, 0, _) => Some(f64::NEG_INFINITY),
            _ => Some(CANONICAL_NAN),
        }
    }

    /// The count that a number belongs to.
    fn of(&mut self, number: Number) -> &mut u64 {
        match number {
            Number::Float(value) if value.is_nan() => &mut self.nan,
            Number::Float(f64::INFINITY) => &mut self.positive_infinite,
            Number::Float(f64::NEG_INFINITY) => &mut self.negative_infinite,
            Number::Float(_) | Number::Whole(_) => &mut self.finite,
        }
    }

    fn merge(&mut self, other: &Self) -> Result<(), StateError> {
        let add = |a: u64, b: u64| a.checked_add(b).ok_or(StateError::TooMany);
        *self = Self {
            finite: add(self.finite, other.finite)?,
            nan: add(self.nan, other.nan)?,
            positive_infinite: add(self.positive_infinite, other.positive_infinite)?,
            negative_infinite: add(self.negative_infinite, other.negative_infinite)?,
        };
        Ok(())
    }
}

/// An exact sum, with the count that a mean needs.
///
/// Unlike [`super::Moments`] it holds no squares. Two zeros of either sign sum to +0, since a
/// whole number has one zero.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sum {
    pub(super) unit: Unit,
    pub(super) counts: Counts,
    pub(super) total: Wide,
}

impl Sum {
    /// The sum of nothing.
    #[must_use]
    pub fn new(unit: Unit) -> Self {
        Self { unit, counts: Counts::default(), total: Wide::default() }
    }

    /// A sum that was made elsewhere, in units.
    #[must_use]
    pub fn from_parts(unit: Unit, counts: Counts, total: &Magnitude) -> Self {
        Self { unit, counts, total: Wide::from(total) }
    }

    /// Adds a float; the unit must be [`Unit::Float`].
    pub fn add_float(&mut self, value: f64) {
        debug_assert_eq!(self.unit, Unit::Float);
        self.add(Number::Float(value));
    }

    /// Adds a number in the column's unit.
    pub fn add(&mut self, number: Number) {
        *self.counts.of(number) += 1;
        if let Some(parts) = number.parts() {
            self.total.add(parts.sign, parts.size, parts.shift);
        }
    }

    /// Takes a number out again, which is exact: what remains is as if it had never been added.
    ///
    /// # Errors
    /// When no such number can have been added.
    pub fn remove(&mut self, number: Number) -> Result<(), StateError> {
        let count = self.counts.of(number);
        *count = count.checked_sub(1).ok_or(StateError::Absent)?;
        if let Some(parts) = number.parts() {
            self.total.add(parts.sign.times(Sign::Negative), parts.size, parts.shift);
        }
        Ok(())
    }

    /// Adds `± words` units (little-endian), for integers and decimals of any width.
    pub fn add_units(&mut self, sign: Sign, words: &[u64]) {
        self.counts.finite += 1;
        self.total.add_words(sign, 0, words);
    }

    /// Adds a whole number of units.
    pub fn add_integer(&mut self, value: i128) {
        self.add(Number::Whole(value));
    }

    /// Adds whole numbers of units, a column at a time; about 1 ns a value.
    pub fn add_wholes(&mut self, values: impl Iterator<Item = i128>) {
        let mut long = Long::default();
        for value in values {
            long.add(value);
            self.counts.finite += 1;
        }
        long.drain(0, &mut self.total);
    }

    /// Adds what another state holds.
    ///
    /// # Errors
    /// When the units differ, or the counts together pass 2^64.
    pub fn merge(&mut self, other: &Self) -> Result<(), StateError> {
        if self.unit != other.unit {
            return Err(StateError::Unit);
        }
        self.counts.merge(&other.counts)?;
        self.total.merge(&other.total);
        Ok(())
    }

    /// Adds a state of the same unit, where the counts cannot pass 2^64.
    pub(super) fn absorb(&mut self, other: &Self) {
        let (own, more) = (&mut self.counts, &other.counts);
        own.finite += more.finite;
        own.nan += more.nan;
        own.positive_infinite += more.positive_infinite;
        own.negative_infinite += more.negative_infinite;
        self.total.merge(&other.total);
    }

    /// How many values of each sort were added.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// The unit of [`Self::total`].
    #[must_use]
    pub fn unit(&self) -> Unit {
        self.unit
    }

    /// The sum of the finite values, in units.
    #[must_use]
    pub fn total(&self) -> Magnitude {
        self.total.magnitude()
    }

    /// The sum rounded once to `f64`; `None` for a sum of nothing.
    #[must_use]
    pub fn value(&self) -> Option<f64> {
        self.rounded(1)
    }

    /// The mean: the exact rational sum ÷ count, rounded once; `None` for a mean of nothing.
    #[must_use]
    pub fn mean(&self) -> Option<f64> {
        self.rounded(self.counts.finite)
    }

    /// Bytes held beyond the struct itself.
    #[must_use]
    pub fn heap_size(&self) -> usize {
        self.total.heap_size()
    }

    /// The sum of the finite values, in units.
    pub(super) fn integer(&self) -> Integer {
        Integer::from(&self.total.magnitude())
    }

    /// As [`Self::value`], of a total in units squared.
    pub(super) fn rounded_square_units(&self, total: &Magnitude) -> Option<f64> {
        if self.counts.total() == 0 {
            return None;
        }
        let exact = Rational::new(Integer::from(total), Integer::natural(&[1]));
        self.counts.special().or_else(|| exact.in_units(self.unit, 2).nearest())
    }

    fn rounded(&self, denominator: u64) -> Option<f64> {
        if self.counts.total() == 0 {
            return None;
        }
        if let Some(special) = self.counts.special() {
            return Some(special);
        }
        let exact = Rational::new(self.integer(), Integer::natural(&[denominator]));
        exact.in_units(self.unit, 1).nearest()
    }
}

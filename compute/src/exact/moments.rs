//! The exact sum and sum of squares of a column: variance and standard deviation.

use super::bins::Long;
use super::integer::Integer;
use super::natural;
use super::number::Number;
use super::rational::Rational;
use super::round::{CANONICAL_NAN, Sign};
use super::state::StateError;
use super::sum::{Counts, Sum, Unit};
use super::wide::{Magnitude, Wide};

/// Which variance is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Variance {
    /// Divided by n − 1; of fewer than two values there is none.
    Sample,
    /// Divided by n; of no values there is none.
    Population,
}

/// Exact Σx and Σx².
///
/// The textbook formula (n·Σx² − (Σx)²) ÷ (n·(n−1)), which cancels catastrophically in floats,
/// is exact here: it is integers until the one rounding at the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moments {
    pub(super) sum: Sum,
    pub(super) squares: Wide,
}

impl Moments {
    /// The moments of nothing.
    #[must_use]
    pub fn new(unit: Unit) -> Self {
        Self { sum: Sum::new(unit), squares: Wide::default() }
    }

    /// Moments that were made elsewhere; `squares` is Σx² of the finite values, in units squared.
    #[must_use]
    pub fn from_parts(sum: Sum, squares: &Magnitude) -> Self {
        Self { sum, squares: Wide::from(squares) }
    }

    /// Adds a float; the unit must be [`Unit::Float`].
    pub fn add_float(&mut self, value: f64) {
        self.add(Number::Float(value));
    }

    /// Adds a whole number of units.
    pub fn add_integer(&mut self, value: i128) {
        self.add(Number::Whole(value));
    }

    /// Adds a number in the column's unit.
    pub fn add(&mut self, number: Number) {
        self.sum.add(number);
        self.square(number, Sign::Positive);
    }

    /// Takes a number out again, which is exact: what remains is as if it had never been added.
    ///
    /// # Errors
    /// When no such number can have been added.
    pub fn remove(&mut self, number: Number) -> Result<(), StateError> {
        self.sum.remove(number)?;
        self.square(number, Sign::Negative);
        Ok(())
    }

    /// Adds `± words` units (little-endian).
    pub fn add_units(&mut self, sign: Sign, words: &[u64]) {
        self.sum.add_units(sign, words);
        self.squares.add_words(Sign::Positive, 0, &natural::multiply(words, words));
    }

    /// Adds whole numbers of units, a column at a time; about 2 ns a value of up to 63 bits.
    pub fn add_wholes(&mut self, values: impl Iterator<Item = i128>) {
        let (mut sum, mut squares) = (Long::default(), Long::default());
        for value in values {
            sum.add(value);
            self.sum.counts.finite += 1;
            match i64::try_from(value) {
                Ok(short) => squares.add(i128::from(short) * i128::from(short)),
                Err(_) => self.square(Number::Whole(value), Sign::Positive),
            }
        }
        sum.drain(0, &mut self.sum.total);
        squares.drain(0, &mut self.squares);
    }

    /// Adds what another state holds.
    ///
    /// # Errors
    /// When the units differ, or the counts together pass 2^64.
    pub fn merge(&mut self, other: &Self) -> Result<(), StateError> {
        self.sum.merge(&other.sum)?;
        self.squares.merge(&other.squares);
        Ok(())
    }

    /// Adds a state of the same unit, where the counts cannot pass 2^64.
    pub(super) fn absorb(&mut self, other: &Self) {
        self.sum.absorb(&other.sum);
        self.squares.merge(&other.squares);
    }

    /// How many values of each sort were added.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.sum.counts
    }

    /// The sum alone.
    #[must_use]
    pub fn sum(&self) -> &Sum {
        &self.sum
    }

    /// Σx² over the finite values, in squares of the unit.
    #[must_use]
    pub fn squares_total(&self) -> Magnitude {
        self.squares.magnitude()
    }

    /// The variance, rounded once. `None` where there are too few values; NaN where one of them
    /// is NaN or infinite.
    ///
    /// # Errors
    /// When no column can have these sums (n·Σx² < (Σx)²), which only a forged state has.
    pub fn variance(&self, variance: Variance) -> Result<Option<f64>, StateError> {
        self.rounded(variance, Rational::nearest)
    }

    /// The standard deviation: the square root of the exact variance, rounded once, which is not
    /// the root of the rounded variance.
    ///
    /// # Errors
    /// As [`Self::variance`].
    pub fn deviation(&self, variance: Variance) -> Result<Option<f64>, StateError> {
        self.rounded(variance, |exact| exact.nearest_root(Sign::Positive))
    }

    /// Bytes held beyond the struct itself.
    #[must_use]
    pub fn heap_size(&self) -> usize {
        self.sum.heap_size() + self.squares.heap_size()
    }

    fn square(&mut self, number: Number, sign: Sign) {
        let Some(parts) = number.parts() else { return };
        match u64::try_from(parts.size) {
            Ok(size) => {
                self.squares.add(sign, u128::from(size) * u128::from(size), 2 * parts.shift)
            }
            Err(_) => {
                // Only whole numbers are this long, and their shift is 0.
                let words = [parts.size as u64, (parts.size >> 64) as u64];
                self.squares.add_words(sign, 0, &natural::multiply(&words, &words));
            }
        }
    }

    /// n·Σx² − (Σx)².
    pub(super) fn spread(&self) -> Result<Integer, StateError> {
        let n = Integer::natural(&[self.counts().finite]);
        let sum = self.sum.integer();
        let squares = Integer::from(&self.squares.magnitude());
        let spread = n.times(&squares).minus(&sum.times(&sum));
        if spread.is_negative() { Err(StateError::Impossible) } else { Ok(spread) }
    }

    fn rounded(
        &self,
        variance: Variance,
        round: impl FnOnce(&Rational) -> Option<f64>,
    ) -> Result<Option<f64>, StateError> {
        let least = match variance {
            Variance::Sample => 2,
            Variance::Population => 1,
        };
        if self.counts().total() < least {
            return Ok(None);
        }
        if self.counts().special().is_some() {
            return Ok(Some(CANONICAL_NAN));
        }
        let n = self.counts().finite;
        let divisor = match variance {
            Variance::Sample => natural::multiply(&[n], &[n - 1]),
            Variance::Population => natural::multiply(&[n], &[n]),
        };
        let exact = Rational::new(self.spread()?, Integer::natural(&divisor));
        Ok(round(&exact.in_units(self.sum.unit, 2)))
    }
}

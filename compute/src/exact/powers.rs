//! The exact sums of a column's first four powers.

use super::moments::Moments;
use super::natural;
use super::number::Number;
use super::round::Sign;
use super::state::StateError;
use super::sum::Unit;
use super::wide::{Magnitude, Wide};

/// Exact n, Σx, Σx², Σx³ and Σx⁴: what skewness and kurtosis are made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Powers {
    pub(super) moments: Moments,
    pub(super) cubes: Wide,
    pub(super) fourths: Wide,
}

impl Powers {
    /// The sums of nothing.
    #[must_use]
    pub fn new(unit: Unit) -> Self {
        let moments = Moments::new(unit);
        Self { moments, cubes: Wide::default(), fourths: Wide::default() }
    }

    /// Adds a number in the column's unit.
    pub fn add(&mut self, number: Number) {
        self.moments.add(number);
        self.raise(number, Sign::Positive);
    }

    /// Takes a number out again, which is exact: what remains is as if it had never been added.
    ///
    /// # Errors
    /// When no such number can have been added.
    pub fn remove(&mut self, number: Number) -> Result<(), StateError> {
        self.moments.remove(number)?;
        self.raise(number, Sign::Negative);
        Ok(())
    }

    /// Adds what another state holds.
    ///
    /// # Errors
    /// When the units differ, or the counts together pass 2^64.
    pub fn merge(&mut self, other: &Self) -> Result<(), StateError> {
        self.moments.merge(&other.moments)?;
        self.cubes.merge(&other.cubes);
        self.fourths.merge(&other.fourths);
        Ok(())
    }

    /// n, Σx and Σx².
    #[must_use]
    pub fn moments(&self) -> &Moments {
        &self.moments
    }

    /// Σx³ of the finite values, in units cubed.
    #[must_use]
    pub fn cubes(&self) -> Magnitude {
        self.cubes.magnitude()
    }

    /// Σx⁴ of the finite values, in units to the fourth.
    #[must_use]
    pub fn fourths(&self) -> Magnitude {
        self.fourths.magnitude()
    }

    /// Bytes held beyond the struct itself.
    #[must_use]
    pub fn heap_size(&self) -> usize {
        self.moments.heap_size() + self.cubes.heap_size() + self.fourths.heap_size()
    }

    fn raise(&mut self, number: Number, sign: Sign) {
        let Some(parts) = number.parts() else { return };
        let size = [parts.size as u64, (parts.size >> 64) as u64];
        let square = natural::multiply(&size, &size);
        let cube = natural::multiply(&square, &size);
        add_shifted(&mut self.cubes, sign.times(parts.sign), &cube, 3 * parts.shift);
        let fourth = natural::multiply(&square, &square);
        add_shifted(&mut self.fourths, sign, &fourth, 4 * parts.shift);
    }
}

fn add_shifted(wide: &mut Wide, sign: Sign, words: &[u64], shift: u32) {
    let words = natural::shift_left(words, u64::from(shift % 64));
    wide.add_words(sign, shift / 64, &words);
}

//! The exact sums of a pair of columns: covariance, correlation and regression.

use super::moments::Moments;
use super::natural;
use super::number::Number;
use super::round::Sign;
use super::state::StateError;
use super::sum::Unit;
use super::wide::{Magnitude, Wide};

/// Exact n, Σx, Σy, Σx², Σy² and Σxy over pairs (x, y).
///
/// Each column's own sums are over its own finite values, so that a mean of x does not suffer
/// from a NaN in y; Σxy is over the pairs of which both are finite.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Products {
    pub(super) x: Moments,
    pub(super) y: Moments,
    pub(super) cross: Wide,
}

impl Products {
    /// The sums of nothing.
    #[must_use]
    pub fn new(x: Unit, y: Unit) -> Self {
        Self { x: Moments::new(x), y: Moments::new(y), cross: Wide::default() }
    }

    /// Sums that were made elsewhere. `cross` is Σxy over the pairs of which both are finite, in
    /// units of x times units of y.
    ///
    /// # Errors
    /// When the columns count different numbers of rows.
    pub fn from_parts(x: Moments, y: Moments, cross: &Magnitude) -> Result<Self, StateError> {
        if x.counts().total() != y.counts().total() {
            return Err(StateError::NotCanonical("columns of different lengths"));
        }
        Ok(Self { x, y, cross: Wide::from(cross) })
    }

    /// Adds a pair of floats; both units must be [`Unit::Float`].
    pub fn add_floats(&mut self, x: f64, y: f64) {
        self.add(Number::Float(x), Number::Float(y));
    }

    /// Adds a pair, each number in its own column's unit.
    pub fn add(&mut self, x: Number, y: Number) {
        self.x.add(x);
        self.y.add(y);
        self.cross(x, y, Sign::Positive);
    }

    /// Takes a pair out again, which is exact: what remains is as if it had never been added.
    ///
    /// # Errors
    /// When no such pair can have been added.
    pub fn remove(&mut self, x: Number, y: Number) -> Result<(), StateError> {
        self.x.remove(x)?;
        self.y.remove(y)?;
        self.cross(x, y, Sign::Negative);
        Ok(())
    }

    /// Adds what another state holds.
    ///
    /// # Errors
    /// When the units differ, or the counts together pass 2^64.
    pub fn merge(&mut self, other: &Self) -> Result<(), StateError> {
        self.x.merge(&other.x)?;
        self.y.merge(&other.y)?;
        self.cross.merge(&other.cross);
        Ok(())
    }

    /// The first column's own sums.
    #[must_use]
    pub fn x(&self) -> &Moments {
        &self.x
    }

    /// The second column's own sums.
    #[must_use]
    pub fn y(&self) -> &Moments {
        &self.y
    }

    /// Σxy over the pairs of which both are finite, in units of x times units of y.
    #[must_use]
    pub fn cross_total(&self) -> Magnitude {
        self.cross.magnitude()
    }

    /// Bytes held beyond the struct itself.
    #[must_use]
    pub fn heap_size(&self) -> usize {
        self.x.heap_size() + self.y.heap_size() + self.cross.heap_size()
    }

    fn cross(&mut self, x: Number, y: Number, sign: Sign) {
        let (Some(x), Some(y)) = (x.parts(), y.parts()) else { return };
        let (sign, shift) = (sign.times(x.sign).times(y.sign), x.shift + y.shift);
        match (u64::try_from(x.size), u64::try_from(y.size)) {
            (Ok(x), Ok(y)) => self.cross.add(sign, u128::from(x) * u128::from(y), shift),
            _ => {
                let words = |size: u128| [size as u64, (size >> 64) as u64];
                let product = natural::multiply(&words(x.size), &words(y.size));
                let product = natural::shift_left(&product, u64::from(shift % 64));
                self.cross.add_words(sign, shift / 64, &product);
            }
        }
    }
}

//! A signed whole number with a place: the arithmetic between exact sums and the one rounding.

use std::cmp::Ordering;

use super::natural;
use super::round::Sign;
use super::wide::Magnitude;

/// `± words · 2^(64 · place)`.
///
/// Unlike a [`Magnitude`] it may have zero words at its ends: it is an intermediate value, and
/// only its value counts.
#[derive(Clone, Debug)]
pub(super) struct Integer {
    pub(super) sign: Sign,
    pub(super) place: u32,
    pub(super) words: Vec<u64>,
}

impl Integer {
    /// A number that is not negative.
    pub(super) fn natural(words: &[u64]) -> Self {
        Self { sign: Sign::Positive, place: 0, words: words.to_vec() }
    }

    pub(super) fn is_zero(&self) -> bool {
        natural::bit_length(&self.words) == 0
    }

    pub(super) fn is_negative(&self) -> bool {
        self.sign == Sign::Negative && !self.is_zero()
    }

    pub(super) fn times(&self, other: &Self) -> Self {
        Self {
            sign: self.sign.times(other.sign),
            place: self.place + other.place,
            words: natural::multiply(&self.words, &other.words),
        }
    }

    pub(super) fn minus(&self, other: &Self) -> Self {
        if other.words.is_empty() {
            return self.clone();
        }
        if self.words.is_empty() {
            return Self { sign: other.sign.times(Sign::Negative), ..other.clone() };
        }
        let place = self.place.min(other.place);
        let raised = |n: &Self| natural::shift_left(&n.words, 64 * u64::from(n.place - place));
        let (a, b) = (raised(self), raised(other));
        if self.sign != other.sign {
            return Self { sign: self.sign, place, words: natural::add(&a, &b) };
        }
        // The larger less the smaller, and the sign turned where the second was the larger.
        let (sign, words) = match natural::compare(&a, &b) {
            Ordering::Less => (self.sign.times(Sign::Negative), natural::subtract(&b, &a)),
            _ => (self.sign, natural::subtract(&a, &b)),
        };
        Self { sign, place, words: words.unwrap_or_default() }
    }
}

impl From<&Magnitude> for Integer {
    fn from(magnitude: &Magnitude) -> Self {
        Self { sign: magnitude.sign, place: magnitude.low, words: magnitude.words.clone() }
    }
}

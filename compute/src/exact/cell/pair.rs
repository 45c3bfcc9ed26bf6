//! One group's sums of pairs: a cell for each column, and their products beside them.
//!
//! The products' window starts where the columns' windows start together, and is as long as both,
//! so a pair fits where both of its numbers do.

use super::head::{Head, lowest};
use super::{
    Cell, MOMENT_BITS, MOMENT_WINDOW, MomentCell, lowered, magnitude, product, scale, short, wide,
};
use crate::exact::bins::split;
use crate::exact::moments::Variance;
use crate::exact::natural;
use crate::exact::number::Number;
use crate::exact::products::Products;
use crate::exact::regression::Statistic;
use crate::exact::round::{self, Sign};
use crate::exact::state::StateError;
use crate::exact::sum::Unit;

/// Count, Σx, Σy, Σx², Σy² and Σxy of a group, in 160 bytes: 64 for each column, as in a
/// [`MomentCell`], and 32 for the products.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(32))]
pub struct PairCell {
    x: Column,
    y: Column,
    cross_low: u128,
    cross_high: i128,
}

impl PairCell {
    /// The sums of nothing.
    pub const EMPTY: Self =
        Self { x: Column::EMPTY, y: Column::EMPTY, cross_low: 0, cross_high: 0 };

    /// Adds a pair, each number in its own column's unit. `false` where it does not fit; nothing
    /// has changed then.
    #[inline(always)]
    pub fn add(&mut self, x: Number, y: Number) -> bool {
        let (mut x_head, mut y_head) = (self.x.head, self.y.head);
        let (Some(x), Some(y)) = (placed(x, &mut x_head), placed(y, &mut y_head)) else {
            return false;
        };
        self.x.add(x_head, x);
        self.y.add(y_head, y);
        let (low, high) = times(x, y);
        self.add_cross(low, high);
        true
    }

    /// Adds a state, likewise.
    pub fn absorb(&mut self, state: &Products) -> bool {
        let (mut x, mut y) = (self.x.cell(), self.y.cell());
        if !x.absorb(&state.x) || !y.absorb(&state.y) {
            return false;
        }
        let cross = state.cross.magnitude();
        let base = x.head.base() + y.head.base();
        let bits = 64 * cross.low + natural::bit_length(&cross.words) as u32;
        if lowest(&cross) < base || bits > base + 2 * MOMENT_BITS {
            return false;
        }
        (self.x, self.y) = (Column::from(x), Column::from(y));
        let [low, high] = lowered(&cross, base);
        // A window of products is shorter than 255 bits.
        let (low, high) = match cross.sign {
            Sign::Positive => (low, high as i128),
            Sign::Negative => negated(low, high as i128),
        };
        self.add_cross(low, high);
        true
    }

    /// The same state, at full size.
    #[must_use]
    pub fn state(&self, x: Unit, y: Unit) -> Products {
        let (sign, words) = self.cross();
        let cross = wide(sign, &words, self.x.head.base() + self.y.head.base());
        Products { x: self.x.cell().state(x), y: self.y.cell().state(y), cross }
    }

    /// Pairs added.
    #[must_use]
    pub fn pairs(&self) -> u64 {
        self.x.head.count()
    }

    /// A statistic, rounded once, as [`Products::statistic`] has it. Those that need no long
    /// division are made here, the others by `full`, which has [`Self::state`] make them.
    ///
    /// # Errors
    /// Those of `full`.
    pub fn statistic(
        &self,
        statistic: Statistic,
        x: Unit,
        y: Unit,
        full: impl FnOnce() -> Result<Option<f64>, StateError>,
    ) -> Result<Option<f64>, StateError> {
        let n = self.pairs();
        let divisor = match statistic {
            Statistic::MeanX => return Ok(self.x.cell().sum().mean(x)),
            Statistic::MeanY => return Ok(self.y.cell().sum().mean(y)),
            Statistic::Covariance(Variance::Sample) if n > 1 => u128::from(n) * u128::from(n - 1),
            Statistic::Covariance(Variance::Population) => u128::from(n) * u128::from(n),
            Statistic::CrossProducts => u128::from(n),
            _ => return full(),
        };
        let divisor = match (x, y) {
            (Unit::Decimal { scale: x }, Unit::Decimal { scale: y }) => {
                x.checked_add(y).and_then(|scale| short(Unit::Decimal { scale }, 1, divisor))
            }
            (decimal @ Unit::Decimal { .. }, _) | (_, decimal) => short(decimal, 1, divisor),
        };
        match divisor {
            Some(divisor @ 1..) => {
                let scale = scale(self.x.head, x, 1) + scale(self.y.head, y, 1);
                let (sign, c) = self.covariation();
                Ok(round::ratio(sign, &c, &[divisor], scale))
            }
            _ => full(),
        }
    }

    /// Marks the cell as one whose state is kept elsewhere.
    pub fn move_to(&mut self, place: u32) {
        let mut cell = MomentCell::EMPTY;
        cell.move_to(place);
        *self = Self { x: Column::from(cell), ..Self::EMPTY };
    }

    /// Where [`Self::move_to`] put the state; `None` while it is here.
    #[must_use]
    pub fn moved(&self) -> Option<u32> {
        self.x.cell().moved()
    }

    /// n·Σxy − Σx·Σy, in units of both columns' windows.
    fn covariation(&self) -> (Sign, [u64; 6]) {
        let (cross_sign, cross) = self.cross();
        let (x_sign, x) = magnitude(self.x.sum_low, self.x.sum_high);
        let (y_sign, y) = magnitude(self.y.sum_low, self.y.sum_high);
        let (sums_sign, sums) = (x_sign.times(y_sign), product::<6>(&x, &y));
        let cross = product::<6>(&[self.pairs()], &cross);
        if cross_sign != sums_sign {
            return (cross_sign, sum(&cross, &sums));
        }
        match natural::difference(&cross, &sums) {
            Some(difference) => (cross_sign, difference),
            // One of the two is the larger, so this one is there.
            None => (
                cross_sign.times(Sign::Negative),
                natural::difference(&sums, &cross).unwrap_or_default(),
            ),
        }
    }

    fn cross(&self) -> (Sign, [u64; 4]) {
        let negative = self.cross_high < 0;
        let (low, high) = if negative {
            negated(self.cross_low, self.cross_high)
        } else {
            (self.cross_low, self.cross_high)
        };
        let sign = if negative { Sign::Negative } else { Sign::Positive };
        (sign, [low as u64, (low >> 64) as u64, high as u64, (high >> 64) as u64])
    }

    #[inline(always)]
    fn add_cross(&mut self, low: u128, high: i128) {
        let (sum, carry) = self.cross_low.overflowing_add(low);
        self.cross_low = sum;
        self.cross_high = self.cross_high.wrapping_add(high).wrapping_add(i128::from(carry));
    }
}

/// A [`MomentCell`] without its alignment, which would cost 32 bytes a pair.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
struct Column {
    head: Head,
    sum_high: i64,
    sum_low: u128,
    squares_low: u128,
    squares_high: u128,
}

impl Column {
    const EMPTY: Self =
        Self { head: Head(0), sum_high: 0, sum_low: 0, squares_low: 0, squares_high: 0 };

    #[inline(always)]
    fn cell(self) -> MomentCell {
        let Self { head, sum_high, sum_low, squares_low, squares_high } = self;
        MomentCell { head, sum_high, sum_low, squares_low, squares_high }
    }

    #[inline(always)]
    fn add(&mut self, head: Head, number: Placed) {
        let mut cell = Self { head, ..*self }.cell();
        cell.add(number.mantissa << number.place);
        *self = Self::from(cell);
    }
}

impl From<MomentCell> for Column {
    #[inline(always)]
    fn from(cell: MomentCell) -> Self {
        let MomentCell { head, sum_high, sum_low, squares_low, squares_high } = cell;
        Self { head, sum_high, sum_low, squares_low, squares_high }
    }
}

/// A number within its column's window: `mantissa · 2^place`, shorter than [`MOMENT_BITS`].
#[derive(Clone, Copy)]
struct Placed {
    mantissa: i128,
    place: u32,
}

/// Where a number lies in a window, which its first value places; `None` where it does not fit.
#[inline(always)]
fn placed(number: Number, head: &mut Head) -> Option<Placed> {
    match number {
        Number::Float(value) => {
            let (exponent, mantissa) = split(value);
            let place = head.place(exponent);
            let (mantissa, place) = if place <= MOMENT_WINDOW.top {
                (mantissa, place)
            } else {
                head.rare(value, MOMENT_WINDOW)?
            };
            Some(Placed { mantissa: mantissa.into(), place })
        }
        Number::Whole(value) => {
            if value.unsigned_abs() >> MOMENT_BITS != 0 || !head.whole() {
                return None;
            }
            Some(Placed { mantissa: value, place: 0 })
        }
    }
}

/// The product, as 256 bits of two's complement.
#[inline(always)]
fn times(x: Placed, y: Placed) -> (u128, i128) {
    match (i64::try_from(x.mantissa), i64::try_from(y.mantissa)) {
        (Ok(short_x), Ok(short_y)) => {
            let product = i128::from(short_x) * i128::from(short_y);
            let place = x.place + y.place;
            // In two steps, since a shift by 128 is none.
            ((product as u128) << place, (product >> 1) >> (127 - place))
        }
        _ => long_times(x.mantissa << x.place, y.mantissa << y.place),
    }
}

#[cold]
#[inline(never)]
fn long_times(x: i128, y: i128) -> (u128, i128) {
    let words = |size: u128| [size as u64, (size >> 64) as u64];
    let [a, b, c, d] = product::<4>(&words(x.unsigned_abs()), &words(y.unsigned_abs()));
    let long = |low: u64, high: u64| u128::from(low) | (u128::from(high) << 64);
    let (low, high) = (long(a, b), long(c, d) as i128);
    if (x < 0) == (y < 0) { (low, high) } else { negated(low, high) }
}

fn negated(low: u128, high: i128) -> (u128, i128) {
    let (low, carry) = (!low).overflowing_add(1);
    (low, (!high).wrapping_add(i128::from(carry)))
}

fn sum(a: &[u64; 6], b: &[u64; 6]) -> [u64; 6] {
    let (mut sum, mut carry) = (*a, false);
    for (word, &more) in sum.iter_mut().zip(b) {
        let (first, over) = word.overflowing_add(more);
        let (second, again) = first.overflowing_add(u64::from(carry));
        *word = second;
        carry = over || again;
    }
    sum
}

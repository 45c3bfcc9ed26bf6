//! One group's state within one cache line, as long as its values lie within a window.
//!
//! Ten million groups of floats rarely need more than a few words each. A cell adds into a window
//! of bits that starts a little below its group's first value; whatever does not fit (a value far
//! off, a NaN, an infinity) makes its owner move the group to the full state, which changes where
//! the number is kept and never which number it is.

mod head;
mod pair;

use std::fmt::Debug;

use super::bins::split;
use super::moments::{Moments, Variance};
use super::natural;
use super::round::{self, Sign};
use super::state::StateError;
use super::sum::{Counts, Sum, Unit};
use super::wide::{Magnitude, Wide};
use head::{Head, Window, absorbed, lowest};
pub use pair::PairCell;

/// Rows that one cell can count; its owner sees to that.
pub const CELL_ROWS_MAX: u64 = 1 << 40;

/// A group's state of fixed size.
pub trait Cell: Copy + Debug + Send + Sync + 'static {
    /// What holds everything that a cell cannot.
    type State;

    /// The state of no rows.
    const EMPTY: Self;

    /// Adds a float. `false` where it does not fit; nothing has changed then.
    fn add_float(&mut self, value: f64) -> bool;

    /// Adds a whole number of units, likewise.
    fn add_whole(&mut self, value: i128) -> bool;

    /// Adds a state, likewise.
    fn absorb(&mut self, state: &Self::State) -> bool;

    /// The same state, at full size.
    fn state(&self, unit: Unit) -> Self::State;

    /// Count and sum alone.
    fn sum(&self) -> SumCell;

    /// The variance; `None` of too few values.
    ///
    /// # Errors
    /// Where there are no squares to make one of.
    fn variance(&self, unit: Unit, variance: Variance) -> Result<Option<f64>, StateError>;

    /// The standard deviation; `None` of too few values.
    ///
    /// # Errors
    /// As [`Self::variance`].
    fn deviation(&self, unit: Unit, variance: Variance) -> Result<Option<f64>, StateError>;

    /// Marks the cell as one whose state is kept elsewhere.
    fn move_to(&mut self, place: u32);

    /// Where [`Self::move_to`] put the state; `None` while it is here.
    fn moved(&self) -> Option<u32>;
}

/// Count and sum of a group, in 32 bytes: floats of up to 73 binary orders of magnitude.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(32))]
pub struct SumCell {
    head: Head,
    high: i64,
    low: u128,
}

const SUM_WINDOW: Window = Window { top: 73, below: 40 };

impl SumCell {
    /// Values added, all of them finite.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.head.count()
    }

    /// The sum, where it is a whole number of units that fits.
    #[must_use]
    pub fn whole(&self) -> Option<i128> {
        let low = self.low as i128;
        (self.head.base() == 0 && self.high == (low >> 127) as i64).then_some(low)
    }

    /// The sum, rounded once; `None` of nothing.
    #[must_use]
    pub fn value(&self, unit: Unit) -> Option<f64> {
        self.over(unit, 1)
    }

    /// The mean, rounded once; `None` of nothing.
    #[must_use]
    pub fn mean(&self, unit: Unit) -> Option<f64> {
        self.over(unit, self.count())
    }

    fn over(&self, unit: Unit, divisor: u64) -> Option<f64> {
        if self.count() == 0 {
            return None;
        }
        let (sign, words) = magnitude(self.low, self.high);
        match short(unit, 1, u128::from(divisor)) {
            Some(divisor) => round::ratio(sign, &words, &[divisor], scale(self.head, unit, 1)),
            None if divisor == 1 => self.state(unit).value(),
            None => self.state(unit).mean(),
        }
    }
}

impl Cell for SumCell {
    type State = Sum;
    const EMPTY: Self = Self { head: Head(0), high: 0, low: 0 };

    #[inline(always)]
    fn add_float(&mut self, value: f64) -> bool {
        let (exponent, mantissa) = split(value);
        let place = self.head.place(exponent);
        let (mantissa, place) = if place <= SUM_WINDOW.top {
            (mantissa, place)
        } else {
            match self.head.rare(value, SUM_WINDOW) {
                Some(rare) => rare,
                None => return false,
            }
        };
        add_long(&mut self.low, &mut self.high, i128::from(mantissa) << place);
        self.head.0 += 1;
        true
    }

    #[inline(always)]
    fn add_whole(&mut self, value: i128) -> bool {
        if !self.head.whole() {
            return false;
        }
        add_long(&mut self.low, &mut self.high, value);
        self.head.0 += 1;
        true
    }

    fn absorb(&mut self, state: &Sum) -> bool {
        let total = state.total.magnitude();
        let bits = 64 * total.low + natural::bit_length(&total.words) as u32;
        let fits = |base| bits <= base + 127;
        let Some(head) = absorbed(self.head, state, lowest(&total), fits) else {
            return false;
        };
        self.head = head;
        let words = lowered(&total, head.base());
        let size = i128::try_from(words[0]).unwrap_or_default();
        add_long(&mut self.low, &mut self.high, signed(total.sign, size));
        true
    }

    fn state(&self, unit: Unit) -> Sum {
        let counts = Counts { finite: self.count(), ..Counts::default() };
        let (sign, words) = magnitude(self.low, self.high);
        Sum { unit, counts, total: wide(sign, &words, self.head.base()) }
    }

    fn sum(&self) -> SumCell {
        *self
    }

    fn variance(&self, _unit: Unit, _variance: Variance) -> Result<Option<f64>, StateError> {
        Err(StateError::Order { expected: 2, found: 1 })
    }

    fn deviation(&self, _unit: Unit, _variance: Variance) -> Result<Option<f64>, StateError> {
        Err(StateError::Order { expected: 2, found: 1 })
    }

    fn move_to(&mut self, place: u32) {
        *self = Self { head: Head(u64::from(place)), ..Self::EMPTY };
        self.head.set_code(Head::MOVED);
    }

    fn moved(&self) -> Option<u32> {
        (self.head.code() == Head::MOVED).then(|| self.head.count() as u32)
    }
}

/// Count, sum and sum of squares of a group, in 64 bytes: floats of up to 54 binary orders of
/// magnitude.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub struct MomentCell {
    head: Head,
    sum_high: i64,
    sum_low: u128,
    squares_low: u128,
    squares_high: u128,
}

const MOMENT_WINDOW: Window = Window { top: 54, below: 29 };
/// Bits of a value's size at most, so that 2^40 squares fit 256 bits.
const MOMENT_BITS: u32 = 53 + MOMENT_WINDOW.top;

impl MomentCell {
    /// Adds x and x², for |x| < 2^107.
    #[inline(always)]
    fn add(&mut self, x: i128) {
        add_long(&mut self.sum_low, &mut self.sum_high, x);
        let size = x.unsigned_abs();
        let (a, b) = (u128::from(size as u64), size >> 64);
        let (aa, ab, bb) = (a * a, a * b, b * b);
        let (low, carry) = aa.overflowing_add(ab << 65);
        self.add_square(low, bb + (ab >> 63) + u128::from(carry));
        self.head.0 += 1;
    }

    #[inline(always)]
    fn add_square(&mut self, low: u128, high: u128) {
        let (sum, carry) = self.squares_low.overflowing_add(low);
        self.squares_low = sum;
        self.squares_high = self.squares_high.wrapping_add(high).wrapping_add(u128::from(carry));
    }

    fn squares(&self) -> [u64; 4] {
        let (low, high) = (self.squares_low, self.squares_high);
        [low as u64, (low >> 64) as u64, high as u64, (high >> 64) as u64]
    }

    /// n·Σx² − (Σx)² over a divisor, rounded by `round`; `slow` where that is too large for here.
    fn spread(
        &self,
        unit: Unit,
        variance: Variance,
        round: impl FnOnce(&[u64], u64, i64) -> Option<f64>,
        slow: impl FnOnce(&Moments) -> Result<Option<f64>, StateError>,
    ) -> Result<Option<f64>, StateError> {
        let n = self.head.count();
        let less = u64::from(variance == Variance::Sample);
        if n <= less {
            return Ok(None);
        }
        let (_, sum) = magnitude(self.sum_low, self.sum_high);
        let divisor = short(unit, 2, u128::from(n) * u128::from(n - less));
        let spread =
            natural::difference(&product::<6>(&[n], &self.squares()), &product(&sum, &sum));
        match (divisor, spread) {
            (Some(divisor), Some(spread)) => Ok(round(&spread, divisor, scale(self.head, unit, 2))),
            _ => slow(&self.state(unit)),
        }
    }
}

impl Cell for MomentCell {
    type State = Moments;
    const EMPTY: Self =
        Self { head: Head(0), sum_high: 0, sum_low: 0, squares_low: 0, squares_high: 0 };

    #[inline(always)]
    fn add_float(&mut self, value: f64) -> bool {
        let (exponent, mantissa) = split(value);
        let place = self.head.place(exponent);
        let (mantissa, place) = if place <= MOMENT_WINDOW.top {
            (mantissa, place)
        } else {
            match self.head.rare(value, MOMENT_WINDOW) {
                Some(rare) => rare,
                None => return false,
            }
        };
        self.add(i128::from(mantissa) << place);
        true
    }

    #[inline(always)]
    fn add_whole(&mut self, value: i128) -> bool {
        if value.unsigned_abs() >> MOMENT_BITS != 0 || !self.head.whole() {
            return false;
        }
        self.add(value);
        true
    }

    fn absorb(&mut self, state: &Moments) -> bool {
        let (sum, squares) = (state.sum.total.magnitude(), state.squares.magnitude());
        // A window must hold every bit: of Σx from its start, of Σx² from twice that.
        let lowest = lowest(&sum).min(lowest(&squares) / 2);
        let bits = |m: &Magnitude| 64 * m.low + natural::bit_length(&m.words) as u32;
        let Some(head) = absorbed(self.head, &state.sum, lowest, |base| {
            bits(&squares) <= 2 * base + 2 * MOMENT_BITS && bits(&sum) <= base + 127
        }) else {
            return false;
        };
        self.head = head;
        let words = lowered(&sum, head.base());
        let size = i128::try_from(words[0]).unwrap_or_default();
        add_long(&mut self.sum_low, &mut self.sum_high, signed(sum.sign, size));
        let [low, high] = lowered(&squares, 2 * head.base());
        self.add_square(low, high);
        true
    }

    fn state(&self, unit: Unit) -> Moments {
        let squares = wide(Sign::Positive, &self.squares(), 2 * self.head.base());
        Moments { sum: self.sum().state(unit), squares }
    }

    fn sum(&self) -> SumCell {
        SumCell { head: self.head, high: self.sum_high, low: self.sum_low }
    }

    fn variance(&self, unit: Unit, variance: Variance) -> Result<Option<f64>, StateError> {
        let ratio = |n: &[u64], d, scale| round::ratio(Sign::Positive, n, &[d], scale);
        self.spread(unit, variance, ratio, |state| state.variance(variance))
    }

    fn deviation(&self, unit: Unit, variance: Variance) -> Result<Option<f64>, StateError> {
        let root = |n: &[u64], d, scale| round::square_root(n, &[d], scale);
        self.spread(unit, variance, root, |state| state.deviation(variance))
    }

    fn move_to(&mut self, place: u32) {
        *self = Self { head: Head(u64::from(place)), ..Self::EMPTY };
        self.head.set_code(Head::MOVED);
    }

    fn moved(&self) -> Option<u32> {
        (self.head.code() == Head::MOVED).then(|| self.head.count() as u32)
    }
}

/// Adds to 192 bits of two's complement.
#[inline(always)]
fn add_long(low: &mut u128, high: &mut i64, value: i128) {
    let (sum, carry) = low.overflowing_add(value as u128);
    *low = sum;
    *high = high.wrapping_add((value >> 127) as i64).wrapping_add(i64::from(carry));
}

/// The sign and size of 192 bits of two's complement.
fn magnitude(low: u128, high: i64) -> (Sign, [u64; 3]) {
    let words = |low: u128, high: u64| [low as u64, (low >> 64) as u64, high];
    if high >= 0 {
        return (Sign::Positive, words(low, high as u64));
    }
    let (negated, carry) = (!low).overflowing_add(1);
    (Sign::Negative, words(negated, (!high as u64).wrapping_add(u64::from(carry))))
}

fn signed(sign: Sign, size: i128) -> i128 {
    if sign == Sign::Negative { -size } else { size }
}

/// A number of units · 2^base, at full size.
fn wide(sign: Sign, words: &[u64], base: u32) -> Wide {
    let mut wide = Wide::default();
    let shifted = natural::shift_left(words, u64::from(base % 64));
    wide.add_words(sign, base / 64, &shifted);
    wide
}

/// The power of two that a state's window makes of its unit, to a power; decimals' tens are in
/// the divisor.
fn scale(head: Head, unit: Unit, power: i64) -> i64 {
    match unit {
        Unit::Float => power * (i64::from(head.base()) - 1074),
        Unit::Integer | Unit::Decimal { .. } => 0,
    }
}

/// A divisor with a decimal's tens worked in, where it is short enough to divide by quickly.
fn short(unit: Unit, power: u32, divisor: u128) -> Option<u64> {
    let tens = match unit {
        Unit::Decimal { scale: scale @ 0.. } => {
            10u128.checked_pow(u32::from(scale.unsigned_abs()) * power)?
        }
        Unit::Decimal { .. } => return None,
        Unit::Float | Unit::Integer => 1,
    };
    let divisor = u64::try_from(divisor.checked_mul(tens)?).ok()?;
    (divisor < natural::SHORT).then_some(divisor)
}

/// A number that fits 256 bits from `base` on, as those bits.
fn lowered(magnitude: &Magnitude, base: u32) -> [u128; 2] {
    let from = i64::from(base) - 64 * i64::from(magnitude.low);
    let word = |at: i64| u128::from(natural::bits_from(&magnitude.words, from + 64 * at));
    [word(0) | (word(1) << 64), word(2) | (word(3) << 64)]
}

/// The product of numbers whose words fit `N` together.
fn product<const N: usize>(a: &[u64], b: &[u64]) -> [u64; N] {
    let mut product = [0u64; N];
    for (i, &x) in a.iter().enumerate() {
        let mut carry = 0u64;
        for (place, &y) in product[i..].iter_mut().zip(b.iter().chain(std::iter::once(&0))) {
            let wide = u128::from(x) * u128::from(y) + u128::from(*place) + u128::from(carry);
            *place = wide as u64;
            carry = (wide >> 64) as u64;
        }
    }
    product
}

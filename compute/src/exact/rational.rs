//! An exact quotient of sums, on its way to being rounded once.

use super::integer::Integer;
use super::natural;
use super::round::{self, Sign};
use super::sum::Unit;

/// `numerator / denominator · 2^scale`, where the units have been worked in.
#[derive(Clone, Debug)]
pub(super) struct Rational {
    numerator: Integer,
    denominator: Integer,
    scale: i64,
}

impl Rational {
    /// A quotient; the denominator must not be negative.
    pub(super) fn new(numerator: Integer, denominator: Integer) -> Self {
        Self { numerator, denominator, scale: 0 }
    }

    /// Multiplied by what a unit stands for, to some power.
    pub(super) fn in_units(mut self, unit: Unit, power: i32) -> Self {
        match unit {
            Unit::Float => self.scale -= 1074 * i64::from(power),
            Unit::Integer => {}
            Unit::Decimal { scale } => {
                let tens = i32::from(scale) * power;
                let factor = Integer::natural(&natural::power_of_ten(tens.unsigned_abs()));
                if tens >= 0 {
                    self.denominator = self.denominator.times(&factor);
                } else {
                    self.numerator = self.numerator.times(&factor);
                }
            }
        }
        self
    }

    /// Rounded once; `None` where the denominator is zero.
    pub(super) fn nearest(&self) -> Option<f64> {
        let (n, d) = (&self.numerator, &self.denominator);
        round::ratio(n.sign, &n.words, &d.words, self.full_scale())
    }

    /// The square root of the size, with the sign of `sign`, rounded once.
    pub(super) fn nearest_root(&self, sign: Sign) -> Option<f64> {
        let (n, d) = (&self.numerator, &self.denominator);
        let root = round::square_root(&n.words, &d.words, self.full_scale())?;
        Some(if sign == Sign::Negative && root != 0.0 { -root } else { root })
    }

    fn full_scale(&self) -> i64 {
        self.scale + 64 * (i64::from(self.numerator.place) - i64::from(self.denominator.place))
    }
}

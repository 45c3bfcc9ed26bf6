//! Where a fraction of the way through ordered values lies, and the exact value there.

use std::fmt::Debug;

use crate::exact::round::{Sign, canonical, ratio};
use crate::exact::{Number, Unit, natural};

/// A fraction from 0 to 1, as the decimal `numerator / denominator`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fraction {
    numerator: u64,
    denominator: u64,
}

impl Fraction {
    pub(super) const HALF: Self = Self { numerator: 1, denominator: 2 };

    /// The shortest decimal that stands for a float, which is the one that was written.
    pub(super) fn of(fraction: f64) -> Option<Self> {
        if !(0.0..=1.0).contains(&fraction) {
            return None;
        }
        let written = format!("{fraction}");
        let (whole, places) = written.split_once('.').unwrap_or((&written, ""));
        let denominator = 10u64.checked_pow(u32::try_from(places.len()).ok()?)?;
        let numerator = format!("{}{places}", whole.trim_start_matches('-')).parse().ok()?;
        Some(Self { numerator, denominator })
    }

    /// What is missing to 1.
    pub(super) fn complement(self) -> Self {
        Self { numerator: self.denominator - self.numerator, ..self }
    }

    /// Of values numbered from 0 to `last`, the one at or below this fraction of the way, and how
    /// far it is from there to the next one.
    pub(super) fn place(self, last: u64) -> (u64, Self) {
        let product = u128::from(self.numerator) * u128::from(last);
        let denominator = u128::from(self.denominator);
        // The quotient is at most `last`, the rest less than the denominator.
        let (place, rest) = ((product / denominator) as u64, (product % denominator) as u64);
        (place, Self { numerator: rest, ..self })
    }
}

/// A value as an integer that orders as the value does.
pub(super) trait Key: Copy + Ord + Debug + Send + Sync + 'static {
    fn of(number: Number) -> Self;
    fn number(self, unit: Unit) -> Number;
    fn encode(self) -> i128;
    fn decode(encoded: i128) -> Option<Self>;
}

/// Floats by total order, and signed integers.
impl Key for i64 {
    fn of(number: Number) -> Self {
        match number {
            Number::Float(value) => flip(canonical(value).to_bits() as i64),
            Number::Whole(value) => value as i64,
        }
    }

    fn number(self, unit: Unit) -> Number {
        match unit {
            Unit::Float => Number::Float(f64::from_bits(flip(self) as u64)),
            _ => Number::Whole(self.into()),
        }
    }

    fn encode(self) -> i128 {
        self.into()
    }

    fn decode(encoded: i128) -> Option<Self> {
        encoded.try_into().ok()
    }
}

/// Turns the bits of a float into an integer of the same order, and back.
fn flip(bits: i64) -> i64 {
    bits ^ (((bits >> 63) as u64) >> 1) as i64
}

macro_rules! whole_key {
    ($($kind:ty),*) => {$(
        impl Key for $kind {
            fn of(number: Number) -> Self {
                match number {
                    Number::Whole(value) => value as $kind,
                    // Floats have keys of their own.
                    Number::Float(_) => 0,
                }
            }

            fn number(self, _unit: Unit) -> Number {
                Number::Whole(self as i128)
            }

            fn encode(self) -> i128 {
                self as i128
            }

            fn decode(encoded: i128) -> Option<Self> {
                encoded.try_into().ok()
            }
        }
    )*};
}

whole_key!(u64, i128);

/// `low + weight · (high − low)`, rounded once. With infinities at an end: that infinity, or NaN
/// between two of different signs.
pub(super) fn between(low: Number, high: Number, weight: Fraction, unit: Unit) -> f64 {
    if weight.numerator == 0
        && let Number::Float(value) = low
    {
        return value;
    }
    match (low, high) {
        (Number::Float(a), Number::Float(b)) if a.to_bits() == b.to_bits() => return a,
        // One is no number: their sum is the answer.
        (Number::Float(a), Number::Float(b)) if !a.is_finite() || !b.is_finite() => {
            return canonical(a + b);
        }
        _ => {}
    }
    let scale = match unit {
        Unit::Decimal { scale } => u32::from(scale.unsigned_abs()),
        _ => 0,
    };
    let (low, high) = (parts(low), parts(high));
    let times = |(sign, words): (Sign, Vec<u64>), by: u64| (sign, natural::multiply(&words, &[by]));
    let (sign, sum) =
        add(times(low, weight.denominator - weight.numerator), times(high, weight.numerator));
    let denominator = natural::multiply(&natural::power_of_ten(scale), &[weight.denominator]);
    let exponent = if unit == Unit::Float { -1074 } else { 0 };
    // The denominator is not zero.
    ratio(sign, &sum, &denominator, exponent).unwrap_or(f64::NAN)
}

/// Sign and magnitude, of floats in units of 2^-1074.
fn parts(number: Number) -> (Sign, Vec<u64>) {
    match number {
        Number::Whole(value) => {
            let magnitude = value.unsigned_abs();
            (sign(value < 0), vec![magnitude as u64, (magnitude >> 64) as u64])
        }
        Number::Float(value) => {
            let bits = value.to_bits();
            let (biased, fraction) = ((bits >> 52) & 0x7ff, bits & ((1 << 52) - 1));
            let words = match biased {
                0 => vec![fraction],
                _ => natural::shift_left(&[fraction | 1 << 52], biased - 1),
            };
            (sign(value.is_sign_negative()), words)
        }
    }
}

fn sign(negative: bool) -> Sign {
    if negative { Sign::Negative } else { Sign::Positive }
}

fn add(a: (Sign, Vec<u64>), b: (Sign, Vec<u64>)) -> (Sign, Vec<u64>) {
    if a.0 == b.0 {
        return (a.0, total(&a.1, &b.1));
    }
    match natural::subtract(&a.1, &b.1) {
        Some(difference) => (a.0, difference),
        None => (b.0, natural::subtract(&b.1, &a.1).unwrap_or_default()),
    }
}

fn total(a: &[u64], b: &[u64]) -> Vec<u64> {
    let mut carry = false;
    let mut words: Vec<u64> = (0..a.len().max(b.len()))
        .map(|at| {
            let word = |words: &[u64]| words.get(at).copied().unwrap_or(0);
            let (more, first) = word(a).overflowing_add(word(b));
            let (more, second) = more.overflowing_add(u64::from(carry));
            carry = first || second;
            more
        })
        .collect();
    words.push(u64::from(carry));
    words
}

//! The one rounding of an exact result: to the nearest `f64`, ties to even (IEEE 754 §4.3.1).

use super::natural::{self, Even, Leading};

/// The one NaN that this crate ever produces.
pub const CANONICAL_NAN: f64 = f64::from_bits(0x7ff8_0000_0000_0000);

/// Replaces any NaN, whatever its sign and payload, by [`CANONICAL_NAN`]. Signed zeros stay.
#[must_use]
pub fn canonical(value: f64) -> f64 {
    if value.is_nan() { CANONICAL_NAN } else { value }
}

/// Whether a magnitude stands for a negative number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// Zero or above.
    Positive,
    /// Below zero.
    Negative,
}

impl Sign {
    /// The sign of a product.
    #[must_use]
    pub fn times(self, other: Self) -> Self {
        if self == other { Self::Positive } else { Self::Negative }
    }
}

/// `± numerator / denominator · 2^scale`, rounded once. Beyond the largest `f64` the result is an
/// infinity, as IEEE 754 has it; zero is +0. `None` where the denominator is zero.
#[must_use]
pub fn ratio(sign: Sign, numerator: &[u64], denominator: &[u64], scale: i64) -> Option<f64> {
    let value = nearest(natural::quotient(numerator, denominator, scale, Even::Any)?);
    Some(if sign == Sign::Negative && value != 0.0 { -value } else { value })
}

/// `√(numerator / denominator · 2^scale)`, rounded once: the integer square root of 126 bits or
/// more of the quotient, with what was cut off remembered. `None` where the denominator is zero.
#[must_use]
pub fn square_root(numerator: &[u64], denominator: &[u64], scale: i64) -> Option<f64> {
    let leading = natural::quotient(numerator, denominator, scale, Even::Yes)?;
    let root = leading.digits.isqrt();
    Some(nearest(Leading {
        digits: root,
        exponent: leading.exponent / 2,
        inexact: leading.inexact || root * root != leading.digits,
    }))
}

/// The `f64` nearest to `(digits + fraction) · 2^exponent`. Digits are zero or at least 63 bits
/// long, so ten bits or more are always cut off, and the fraction lies below all of them.
fn nearest(leading: Leading) -> f64 {
    let Leading { digits, exponent, inexact } = leading;
    if digits == 0 {
        return 0.0;
    }
    let bits = 128 - i64::from(digits.leading_zeros());
    // The exponent of the result's last bit: 53 bits below the top, but never below 2^-1074.
    let last = (exponent + bits - 53).max(-1074);
    let (mut kept, rest) = split(digits, (last - exponent).unsigned_abs(), inexact);
    if rest == Rest::Above || (rest == Rest::Half && kept & 1 == 1) {
        kept += 1;
    }
    assemble(kept, last)
}

/// How what was cut off compares with half a unit of what was kept.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rest {
    Below,
    Half,
    Above,
}

/// Splits off the `cut ≥ 1` lowest bits of `digits`.
fn split(digits: u128, cut: u64, inexact: bool) -> (u64, Rest) {
    if cut > 128 {
        return (0, Rest::Below);
    }
    let (kept, half) = if cut == 128 { (0, 1 << 127) } else { (digits >> cut, 1u128 << (cut - 1)) };
    let rest = if cut == 128 { digits } else { digits & ((1u128 << cut) - 1) };
    let rest_is = match rest.cmp(&half) {
        std::cmp::Ordering::Less => Rest::Below,
        std::cmp::Ordering::Equal if !inexact => Rest::Half,
        _ => Rest::Above,
    };
    (kept as u64, rest_is)
}

/// `kept · 2^last` for `kept ≤ 2^53`, where only a subnormal (`last` = −1074) is shorter than 53
/// bits: exact, or an infinity.
fn assemble(kept: u64, last: i64) -> f64 {
    if kept < 1 << 52 {
        return f64::from_bits(kept);
    }
    // Rounding up to 2^53 carries into the exponent.
    let (kept, last) = if kept == 1 << 53 { (1 << 52, last + 1) } else { (kept, last) };
    let biased = last + 1075;
    if biased > 2046 {
        return f64::INFINITY;
    }
    f64::from_bits((biased.unsigned_abs() << 52) | (kept & ((1 << 52) - 1)))
}

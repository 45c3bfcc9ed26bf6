//! One number of a column, as exact states take it.

use super::round::Sign;

/// A number in its column's own unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    /// A float, finite or not; the unit is [`super::Unit::Float`].
    Float(f64),
    /// A whole number of units.
    Whole(i128),
}

/// A finite number taken apart: `± size · 2^shift` units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Parts {
    pub(super) sign: Sign,
    pub(super) size: u128,
    pub(super) shift: u32,
}

impl Number {
    /// Takes a finite number apart; both zeros of a float have a size of 0. `None` for a NaN or
    /// an infinity.
    #[inline]
    pub(super) fn parts(self) -> Option<Parts> {
        match self {
            Self::Float(value) if value.is_finite() => Some(float_parts(value)),
            Self::Float(_) => None,
            Self::Whole(value) => Some(Parts {
                sign: if value < 0 { Sign::Negative } else { Sign::Positive },
                size: value.unsigned_abs(),
                shift: 0,
            }),
        }
    }
}

fn float_parts(value: f64) -> Parts {
    let bits = value.to_bits();
    let biased = ((bits >> 52) & 0x7ff) as u32;
    let fraction = u128::from(bits & ((1 << 52) - 1));
    let (size, shift) =
        if biased == 0 { (fraction, 0) } else { (fraction | (1 << 52), biased - 1) };
    let sign = if bits >> 63 == 1 { Sign::Negative } else { Sign::Positive };
    Parts { sign, size, shift }
}

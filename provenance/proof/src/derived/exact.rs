//! Rational numbers, and their one rounding to a float.

use std::cmp::Ordering;

use num_bigint::{BigInt, BigUint, Sign};

/// A fraction; not reduced, with a denominator above 0.
#[derive(Debug, Clone)]
pub struct Exact {
    numerator: BigInt,
    denominator: BigUint,
}

impl Exact {
    /// numerator/denominator, or nothing for a denominator of 0.
    pub fn new(numerator: BigInt, denominator: BigInt) -> Option<Self> {
        let (sign, magnitude) = denominator.into_parts();
        match sign {
            Sign::NoSign => None,
            Sign::Plus => Some(Self { numerator, denominator: magnitude }),
            Sign::Minus => Some(Self { numerator: -numerator, denominator: magnitude }),
        }
    }

    /// A whole number.
    pub fn whole(number: impl Into<BigInt>) -> Self {
        Self { numerator: number.into(), denominator: BigUint::from(1u8) }
    }

    /// The sum.
    pub fn plus(&self, other: &Self) -> Self {
        let (a, b) = (self.over(), other.over());
        let numerator = &self.numerator * b + &other.numerator * a;
        Self { numerator, denominator: &self.denominator * &other.denominator }
    }

    /// The difference.
    pub fn minus(&self, other: &Self) -> Self {
        self.plus(&Self { numerator: -&other.numerator, denominator: other.denominator.clone() })
    }

    /// The product.
    pub fn times(&self, other: &Self) -> Self {
        let numerator = &self.numerator * &other.numerator;
        Self { numerator, denominator: &self.denominator * &other.denominator }
    }

    /// The quotient, or nothing for a divisor of 0.
    pub fn per(&self, other: &Self) -> Option<Self> {
        Self::new(&self.numerator * other.over(), self.over() * &other.numerator)
    }

    /// −1, 0 or 1.
    pub fn sign(&self) -> i8 {
        match self.numerator.sign() {
            Sign::Minus => -1,
            Sign::NoSign => 0,
            Sign::Plus => 1,
        }
    }

    /// The nearest float, ties to even.
    pub fn to_f64(&self) -> f64 {
        let magnitude = self.numerator.magnitude();
        // 2^shift times the fraction has 66 bits or a few more: enough for 53 and what follows.
        let shift = 66 + self.denominator.bits() as i64 - magnitude.bits() as i64;
        let (numerator, denominator) = scaled(magnitude, &self.denominator, shift);
        let quotient = &numerator / &denominator;
        let inexact = &quotient * &denominator != numerator;
        with_sign(self.sign(), round(quotient, inexact, -shift))
    }

    /// The float nearest to the square root, or nothing for a negative number.
    pub fn sqrt_to_f64(&self) -> Option<f64> {
        if self.sign() < 0 {
            return None;
        }
        let magnitude = self.numerator.magnitude();
        let shift = 134 + self.denominator.bits() as i64 - magnitude.bits() as i64;
        let shift = shift + shift.rem_euclid(2);
        let (numerator, denominator) = scaled(magnitude, &self.denominator, shift);
        let quotient = &numerator / &denominator;
        let root = quotient.sqrt();
        let exact = &root * &root == quotient && &quotient * &denominator == numerator;
        Some(round(root, !exact, -shift / 2))
    }

    fn over(&self) -> BigInt {
        BigInt::from(self.denominator.clone())
    }
}

impl PartialEq for Exact {
    fn eq(&self, other: &Self) -> bool {
        self.minus(other).sign() == 0
    }
}

impl PartialOrd for Exact {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.minus(other).sign().cmp(&0))
    }
}

/// Both sides of a fraction, after it was multiplied by 2^shift.
fn scaled(numerator: &BigUint, denominator: &BigUint, shift: i64) -> (BigUint, BigUint) {
    let by = shift.unsigned_abs();
    match shift >= 0 {
        true => (numerator << by, denominator.clone()),
        false => (numerator.clone(), denominator << by),
    }
}

/// number·2^exponent, where `inexact` says that a little was cut off the number.
fn round(number: BigUint, inexact: bool, exponent: i64) -> f64 {
    let bits = number.bits() as i64;
    if bits == 0 {
        return 0.0;
    }
    // The last place of the float: 2^-1074 at the least.
    let last = (bits + exponent - 53).max(-1074);
    let drop = last - exponent;
    let (kept, rest) = if drop <= 0 {
        (&number << drop.unsigned_abs(), BigUint::default())
    } else {
        let kept = &number >> drop.unsigned_abs();
        let rest = &number - (&kept << drop.unsigned_abs());
        (kept, rest)
    };
    let half = BigUint::from(1u8) << (drop.max(1) - 1).unsigned_abs();
    let up = match (drop > 0).then(|| rest.cmp(&half)) {
        Some(Ordering::Greater) => true,
        Some(Ordering::Equal) => inexact || kept.bit(0),
        _ => false,
    };
    let digits = kept.iter_u64_digits().next().unwrap_or_default() + u64::from(up);
    // Exact: at most 2^53, and a power of two in two steps that both are floats.
    let (first, second) = (last / 2, last - last / 2);
    digits as f64 * power_of_two(first) * power_of_two(second)
}

fn power_of_two(exponent: i64) -> f64 {
    match exponent {
        1024.. => f64::INFINITY,
        -1022..=1023 => f64::from_bits(((exponent + 1023) as u64) << 52),
        _ => 0.0,
    }
}

fn with_sign(sign: i8, magnitude: f64) -> f64 {
    if sign < 0 { -magnitude } else { magnitude }
}

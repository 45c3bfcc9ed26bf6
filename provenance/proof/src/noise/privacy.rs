//! How well noise hides a row: (ε, δ), decided in whole numbers.
//!
//! If a row is replaced, an integer moves by at most its span, so by at most k = ⌈span/2^fine⌉ coarse
//! steps: the fine coins make every smaller move a mixture of two neighbouring numbers of steps. All
//! integers that one row touches move at once, each under coins of its own. Let B be the number of
//! coarse coins that fall on 1, and call z *rare* if Pr[B = z]/Pr[B = z−k] is beyond e^(5ε/4), or z < k.
//! For every order λ the loss is at most (ε, δ) with
//!
//! δ = Σ Pr[B is rare] + λ^λ/(1+λ)^(1+λ) · e^(−λε) · Π M(λ),
//! M(λ) = Σ_{z not rare} Pr[B = z]·(Pr[B = z]/Pr[B = z−k])^λ
//!
//! over the integers that are touched, because max(0, 1 − e^−x) ≤ λ^λ/(1+λ)^(1+λ)·e^(λx), and at most 1.
//! (Without the first sum the ends of the binomial, which never come up, would decide high orders.)
//! Everything is rounded against the holder, so what is accepted is never less private than it says.

use num_bigint::BigUint;
use thiserror::Error;

use super::Coins;

/// The least ε, in thousandths.
pub const EPSILON_MIN: u32 = 10;
/// The greatest ε, in thousandths: more would be an exact release by another name.
pub const EPSILON_MAX: u32 = 2_000;
/// The exponents that δ = 10^−d may have.
pub const DELTA_EXPONENTS: std::ops::RangeInclusive<u8> = 6..=15;
/// The greatest order λ.
pub const ORDER_MAX: u8 = 64;
/// The most coarse steps that a row may move an integer by.
pub const STEPS_MAX: u64 = 16;
/// Bits after the point of e^ε.
const EXPONENTIAL_BITS: u32 = 64;
/// Terms of the exponential series: beyond these all are below 2^−64.
const TERMS: u128 = 40;
/// Bits after the point of everything else.
const FRACTION_BITS: u32 = 256;

/// A privacy loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Privacy {
    epsilon_thousandths: u32,
    delta_exponent: u8,
}

/// Why a privacy loss cannot be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PrivacyError {
    /// Too small to be reached, or so large that nothing is hidden.
    #[error("epsilon is from 0.01 to 2")]
    Epsilon,
    /// Not a small power of ten.
    #[error("delta is from 1e-15 to 1e-6, a power of ten")]
    Delta,
}

impl Privacy {
    /// ε in thousandths, and d of δ = 10^−d.
    ///
    /// # Errors
    /// When one is out of what any verifier accepts.
    pub fn new(epsilon_thousandths: u32, delta_exponent: u8) -> Result<Self, PrivacyError> {
        if !(EPSILON_MIN..=EPSILON_MAX).contains(&epsilon_thousandths) {
            return Err(PrivacyError::Epsilon);
        }
        if !DELTA_EXPONENTS.contains(&delta_exponent) {
            return Err(PrivacyError::Delta);
        }
        Ok(Self { epsilon_thousandths, delta_exponent })
    }

    /// ε in thousandths.
    pub fn epsilon_thousandths(&self) -> u32 {
        self.epsilon_thousandths
    }

    /// d of δ = 10^−d.
    pub fn delta_exponent(&self) -> u8 {
        self.delta_exponent
    }

    /// Whether this is kept by the noise of the integers that one row touches: of each its coins and
    /// its span, and how often all of them are touched.
    ///
    /// Costs about a millisecond for each coarse step of each integer of different noise, more for
    /// higher orders.
    pub fn is_kept(&self, touched: &[(Coins, u32)], times: u32, order: u8) -> bool {
        let known = |(coins, span): &(Coins, u32)| (1..=STEPS_MAX).contains(&steps(*coins, *span));
        if !touched.iter().all(known) || !(1..=ORDER_MAX).contains(&order) {
            return false;
        }
        let limit = one() / BigUint::from(10u8).pow(self.delta_exponent.into());
        self.loss(touched, times, order) <= limit
    }

    /// δ times 2^256, rounded up.
    fn loss(&self, touched: &[(Coins, u32)], times: u32, order: u8) -> BigUint {
        let mut known: Vec<((u16, u64), Loss)> = Vec::new();
        let exponential = exponential(u64::from(self.epsilon_thousandths), 1_000);
        let (mut ends, mut moments) = (BigUint::ZERO, one());
        for (coins, span) in touched {
            let shape = (coins.coarse, steps(*coins, *span));
            if !known.iter().any(|(of, _)| *of == shape) {
                known.push((shape, Loss::of(shape.0, shape.1, order, exponential)));
            }
            for (_, loss) in known.iter().filter(|(of, _)| *of == shape) {
                for _ in 0..times {
                    ends += &loss.end;
                    moments = up(&moments * &loss.moment, &one());
                }
            }
        }
        let lambda = u32::from(order);
        let exponential = BigUint::from(exponential);
        let numerator =
            (moments * BigUint::from(lambda).pow(lambda)) << (EXPONENTIAL_BITS * lambda);
        let denominator = BigUint::from(lambda + 1).pow(lambda + 1) * exponential.pow(lambda);
        ends + up(numerator, &denominator)
    }
}

/// Coarse steps that an integer can move by.
pub fn steps(coins: Coins, span: u32) -> u64 {
    u64::from(span).div_ceil(1 << coins.fine.min(super::FINE_MAX))
}

/// What a move by k steps tells of one integer, times 2^256 and rounded up.
struct Loss {
    /// Pr[B is rare].
    end: BigUint,
    /// M(λ).
    moment: BigUint,
}

impl Loss {
    /// Of e^ε = `exponential`/2^64.
    fn of(coarse: u16, steps: u64, order: u8, exponential: u128) -> Self {
        let rare = BigUint::from(exponential).pow(5);
        let (coarse, order) = (u64::from(coarse), u32::from(order));
        let all = BigUint::from(1u8) << coarse;
        let (mut end, mut moment) = (BigUint::ZERO, BigUint::ZERO);
        // The binomial coefficient of z, times 2^256.
        let mut chosen = one();
        for z in 0..=coarse {
            if z > 0 {
                chosen = chosen * (coarse + 1 - z) / z;
            }
            if z < steps {
                end += &chosen;
                continue;
            }
            let falls = |at: u64| BigUint::from(coarse - z + at + 1);
            let over: BigUint = (0..steps).map(falls).product();
            let under: BigUint = (0..steps).map(|at| BigUint::from(z - at)).product();
            if over.pow(4) << (5 * EXPONENTIAL_BITS) > under.pow(4) * &rare {
                end += &chosen;
                continue;
            }
            moment += up(&chosen * over.pow(order), &under.pow(order));
        }
        Self { end: up(end, &all), moment: up(moment, &all) }
    }
}

/// 2^256.
fn one() -> BigUint {
    BigUint::from(1u8) << FRACTION_BITS
}

/// The quotient, rounded up.
fn up(numerator: BigUint, denominator: &BigUint) -> BigUint {
    let quotient = &numerator / denominator;
    if &quotient * denominator == numerator { quotient } else { quotient + 1u8 }
}

/// 2^64·e^(numerator/denominator), or a little less; the fraction is at most 2.
pub fn exponential(numerator: u64, denominator: u64) -> u128 {
    let (mut term, mut sum) = (1u128 << EXPONENTIAL_BITS, 1u128 << EXPONENTIAL_BITS);
    for at in 1..=TERMS {
        term = term * u128::from(numerator) / (u128::from(denominator) * at);
        sum += term;
    }
    sum
}

//! A faster judge for very many cases: fractions of whole numbers that are never reduced, compared
//! with the midpoints beside a float by multiplying crosswise. Like the judge in `oracle` it never
//! rounds, and its sums are of distances from the mean, as statistics are defined.

use num_bigint::BigInt;

/// What one unit of a column's whole numbers stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// 2^−1074.
    Float,
    /// 10^−n.
    Tens(u32),
}

/// `top / bottom · 2^(−1074 · power)`; the bottom is above zero.
#[derive(Clone, Debug)]
pub struct Fraction {
    top: BigInt,
    bottom: BigInt,
    power: i64,
}

/// A float in units of 2^−1074. Infinities stand for the floats that would follow the largest.
pub fn units(value: f64) -> BigInt {
    if value.is_infinite() {
        let beyond: BigInt = BigInt::from(1) << 2098u32;
        return if value < 0.0 { -beyond } else { beyond };
    }
    let (biased, fraction) = ((value.to_bits() >> 52) & 0x7ff, value.to_bits() & ((1 << 52) - 1));
    let size = match biased {
        0 => BigInt::from(fraction),
        _ => BigInt::from(fraction | 1 << 52) << (biased - 1),
    };
    if value < 0.0 { -size } else { size }
}

fn shifted(value: BigInt, bits: i64) -> BigInt {
    assert!(bits >= 0);
    value << bits as usize
}

impl Fraction {
    /// A quotient of sums, in units of each scale to its power.
    pub fn new(top: BigInt, bottom: BigInt, scales: &[(Scale, i32)]) -> Self {
        let mut exact = Self { top, bottom, power: 0 };
        for &(scale, power) in scales {
            match scale {
                Scale::Float => exact.power += i64::from(power),
                Scale::Tens(digits) => {
                    let tens = BigInt::from(10).pow(digits * power.unsigned_abs());
                    if power > 0 { exact.bottom *= tens } else { exact.top *= tens }
                }
            }
        }
        let zero = BigInt::ZERO;
        if exact.bottom < zero {
            (exact.top, exact.bottom) = (-exact.top, -exact.bottom);
        }
        assert!(exact.bottom > zero, "a fraction over zero");
        exact
    }

    /// Panics unless `found` is the float nearest to this, ties to even.
    pub fn assert_nearest(&self, found: f64, what: &str) {
        assert!(!found.is_nan() && found.to_bits() != (-0.0f64).to_bits(), "{found} for {what}");
        // Both sides in units of 2^−1075, where midpoints are whole.
        let raise = 1075 - 1074 * self.power;
        let top = shifted(self.top.clone(), raise.max(0));
        let bottom = shifted(self.bottom.clone(), (-raise).max(0));
        self.between(found, &top, |middle| middle * &bottom, what);
    }

    /// Panics unless `found` is the float nearest to the square root of this.
    pub fn assert_nearest_root(&self, found: f64, what: &str) {
        assert!(found >= 0.0, "{found} for {what}");
        let raise = 2150 - 1074 * self.power;
        let top = shifted(self.top.clone(), raise.max(0));
        let bottom = shifted(self.bottom.clone(), (-raise).max(0));
        let square = |middle: BigInt| {
            // Below the least float's midpoint there is no root at all.
            if middle < BigInt::ZERO { BigInt::from(-1) } else { &middle * &middle * &bottom }
        };
        self.between(found, &top, square, what);
    }

    fn between(&self, found: f64, top: &BigInt, raised: impl Fn(BigInt) -> BigInt, what: &str) {
        let even = found.is_infinite() || found.to_bits() & 1 == 0;
        let own = units(found);
        if found != f64::NEG_INFINITY {
            let below = raised(units(found.next_down()) + &own);
            assert!(*top > below || (*top == below && even), "{found:e} is too high for {what}");
        }
        if found != f64::INFINITY {
            let above = raised(units(found.next_up()) + &own);
            assert!(*top < above || (*top == above && even), "{found:e} is too low for {what}");
        }
    }
}

#[test]
fn the_judge_refuses_neighbours() {
    let third = Fraction::new(units(1.0), BigInt::from(3), &[(Scale::Float, 1)]);
    third.assert_nearest(1.0 / 3.0, "a third");
    let cents = Fraction::new(BigInt::from(10), BigInt::from(1), &[(Scale::Tens(2), 1)]);
    cents.assert_nearest(0.1, "ten cents");
    let two = Fraction::new(units(2.0) * units(1.0), BigInt::from(1), &[(Scale::Float, 2)]);
    two.assert_nearest(2.0, "two");
    two.assert_nearest_root(2f64.sqrt(), "the root of two");
    let none = Fraction::new(BigInt::ZERO, BigInt::from(7), &[(Scale::Float, 2)]);
    none.assert_nearest(0.0, "nothing");
    none.assert_nearest_root(0.0, "nothing");
    let refused =
        |judge: &dyn Fn()| std::panic::catch_unwind(std::panic::AssertUnwindSafe(judge)).is_err();
    for wrong in [f64::next_up as fn(f64) -> f64, f64::next_down] {
        assert!(refused(&|| third.assert_nearest(wrong(1.0 / 3.0), "")));
        assert!(refused(&|| cents.assert_nearest(wrong(0.1), "")));
        assert!(refused(&|| two.assert_nearest(wrong(2.0), "")));
        assert!(refused(&|| two.assert_nearest_root(wrong(2f64.sqrt()), "")));
    }
    assert!(refused(&|| none.assert_nearest(5e-324, "")));
    assert!(refused(&|| none.assert_nearest(-0.0, "")));
    let beyond = Fraction::new(units(f64::MAX) * 2, BigInt::from(1), &[(Scale::Float, 1)]);
    beyond.assert_nearest(f64::INFINITY, "beyond");
    assert!(refused(&|| beyond.assert_nearest(f64::MAX, "")));
}

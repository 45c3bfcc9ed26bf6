//! What an exact result must be, computed in rationals, and the judge of a rounding.
//!
//! The judge never rounds: it compares the exact value with the midpoints to the neighbours of
//! the float in question, so it shares no step with the code under test.

use num_rational::BigRational;
use proptest::prelude::*;

pub fn rational(value: f64) -> BigRational {
    BigRational::from_float(value).unwrap()
}

pub fn whole(value: i128) -> BigRational {
    let part = |bits: u128| rational(bits as f64);
    let size = value.unsigned_abs();
    let base = rational(4_294_967_296.0);
    let mut sum = rational(0.0);
    for place in (0..4).rev() {
        sum = sum * &base + part((size >> (32 * place)) & 0xffff_ffff);
    }
    if value < 0 { -sum } else { sum }
}

/// What an infinity stands for in a comparison of midpoints: the float that would follow MAX.
fn stand_in(value: f64) -> BigRational {
    if value == f64::INFINITY {
        rational(2f64.powi(1023)) * rational(2.0)
    } else if value == f64::NEG_INFINITY {
        -(rational(2f64.powi(1023)) * rational(2.0))
    } else {
        rational(value)
    }
}

fn even(value: f64) -> bool {
    value.is_infinite() || value.to_bits() & 1 == 0
}

/// Panics unless `found` is the float nearest to `exact`, ties to even.
pub fn assert_nearest(exact: &BigRational, found: f64) {
    let half = rational(0.5);
    let below = (stand_in(found.next_down()) + stand_in(found)) * &half;
    let above = (stand_in(found.next_up()) + stand_in(found)) * &half;
    let low = found == f64::NEG_INFINITY || *exact > below || (*exact == below && even(found));
    let high = found == f64::INFINITY || *exact < above || (*exact == above && even(found));
    assert!(low && high, "{found:e} ({:#x}) is not nearest to {exact}", found.to_bits());
}

/// Panics unless `found` is the float nearest to the square root of `exact`.
pub fn assert_nearest_root(exact: &BigRational, found: f64) {
    assert!(found >= 0.0);
    let half = rational(0.5);
    let below = (stand_in(found.next_down()) + stand_in(found)) * &half;
    let above = (stand_in(found.next_up()) + stand_in(found)) * &half;
    let low =
        found == 0.0 || *exact > &below * &below || (*exact == &below * &below && even(found));
    // A deviation may lie beyond every float: that of MAX and −MAX does.
    let high = found == f64::INFINITY
        || *exact < &above * &above
        || (*exact == &above * &above && even(found));
    assert!(low && high, "{found:e} is not nearest to the root of {exact}");
}

/// Finite floats that break naive sums: every exponent, subnormals, both ends of the range,
/// neighbours of powers of two, small whole numbers.
pub fn awkward() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => any::<u64>().prop_map(f64::from_bits).prop_filter("finite", |x| x.is_finite()),
        1 => (any::<bool>(), 1u64..1 << 52).prop_map(|(s, b)| f64::from_bits(b | u64::from(s) << 63)),
        1 => prop_oneof![Just(1e308), Just(-1e308), Just(f64::MAX), Just(f64::MIN), Just(5e-324)],
        2 => (0u64..2047, prop_oneof![Just(0u64), Just(1), Just((1 << 52) - 1)])
            .prop_map(|(e, m)| f64::from_bits(e << 52 | m)),
        2 => (-1000i32..1000).prop_map(f64::from),
        2 => -1.0..1.0f64,
    ]
}

/// Lists of them, half followed by their own negatives with one value more.
pub fn awkward_list() -> impl Strategy<Value = Vec<f64>> {
    (prop::collection::vec(awkward(), 1..40), any::<bool>(), awkward()).prop_map(
        |(mut values, cancel, last)| {
            if cancel {
                let negated: Vec<f64> = values.iter().rev().map(|x| -x).collect();
                values.extend(negated);
                values.push(last);
            }
            values
        },
    )
}

pub fn exact_sum(values: &[f64]) -> BigRational {
    values.iter().fold(rational(0.0), |sum, &x| sum + rational(x))
}

/// Σ(x − mean)² ÷ divisor: the definition, unlike the formula under test.
pub fn exact_variance(values: &[f64], divisor: f64) -> BigRational {
    let mean = exact_sum(values) / rational(values.len() as f64);
    let spread = values.iter().fold(rational(0.0), |sum, &x| {
        let d = rational(x) - &mean;
        sum + &d * &d
    });
    spread / rational(divisor)
}

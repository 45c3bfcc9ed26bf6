//! Sum, mean, variance and deviation are the exact value, rounded once, in any order.

use proptest::prelude::*;
use veritrail_compute::exact::round::Sign;
use veritrail_compute::exact::{Moments, Sum, Unit, Variance};

use super::oracle::*;

fn sum_of(values: &[f64]) -> Sum {
    let mut sum = Sum::new(Unit::Float);
    values.iter().for_each(|&x| sum.add_float(x));
    sum
}

fn moments_of(values: &[f64]) -> Moments {
    let mut moments = Moments::new(Unit::Float);
    values.iter().for_each(|&x| moments.add_float(x));
    moments
}

/// The judge once took an infinity for right only where the root lies below 2^1024.
#[test]
fn a_deviation_beyond_every_float_is_an_infinity() {
    let values = [f64::MAX, f64::MIN];
    let moments = moments_of(&values);
    let found = moments.deviation(Variance::Sample).unwrap().unwrap();
    assert_eq!(found, f64::INFINITY);
    assert_nearest_root(&exact_variance(&values, 1.0), found);
    // Of the population it is the largest float itself.
    assert_eq!(moments.deviation(Variance::Population).unwrap(), Some(f64::MAX));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn sum_and_mean_are_nearest(values in awkward_list()) {
        let sum = sum_of(&values);
        let exact = exact_sum(&values);
        assert_nearest(&exact, sum.value().unwrap());
        assert_nearest(&(exact / rational(values.len() as f64)), sum.mean().unwrap());
    }

    #[test]
    fn variance_and_deviation_are_nearest(values in awkward_list()) {
        let moments = moments_of(&values);
        let n = values.len() as f64;
        let population = exact_variance(&values, n);
        assert_nearest(&population, moments.variance(Variance::Population).unwrap().unwrap());
        assert_nearest_root(&population, moments.deviation(Variance::Population).unwrap().unwrap());
        if values.len() > 1 {
            let sample = exact_variance(&values, n - 1.0);
            assert_nearest(&sample, moments.variance(Variance::Sample).unwrap().unwrap());
            assert_nearest_root(&sample, moments.deviation(Variance::Sample).unwrap().unwrap());
        }
    }

    #[test]
    fn any_order_and_any_split_give_one_state(
        values in awkward_list(),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
        seed in any::<u64>(),
    ) {
        let whole = moments_of(&values).encode();
        let mut permuted = values.clone();
        let mut state = seed | 1;
        for at in (1..permuted.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            permuted.swap(at, (state >> 33) as usize % (at + 1));
        }
        let mut borders: Vec<usize> = cuts.iter().map(|cut| cut.index(permuted.len())).collect();
        borders.extend([0, permuted.len()]);
        borders.sort_unstable();
        let parts: Vec<Moments> = borders.windows(2).map(|w| moments_of(&permuted[w[0]..w[1]])).collect();
        let mut forward = Moments::new(Unit::Float);
        for part in &parts {
            forward.merge(&Moments::decode(&part.encode()).unwrap()).unwrap();
        }
        let mut backward = Moments::new(Unit::Float);
        for part in parts.iter().rev() {
            backward.merge(part).unwrap();
        }
        prop_assert_eq!(&forward.encode(), &whole);
        prop_assert_eq!(&backward.encode(), &whole);
    }

    #[test]
    fn integers_and_decimals_are_exact(
        values in prop::collection::vec(prop_oneof![any::<i128>(), (-9i128..9), any::<i64>().prop_map(i128::from)], 2..30),
        scale in -6i8..38,
    ) {
        for unit in [Unit::Integer, Unit::Decimal { scale }] {
            let mut moments = Moments::new(unit);
            let mut by_words = Moments::new(unit);
            for &value in &values {
                moments.add_integer(value);
                let size = value.unsigned_abs();
                let sign = if value < 0 { Sign::Negative } else { Sign::Positive };
                by_words.add_units(sign, &[size as u64, (size >> 64) as u64, 0, 0]);
            }
            prop_assert_eq!(moments.encode(), by_words.encode());
            let step = match unit {
                Unit::Decimal { scale } if scale < 0 => whole(10i128.pow(u32::from(scale.unsigned_abs()))),
                Unit::Decimal { scale } => rational(1.0) / whole(10i128.pow(u32::from(scale.unsigned_abs()))),
                _ => rational(1.0),
            };
            let n = rational(values.len() as f64);
            let sum = values.iter().fold(rational(0.0), |sum, &x| sum + whole(x) * &step);
            assert_nearest(&sum, moments.sum().value().unwrap());
            let mean = sum / &n;
            assert_nearest(&mean, moments.sum().mean().unwrap());
            let spread = values.iter().fold(rational(0.0), |sum, &x| {
                let d = whole(x) * &step - &mean;
                sum + &d * &d
            });
            let variance = spread / (n - rational(1.0));
            assert_nearest(&variance, moments.variance(Variance::Sample).unwrap().unwrap());
            assert_nearest_root(&variance, moments.deviation(Variance::Sample).unwrap().unwrap());
        }
    }
}

#[test]
fn ties_go_to_even_and_a_hair_decides() {
    let tie = 2f64.powi(53);
    assert_eq!(sum_of(&[tie, 1.0]).value(), Some(tie));
    assert_eq!(sum_of(&[tie + 2.0, 1.0]).value(), Some(tie + 4.0));
    assert_eq!(sum_of(&[tie, 1.0, 5e-324]).value(), Some(tie + 2.0));
    assert_eq!(sum_of(&[tie, 1.0, -5e-324]).value(), Some(tie));
    assert_eq!(sum_of(&[5e-324, 5e-324, 5e-324]).mean(), Some(5e-324));
    assert_eq!(sum_of(&[5e-324, 0.0]).mean(), Some(0.0));
    assert_eq!(sum_of(&[1.5e-323, 0.0]).mean(), Some(1e-323));
}

#[test]
fn the_range_ends_in_infinity_only_after_the_sum() {
    assert_eq!(sum_of(&[f64::MAX, f64::MAX, -f64::MAX]).value(), Some(f64::MAX));
    assert_eq!(sum_of(&[f64::MAX, f64::MAX]).value(), Some(f64::INFINITY));
    assert_eq!(sum_of(&[f64::MAX, f64::MAX]).mean(), Some(f64::MAX));
    assert_eq!(sum_of(&[f64::MIN, f64::MIN]).value(), Some(f64::NEG_INFINITY));
    let spread = moments_of(&[f64::MAX, f64::MIN]);
    assert_eq!(spread.variance(Variance::Population).unwrap(), Some(f64::INFINITY));
    assert_eq!(spread.deviation(Variance::Population).unwrap(), Some(f64::MAX));
}

#[test]
fn specials_follow_ieee_and_zero_is_positive() {
    let bits = |values: &[f64]| sum_of(values).value().unwrap().to_bits();
    let nan = 0x7ff8_0000_0000_0000;
    assert_eq!(bits(&[1.0, f64::from_bits(0xfff0_0000_0000_0001)]), nan);
    assert_eq!(bits(&[f64::INFINITY, f64::NEG_INFINITY]), nan);
    assert_eq!(bits(&[f64::INFINITY, f64::MIN]), f64::INFINITY.to_bits());
    assert_eq!(bits(&[f64::NEG_INFINITY, 1e308]), f64::NEG_INFINITY.to_bits());
    assert_eq!(bits(&[-0.0, -0.0]), 0);
    assert_eq!(bits(&[1e300, -1e300]), 0);
    let infinite = moments_of(&[f64::INFINITY, 1.0]);
    assert_eq!(infinite.variance(Variance::Sample).unwrap().unwrap().to_bits(), nan);
}

#[test]
fn too_few_values_have_no_result() {
    let none = moments_of(&[]);
    assert_eq!((none.sum().value(), none.sum().mean()), (None, None));
    assert_eq!(none.variance(Variance::Population).unwrap(), None);
    let one = moments_of(&[7.25]);
    assert_eq!(one.variance(Variance::Sample).unwrap(), None);
    assert_eq!(one.deviation(Variance::Sample).unwrap(), None);
    assert_eq!(one.variance(Variance::Population).unwrap(), Some(0.0));
}

#[test]
fn a_million_adds_of_a_tenth() {
    let mut sum = Sum::new(Unit::Float);
    (0..1_000_000).for_each(|_| sum.add_float(0.1));
    assert_nearest(&(rational(0.1) * rational(1e6)), sum.value().unwrap());
    assert!(sum.heap_size() <= 64, "a column of one scale takes a few words");
}

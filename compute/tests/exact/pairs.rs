//! Statistics of pairs are the exact rational, rounded once; whole columns, single values,
//! splits and values taken out again give one state.

use num_rational::BigRational;
use proptest::prelude::*;
use veritrail_compute::exact::{Cpu, Moments, Number, Powers, Products, Reducer, Statistic};
use veritrail_compute::exact::{Sum, Unit, Variance, dot};

use super::oracle::*;

fn products_of(pairs: &[(f64, f64)]) -> Products {
    let mut products = Products::new(Unit::Float, Unit::Float);
    pairs.iter().for_each(|&(x, y)| products.add_floats(x, y));
    products
}

/// Σ(x − x̄)(y − ȳ), Σ(x − x̄)², Σ(y − ȳ)² and the means: the definitions.
fn centred(pairs: &[(f64, f64)]) -> [BigRational; 5] {
    let n = rational(pairs.len() as f64);
    let mean = |pick: fn(&(f64, f64)) -> f64| {
        pairs.iter().fold(rational(0.0), |sum, pair| sum + rational(pick(pair))) / &n
    };
    let (x_mean, y_mean) = (mean(|p| p.0), mean(|p| p.1));
    let mut sums = [rational(0.0), rational(0.0), rational(0.0)];
    for &(x, y) in pairs {
        let (dx, dy) = (rational(x) - &x_mean, rational(y) - &y_mean);
        sums[0] += &dx * &dy;
        sums[1] += &dx * &dx;
        sums[2] += &dy * &dy;
    }
    let [xy, xx, yy] = sums;
    [xy, xx, yy, x_mean, y_mean]
}

fn awkward_pairs() -> impl Strategy<Value = Vec<(f64, f64)>> {
    prop_oneof![
        prop::collection::vec((awkward(), awkward()), 1..12),
        prop::collection::vec((-9i32..9, -9i32..9), 1..12).prop_map(|pairs| {
            pairs.into_iter().map(|(x, y)| (f64::from(x), f64::from(y))).collect()
        }),
        (prop::collection::vec(awkward(), 2..8), 1i32..5).prop_map(|(xs, k)| {
            xs.into_iter().filter(|x| x.abs() < 1e300).map(|x| (x, x * f64::from(k))).collect()
        }),
    ]
    .prop_filter("some", |pairs: &Vec<_>| !pairs.is_empty())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn statistics_are_nearest(pairs in awkward_pairs()) {
        let products = products_of(&pairs);
        let found = |statistic| products.statistic(statistic).unwrap();
        let [xy, xx, yy, x_mean, y_mean] = centred(&pairs);
        let (n, zero) = (rational(pairs.len() as f64), rational(0.0));
        assert_nearest(&x_mean, found(Statistic::MeanX).unwrap());
        assert_nearest(&y_mean, found(Statistic::MeanY).unwrap());
        assert_nearest(&xx, found(Statistic::SquaresX).unwrap());
        assert_nearest(&yy, found(Statistic::SquaresY).unwrap());
        assert_nearest(&xy, found(Statistic::CrossProducts).unwrap());
        assert_nearest(&(&xy / &n), found(Statistic::Covariance(Variance::Population)).unwrap());
        let sample = found(Statistic::Covariance(Variance::Sample));
        match pairs.len() {
            1 => prop_assert_eq!(sample, None),
            _ => assert_nearest(&(&xy / (n - rational(1.0))), sample.unwrap()),
        }
        let of_line = [Statistic::Slope, Statistic::Intercept, Statistic::RSquared].map(found);
        if xx == zero {
            prop_assert_eq!(of_line, [None; 3]);
            prop_assert_eq!(found(Statistic::Correlation), None);
            return Ok(());
        }
        let slope = &xy / &xx;
        assert_nearest(&slope, of_line[0].unwrap());
        assert_nearest(&(y_mean - slope * x_mean), of_line[1].unwrap());
        let Some(correlation) = found(Statistic::Correlation) else {
            prop_assert!(yy == zero && of_line[2] == Some(1.0));
            return Ok(());
        };
        let squared = &xy * &xy / (xx * yy);
        assert_nearest(&squared, of_line[2].unwrap());
        assert_nearest_root(&squared, correlation.abs());
        prop_assert!(correlation == 0.0 || (correlation < 0.0) == (xy < zero));
    }

}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whole_columns_make_the_states_of_their_values(
        pairs in prop::collection::vec((any_float(), any_float()), 0..80),
        copies in 1usize..30,
    ) {
        let pairs = pairs.repeat(copies);
        let (x, y): (Vec<f64>, Vec<f64>) = pairs.iter().copied().unzip();
        let products = products_of(&pairs);
        prop_assert_eq!(Cpu.products(&x, &y).unwrap(), products.clone());
        let (mut sum, mut moments) = (Sum::new(Unit::Float), Moments::new(Unit::Float));
        for &x in &x {
            sum.add_float(x);
            moments.add_float(x);
        }
        prop_assert_eq!(Cpu.sum(&x).unwrap(), sum);
        prop_assert_eq!(Cpu.moments(&x).unwrap(), moments);
        if x.iter().chain(&y).all(|x| x.is_finite()) && !x.is_empty() {
            let exact = pairs.iter().fold(rational(0.0), |sum, &(x, y)| sum + rational(x) * rational(y));
            assert_nearest(&exact, dot(&x, &y).unwrap());
        }
        prop_assert_eq!(Products::decode(&products.encode()).unwrap(), products);
    }

    #[test]
    fn what_is_taken_out_was_never_there(
        stay in prop::collection::vec((any_float(), any_float()), 0..20),
        leave in prop::collection::vec((any_float(), any_float()), 0..20),
    ) {
        let mut products = products_of(&[stay.clone(), leave.clone()].concat());
        let mut powers = Powers::new(Unit::Float);
        let mut kept = Powers::new(Unit::Float);
        stay.iter().chain(&leave).for_each(|p| powers.add(Number::Float(p.0)));
        stay.iter().for_each(|p| kept.add(Number::Float(p.0)));
        for &(x, y) in &leave {
            products.remove(Number::Float(x), Number::Float(y)).unwrap();
            powers.remove(Number::Float(x)).unwrap();
        }
        prop_assert_eq!(products.encode(), products_of(&stay).encode());
        prop_assert_eq!(powers.encode(), kept.encode());
        prop_assert_eq!(Powers::decode(&powers.encode()).unwrap(), powers);
    }
}

/// Any float at all, NaNs and infinities among them.
fn any_float() -> impl Strategy<Value = f64> {
    prop_oneof![
        8 => awkward(),
        1 => prop_oneof![Just(f64::NAN), Just(f64::INFINITY), Just(f64::NEG_INFINITY), Just(-0.0)],
    ]
}

#[test]
fn pairs_of_different_units() {
    let mut products = Products::new(Unit::Float, Unit::Decimal { scale: 2 });
    for (x, y) in [(0.5, 100), (1.5, 300), (2.5, 500)] {
        products.add(Number::Float(x), Number::Whole(y));
    }
    let found = |statistic| products.statistic(statistic).unwrap().unwrap();
    assert_eq!(found(Statistic::Slope), 2.0);
    assert_eq!(found(Statistic::Intercept), 0.0);
    assert_eq!(found(Statistic::Correlation), 1.0);
    assert_eq!(found(Statistic::Covariance(Variance::Sample)), 2.0);
    assert_eq!(found(Statistic::MeanY), 3.0);
}

#[test]
fn odd_values_spoil_only_what_they_enter() {
    let products = products_of(&[(1.0, 2.0), (3.0, f64::NAN), (5.0, f64::INFINITY)]);
    let found = |statistic| products.statistic(statistic).unwrap().unwrap();
    assert_eq!(found(Statistic::MeanX), 3.0);
    assert_eq!(found(Statistic::SquaresX), 8.0);
    assert!(found(Statistic::MeanY).is_nan());
    assert!(found(Statistic::SquaresY).is_nan());
    assert!(found(Statistic::Slope).is_nan());
    assert!(found(Statistic::Covariance(Variance::Population)).is_nan());
    assert_eq!(dot(&[f64::INFINITY, 1.0], &[2.0, 3.0]), Some(f64::INFINITY));
    assert!(dot(&[f64::INFINITY], &[0.0]).unwrap().is_nan());
    assert_eq!(dot(&[], &[]), None);
}

//! Certified statistics (NIST StRD, univariate): sets whose leading digits are constant, which
//! one-pass formulas in floats get wrong from the first digits on.

use veritrail_compute::exact::{Moments, Unit, Variance};

/// The first 15 significant digits of `found` and of what was certified.
fn assert_15_digits(found: f64, certified: f64) {
    let error = ((found - certified) / certified).abs();
    assert!(error < 5e-15, "{found:e} against {certified:e}: {error:e}");
}

fn check(values: &[f64], mean: f64, deviation: f64) {
    let mut moments = Moments::new(Unit::Float);
    values.iter().for_each(|&x| moments.add_float(x));
    assert_15_digits(moments.sum().mean().unwrap(), mean);
    assert_15_digits(moments.deviation(Variance::Sample).unwrap().unwrap(), deviation);
}

/// One value, then `pairs` times two values `step` apart around it.
fn alternating(first: f64, low: f64, high: f64, count: usize) -> Vec<f64> {
    std::iter::once(first)
        .chain((1..count).map(|at| if at % 2 == 1 { low } else { high }))
        .collect()
}

#[test]
fn numacc1() {
    check(&[10_000_001.0, 10_000_003.0, 10_000_002.0], 10_000_002.0, 1.0);
}

#[test]
fn numacc2() {
    check(&alternating(1.2, 1.1, 1.3, 1001), 1.2, 0.1);
}

/// The certified values are of the decimal numbers; as floats the numbers of these two sets
/// differ from them in the tenth and ninth digit of the deviation, so decimals are used.
fn check_decimal(scaled: &[i128], mean: f64, deviation: f64) {
    let mut moments = Moments::new(Unit::Decimal { scale: 1 });
    scaled.iter().for_each(|&x| moments.add_integer(x));
    assert_15_digits(moments.sum().mean().unwrap(), mean);
    assert_15_digits(moments.deviation(Variance::Sample).unwrap().unwrap(), deviation);
}

fn alternating_tenths(first: i128, low: i128, high: i128) -> Vec<i128> {
    std::iter::once(first).chain((1..1001).map(|at| if at % 2 == 1 { low } else { high })).collect()
}

#[test]
fn numacc3_and_numacc4() {
    check_decimal(&alternating_tenths(10_000_002, 10_000_001, 10_000_003), 1_000_000.2, 0.1);
    check_decimal(&alternating_tenths(100_000_002, 100_000_001, 100_000_003), 10_000_000.2, 0.1);
}

#[test]
fn constant_leading_digits_as_floats_are_the_floats_own_deviation() {
    let values = alternating(10_000_000.2, 10_000_000.1, 10_000_000.3, 1001);
    let mut moments = Moments::new(Unit::Float);
    values.iter().for_each(|&x| moments.add_float(x));
    let exact = super::oracle::exact_variance(&values, 1000.0);
    super::oracle::assert_nearest(&exact, moments.variance(Variance::Sample).unwrap().unwrap());
}

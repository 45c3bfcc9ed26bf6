//! Derived results against textbook numbers, and the one rounding against the hardware's.

use num_bigint::BigInt;
use proptest::prelude::*;
use veritrail_proof::derived::*;

/// The Gram matrix of some columns of integers, given with their least numbers and decimal places.
fn gram(columns: &[&[i64]], scales: &[Scale]) -> Gram {
    let n = columns[0].len();
    let shifted: Vec<Vec<u128>> = columns
        .iter()
        .zip(scales)
        .map(|(column, scale)| column.iter().map(|x| (x - scale.lo) as u128).collect())
        .collect();
    let mut products = Vec::new();
    for a in 0..columns.len() {
        for b in a..columns.len() {
            products.push((0..n).map(|row| shifted[a][row] * shifted[b][row]).sum());
        }
    }
    Gram {
        n: n as u128,
        sums: shifted.iter().map(|column| column.iter().sum()).collect(),
        products,
        scales: scales.to_vec(),
    }
}

/// R's women: height in inches, weight in pounds.
const HEIGHT: [i64; 15] = [58, 59, 60, 61, 62, 63, 64, 65, 66, 67, 68, 69, 70, 71, 72];
const WEIGHT: [i64; 15] =
    [115, 117, 120, 123, 126, 129, 132, 135, 139, 142, 146, 150, 154, 159, 164];

fn women() -> Gram {
    gram(&[&WEIGHT, &HEIGHT], &[Scale { lo: 100, places: 0 }, Scale { lo: -3, places: 0 }])
}

fn close(a: f64, b: f64) {
    assert!((a - b).abs() <= 1e-12 * b.abs(), "{a} {b}");
}

#[test]
fn moments_are_those_of_the_numbers() {
    let women = women();
    close(mean(&Answer::Gram(women.clone())).unwrap().to_f64(), 2051.0 / 15.0);
    close(variance(&women, 1).unwrap().to_f64(), 20.0);
    close(covariance(&women, 0, 1).unwrap().to_f64(), 69.0);
    close(correlation(&women, 0, 1).unwrap(), 0.9954947677842162);
    close(correlation(&women, 1, 0).unwrap(), 0.9954947677842162);
    close(standard_deviation(&women, 1).unwrap(), 20f64.sqrt());
    // Falling instead of rising.
    let falling: Vec<i64> = HEIGHT.iter().map(|height| -height).collect();
    let scales = [Scale { lo: 100, places: 0 }, Scale { lo: -80, places: 0 }];
    close(correlation(&gram(&[&WEIGHT, &falling], &scales), 0, 1).unwrap(), -0.9954947677842162);
}

#[test]
fn least_squares_are_those_of_r() {
    // lm(weight ~ height, women).
    let fit = regress(&women(), 0).unwrap();
    close(fit.coefficients[0].to_f64(), -87.516_666_666_666_67);
    close(fit.coefficients[1].to_f64(), 3.45);
    close(fit.standard_errors[0], 5.936_944_048_902_990_5);
    close(fit.standard_errors[1], 0.091_136_495_466_200_62);
    assert_eq!(fit.freedom, 13);
    close(fit.residual_variance.to_f64().sqrt(), 1.525_005_254_299_481_4);
    // The same in tenths and thousandths: exactly the same fractions.
    let tenths: Vec<i64> = WEIGHT.iter().map(|weight| weight * 10).collect();
    let thousandths: Vec<i64> = HEIGHT.iter().map(|height| height * 1000).collect();
    let scales = [Scale { lo: 7, places: 1 }, Scale { lo: -5000, places: 3 }];
    let other = regress(&gram(&[&tenths, &thousandths], &scales), 0).unwrap();
    assert_eq!(fit, other);
}

#[test]
fn collinear_regressors_have_no_fit() {
    let twice: Vec<i64> = HEIGHT.iter().map(|height| 2 * height + 1).collect();
    let scale = Scale { lo: 0, places: 0 };
    assert_eq!(regress(&gram(&[&WEIGHT, &HEIGHT, &twice], &[scale; 3]), 0), None);
    let squares: Vec<i64> = HEIGHT.iter().map(|height| height * height).collect();
    let fit = regress(&gram(&[&WEIGHT, &HEIGHT, &squares], &[scale; 3]), 0).unwrap();
    close(fit.coefficients[0].to_f64(), 261.878_183_581_124_74);
    close(fit.coefficients[1].to_f64(), -7.348_319_327_731_092);
    close(fit.coefficients[2].to_f64(), 0.083_063_994_828_700_71);
}

#[test]
fn welch_compares_two_means() {
    let scale = Scale { lo: 0, places: 1 };
    let a = gram(&[&[275, 210, 190, 236, 170, 179, 191, 228, 153, 214]], &[scale]);
    let b = gram(&[&[271, 220, 208, 234, 234, 235, 258, 220, 260, 278]], &[scale]);
    let welch = welch(&a, &b).unwrap();
    let t = welch.difference.to_f64() / welch.standard_error;
    close(welch.t, t);
    assert!(welch.t < 0.0);
    close(welch.difference.to_f64(), 20.46 - 24.18);
    assert!((15.0..16.5).contains(&welch.freedom), "{}", welch.freedom);
}

#[test]
fn chi_squared_of_a_table() {
    let table = chi_squared(&[20, 30, 30, 20], 2).unwrap();
    assert_eq!(table.statistic, Exact::whole(4));
    assert_eq!(table.freedom, 1);
    assert_eq!(chi_squared(&[10, 20, 20, 40], 2).unwrap().statistic.sign(), 0);
    // An empty column takes no degree of freedom.
    assert_eq!(chi_squared(&[20, 0, 30, 30, 0, 20], 3).unwrap().freedom, 1);
    assert_eq!(chi_squared(&[], 2), None);
    assert_eq!(chi_squared(&[1, 2, 3], 2), None);
    assert_eq!(chi_squared(&[1, 2], 0), None);
}

proptest! {
    #[test]
    fn fractions_are_rounded_as_the_hardware_divides(a in any::<i64>(), b in 1i64..i64::MAX) {
        // Both sides are floats, so the hardware's quotient is the nearest one.
        let (a, b) = (a >> 11, (b >> 11).max(1));
        let exact = Exact::new(BigInt::from(a), BigInt::from(b)).unwrap();
        prop_assert_eq!(exact.to_f64(), a as f64 / b as f64);
        prop_assert_eq!(Exact::new(BigInt::from(a), BigInt::from(-b)).unwrap().to_f64(), -(a as f64 / b as f64));
    }

    #[test]
    fn whole_numbers_are_rounded_as_the_hardware_converts(a in any::<i128>()) {
        prop_assert_eq!(Exact::whole(a).to_f64(), a as f64);
    }

    #[test]
    fn roots_are_rounded_as_the_hardware_takes_them(a in 0u64..1 << 53, b in 0i32..60) {
        let exact = Exact::new(BigInt::from(a), BigInt::from(1) << b).unwrap();
        prop_assert_eq!(exact.sqrt_to_f64().unwrap(), (a as f64 / 2f64.powi(b)).sqrt());
    }
}

#[test]
fn the_smallest_and_largest_floats_are_met() {
    let power = |exponent: u32| BigInt::from(1) << exponent;
    let tiny =
        |numerator: i64, exponent| Exact::new(BigInt::from(numerator), power(exponent)).unwrap();
    assert_eq!(tiny(1, 1074).to_f64(), f64::from_bits(1));
    assert_eq!(tiny(1, 1075).to_f64(), 0.0);
    assert_eq!(tiny(3, 1075).to_f64(), f64::from_bits(2));
    assert_eq!(tiny(1, 1022).to_f64(), f64::MIN_POSITIVE);
    assert_eq!(Exact::whole(power(1024)).to_f64(), f64::INFINITY);
    assert_eq!(Exact::whole(power(1023)).to_f64(), 2f64.powi(1023));
    assert_eq!(Exact::new(BigInt::from(1), BigInt::from(0)).map(|_| ()), None);
    assert_eq!(tiny(-1, 0).sqrt_to_f64(), None);
}

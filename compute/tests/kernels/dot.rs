//! The exact dot product on the device.

use proptest::prelude::*;
use veritrail_compute::gpu::cases::Case;
use veritrail_compute::gpu::reduce::Job;
use veritrail_compute::kernels::dot::KERNEL;

use super::fixture::*;
use crate::exact::oracle::awkward_list;

#[test]
fn the_device_writes_the_twins_words() {
    let Some(gpu) = gpu() else { return };
    for case in all_cases() {
        same_as_twin(&gpu, &KERNEL, &case, |x, y| Some(whole(x)? * whole(y)?));
    }
}

#[test]
fn the_device_multiplies_awkward_floats_exactly() {
    let Some(gpu) = gpu() else { return };
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(48));
    runner
        .run(&(awkward_list(), awkward_list()), |(mut x, mut y)| {
            let rows = x.len().min(y.len());
            x.truncate(rows);
            y.truncate(rows);
            let products = x.iter().zip(&y).filter_map(|(&x, &y)| Some(whole(x)? * whole(y)?));
            prop_assert_eq!(reduce(&gpu, &KERNEL, &[&x, &y]), products.sum());
            Ok(())
        })
        .unwrap();
}

#[test]
fn products_that_are_not_finite_are_counted_as_ieee_754_has_them() {
    let Some(gpu) = gpu() else { return };
    let odd = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.0, -0.0, 1.5, -2.0, f64::MAX];
    let x: Vec<f64> = odd.iter().flat_map(|&a| odd.iter().map(move |_| a)).collect();
    let y: Vec<f64> = odd.iter().flat_map(|_| odd).collect();
    let reduced = gpu.reduce(&[&x, &y], &[Job { kernel: &KERNEL, columns: &[0, 1] }]).unwrap();
    // A finite product may overflow in floats; here it never does.
    let of_finite = |a: f64, b: f64| a.is_finite() && b.is_finite();
    let count = |is: &dyn Fn(f64) -> bool| {
        x.iter().zip(&y).filter(|&(&a, &b)| !of_finite(a, b) && is(a * b)).count() as u64
    };
    let counts = reduced[0].counts;
    assert_eq!(counts.nan, count(&f64::is_nan));
    assert_eq!(counts.positive_infinite, count(&|p| p == f64::INFINITY));
    assert_eq!(counts.negative_infinite, count(&|p| p == f64::NEG_INFINITY));
    let case = Case { name: "odd products", x, y };
    same_as_twin(&gpu, &KERNEL, &case, |x, y| Some(whole(x)? * whole(y)?));
}

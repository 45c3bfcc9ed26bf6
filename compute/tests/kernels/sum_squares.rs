//! The exact sum of squares on the device.

use proptest::prelude::*;
use veritrail_compute::kernels::sum_squares::KERNEL;

use super::fixture::*;
use crate::exact::oracle::awkward_list;

#[test]
fn the_device_writes_the_twins_words() {
    let Some(gpu) = gpu() else { return };
    for case in all_cases() {
        same_as_twin(&gpu, &KERNEL, &case, |x, _| whole(x).map(|x| &x * &x));
    }
}

#[test]
fn the_device_squares_awkward_floats_exactly() {
    let Some(gpu) = gpu() else { return };
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(48));
    runner
        .run(&awkward_list(), |values| {
            let expected = values.iter().filter_map(|&x| whole(x)).map(|x| &x * &x).sum();
            prop_assert_eq!(reduce(&gpu, &KERNEL, &[&values]), expected);
            Ok(())
        })
        .unwrap();
}

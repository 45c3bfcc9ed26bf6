//! The exact sum on the device.

use proptest::prelude::*;
use veritrail_compute::gpu::cases::Random;
use veritrail_compute::kernels::exact_sum::KERNEL;
use veritrail_compute::kernels::reduction::TILE_ROWS;

use super::fixture::*;
use crate::exact::oracle::awkward_list;

#[test]
fn the_device_writes_the_twins_words() {
    let Some(gpu) = gpu() else { return };
    for case in all_cases() {
        same_as_twin(&gpu, &KERNEL, &case, |x, _| whole(x));
    }
}

#[test]
fn the_device_sums_awkward_floats_exactly() {
    let Some(gpu) = gpu() else { return };
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(64));
    runner
        .run(&awkward_list(), |values| {
            let expected = values.iter().filter_map(|&x| whole(x)).sum();
            prop_assert_eq!(reduce(&gpu, &KERNEL, &[&values]), expected);
            Ok(())
        })
        .unwrap();
}

#[test]
fn nothing_sums_to_nothing() {
    let Some(gpu) = gpu() else { return };
    assert_eq!(reduce(&gpu, &KERNEL, &[&[]]), 0.into());
}

#[test]
fn tiles_add_up() {
    let Some(gpu) = gpu() else { return };
    let mut random = Random(5);
    // Two tiles and a row; the outliers lie in one of them alone.
    let mut values: Vec<f64> = (0..TILE_ROWS + 1).map(|_| random.measurement()).collect();
    (values[7], values[8], values[TILE_ROWS]) = (1e300, -1e300, 5e-324);
    let expected = values.iter().filter_map(|&x| whole(x)).sum();
    assert_eq!(reduce(&gpu, &KERNEL, &[&values]), expected);
}

//! The exact sum per group on the device.

use num_bigint::BigInt;
use veritrail_compute::gpu::cases::Random;
use veritrail_compute::gpu::device::Gpu;
use veritrail_compute::gpu::proof::twin_grouped;
use veritrail_compute::kernels::exact_sum;
use veritrail_compute::kernels::grouped_sum::{PASS_GROUPS, ROUND_ROWS};
use veritrail_compute::kernels::reduction::{guess, plan};

use super::fixture::*;

fn dealt(rows: usize, groups: u32, seed: u64) -> Vec<u32> {
    let mut random = Random(seed);
    (0..rows).map(|_| (random.bits() % u64::from(groups)) as u32).collect()
}

fn check(gpu: &Gpu, x: &[f64], group_of: &[u32], groups: usize) {
    let mut sums = vec![BigInt::from(0); groups];
    let mut counts = vec![[0u64; 4]; groups];
    for (&x, &group) in x.iter().zip(group_of) {
        let group = group as usize;
        match whole(x) {
            Some(whole) => sums[group] += whole,
            None if x.is_nan() => counts[group][1] += 1,
            None => counts[group][if x > 0.0 { 2 } else { 3 }] += 1,
        }
        counts[group][0] += u64::from(x.is_finite());
    }
    let found = gpu.grouped_sum(x, group_of, groups).unwrap();
    assert_eq!(found.len(), groups);
    for (group, found) in found.iter().enumerate() {
        assert_eq!(big(&found.total), sums[group], "group {group} of {groups}");
        let c = found.counts;
        let found = [c.finite, c.nan, c.positive_infinite, c.negative_infinite];
        assert_eq!(found, counts[group], "group {group} of {groups}");
    }
}

#[test]
fn the_device_writes_the_twins_words() {
    let Some(gpu) = gpu() else { return };
    for (case, groups) in all_cases().iter().zip([1u32, 2, 65, 1_000].into_iter().cycle()) {
        let group_of = dealt(case.x.len(), groups, 9);
        let first = guess(&exact_sum::KERNEL, &[&case.x]);
        let (_, seen) = twin_grouped(&case.x, &group_of, groups, first);
        let rest = plan(&exact_sum::KERNEL, seen.into(), first.mask());
        for window in std::iter::once(first).chain(rest) {
            let found = gpu.grouped_records(&case.x, &group_of, groups, window).unwrap();
            let expected = twin_grouped(&case.x, &group_of, groups, window);
            assert_eq!(found, expected, "{}: {window:?}, {groups} groups", case.name);
        }
    }
}

#[test]
fn groups_are_summed_exactly() {
    let Some(gpu) = gpu() else { return };
    for (case, groups) in all_cases().iter().zip([3u32, 1, 500].into_iter().cycle()) {
        check(&gpu, &case.x, &dealt(case.x.len(), groups, 3), groups as usize);
    }
    assert!(gpu.grouped_sum(&[], &[], 0).unwrap().is_empty());
}

#[test]
fn a_group_of_many_rounds_does_not_overflow_its_lanes() {
    let Some(gpu) = gpu() else { return };
    let rows = 3 * ROUND_ROWS + 17;
    // All digits of all values are at their largest, and all of one sign.
    check(&gpu, &vec![f64::from_bits(0x43ff_ffff_ffff_ffff); rows], &vec![0; rows], 1);
    check(&gpu, &vec![-f64::MAX; rows], &dealt(rows, 2, 1), 2);
}

#[test]
fn more_groups_than_one_pass_takes() {
    let Some(gpu) = gpu() else { return };
    let groups = PASS_GROUPS + 100;
    let mut random = Random(77);
    let x: Vec<f64> = (0..30_000).map(|_| random.measurement()).collect();
    let mut group_of = dealt(x.len(), groups as u32, 4);
    (group_of[0], group_of[1]) = (groups as u32 - 1, PASS_GROUPS as u32);
    check(&gpu, &x, &group_of, groups);
}

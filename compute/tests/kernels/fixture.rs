//! The adapter that the tests run on, and sums by whole numbers of another library.

use std::sync::{Arc, OnceLock};

use num_bigint::BigInt;
use veritrail_compute::exact::round::Sign;
use veritrail_compute::exact::wide::Wide;
use veritrail_compute::gpu::adapter::adapters;
use veritrail_compute::gpu::cases::{Case, cases};
use veritrail_compute::gpu::device::Gpu;
use veritrail_compute::gpu::proof::twin_records;
use veritrail_compute::gpu::reduce::Job;
use veritrail_compute::kernels::reduction::Reduction;
use veritrail_compute::kernels::window::WindowKernel;

/// The machine's best adapter, opened once. `None` where it has none, which fails where
/// VERITRAIL_REQUIRE_GPU is set, as it is in CI.
pub fn gpu() -> Option<Arc<Gpu>> {
    static GPU: OnceLock<Option<Arc<Gpu>>> = OnceLock::new();
    GPU.get_or_init(|| fresh_gpu().map(Arc::new)).clone()
}

/// An adapter of one's own, to be lost.
pub fn fresh_gpu() -> Option<Gpu> {
    match adapters().first() {
        Some(adapter) => Some(Gpu::open(adapter).unwrap()),
        None => {
            assert!(
                std::env::var_os("VERITRAIL_REQUIRE_GPU").is_none(),
                "no Vulkan device was found: install mesa-vulkan-drivers (.ci/packages does)"
            );
            println!("skipped: no Vulkan device here");
            None
        }
    }
}

/// A finite value as a whole number of 2^−1074.
pub fn whole(value: f64) -> Option<BigInt> {
    let bits = value.abs().to_bits();
    let (exponent, fraction) = (bits >> 52, bits & ((1 << 52) - 1));
    let size = match exponent {
        0x7ff => return None,
        0 => BigInt::from(fraction),
        _ => BigInt::from(fraction | (1 << 52)) << (exponent - 1),
    };
    Some(if value.is_sign_negative() { -size } else { size })
}

pub fn big(total: &Wide) -> BigInt {
    let magnitude = total.magnitude();
    let size = magnitude
        .whole()
        .iter()
        .rev()
        .fold(BigInt::from(0), |size, &word| (size << 64) + BigInt::from(word));
    if magnitude.sign == Sign::Negative { -size } else { size }
}

/// Runs a kernel over a case on the adapter, window by window, and requires the twin's words and
/// the exact sum.
pub fn same_as_twin(
    gpu: &Gpu,
    kernel: &'static WindowKernel,
    case: &Case,
    expected: impl Fn(f64, f64) -> Option<BigInt>,
) {
    let tile = [case.x.as_slice(), case.y.as_slice()];
    let tile = &tile[..kernel.columns];
    let mut reduction = Reduction::new(kernel, tile);
    let mut windows = Vec::new();
    while let Some(window) = reduction.next_window() {
        let found = gpu.records(kernel, tile, window).unwrap();
        assert_eq!(found, twin_records(kernel, tile, window), "{}: {window:?}", case.name);
        reduction.take(window, &found);
        windows.push(window);
    }
    let most = kernel.blocks.div_ceil(kernel.window_blocks) as usize + 1;
    assert!(windows.len() <= most, "{}: {} windows", case.name, windows.len());
    let (counts, total) = reduction.finish();
    let sum: BigInt = case.x.iter().zip(&case.y).filter_map(|(&x, &y)| expected(x, y)).sum();
    assert_eq!(big(&total), sum, "{}", case.name);
    let finite = case.x.iter().zip(&case.y).filter(|&(&x, &y)| expected(x, y).is_some()).count();
    assert_eq!(counts.finite, finite as u64, "{}", case.name);
    assert_eq!(counts.total(), case.x.len() as u128, "{}", case.name);
}

/// The sum of one kernel over whole columns, through the ordinary way.
pub fn reduce(gpu: &Gpu, kernel: &'static WindowKernel, columns: &[&[f64]]) -> BigInt {
    let all: Vec<usize> = (0..kernel.columns).collect();
    let reduced = gpu.reduce(columns, &[Job { kernel, columns: &all }]).unwrap();
    big(&reduced[0].total)
}

pub fn all_cases() -> Vec<Case> {
    let cases = cases();
    assert!(cases.len() >= 16, "only {} cases", cases.len());
    cases
}

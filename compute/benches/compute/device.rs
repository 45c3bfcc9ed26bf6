//! The reductions on a graphics adapter: how fast they read its memory, and what the way there and
//! back costs.

use veritrail_compute::gpu::adapter::{AdapterKind, adapters};
use veritrail_compute::gpu::device::Gpu;
use veritrail_compute::kernels::reduction::TILE_ROWS;
use veritrail_compute::kernels::{dot, exact_sum, sum_squares};

use super::groups::value;
use super::report::{Figure, Goal, setting};

pub fn measure() -> Vec<Figure> {
    let Some(adapter) = adapters().into_iter().next() else {
        eprintln!("no adapter: device figures are not here");
        return Vec::new();
    };
    let gpu = match Gpu::open(&adapter) {
        Ok(gpu) => gpu,
        Err(error) => {
            eprintln!("{error}: device figures are not here");
            return Vec::new();
        }
    };
    let real = adapter.info.kind != AdapterKind::Software;
    eprintln!("device: {} ({})", adapter.info.name, adapter.info.kind.name());
    // Nominal: no interface tells it. Without it there is a rate and no share.
    let bandwidth = setting("BENCH_DEVICE_GB_PER_S", 0) as f64;
    let x: Vec<f64> = (0..TILE_ROWS as u64).map(value).collect();
    let y: Vec<f64> = (0..TILE_ROWS as u64).map(|row| value(!row)).collect();
    let kernels = [
        ("sum", &exact_sum::KERNEL, vec![&x[..]]),
        ("squares", &sum_squares::KERNEL, vec![&x[..]]),
        ("dot", &dot::KERNEL, vec![&x[..], &y[..]]),
    ];
    let mut figures = Vec::new();
    for (name, kernel, tile) in kernels {
        let measured = match gpu.measure(kernel, &tile) {
            Ok(measured) => measured,
            Err(lost) => {
                eprintln!("{lost}");
                return figures;
            }
        };
        let figure = |of: &str, value, unit, goal| {
            Figure::new(format!("device_{name}_{of}"), value, unit, goal)
        };
        let per_row = |seconds: f64| seconds * 1e9 / measured.rows as f64;
        let rate = measured.bytes as f64 / 1e9 / measured.pass.as_secs_f64();
        figures.push(figure(
            "whole",
            per_row(measured.whole.as_secs_f64()),
            "ns/element",
            Goal::None,
        ));
        figures.push(figure("reads", rate, "GB/s", Goal::None));
        if real && bandwidth > 0.0 {
            let share = rate / bandwidth;
            figures.push(figure("share_of_bandwidth", share, "ratio", Goal::AtLeast(0.5)));
        }
    }
    figures
}

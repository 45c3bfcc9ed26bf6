//! The measuring function works, and says what a value costs here (`--nocapture` shows it). No
//! figure is asserted: `make bench-compute` holds them against goals.

use std::time::{Duration, Instant};

use veritrail_compute::exact::{Cpu, Reducer, Sum, Unit};
use veritrail_compute::gpu::cases::Random;
use veritrail_compute::gpu::proof::WINDOW_KERNELS;

use super::fixture::gpu;

const ROWS: usize = 1 << 20;

fn nanoseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e9 / ROWS as f64
}

#[test]
fn a_pass_can_be_timed() {
    let Some(gpu) = gpu() else { return };
    let mut random = Random(3);
    let x: Vec<f64> = (0..ROWS).map(|_| random.measurement()).collect();
    let y: Vec<f64> = (0..ROWS).map(|_| random.measurement()).collect();
    for kernel in WINDOW_KERNELS {
        let columns = [x.as_slice(), y.as_slice()];
        let measured = gpu.measure(kernel, &columns[..kernel.columns]).unwrap();
        assert_eq!((measured.rows, measured.bytes), (ROWS, ROWS * 8 * kernel.columns));
        assert!(measured.whole > Duration::ZERO && measured.pass > Duration::ZERO);
        let (whole, pass) = (nanoseconds(measured.whole), nanoseconds(measured.pass));
        println!("{kernel:?}: {whole:.2} ns a row with the way there, {pass:.2} without");
    }
    let start = Instant::now();
    Cpu.sum(&x).unwrap();
    println!("sum on the CPU: {:.2} ns", nanoseconds(start.elapsed()));
    for groups in [1u32, 1_000, 60_000] {
        let group_of: Vec<u32> =
            (0..ROWS).map(|_| (random.bits() % u64::from(groups)) as u32).collect();
        let start = Instant::now();
        let sums = gpu.grouped_sum(&x, &group_of, groups as usize).unwrap();
        let device = nanoseconds(start.elapsed());
        assert_eq!(sums.len(), groups as usize);
        let start = Instant::now();
        let mut states = vec![Sum::new(Unit::Float); groups as usize];
        for (&x, &group) in x.iter().zip(&group_of) {
            states[group as usize].add_float(x);
        }
        let here = nanoseconds(start.elapsed());
        println!("{groups} groups: {device:.2} ns on the device, {here:.2} on the CPU");
    }
}

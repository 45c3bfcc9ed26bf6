//! Devices that get lost, and what is said of adapters.

use std::time::{Duration, Instant};

use veritrail_compute::gpu::adapter::{AdapterKind, adapters};
use veritrail_compute::gpu::cases::Random;
use veritrail_compute::gpu::choice::{DeviceChoice, choose};
use veritrail_compute::gpu::proof::prove;
use veritrail_compute::gpu::reduce::Job;
use veritrail_compute::kernels::{dot, exact_sum};

use super::fixture::{fresh_gpu, gpu};

#[test]
fn a_lost_device_says_so_at_once_and_for_good() {
    let Some(gpu) = fresh_gpu() else { return };
    let mut random = Random(1);
    let x: Vec<f64> = (0..100_000).map(|_| random.measurement()).collect();
    let jobs = [Job { kernel: &exact_sum::KERNEL, columns: &[0] }];
    gpu.reduce(&[&x], &jobs).unwrap();
    gpu.lose_after(2);
    gpu.reduce(&[&x], &jobs).unwrap();
    gpu.reduce(&[&x], &jobs).unwrap();
    let start = Instant::now();
    let lost = gpu.reduce(&[&x], &jobs).unwrap_err();
    assert_eq!(lost.device, gpu.info().name);
    assert!(!lost.reason.is_empty());
    // Everything after it is refused without being tried.
    assert!(gpu.reduce(&[&x], &jobs).is_err());
    assert!(gpu.grouped_sum(&x, &vec![0; x.len()], 1).is_err());
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
}

#[test]
fn a_device_lost_between_the_windows_of_a_tile_gives_no_half_sum() {
    let Some(gpu) = fresh_gpu() else { return };
    let x = [1e300, 1.0, 1e-300, -1e300];
    gpu.lose_after(1);
    let jobs = [Job { kernel: &dot::KERNEL, columns: &[0, 0] }];
    assert!(gpu.reduce(&[&x], &jobs).is_err());
}

#[test]
fn the_choice_of_a_device() {
    assert!(choose(DeviceChoice::Cpu).unwrap().is_none());
    let real = adapters().iter().any(|adapter| adapter.info.kind != AdapterKind::Software);
    // A software adapter is no gain, so `auto` leaves it alone.
    let auto = choose(DeviceChoice::Auto).unwrap().unwrap();
    assert_eq!(auto.sum(&[0.5, 0.25]).unwrap().value(), Some(0.75));
    assert_eq!(auto.name().starts_with("gpu"), real, "{}", auto.name());
    let any = gpu().is_some();
    assert_eq!(choose(DeviceChoice::Gpu).is_ok(), any);
    for name in ["auto", "gpu", "cpu"] {
        assert_eq!(name.parse::<DeviceChoice>().unwrap().to_string(), name);
    }
    assert!("tpu".parse::<DeviceChoice>().unwrap_err().contains("auto, gpu or cpu"));
}

#[test]
fn the_proof_passes_on_this_adapter() {
    let Some(gpu) = gpu() else { return };
    let proofs = prove(&gpu).unwrap();
    assert_eq!(proofs.len(), 4);
    for proof in proofs {
        assert!(proof.different.is_empty(), "{proof:?}");
        assert!(proof.passes > proof.cases && proof.cases >= 16, "{proof:?}");
    }
}

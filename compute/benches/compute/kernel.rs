//! Nanoseconds per element on one core: an exact sum and an exact dot product beside plain loops.

use std::hint::black_box;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use veritrail_compute::exact::{Cpu, Reducer, dot};

use super::report::{Figure, Goal, median, seconds};

const VALUES: usize = 8_000_000;
const ROUNDS: usize = 7;

pub fn measure() -> Vec<Figure> {
    let mut rng = StdRng::seed_from_u64(1);
    let tame: Vec<f64> = (0..VALUES).map(|_| rng.random_range(-1e6..1e6)).collect();
    let other: Vec<f64> = (0..VALUES).map(|_| rng.random_range(-1e6..1e6)).collect();
    let wild: Vec<f64> = (0..VALUES)
        .map(|_| rng.random_range(-1.0..1.0) * 2f64.powi(rng.random_range(-1000..1000)))
        .collect();
    let ns = |work: &dyn Fn()| {
        let rounds = (0..=ROUNDS).map(|_| seconds(work)).skip(1).collect();
        median(rounds) * 1e9 / VALUES as f64
    };
    let plain = ns(&|| {
        black_box(black_box(&tame).iter().fold(0.0, |sum, x| sum + x));
    });
    let exact = ns(&|| {
        black_box(Cpu.sum(black_box(&tame)).ok());
    });
    let wild = ns(&|| {
        black_box(Cpu.sum(black_box(&wild)).ok());
    });
    let moments = ns(&|| {
        black_box(Cpu.moments(black_box(&tame)).ok());
    });
    let plain_dot = ns(&|| {
        let pairs = black_box(&tame).iter().zip(black_box(&other));
        black_box(pairs.fold(0.0, |sum, (x, y)| sum + x * y));
    });
    let exact_dot = ns(&|| {
        black_box(dot(black_box(&tame), black_box(&other)));
    });
    let products = ns(&|| {
        black_box(Cpu.products(black_box(&tame), black_box(&other)).ok());
    });
    vec![
        Figure::new("plain_sum", plain, "ns/element", Goal::None),
        Figure::new("exact_sum", exact, "ns/element", Goal::AtMost(4.0)),
        Figure::new("exact_sum_all_exponents", wild, "ns/element", Goal::AtMost(4.0)),
        Figure::new("exact_sum_and_squares", moments, "ns/element", Goal::None),
        Figure::new("plain_dot", plain_dot, "ns/element", Goal::None),
        Figure::new("exact_dot", exact_dot, "ns/element", Goal::None),
        Figure::new("exact_dot_with_both_moments", products, "ns/element", Goal::None),
    ]
}

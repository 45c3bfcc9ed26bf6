//! What the library of elementary functions takes from the processor is what arithmetic says.
//!
//! Cargo unites features, so `arch` of the crate libm is on whenever any dependency asks for it.
//! In version 0.2.16 it replaces, of the functions of 64 bits on x86-64 and AArch64, `sqrt`, `fma`
//! and `rint` alone; all others are Rust over these. IEEE 754 gives each of the three one correct
//! result. Whichever way this build has, and this processor takes, is held against rationals.

use num_rational::BigRational;
use proptest::prelude::*;

use crate::exact::oracle::{assert_nearest, assert_nearest_root, awkward, rational};

/// Neighbours of a tie: products that end in a half, and what tips them over.
fn near_ties() -> impl Strategy<Value = (f64, f64, f64)> {
    (1u64 << 52..1 << 53, 1u64 << 52..1 << 53, -1100i32..1000, any::<bool>()).prop_map(
        |(a, b, tip, down)| {
            let (a, b) = (a as f64, b as f64);
            let tip = 2f64.powi(tip.clamp(-1022, 110));
            (a, b, if down { -tip } else { tip })
        },
    )
}

fn assert_fma(a: f64, b: f64, c: f64) {
    let exact: BigRational = rational(a) * rational(b) + rational(c);
    assert_nearest(&exact, libm::fma(a, b, c));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_096, ..ProptestConfig::default() })]

    #[test]
    fn fma_is_rounded_once(a in awkward(), b in awkward(), c in awkward(), tie in near_ties()) {
        assert_fma(a, b, c);
        // The product cancels up to its own rounding, which is all that is left.
        assert_fma(a, b, -(a * b).clamp(f64::MIN, f64::MAX));
        assert_fma(tie.0, tie.1, tie.2);
        assert_fma(tie.0, tie.1, -(tie.0 * tie.1));
    }

    #[test]
    fn sqrt_is_nearest(x in awkward()) {
        assert_nearest_root(&rational(x.abs()), libm::sqrt(x.abs()));
    }

    #[test]
    fn rint_goes_to_the_nearest_and_the_even(x in awkward(), whole in -1_000i32..1_000) {
        for x in [x, f64::from(whole) + 0.5, (f64::from(whole) + 0.5).next_up()] {
            let found = libm::rint(x);
            let off = rational(x) - rational(found);
            let half = rational(0.5);
            prop_assert!(found.fract() == 0.0 && off <= half && off >= -half.clone(), "{x:e}");
            prop_assert!(off != half && off != -half || found % 2.0 == 0.0, "{x:e}");
            prop_assert_eq!(found.is_sign_negative(), x.is_sign_negative(), "{:e}", x);
        }
    }
}

#[test]
fn what_is_no_number_has_one_answer_too() {
    for x in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.0, -0.0, -1.0] {
        let root = libm::sqrt(x);
        assert_eq!(root.is_nan(), x.is_nan() || x < 0.0, "{x}");
        assert!(root.is_nan() || root.to_bits() == x.to_bits(), "{x}: {root}");
    }
    assert!(libm::fma(f64::INFINITY, 0.0, 1.0).is_nan());
    assert!(libm::fma(f64::INFINITY, 1.0, f64::NEG_INFINITY).is_nan());
    assert_eq!(libm::fma(-0.0, 1.0, -0.0).to_bits(), (-0.0f64).to_bits());
    assert_eq!(libm::fma(-0.0, 1.0, 0.0).to_bits(), 0.0f64.to_bits());
}

//! One encoding per state: golden bytes, round trips, and everything else refused.

use proptest::prelude::*;
use veritrail_compute::exact::{Moments, StateError, Sum, Unit};

use super::oracle::awkward_list;

/// The state that docs/formats/exact-state.md spells out: the values 1.5, −0.25, NaN.
fn golden() -> Moments {
    let mut moments = Moments::new(Unit::Float);
    [1.5, -0.25, f64::NAN].into_iter().for_each(|x| moments.add_float(x));
    moments
}

#[test]
fn golden_bytes() {
    let text = include_str!("../../../docs/formats/golden/exact-state.hex");
    let golden_bytes = hex::decode(text.split_whitespace().collect::<String>()).unwrap();
    assert_eq!(hex::encode(golden().encode()), hex::encode(&golden_bytes));
    assert_eq!(Moments::decode(&golden_bytes).unwrap(), golden());
}

#[test]
fn every_flipped_bit_is_refused_or_is_another_state() {
    let bytes = golden().encode();
    let mut refused = 0;
    for at in 0..bytes.len() * 8 {
        let mut bent = bytes.clone();
        bent[at / 8] ^= 1 << (at % 8);
        match Moments::decode(&bent) {
            Ok(other) => assert_eq!(other.encode(), bent, "bit {at}"),
            Err(_) => refused += 1,
        }
    }
    assert!(refused > 64, "only {refused} flips were refused");
}

#[test]
fn short_and_long_states_are_refused() {
    let bytes = golden().encode();
    for end in 0..bytes.len() {
        assert!(Moments::decode(&bytes[..end]).is_err(), "{end} bytes");
    }
    let mut long = bytes.clone();
    long.push(0);
    assert_eq!(Moments::decode(&long).unwrap_err(), StateError::Length(long.len()));
    assert!(matches!(Sum::decode(&bytes), Err(StateError::Order { expected: 1, found: 2 })));
}

#[test]
fn padded_and_unfounded_sums_are_refused() {
    let sum = {
        let mut sum = Sum::new(Unit::Integer);
        sum.add_integer(5);
        sum.encode()
    };
    // Sign at 36, place at 37, length at 39, words from 41 on.
    assert_eq!(sum.len(), 49);
    let mut padded = sum.clone();
    padded[39] = 2;
    padded.extend([0; 8]);
    assert!(matches!(Sum::decode(&padded), Err(StateError::NotCanonical(_))), "a zero at the top");
    let mut hostile = sum.clone();
    hostile[39] = 0xff;
    hostile[40] = 0xff;
    assert!(matches!(Sum::decode(&hostile), Err(StateError::NotCanonical(_))), "a hostile length");
    let mut unfounded = sum.clone();
    unfounded[4] = 0;
    assert!(matches!(Sum::decode(&unfounded), Err(StateError::NotCanonical(_))), "no values");
    let mut signed_zero = Sum::new(Unit::Integer).encode();
    signed_zero[36] = 2;
    assert!(matches!(Sum::decode(&signed_zero), Err(StateError::NotCanonical(_))), "minus zero");
    let mut newer = sum;
    newer[0] = 2;
    assert_eq!(Sum::decode(&newer).unwrap_err(), StateError::Version(2));
}

#[test]
fn a_forged_spread_is_refused() {
    let mut honest = Moments::new(Unit::Integer);
    [3, 4].into_iter().for_each(|x| honest.add_integer(x));
    let mut forged = honest.encode();
    // The last word is Σx² = 25; 2·24 < 7².
    let at = forged.len() - 8;
    assert_eq!(forged[at], 25);
    forged[at] = 24;
    assert_eq!(Moments::decode(&forged).unwrap_err(), StateError::Impossible);
    let mut one = Moments::new(Unit::Integer);
    one.add_integer(3);
    let mut forged = one.encode();
    forged[at] = 10;
    assert_eq!(Moments::decode(&forged).unwrap_err(), StateError::Impossible);
}

#[test]
fn units_do_not_mix_and_counts_do_not_wrap() {
    let mut floats = Sum::new(Unit::Float);
    assert_eq!(floats.merge(&Sum::new(Unit::Integer)).unwrap_err(), StateError::Unit);
    let mut full = Sum::new(Unit::Integer).encode();
    full[4..12].copy_from_slice(&u64::MAX.to_le_bytes());
    let mut full = Sum::decode(&full).unwrap();
    let mut one = Sum::new(Unit::Integer);
    one.add_integer(0);
    assert_eq!(full.merge(&one).unwrap_err(), StateError::TooMany);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn round_trips(values in awkward_list()) {
        let mut sum = Sum::new(Unit::Float);
        let mut moments = Moments::new(Unit::Float);
        for &value in &values {
            sum.add_float(value);
            moments.add_float(value);
        }
        prop_assert_eq!(Sum::decode(&sum.encode()).unwrap().encode(), sum.encode());
        prop_assert_eq!(Moments::decode(&moments.encode()).unwrap().encode(), moments.encode());
    }

    #[test]
    fn nonsense_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..200), bend in any::<bool>()) {
        let mut bytes = bytes;
        if bend && bytes.len() > 4 {
            bytes[..4].copy_from_slice(&[1, 1, 0, 0]);
        }
        if let Ok(state) = Sum::decode(&bytes) {
            prop_assert_eq!(state.encode(), bytes);
        }
    }
}

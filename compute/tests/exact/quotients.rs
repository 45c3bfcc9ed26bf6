//! Quotients of long numbers against another library's, words that mislead long division included.

use num_bigint::BigUint;
use proptest::prelude::*;
use veritrail_compute::exact::natural::{Even, SHORT, quotient};

fn number(words: &[u64]) -> BigUint {
    words.iter().rev().fold(BigUint::ZERO, |number, &word| (number << 64) + word)
}

/// Words next to which an estimated digit is one or two too large.
fn word() -> impl Strategy<Value = u64> {
    prop_oneof![
        3 => prop::sample::select(vec![0, 1, 2, u64::MAX, u64::MAX - 1, 1 << 63, (1 << 63) - 1, (1 << 63) + 1]),
        1 => any::<u64>(),
    ]
}

fn check(numerator: &[u64], denominator: &[u64], scale: i64, even: Even) {
    let found = quotient(numerator, denominator, scale, even).unwrap();
    let (n, d) = (number(numerator), number(denominator));
    if n == BigUint::ZERO {
        assert_eq!(found.digits, 0);
        return;
    }
    assert!(even == Even::Any || found.exponent % 2 == 0, "{found:?}");
    assert!(found.digits >> 125 != 0, "{found:?}");
    // n / d · 2^scale = (digits + fraction) · 2^exponent
    let raised = scale - found.exponent;
    let (n, d) = if raised >= 0 { (n << raised, d) } else { (n, d << -raised) };
    assert_eq!(&n / &d, BigUint::from(found.digits), "{numerator:x?} / {denominator:x?}");
    assert_eq!(n % d != BigUint::ZERO, found.inexact, "{numerator:x?} / {denominator:x?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn long_division_is_division(
        numerator in prop::collection::vec(word(), 1..9),
        denominator in prop::collection::vec(word(), 1..9),
        scale in -3i64..3,
        even in any::<bool>(),
    ) {
        prop_assume!(denominator.iter().any(|&word| word != 0));
        check(&numerator, &denominator, scale, if even { Even::Yes } else { Even::Any });
    }
}

/// Each way into a step: divisors of one word on both sides of the short ones, zeros on top, and
/// the pattern whose estimate is too large after it was refined (Warren, "Hacker's Delight", 9-2).
#[test]
fn the_rare_steps_are_taken() {
    let high = 1u64 << 63;
    for denominator in
        [vec![SHORT - 1], vec![SHORT], vec![u64::MAX], vec![3, 0, 0], vec![1, 0, high]]
    {
        for numerator in [vec![0, 0, high, high - 1], vec![3, 0, high], vec![u64::MAX; 5], vec![1]]
        {
            check(&numerator, &denominator, 0, Even::Any);
            check(&numerator, &denominator, 1, Even::Yes);
        }
    }
    assert!(quotient(&[1], &[0, 0], 0, Even::Any).is_none());
}

//! Exact decimals and floats against big integers, rounded half to even.

use num_bigint::BigInt;
use proptest::prelude::*;
use veritrail_proof::decimal::*;

#[test]
fn texts_are_exact_and_ties_go_to_even() {
    for (text, places, expected) in [
        ("0", 0, 0),
        ("-0", 2, 0),
        ("12.5", 0, 12),
        ("13.5", 0, 14),
        ("-12.5", 0, -12),
        ("-13.5", 0, -14),
        ("12.50000000000000000000000000000000000000000000001", 0, 13),
        ("0.5", 0, 0),
        ("1.5", 0, 2),
        ("0.05", 1, 0),
        ("0.15", 1, 2),
        ("2.675", 2, 268),
        ("1e3", 0, 1000),
        ("1.25e2", 0, 125),
        ("125e-2", 1, 12),
        ("135e-2", 1, 14),
        ("+7", 0, 7),
        (".5", 1, 5),
        ("5.", 1, 50),
        ("000123.4500", 2, 12_345),
        ("1e-400000", 9, 0),
        ("0e999999", 0, 0),
        ("9223372036854775807", 0, i64::MAX),
    ] {
        assert_eq!(parse(text, places), Ok(expected), "{text}");
    }
}

#[test]
fn what_is_no_number_is_refused() {
    for text in [
        "",
        "-",
        "+",
        ".",
        "1.2.3",
        "1e",
        "1e+",
        "e5",
        "1_000",
        "0x1",
        "NaN",
        "inf",
        " 1",
        "1 ",
        "1,5",
        "--1",
        "1e1234567",
        "١",
    ] {
        assert_eq!(parse(text, 2), Err(DecimalError::Syntax), "{text:?}");
    }
    for text in ["9223372036854775808", "1e19", "123456789012345678901", "1e999999"] {
        assert_eq!(parse(text, 0), Err(DecimalError::Range), "{text}");
    }
    assert_eq!(parse(&"1".repeat(3000), 0), Err(DecimalError::Syntax));
    for float in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        assert_eq!(from_float(float, 0), Err(DecimalError::NotFinite));
    }
    for float in [1e300, -1e300, f64::MAX, 1e19, 9.3e18] {
        assert_eq!(from_float(float, 0), Err(DecimalError::Range), "{float}");
    }
    assert_eq!(from_integer(i64::MAX, 1), Err(DecimalError::Range));
    assert_eq!(from_integer(-7, 3), Ok(-7000));
}

#[test]
fn floats_are_the_rationals_that_they_store() {
    // 2.675 is stored a little below: not a tie.
    assert_eq!(from_float(2.675, 2), Ok(267));
    assert_eq!(from_float(0.5, 0), Ok(0));
    assert_eq!(from_float(1.5, 0), Ok(2));
    assert_eq!(from_float(-2.5, 0), Ok(-2));
    assert_eq!(from_float(0.1, 9), Ok(100_000_000));
    assert_eq!(from_float(f64::MIN_POSITIVE, 9), Ok(0));
    assert_eq!(from_float(5e-324, 9), Ok(0));
    assert_eq!(from_float(-0.0, 3), Ok(0));
    assert_eq!(from_float(4_503_599_627_370_497.5, 0), Ok(4_503_599_627_370_498));
    assert_eq!(from_float(9_007_199_254_740_993.0, 0), Ok(9_007_199_254_740_992));
    assert_eq!(from_float(1e18, 0), Ok(1_000_000_000_000_000_000));
}

/// numerator/denominator, rounded half to even.
fn rounded(numerator: &BigInt, denominator: &BigInt) -> BigInt {
    let two = BigInt::from(2);
    // floor((2n + d) / 2d), and one less for a tie that came out odd.
    let (top, bottom) = (numerator * &two + denominator, denominator * &two);
    let mut floor = &top / &bottom;
    if (&top % &bottom) < BigInt::from(0) {
        floor -= 1;
    }
    let tie = &floor * &bottom == top;
    if tie && &floor % &two != BigInt::from(0) { floor - 1 } else { floor }
}

proptest! {
    #[test]
    fn floats_round_as_rationals(bits in any::<u64>(), exponent in 950u64..1100, places in 0u8..10) {
        let float = f64::from_bits(bits & !(0x7ff << 52) | exponent << 52);
        let mantissa = BigInt::from(bits & ((1 << 52) - 1) | 1 << 52);
        let mantissa = if float < 0.0 { -mantissa } else { mantissa };
        let power = exponent as i64 - 1075;
        let scale = BigInt::from(10u64.pow(places.into()));
        let expected = if power >= 0 {
            (mantissa * scale) << power
        } else {
            rounded(&(mantissa * scale), &(BigInt::from(1) << -power))
        };
        match from_float(float, places) {
            Ok(number) => prop_assert_eq!(BigInt::from(number), expected),
            Err(error) => {
                prop_assert_eq!(error, DecimalError::Range);
                prop_assert!(i64::try_from(expected).is_err());
            }
        }
    }

    #[test]
    fn texts_round_as_rationals(digits in "[0-9]{1,12}", fraction in "[0-9]{0,20}", exponent in -12i32..6, minus in any::<bool>(), places in 0u8..10) {
        let sign = if minus { "-" } else { "" };
        let text = format!("{sign}{digits}.{fraction}e{exponent}");
        let whole: BigInt = format!("{sign}{digits}{fraction}").parse().unwrap();
        let power = exponent + i32::from(places) - fraction.len() as i32;
        let ten = BigInt::from(10).pow(power.unsigned_abs());
        let expected = if power >= 0 { whole * ten } else { rounded(&whole, &ten) };
        match parse(&text, places) {
            Ok(number) => prop_assert_eq!(BigInt::from(number), expected),
            Err(_) => prop_assert!(i64::try_from(expected).is_err()),
        }
    }
}

#[test]
fn exact_numbers_lose_no_place_and_reach_the_ends() {
    use veritrail_proof::decimal::parse_exact;

    assert_eq!(parse_exact("3.04", 0), None);
    assert_eq!(parse_exact("40.04", 1), None);
    assert_eq!(parse_exact("3.00", 0), Some(3));
    assert_eq!(parse_exact("9223372036854775807", 0), Some(i64::MAX));
}

//! Points and scalars have one text each, and it is pasta_curves'.

use ark_ec::AffineRepr;
use ark_ff::{BigInteger, PrimeField, Zero};
use pasta_curves::group::ff::PrimeField as _;
use pasta_curves::group::{Group, GroupEncoding};
use pasta_curves::pallas;
use proptest::prelude::*;
use veritrail_proof::curve::*;

use crate::fixtures::{le, scalar};

/// The field's modulus p and the group's order r, little-endian.
fn modulus() -> Encoded {
    le(&Coordinate::MODULUS.to_bytes_le())
}

fn order() -> Encoded {
    le(&Scalar::MODULUS.to_bytes_le())
}

fn point(k: u64) -> Point {
    Point::from(Sum::from(veritrail_proof::generators::generators().value) * Scalar::from(k))
}

#[test]
fn the_identity_has_no_encoding() {
    assert_eq!(encode_point(&Point::zero()), Err(EncodingError::Identity));
    // pasta_curves writes it as zeros; here x = 0 must be on the curve, and 5 is no square.
    assert_eq!(pallas::Point::identity().to_bytes(), [0; 32]);
    assert_eq!(decode_point(&[0; 32]), Err(EncodingError::OffCurve));
}

#[test]
fn x_at_or_above_the_modulus_is_refused() {
    assert_eq!(decode_point(&modulus()), Err(EncodingError::CoordinateRange));
    // The same point with p added to x, for every small multiple whose x leaves room for it.
    let mut found = 0;
    for k in 1..200 {
        let bytes = encode_point(&point(k)).unwrap();
        let mut x = bytes;
        x[31] &= 0x7f;
        if let Some(mut shifted) = add(&x, &modulus()) {
            shifted[31] |= bytes[31] & 0x80;
            assert!(decode_point(&shifted).is_err(), "multiple {k}");
            found += 1;
        }
    }
    assert!(found > 10);
}

#[test]
fn x_off_the_curve_is_refused() {
    let mut refused = 0;
    for x in 0..100u8 {
        let mut bytes = [0; 32];
        bytes[0] = x;
        match decode_point(&bytes) {
            Ok(point) => assert_eq!(encode_point(&point).unwrap(), bytes),
            Err(error) => {
                assert_eq!(error, EncodingError::OffCurve);
                refused += 1;
            }
        }
    }
    assert!((20..80).contains(&refused), "{refused}");
}

#[test]
fn the_sign_is_the_parity_of_y() {
    for k in 1..50 {
        let bytes = encode_point(&point(k)).unwrap();
        let mut other = bytes;
        other[31] ^= 0x80;
        let negated = decode_point(&other).unwrap();
        assert_eq!(negated, -point(k));
        assert_eq!(decode_point(&bytes).unwrap(), point(k));
    }
}

#[test]
fn scalars_at_or_above_the_order_are_refused() {
    assert_eq!(decode_scalar(&order()), Err(EncodingError::ScalarRange));
    assert_eq!(decode_scalar(&[0xff; 32]), Err(EncodingError::ScalarRange));
    let shifted = add(&encode_scalar(&Scalar::from(7u64)), &order()).unwrap();
    assert_eq!(decode_scalar(&shifted), Err(EncodingError::ScalarRange));
    let mut largest = order();
    largest[0] -= 1;
    assert_eq!(decode_scalar(&largest).unwrap(), -Scalar::from(1u64));
}

/// a + b below 2^255.
fn add(a: &Encoded, b: &Encoded) -> Option<Encoded> {
    let mut carry = 0u16;
    let mut sum = [0; 32];
    for (at, to) in sum.iter_mut().enumerate() {
        carry += u16::from(a[at]) + u16::from(b[at]);
        *to = carry as u8;
        carry >>= 8;
    }
    (carry == 0 && sum[31] < 0x80).then_some(sum)
}

proptest! {
    #[test]
    fn pasta_curves_writes_the_same(k in any::<[u64; 4]>()) {
        let ours = scalar(k);
        let theirs = pallas::Scalar::from_repr(encode_scalar(&ours)).unwrap();
        let generator = pallas::Point::from_bytes(&encode_point(&point(1)).unwrap()).unwrap();
        let product = Point::from(Sum::from(point(1)) * ours);
        if !ours.is_zero() {
            prop_assert_eq!((generator * theirs).to_bytes(), encode_point(&product).unwrap());
            prop_assert_eq!(decode_point(&encode_point(&product).unwrap()).unwrap(), product);
        }
        prop_assert_eq!(decode_scalar(&encode_scalar(&ours)).unwrap(), ours);
    }

    #[test]
    fn what_is_read_is_written_again(bytes in any::<Encoded>()) {
        if let Ok(point) = decode_point(&bytes) {
            prop_assert_eq!(encode_point(&point).unwrap(), bytes);
        }
        if let Ok(scalar) = decode_scalar(&bytes) {
            prop_assert_eq!(encode_scalar(&scalar), bytes);
        }
    }
}

//! The group and its two encodings, so that a point or a scalar has exactly one text of 32 bytes.
//!
//! The group is Pallas: y² = x³ + 5, of prime order, so every point of the curve is in it. A point
//! is x in little-endian with the parity of y in the top bit, as pasta_curves writes it; the
//! identity has no encoding. A scalar is 32 bytes little-endian below the group's order.
//! ark-serialize is not used: its points are 33 bytes and it takes several texts for one point.

use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::{BigInt, BigInteger, Field, PrimeField, Zero};
use rayon::prelude::*;
use thiserror::Error;

/// A number modulo the group's order.
pub type Scalar = ark_pallas::Fr;
/// A coordinate.
pub type Coordinate = ark_pallas::Fq;
/// A group element in affine coordinates: what is stored and sent.
pub type Point = ark_pallas::Affine;
/// A group element in projective coordinates: what sums are made of.
pub type Sum = ark_pallas::Projective;

/// Bytes of a point and of a scalar.
pub const ENCODED_LEN: usize = 32;

/// One encoded point or scalar.
pub type Encoded = [u8; ENCODED_LEN];

/// Why 32 bytes are not the encoding of anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum EncodingError {
    /// x is not below the field's modulus: a second text of another point.
    #[error("a point's x is not below the field's modulus")]
    CoordinateRange,
    /// No y belongs to x.
    #[error("a point is not on the curve")]
    OffCurve,
    /// The point does not encode to the bytes it was read from.
    #[error("a point is not in its canonical form")]
    NotCanonical,
    /// The scalar is not below the group's order.
    #[error("a scalar is not below the group's order")]
    ScalarRange,
    /// The identity was to be written; it stands for nothing that is ever sent.
    #[error("the identity has no encoding")]
    Identity,
}

/// The bytes of a point.
///
/// # Errors
/// For the identity, which is never sent.
pub fn encode_point(point: &Point) -> Result<Encoded, EncodingError> {
    let (x, y) = point.xy().ok_or(EncodingError::Identity)?;
    let mut bytes = le_bytes(&x.into_bigint().0);
    if y.into_bigint().is_odd() {
        bytes[ENCODED_LEN - 1] |= 0x80;
    }
    Ok(bytes)
}

/// Reads a point. Costs one square root, about 10 µs.
///
/// # Errors
/// When the bytes are not exactly what [`encode_point`] writes for some point of the curve.
pub fn decode_point(bytes: &Encoded) -> Result<Point, EncodingError> {
    let odd = bytes[ENCODED_LEN - 1] & 0x80 != 0;
    let mut x_bytes = *bytes;
    x_bytes[ENCODED_LEN - 1] &= 0x7f;
    let x =
        Coordinate::from_bigint(BigInt(limbs(&x_bytes))).ok_or(EncodingError::CoordinateRange)?;
    let y = (x * x.square() + Coordinate::from(5u64)).sqrt().ok_or(EncodingError::OffCurve)?;
    let y = if y.into_bigint().is_odd() == odd { y } else { -y };
    let point = Point::new_unchecked(x, y);
    // No y of this curve is 0, so nothing but the parity could differ; this says so once and for all.
    if encode_point(&point)? != *bytes {
        return Err(EncodingError::NotCanonical);
    }
    Ok(point)
}

/// Reads points that lie one after another.
///
/// # Errors
/// When one of them is not canonical.
pub fn decode_points(bytes: &[u8]) -> Result<Vec<Point>, EncodingError> {
    let (encoded, _) = bytes.as_chunks::<ENCODED_LEN>();
    encoded.par_iter().map(decode_point).collect()
}

/// The bytes of a scalar.
pub fn encode_scalar(scalar: &Scalar) -> Encoded {
    le_bytes(&scalar.into_bigint().0)
}

/// Reads a scalar.
///
/// # Errors
/// When the bytes are not below the group's order.
pub fn decode_scalar(bytes: &Encoded) -> Result<Scalar, EncodingError> {
    Scalar::from_bigint(BigInt(limbs(bytes))).ok_or(EncodingError::ScalarRange)
}

/// 64 uniform bytes as a scalar; the bias is below 2^-250.
pub fn wide_scalar(bytes: &[u8; 64]) -> Scalar {
    Scalar::from_le_bytes_mod_order(bytes)
}

/// Brings sums into the form that is stored and sent, sharing one inversion.
pub fn normalize(sums: &[Sum]) -> Vec<Point> {
    Sum::normalize_batch(sums)
}

/// A scalar of an integer of any sign.
pub fn signed(value: i128) -> Scalar {
    let magnitude = Scalar::from(value.unsigned_abs());
    if value < 0 { -magnitude } else { magnitude }
}

/// True where a challenge may not be used, because it would cancel what it is to weigh.
pub fn is_zero(scalar: &Scalar) -> bool {
    scalar.is_zero()
}

fn limbs(bytes: &Encoded) -> [u64; 4] {
    let mut limbs = [0; 4];
    for (limb, part) in limbs.iter_mut().zip(bytes.chunks_exact(8)) {
        *limb = part.iter().rev().fold(0, |sum, byte| sum << 8 | u64::from(*byte));
    }
    limbs
}

fn le_bytes(limbs: &[u64; 4]) -> Encoded {
    let mut bytes = [0; ENCODED_LEN];
    for (part, limb) in bytes.chunks_exact_mut(8).zip(limbs) {
        part.copy_from_slice(&limb.to_le_bytes());
    }
    bytes
}

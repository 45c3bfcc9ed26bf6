//! States of pairs and powers as a hostile worker might send them: refused, or another value's
//! one encoding.

use veritrail_compute::exact::{Number, Powers, Products, StateError, Unit};

fn products() -> Products {
    let mut products = Products::new(Unit::Float, Unit::Decimal { scale: 2 });
    for (x, y) in [(1.5, 25), (-0.25, -300), (f64::NAN, 7), (1e300, 12), (-1e300, 12)] {
        products.add(Number::Float(x), Number::Whole(y));
    }
    products
}

fn powers() -> Powers {
    let mut powers = Powers::new(Unit::Float);
    [1.5, -0.25, f64::INFINITY, 3e-310].into_iter().for_each(|x| powers.add(Number::Float(x)));
    powers
}

/// Flips each bit and each byte, shortens and lengthens; returns how many were refused.
fn bend<T>(
    bytes: &[u8],
    decode: impl Fn(&[u8]) -> Result<T, StateError>,
    encode: impl Fn(&T) -> Vec<u8>,
) -> usize {
    let mut refused = 0;
    let mut judge = |bent: &[u8]| match decode(bent) {
        Ok(other) => assert_eq!(hex::encode(encode(&other)), hex::encode(bent)),
        Err(_) => refused += 1,
    };
    for at in 0..bytes.len() {
        for mask in (0..8).map(|bit| 1 << bit).chain([0xff]) {
            let mut bent = bytes.to_vec();
            bent[at] ^= mask;
            judge(&bent);
        }
        judge(&bytes[..at]);
    }
    let mut long = bytes.to_vec();
    long.push(0);
    assert_eq!(decode(&long).err(), Some(StateError::Length(long.len())));
    refused
}

#[test]
fn golden_bytes_of_pairs_and_powers() {
    let golden = |name: &str| {
        let path = format!("{}/../docs/formats/golden/{name}.hex", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(path).unwrap();
        text.split_whitespace().collect::<String>()
    };
    assert_eq!(hex::encode(products().encode()), golden("exact-products"));
    assert_eq!(hex::encode(powers().encode()), golden("exact-powers"));
    assert_eq!(Products::decode(&products().encode()).unwrap(), products());
    assert_eq!(Powers::decode(&powers().encode()).unwrap(), powers());
}

#[test]
fn bent_states_are_refused_or_are_other_states() {
    let bytes = products().encode();
    assert!(bend(&bytes, Products::decode, Products::encode) > bytes.len());
    let bytes = powers().encode();
    assert!(bend(&bytes, Powers::decode, Powers::encode) > bytes.len());
}

#[test]
fn products_beyond_their_columns_are_refused() {
    let mut honest = Products::new(Unit::Integer, Unit::Integer);
    for (x, y) in [(3, 4), (5, -6)] {
        honest.add(Number::Whole(x), Number::Whole(y));
    }
    let mut forged = honest.encode();
    // Σxy = 12 − 30 = −18 is the last word; Σx²·Σy² = 34·52, whose root is above 42.
    let at = forged.len() - 8;
    assert_eq!(forged[at], 18);
    forged[at] = 42;
    assert!(Products::decode(&forged).is_ok());
    forged[at] = 43;
    assert_eq!(Products::decode(&forged).unwrap_err(), StateError::Impossible);
}

#[test]
fn columns_of_different_lengths_are_refused() {
    let mut honest = Products::new(Unit::Integer, Unit::Integer);
    honest.add(Number::Whole(0), Number::Whole(0));
    let mut forged = honest.encode();
    // Counts of x start after version, order and two units.
    assert_eq!(forged[6], 1);
    forged[6] = 2;
    assert!(matches!(Products::decode(&forged), Err(StateError::NotCanonical(_))));
}

#[test]
fn powers_that_no_values_have_are_refused() {
    let mut honest = Powers::new(Unit::Integer);
    [2, 3].into_iter().for_each(|x| honest.add(Number::Whole(x)));
    let mut forged = honest.encode();
    // Σx⁴ = 97; 2·97 ≥ 13², and 2·84 is below it.
    let at = forged.len() - 8;
    assert_eq!(forged[at], 97);
    forged[at] = 84;
    assert_eq!(Powers::decode(&forged).unwrap_err(), StateError::Impossible);
}

//! Deterministic CBOR: one encoding for each value, and no cost for hostile lengths.

use coset::cbor::Value;
use proptest::prelude::*;
use veritrail_provenance::cbor::{CborError, Limits, decode, encode};

const LIMITS: Limits = Limits::bytes(1 << 16);

fn refuse(bytes: &[u8]) -> CborError {
    decode(bytes, LIMITS).unwrap_err()
}

#[test]
fn the_examples_of_rfc_8949_that_we_use_round_trip() {
    // Appendix A, without floats, bignums, undefined and indefinite lengths.
    let examples = [
        "00",
        "01",
        "0a",
        "17",
        "1818",
        "1819",
        "1864",
        "1903e8",
        "1a000f4240",
        "1b000000e8d4a51000",
        "1bffffffffffffffff",
        "3bffffffffffffffff",
        "20",
        "29",
        "3863",
        "3903e7",
        "f4",
        "f5",
        "f6",
        "c074323031332d30332d32315432303a30343a30305a",
        "c11a514b67b0",
        "d74401020304",
        "d818456449455446",
        "40",
        "4401020304",
        "60",
        "6161",
        "6449455446",
        "62225c",
        "62c3bc",
        "63e6b0b4",
        "64f0908591",
        "80",
        "83010203",
        "8301820203820405",
        "98190102030405060708090a0b0c0d0e0f101112131415161718181819",
        "a0",
        "a201020304",
        "a26161016162820203",
        "826161a161626163",
        "a56161614161626142616361436164614461656145",
    ];
    for example in examples {
        let bytes = hex::decode(example).unwrap();
        let value = decode(&bytes, LIMITS).unwrap_or_else(|error| panic!("{example}: {error}"));
        assert_eq!(hex::encode(encode(&value)), example);
    }
}

#[test]
fn every_second_form_is_refused() {
    let at = 0;
    for longer in ["1817", "190017", "1900ff", "1a0000ffff", "1b00000000ffffffff", "3800"] {
        let error = refuse(&hex::decode(longer).unwrap());
        assert_eq!(error, CborError::NotShortest { at }, "{longer}");
    }
    for longer in ["580161", "780161", "9800", "b80000", "d812f6", "5900ff"] {
        let error = refuse(&hex::decode(longer).unwrap());
        assert_eq!(error, CborError::NotShortest { at }, "{longer}");
    }
    for indefinite in ["5f4101ff", "7f6161ff", "9f01ff", "bf0101ff", "ff"] {
        let error = refuse(&hex::decode(indefinite).unwrap());
        assert_eq!(error, CborError::Indefinite { at }, "{indefinite}");
    }
    for simple in ["f7", "f0", "f818", "f8ff", "f90000", "fa47c35000", "fb3ff199999999999a"] {
        assert_eq!(refuse(&hex::decode(simple).unwrap()), CborError::Simple { at }, "{simple}");
    }
    for reserved in ["1c", "1d", "1e", "5c", "fc"] {
        let error = refuse(&hex::decode(reserved).unwrap());
        assert_eq!(error, CborError::Reserved { at }, "{reserved}");
    }
}

#[test]
fn maps_are_sorted_and_have_each_key_once() {
    assert_eq!(refuse(&[0xa2, 2, 0, 1, 0]), CborError::KeyOrder { at: 3 });
    assert_eq!(refuse(&[0xa2, 1, 0, 1, 0]), CborError::KeyOrder { at: 3 });
    // Bytewise order of the encodings: 10, 100, -1, "z", "aa" (RFC 8949 section 4.2.1).
    let sorted = hex::decode("a50a00186400200061 7a0062616100".replace(' ', "")).unwrap();
    let value = decode(&sorted, LIMITS).unwrap();
    let Value::Map(mut pairs) = value else { panic!("a map") };
    pairs.reverse();
    assert_eq!(encode(&Value::Map(pairs)), sorted);
}

#[test]
fn surplus_and_missing_bytes_are_refused() {
    assert_eq!(refuse(&[]), CborError::Truncated { at: 0 });
    assert_eq!(refuse(&[1, 1]), CborError::Trailing { at: 1 });
    assert_eq!(refuse(&[0x43, 1, 2]), CborError::Truncated { at: 0 });
    assert_eq!(refuse(&[0x61, 0xff]), CborError::Utf8 { at: 0 });
}

#[test]
fn hostile_lengths_cost_nothing() {
    // 2^64 - 1 elements, pairs and bytes, in nine bytes each.
    for major in [0x9b, 0xbb, 0x5b, 0x7b] {
        let mut bytes = vec![major];
        bytes.extend_from_slice(&[0xff; 8]);
        assert_eq!(refuse(&bytes), CborError::Truncated { at: 0 });
    }
    let nested: Vec<u8> = std::iter::repeat_n(0x81, 60_000).collect();
    assert_eq!(refuse(&nested), CborError::TooDeep { at: 16, max: 16 });
    let tags: Vec<u8> = std::iter::repeat_n(0xc0, 60_000).collect();
    assert_eq!(refuse(&tags), CborError::TooDeep { at: 16, max: 16 });
    let mut many = vec![0x99, 0x03, 0xe8];
    many.extend_from_slice(&[0; 1_000]);
    let few = Limits { items_max: 1_000, ..LIMITS };
    assert_eq!(decode(&many, few), Err(CborError::TooMany { at: 1_002, max: 1_000 }));
    assert!(decode(&many, Limits { items_max: 1_001, ..LIMITS }).is_ok());
    let long = Limits::bytes(4);
    assert_eq!(decode(&[0; 5], long), Err(CborError::TooLong { size: 5, max: 4 }));
}

#[test]
fn what_has_no_deterministic_form_does_not_come_back() {
    assert!(decode(&encode(&Value::Float(1.0)), LIMITS).is_err());
    let twice = Value::Map(vec![(1.into(), 1.into()), (1.into(), 2.into())]);
    assert!(decode(&encode(&twice), LIMITS).is_err());
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<u64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        Just(Value::Null),
        proptest::collection::vec(any::<u8>(), 0..300).prop_map(Value::Bytes),
        ".{0,40}".prop_map(Value::Text),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..30).prop_map(Value::Array),
            proptest::collection::btree_map(any::<u32>(), inner.clone(), 0..6).prop_map(|map| {
                Value::Map(map.into_iter().map(|(key, value)| (Value::from(key), value)).collect())
            }),
            (any::<u64>(), inner).prop_map(|(tag, value)| Value::Tag(tag, Box::new(value))),
        ]
    })
}

proptest! {
    #[test]
    fn any_value_round_trips_and_ciborium_agrees(value in any_value()) {
        let bytes = encode(&value);
        let decoded = decode(&bytes, LIMITS).unwrap();
        prop_assert_eq!(encode(&decoded), bytes.clone());
        let theirs: Value = coset::cbor::de::from_reader(bytes.as_slice()).unwrap();
        prop_assert_eq!(encode(&theirs), bytes);
    }

    #[test]
    fn any_bytes_decode_to_themselves_or_not_at_all(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
        if let Ok(value) = decode(&bytes, LIMITS) {
            prop_assert_eq!(encode(&value), bytes);
        }
    }
}

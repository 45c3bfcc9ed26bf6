//! Keys and signatures at the edges of edwards25519: one answer, alone and in a batch.

use curve25519_dalek::constants::{ED25519_BASEPOINT_TABLE, EIGHT_TORSION};
use curve25519_dalek::edwards::{CompressedEdwardsY, EdwardsPoint};
use curve25519_dalek::scalar::Scalar;
use sha2::{Digest, Sha512};
use veritrail_provenance::identity::{
    KeyError, PublicKey, Signature, SignedMessage, Signer, verify, verify_batch,
};

use crate::fixtures::{Dice, signer};

/// The secret scalar of a seed (RFC 8032 section 5.1.5).
pub fn secret(seed: [u8; 32]) -> Scalar {
    let mut bytes: [u8; 32] = Sha512::digest(seed)[..32].try_into().unwrap();
    bytes[0] &= 248;
    bytes[31] &= 127;
    bytes[31] |= 64;
    Scalar::from_bytes_mod_order(bytes)
}

pub fn scalar(dice: &mut Dice) -> Scalar {
    let bytes: [u8; 64] = std::array::from_fn(|_| dice.below(256) as u8);
    Scalar::from_bytes_mod_order_wide(&bytes)
}

/// A signature with a chosen nonce whose R has `torsion` added and is encoded as given.
pub fn sign_with(
    seed: [u8; 32],
    message: &[u8],
    nonce: Scalar,
    encode_r: impl Fn(EdwardsPoint) -> [u8; 32],
) -> Signature {
    let secret = secret(seed);
    let public = (ED25519_BASEPOINT_TABLE * &secret).compress().0;
    let r = encode_r(ED25519_BASEPOINT_TABLE * &nonce);
    let hash = Sha512::digest([&r[..], &public, message].concat());
    let k = Scalar::from_bytes_mod_order_wide(&hash.into());
    let s = nonce + k * secret;
    Signature::from_slice(&[r, s.to_bytes()].concat()).unwrap()
}

fn key_error(bytes: [u8; 32]) -> KeyError {
    PublicKey::from_bytes(bytes).unwrap_err()
}

/// y = p + i as bytes, with the sign bit: every encoding that is not canonical in y.
fn beyond_p(i: u8, sign: u8) -> [u8; 32] {
    let mut bytes = [0xff; 32];
    bytes[0] = 0xed + i;
    bytes[31] = 0x7f | sign << 7;
    bytes
}

#[test]
fn weak_and_mixed_and_odd_keys_are_refused() {
    for torsion in EIGHT_TORSION {
        assert_eq!(key_error(torsion.compress().0), KeyError::Weak);
    }
    let good = CompressedEdwardsY(*signer(1).public_key().as_bytes()).decompress().unwrap();
    for torsion in &EIGHT_TORSION[1..] {
        assert_eq!(key_error((good + torsion).compress().0), KeyError::MixedOrder);
    }
    assert_eq!(key_error([0x02; 32]), KeyError::NotAPoint);
    let (mut weak, mut not_canonical) = (0, 0);
    for i in 0..19 {
        for sign in [0, 1] {
            match key_error(beyond_p(i, sign)) {
                KeyError::Weak => weak += 1,
                KeyError::NotCanonical => not_canonical += 1,
                KeyError::NotAPoint => {}
                KeyError::MixedOrder => panic!("the encoding should have been refused first"),
            }
        }
    }
    assert!(weak >= 2 && not_canonical >= 2, "{weak} weak, {not_canonical} not canonical");
    // x = 0 with the sign bit set.
    let mut minus_zero = [0; 32];
    (minus_zero[0], minus_zero[31]) = (1, 0x80);
    assert_eq!(key_error(minus_zero), KeyError::Weak);
}

#[test]
fn rfc_8032_test_vectors_verify() {
    let vectors = [
        (
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
        ),
        (
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
        ),
        (
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
            "af82",
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
        ),
    ];
    for (key, message, signature) in vectors {
        let key = PublicKey::from_bytes(hex::decode(key).unwrap().try_into().unwrap()).unwrap();
        let message = hex::decode(message).unwrap();
        let signature = Signature::from_slice(&hex::decode(signature).unwrap()).unwrap();
        assert!(verify(&key, &message, &signature).is_ok());
        assert!(verify(&key, b"another", &signature).is_err());
    }
}

/// One item of each sort that is known to divide verifiers; the flag says what ZIP 215 says.
fn odd_items(dice: &mut Dice, message: &[u8]) -> Vec<(Signature, bool)> {
    let seed = [1; 32];
    let plain = |point: EdwardsPoint| point.compress().0;
    let mut items = vec![
        (signer(1).sign(message), true),
        (signer(1).sign(b"another message"), false),
        (signer(2).sign(message), false),
        (sign_with(seed, message, scalar(dice), plain), true),
    ];
    for torsion in &EIGHT_TORSION[1..] {
        let torsioned = |point: EdwardsPoint| (point + torsion).compress().0;
        items.push((sign_with(seed, message, scalar(dice), torsioned), true));
    }
    // R is the identity, or of small order, in encodings that are not canonical.
    for r in [beyond_p(0, 0), beyond_p(1, 0), beyond_p(0, 1), beyond_p(1, 1)] {
        let small = CompressedEdwardsY(r).decompress().is_some();
        items.push((sign_with(seed, message, Scalar::ZERO, |_| r), small));
    }
    items.push((sign_with(seed, message, Scalar::ZERO, |_| [0x02; 32]), false));
    // s not reduced: s + l, and all ones.
    let mut bytes = *signer(1).sign(message).as_bytes();
    let l =
        hex::decode("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010").unwrap();
    let mut carry = 0u16;
    for (byte, l) in bytes[32..].iter_mut().zip(l) {
        let sum = u16::from(*byte) + u16::from(l) + carry;
        (*byte, carry) = (sum as u8, sum >> 8);
    }
    items.push((Signature::from_bytes(bytes), false));
    bytes[32..].fill(0xff);
    items.push((Signature::from_bytes(bytes), false));
    items
}

#[test]
fn single_and_batch_verification_agree() {
    let mut dice = Dice::new(2);
    let key = *signer(1).public_key();
    let message = b"one message";
    let items = odd_items(&mut dice, message);
    assert!(items.len() >= 15);
    for (index, (signature, valid)) in items.iter().enumerate() {
        assert_eq!(verify(&key, message, signature).is_ok(), *valid, "item {index}");
        let item = SignedMessage { key: &key, message, signature };
        assert_eq!(verify_batch(&[item])[0].is_ok(), *valid, "item {index} as a batch of one");
    }
    for round in 0..100 {
        // Most batches hold only valid items, so that the batch equation itself is what answers.
        let pool: Vec<_> = if round % 4 == 0 {
            items.clone()
        } else {
            items.iter().filter(|(_, valid)| *valid).cloned().collect()
        };
        let size = 1 + dice.below(12) as usize;
        let batch: Vec<_> =
            (0..size).map(|_| &pool[dice.below(pool.len() as u64) as usize]).collect();
        let signed: Vec<_> = batch
            .iter()
            .map(|(signature, _)| SignedMessage { key: &key, message, signature })
            .collect();
        let results: Vec<_> = verify_batch(&signed).iter().map(Result::is_ok).collect();
        let expected: Vec<_> = batch.iter().map(|(_, valid)| *valid).collect();
        assert_eq!(results, expected, "round {round}");
    }
    assert!(verify_batch(&[]).is_empty());
}

#[test]
fn a_signature_reads_and_writes_as_base64() {
    let signature = signer(1).sign(b"x");
    let text = signature.to_string();
    assert_eq!(text.len(), 88);
    assert_eq!(text.parse::<Signature>().unwrap(), signature);
    assert!(text.trim_end_matches('=').parse::<Signature>().is_err());
    assert!(format!("{text}AAAA").parse::<Signature>().is_err());
    assert!("".parse::<Signature>().is_err());
    // The last digit carries four bits that nothing uses: only zeros are accepted.
    let mut odd = text.clone().into_bytes();
    odd[85] += 1;
    assert!(String::from_utf8(odd).unwrap().parse::<Signature>().is_err());
}

#[test]
fn a_signer_shows_no_secret() {
    let shown = format!("{:?}", signer(7));
    assert!(shown.contains("z6Mk") && !shown.contains("7, 7"), "{shown}");
}

//! A thousand re-encodings of one envelope: each is refused, or is the same statement.

use std::collections::HashSet;

use coset::cbor::Value;
use veritrail_provenance::cbor;
use veritrail_provenance::statement::Statement;

use crate::fixtures::*;
use crate::signatures::{scalar, sign_with};

/// Encodes a value in one of the many ways that lenient decoders accept.
struct Wild<'a> {
    dice: &'a mut Dice,
    out: Vec<u8>,
}

impl Wild<'_> {
    /// One choice in `n` goes astray, so that most parts stay as they are.
    fn strays(&mut self, n: u64) -> bool {
        self.dice.below(n) == 0
    }

    fn head(&mut self, major: u8, n: u64) {
        let least = match n {
            0..=23 => 0,
            24..=0xff => 1,
            0x100..=0xffff => 2,
            0x1_0000..=0xffff_ffff => 3,
            _ => 4,
        };
        let width = if self.strays(12) { least + self.dice.below(5 - least) } else { least };
        let be = n.to_be_bytes();
        match width {
            0 => self.out.push(major << 5 | be[7]),
            1 => self.out.extend_from_slice(&[major << 5 | 24, be[7]]),
            2 => self.out.extend([&[major << 5 | 25][..], &be[6..]].concat()),
            3 => self.out.extend([&[major << 5 | 26][..], &be[4..]].concat()),
            _ => self.out.extend([&[major << 5 | 27][..], &be].concat()),
        }
    }

    fn string(&mut self, major: u8, bytes: &[u8]) {
        if self.strays(16) {
            self.out.push(major << 5 | 31);
            let (left, right) = bytes.split_at(bytes.len() / 2);
            for part in [left, right] {
                self.head(major, part.len() as u64);
                self.out.extend_from_slice(part);
            }
            self.out.push(0xff);
        } else {
            self.head(major, bytes.len() as u64);
            self.out.extend_from_slice(bytes);
        }
    }

    fn list(&mut self, major: u8, items: &[Value], n: usize) {
        let indefinite = self.strays(12);
        if indefinite {
            self.out.push(major << 5 | 31);
        } else {
            self.head(major, n as u64);
        }
        for item in items {
            self.value(item);
        }
        if indefinite {
            self.out.push(0xff);
        }
    }

    fn value(&mut self, value: &Value) {
        match value {
            Value::Integer(n) => match i128::from(*n) {
                n if n < 0 => self.head(1, (-1 - n) as u64),
                n => self.head(0, n as u64),
            },
            Value::Bytes(bytes) => self.string(2, bytes),
            Value::Text(text) => self.string(3, text.as_bytes()),
            Value::Array(items) => self.list(4, items, items.len()),
            Value::Map(pairs) => {
                let mut pairs = pairs.clone();
                if pairs.len() > 1 && self.strays(6) {
                    pairs.rotate_left(1);
                }
                if !pairs.is_empty() && self.strays(12) {
                    pairs.push(pairs[0].clone());
                }
                let flat: Vec<_> = pairs.iter().flat_map(|(k, v)| [k.clone(), v.clone()]).collect();
                self.list(5, &flat, pairs.len());
            }
            Value::Tag(tag, inner) => {
                self.head(6, *tag);
                self.value(inner);
            }
            Value::Null => self.out.push(0xf6),
            other => panic!("{other:?} does not stand in an envelope"),
        }
    }
}

fn wild(value: &Value, dice: &mut Dice) -> Vec<u8> {
    let mut wild = Wild { dice, out: Vec::new() };
    wild.value(value);
    wild.out
}

/// One re-encoding: the outer structure, the protected header inside it, things added around.
fn re_encode(envelope: &[u8], dice: &mut Dice) -> Vec<u8> {
    let Value::Tag(tag, inner) = coset::cbor::de::from_reader(envelope).unwrap() else {
        panic!("a tag")
    };
    let Value::Array(mut elements) = *inner else { panic!("an array") };
    if dice.below(3) == 0 {
        let Value::Bytes(protected) = &elements[0] else { panic!("bytes") };
        let header: Value = coset::cbor::de::from_reader(protected.as_slice()).unwrap();
        elements[0] = Value::Bytes(wild(&header, dice));
    }
    if dice.below(8) == 0 {
        let more = [(4.into(), Value::Bytes(b"kid".to_vec())), (99.into(), Value::from("x"))];
        elements[1] = Value::Map(more[..1 + dice.below(2) as usize].to_vec());
    }
    if dice.below(24) == 0 {
        elements[2] = Value::Null;
    }
    if dice.below(24) == 0 {
        elements.push(Value::Bytes(Vec::new()));
    }
    if dice.below(4) == 0 {
        // The signer may sign again with another nonce: other bytes, the same statement.
        let statement = Statement::decode(envelope).unwrap();
        let signature = sign_with([1; 32], statement.signed_bytes(), scalar(dice), |r| {
            let torsion = curve25519_dalek::constants::EIGHT_TORSION[dice_of(&r)];
            (r + torsion).compress().0
        });
        elements[3] = Value::Bytes(signature.as_bytes().to_vec());
    }
    let inner = Value::Array(elements);
    let mut bytes = match dice.below(16) {
        0 => wild(&inner, dice),
        1 => wild(&Value::Tag(98, Box::new(inner)), dice),
        2 => wild(&Value::Tag(55_799, Box::new(Value::Tag(tag, Box::new(inner)))), dice),
        3..=8 => cbor::encode(&Value::Tag(tag, Box::new(inner))),
        _ => wild(&Value::Tag(tag, Box::new(inner)), dice),
    };
    if dice.below(24) == 0 {
        bytes.push(0);
    }
    bytes
}

fn dice_of(r: &curve25519_dalek::EdwardsPoint) -> usize {
    usize::from(r.compress().0[0] % 8)
}

#[test]
fn a_thousand_re_encodings_of_one_statement_give_one_id() {
    let (draft, signer) = drafts().remove(2);
    let original = Statement::sign(draft, &signer).unwrap();
    let mut dice = Dice::new(3);
    let mut seen = HashSet::from([original.envelope().to_vec()]);
    let (mut refused, mut same) = (0, 0);
    while seen.len() < 1_001 {
        let bytes = re_encode(original.envelope(), &mut dice);
        if !seen.insert(bytes.clone()) {
            continue;
        }
        match Statement::decode(&bytes) {
            Ok(statement) if statement.verify_did_key().is_ok() => {
                assert_eq!(statement.id(), original.id(), "{}", hex::encode(&bytes));
                assert_eq!(statement.payload(), original.payload());
                same += 1;
            }
            _ => refused += 1,
        }
    }
    assert_eq!(refused + same, 1_000);
    assert!(same >= 20 && refused >= 500, "{same} accepted, {refused} refused");
}

proptest::proptest! {
    /// Several bytes replaced, inserted or removed at once: an answer, never a panic, and never
    /// another statement that verifies.
    #[test]
    fn no_mutation_makes_another_valid_statement(
        kind in 0usize..5,
        edits in proptest::collection::vec((0usize..4_096, 0u8..3, proptest::num::u8::ANY), 1..6),
    ) {
        let (draft, signer) = drafts().remove(kind);
        let original = Statement::sign(draft, &signer).unwrap();
        let mut bytes = original.envelope().to_vec();
        for (at, edit, byte) in edits {
            let at = at % bytes.len();
            match edit {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                _ => drop(bytes.drain(at..(at + usize::from(byte % 8)).min(bytes.len()))),
            }
            if bytes.is_empty() {
                bytes.push(byte);
            }
        }
        if let Ok(statement) = Statement::decode(&bytes) {
            let valid = statement.verify_did_key().is_ok();
            proptest::prop_assert!(!valid || statement.id() == original.id());
        }
    }
}

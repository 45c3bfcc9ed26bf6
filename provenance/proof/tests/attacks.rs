//! What is done to a proof's bytes and to the transcript, and that each of it is refused.

use std::sync::OnceLock;

use rayon::prelude::*;
use veritrail_proof::argument::equations::Equations;
use veritrail_proof::argument::prove::{OpenColumn, prove_hiding};
use veritrail_proof::argument::verify::verify;
use veritrail_proof::argument::{Commitments, ProveError, VerifyError};
use veritrail_proof::columns::Cells;
use veritrail_proof::curve::{ENCODED_LEN, Scalar, encode_scalar};
use veritrail_proof::relation::{Mode, OneSmall, Relation, RelationError};
use veritrail_proof::transcript::{Channel, Transcript, ZeroChallenge};
use veritrail_proof::wire::WireError;

use crate::arguments::{boolean, check, sum_of};
use crate::fixtures::*;

pub struct Made {
    pub relation: Relation,
    pub columns: Vec<OpenColumn>,
    pub hidden: Vec<u128>,
    pub proof: Vec<u8>,
}

/// One proof of each of the four kinds, over a small table; then two that hide sums.
pub fn all() -> &'static [Made; 6] {
    static MADE: OnceLock<[Made; 6]> = OnceLock::new();
    MADE.get_or_init(|| {
        let rows = 9;
        let m = vec![1, 0, 1, 1, 0, 0, 1, 0, 1];
        let u = vec![5, 9, 3, 200, 1, 0, 77, 8, 255];
        let mut blinds = Counted(0);
        let columns = vec![
            open(Cells::values(m, 1), rows, &mut blinds),
            open(Cells::values(u, 8), rows, &mut blinds),
        ];
        let one_small = |claims: &[usize]| OneSmall {
            claims: claims.to_vec(),
            terms: vec![vec![(0, 1)], vec![(1, 1), (0, -1)]],
            below: 6,
        };
        let both = vec![sum_of(&[0], 0), sum_of(&[1], 0)];
        let told = [&both[..], &[boolean(0), sum_of(&[0, 1], 540)]].concat();
        let claims = [
            (vec![sum_of(&[1], 558)], None),
            (vec![sum_of(&[0, 1], 540)], None),
            (vec![boolean(0)], None),
            (vec![boolean(0), sum_of(&[0, 1], 540)], None),
            (both, Some(one_small(&[0, 1]))),
            (told, Some(one_small(&[0, 1]))),
        ];
        claims.map(|(claims, small)| {
            let mut relation = Relation::new(rows, 2, vec![], claims).unwrap();
            let hidden = if small.is_some() { vec![5, 558] } else { vec![] };
            if let Some(small) = small {
                relation = relation.hide(small).unwrap();
            }
            let proof = prove_hiding(
                &mut Transcript::new(),
                &relation,
                &columns,
                &hidden,
                &mut Counted(1 << 32),
            )
            .unwrap();
            Made { relation, columns: columns.clone(), hidden, proof }
        })
    })
}

fn refused(made: &Made, proof: &[u8]) -> Option<VerifyError> {
    let columns: Vec<&Commitments> = made.columns.iter().map(|open| &open.commitments).collect();
    check(&made.relation, &columns, proof).err()
}

#[test]
fn every_byte_counts() {
    let mut flips = 0;
    // All bytes of the shortest proof; of the others every third, which is ten in each message and
    // each place of one in some.
    for (made, step) in all().iter().zip([1, 3, 3, 3, 3, 3]) {
        assert_eq!(refused(made, &made.proof), None);
        let places: Vec<usize> = (0..made.proof.len()).step_by(step).collect();
        let accepted = places.par_iter().find_any(|at| {
            let mut proof = made.proof.clone();
            proof[**at] ^= 1 << (*at % 8);
            refused(made, &proof).is_none()
        });
        assert_eq!(accepted, None);
        flips += places.len();
    }
    assert!(flips > 3000, "{flips}");
}

#[test]
fn other_lengths_are_refused() {
    for made in all() {
        let length = made.proof.len();
        for cut in [0, 1, 31, 32, length - 32, length - 1] {
            let expected = Some(VerifyError::Wire(WireError::Length));
            assert_eq!(refused(made, &made.proof[..cut]), expected);
        }
        for more in [1, 32, 64, 1000] {
            let longer = [&made.proof[..], &vec![0; more]].concat();
            assert_eq!(refused(made, &longer), Some(VerifyError::Wire(WireError::Length)));
        }
    }
    // A proof of one kind for another, padded or cut to the other's length.
    let [linear, sum, zero, mixed, hiding, all_hiding] = all();
    for (made, other) in [
        (linear, sum),
        (sum, zero),
        (zero, mixed),
        (mixed, sum),
        (sum, mixed),
        (hiding, linear),
        (mixed, all_hiding),
    ] {
        let mut proof = other.proof.clone();
        proof.resize(made.proof.len(), 1);
        assert!(refused(made, &proof).is_some());
    }
}

#[test]
fn scalars_plus_the_order_and_identities_are_refused() {
    for made in all() {
        // The last 32 bytes are a scalar, the first a point.
        let mut proof = made.proof.clone();
        let length = proof.len();
        let last: [u8; 32] = proof[length - ENCODED_LEN..].try_into().unwrap();
        let order_minus_one = encode_scalar(&-Scalar::from(1u64));
        let mut carry = 1u16;
        let shifted: Vec<u8> = (0..32)
            .map(|at| {
                carry += u16::from(last[at]) + u16::from(order_minus_one[at]);
                let byte = carry as u8;
                carry >>= 8;
                byte
            })
            .collect();
        proof[length - ENCODED_LEN..].copy_from_slice(&shifted);
        assert!(matches!(refused(made, &proof), Some(VerifyError::Wire(WireError::Encoding(_)))));
        let mut proof = made.proof.clone();
        proof[..ENCODED_LEN].fill(0);
        assert!(matches!(refused(made, &proof), Some(VerifyError::Wire(WireError::Encoding(_)))));
    }
}

#[test]
fn messages_in_another_order_are_refused() {
    for made in all() {
        let parts: Vec<&[u8]> = made.proof.chunks_exact(ENCODED_LEN).collect();
        for at in 1..parts.len() {
            let mut swapped = parts.clone();
            swapped.swap(at - 1, at);
            assert!(refused(made, &swapped.concat()).is_some(), "message {at}");
        }
    }
}

/// Absorbs everything but one message, or answers one challenge with zero.
struct Tampered {
    inner: Transcript,
    messages: usize,
    skip: Option<usize>,
    challenges: usize,
    zero: Option<usize>,
    last: [u8; 64],
}

impl Tampered {
    fn new(skip: Option<usize>, zero: Option<usize>) -> Self {
        Self { inner: Transcript::new(), messages: 0, skip, challenges: 0, zero, last: [0; 64] }
    }
}

impl Channel for Tampered {
    fn bytes(&mut self, label: &'static [u8], bytes: &[u8]) {
        self.messages += 1;
        if self.skip != Some(self.messages - 1) {
            self.inner.bytes(label, bytes);
        }
    }

    fn wide(&mut self, label: &'static [u8]) -> [u8; 64] {
        self.challenges += 1;
        let wide = self.inner.wide(label);
        self.last = wide;
        if self.zero == Some(self.challenges - 1) { [0; 64] } else { wide }
    }
}

#[test]
fn every_message_is_in_the_transcript_and_every_challenge_may_not_be_zero() {
    for made in all() {
        let columns: Vec<&Commitments> =
            made.columns.iter().map(|open| &open.commitments).collect();
        let run = |channel: &mut Tampered| {
            let mut equations = Equations::new();
            verify(channel, &made.relation, &columns, &made.proof, &mut equations)?;
            equations.check()
        };
        let mut plain = Tampered::new(None, None);
        assert!(run(&mut plain).is_ok());
        // The proof's own messages, the columns, their shape and the claims are all absorbed.
        let own = made.proof.len() / ENCODED_LEN;
        let before = 3 + columns.len() + 1 + made.relation.claims().len();
        assert_eq!(plain.messages, own + before);
        // The last message is followed by no challenge but those that weigh the equations.
        let mut without_last = Tampered::new(Some(plain.messages - 1), None);
        assert!(run(&mut without_last).is_ok());
        assert_ne!(without_last.last, plain.last);
        for skip in 0..plain.messages - 1 {
            let result = run(&mut Tampered::new(Some(skip), None));
            assert_eq!(result, Err(VerifyError::False), "message {skip}");
        }
        for zero in 0..plain.challenges {
            let result = run(&mut Tampered::new(None, Some(zero)));
            assert_eq!(result, Err(VerifyError::Challenge(ZeroChallenge)), "challenge {zero}");
            let mut channel = Tampered::new(None, Some(zero));
            let proven = prove_hiding(
                &mut channel,
                &made.relation,
                &made.columns,
                &made.hidden,
                &mut Counted(0),
            );
            // The prover has no use for the challenges that weigh the equations.
            if zero + weighing(made) < plain.challenges {
                assert_eq!(proven, Err(ProveError::Challenge(ZeroChallenge)), "challenge {zero}");
            }
        }
    }
}

fn weighing(made: &Made) -> usize {
    let own = match made.relation.mode() {
        Mode::Linear => 1,
        _ => made.columns.len() + 2,
    };
    own + made.relation.one_small().map_or(0, |small| small.claims.len() + 1)
}

#[test]
fn huge_claims_cost_nothing() {
    // N, and with it K, as an attacker may write it: refused, or a wrong length, at once.
    for rows in [0, u64::MAX, 1 << 40, (1 << 31) + 1] {
        let relation = Relation::new(rows, 1, vec![], vec![sum_of(&[0], 1)]);
        assert_eq!(relation.err(), Some(RelationError::Rows(rows)));
    }
    let relation = Relation::new(1 << 31, 1, vec![], vec![sum_of(&[0], 1)]).unwrap();
    let made = &all()[0];
    let columns = [&made.columns[0].commitments];
    assert_eq!(check(&relation, &columns, &made.proof), Err(VerifyError::Shape));
    assert_eq!(Commitments::decode(&[0; 64], usize::MAX), Err(WireError::Length));
    assert_eq!(Commitments::decode(&[0; 64], 3), Err(WireError::Length));
    assert_eq!(Commitments::decode(&[0; 65], 2), Err(WireError::Length));
}

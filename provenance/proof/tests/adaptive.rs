//! Provers who do something only after they have seen the challenge that should have followed it:
//! what each message in the transcript prevents, and each equation that the challenges weigh.

use ark_ff::One;
use num_bigint::{BigInt, Sign};
use rayon::prelude::*;
use veritrail_proof::argument::equations::Equations;
use veritrail_proof::argument::prove::prove_hiding;
use veritrail_proof::argument::verify::verify;
use veritrail_proof::argument::{Commitments, VerifyError};
use veritrail_proof::columns::Cells;
use veritrail_proof::curve::*;
use veritrail_proof::generators::generators;
use veritrail_proof::relation::{Claim, Relation};
use veritrail_proof::transcript::{Channel, Transcript};

use crate::arguments::{check, prove_it, sum_of};
use crate::attacks::{Made, all};
use crate::fixtures::*;

/// Keeps the first challenge, which weighs the claims.
struct Heard(Transcript, Option<[u8; 64]>);

impl Channel for Heard {
    fn bytes(&mut self, label: &'static [u8], bytes: &[u8]) {
        self.0.bytes(label, bytes);
    }

    fn wide(&mut self, label: &'static [u8]) -> [u8; 64] {
        let wide = self.0.wide(label);
        self.1.get_or_insert(wide);
        wide
    }
}

/// ρ, as the verifier of this proof draws it.
fn weight_of(relation: &Relation, columns: &[&Commitments], proof: &[u8]) -> Scalar {
    let mut heard = Heard(Transcript::new(), None);
    verify(&mut heard, relation, columns, proof, &mut Equations::new()).unwrap();
    wide_scalar(&heard.1.unwrap())
}

/// Two columns of nine rows, their sums, and a proof of both under blinds that begin at a number.
struct Both {
    columns: [Commitments; 2],
    sums: [u128; 2],
    proof: Vec<u8>,
}

const ROWS: u64 = 9;

fn relation(sums: [u128; 2]) -> Relation {
    let claims: Vec<Claim> = vec![sum_of(&[0], sums[0]), sum_of(&[1], sums[1])];
    Relation::new(ROWS, 2, vec![], claims).unwrap()
}

fn both(first_blind: u64) -> Both {
    let mut blinds = Counted(first_blind);
    let words = [vec![5, 9, 3, 200, 1, 0, 77, 8, 255], vec![1, 0, 1, 1, 0, 0, 1, 0, 1]];
    let sums = words.clone().map(|words| words.into_iter().map(u128::from).sum());
    let open = words.map(|words| open(Cells::values(words, 8), ROWS, &mut blinds));
    let proof = prove_it(&relation(sums), &open);
    Both { columns: open.map(|open| open.commitments), sums, proof }
}

#[test]
fn columns_that_are_chosen_after_their_weights_are_refused() {
    // C₀ + ρD and C₁ − D weigh as much together as C₀ and C₁, whatever D is.
    let Both { columns, sums, proof } = both(1);
    let [first, second] = &columns;
    assert_eq!(check(&relation(sums), &[first, second], &proof), Ok(()));
    let rho = weight_of(&relation(sums), &[first, second], &proof);
    let moved = Sum::from(generators().rows[3]) * Scalar::from(40u64);
    let plus = |column: &Commitments, point: Sum| {
        Commitments::new(vec![Point::from(point + column.points()[0])]).unwrap()
    };
    let other = [plus(first, moved * rho), plus(second, -moved)];
    let weighed = |columns: [&Commitments; 2]| {
        Point::from(Sum::from(columns[0].points()[0]) + Sum::from(columns[1].points()[0]) * rho)
    };
    assert_eq!(weighed([&other[0], &other[1]]), weighed([first, second]));
    let refused = check(&relation(sums), &[&other[0], &other[1]], &proof);
    assert_eq!(refused, Err(VerifyError::False));
}

/// Other sums that weigh as much under ρ: Euclid's algorithm over the group's order and ρ goes
/// through all a ≡ b·ρ with small a and b. Not every ρ has some of 128 bits.
fn other_sums([first, second]: [u128; 2], rho: &Scalar) -> Option<[u128; 2]> {
    let number = |scalar: &Scalar| BigInt::from_bytes_le(Sign::Plus, &encode_scalar(scalar));
    let (mut a, mut next_a) = (number(&-Scalar::one()) + 1, number(rho));
    let (mut b, mut next_b) = (BigInt::from(0), BigInt::from(1));
    while next_a.sign() != Sign::NoSign {
        let sums = [first + &next_a, second - &next_b].map(u128::try_from);
        if let [Ok(first), Ok(second)] = sums {
            return Some([first, second]);
        }
        let times = &a / &next_a;
        (a, next_a) = (next_a.clone(), a - &times * next_a);
        (b, next_b) = (next_b.clone(), b - times * next_b);
    }
    None
}

#[test]
fn sums_that_are_chosen_after_their_weights_are_refused() {
    let forged = (1..50).find_map(|first_blind| {
        let both = both(first_blind);
        let columns = both.columns.each_ref();
        let rho = weight_of(&relation(both.sums), &columns, &both.proof);
        Some((other_sums(both.sums, &rho)?, rho, both))
    });
    let (other, rho, Both { columns, sums, proof }) = forged.unwrap();
    let weighed = |[a, b]: [u128; 2]| Scalar::from(a) + Scalar::from(b) * rho;
    assert_eq!(weighed(other), weighed(sums));
    assert_ne!(other, sums);
    assert_eq!(check(&relation(sums), &columns.each_ref(), &proof), Ok(()));
    let refused = check(&relation(other), &columns.each_ref(), &proof);
    assert_eq!(refused, Err(VerifyError::False));
}

#[test]
fn a_proof_is_about_its_number_of_rows() {
    for Made { relation, columns, proof, .. } in all() {
        let columns: Vec<&Commitments> = columns.iter().map(|open| &open.commitments).collect();
        for rows in [ROWS - 1, ROWS + 1, 2048] {
            let claims = relation.claims().to_vec();
            let mut other = Relation::new(rows, 2, vec![], claims).unwrap();
            if let Some(small) = relation.one_small() {
                other = other.hide(small.clone()).unwrap();
            }
            assert_eq!(check(&other, &columns, proof), Err(VerifyError::False), "{rows} rows");
        }
    }
}

/// Takes in, for one of the prover's own messages, another point or scalar: the channel of a prover
/// who sends that one instead and goes on as if all were well.
struct Instead {
    inner: Transcript,
    /// How many messages come before the one.
    left: usize,
    sent: Option<Encoded>,
}

impl Channel for Instead {
    fn bytes(&mut self, label: &'static [u8], bytes: &[u8]) {
        if self.left > 0 || self.sent.is_some() {
            self.left = self.left.saturating_sub(1);
            return self.inner.bytes(label, bytes);
        }
        let own = le(bytes);
        let other = match label {
            b"response" | b"last" => encode_scalar(&(decode_scalar(&own).unwrap() + Scalar::one())),
            _ => {
                let point = Sum::from(decode_point(&own).unwrap()) + generators().value;
                encode_point(&point.into()).unwrap()
            }
        };
        self.inner.bytes(label, &other);
        self.sent = Some(other);
    }

    fn wide(&mut self, label: &'static [u8]) -> [u8; 64] {
        self.inner.wide(label)
    }
}

/// Keeps the labels of all messages.
struct Labels(Transcript, Vec<&'static [u8]>);

impl Channel for Labels {
    fn bytes(&mut self, label: &'static [u8], bytes: &[u8]) {
        self.1.push(label);
        self.0.bytes(label, bytes);
    }

    fn wide(&mut self, label: &'static [u8]) -> [u8; 64] {
        self.0.wide(label)
    }
}

/// Absorbed before a proof's own messages.
fn before(made: &Made) -> usize {
    3 + made.columns.len() + 1 + made.relation.claims().len()
}

/// The places of a proof's messages; of rounds, which are all alike, those of the first and the last.
fn places(made: &Made) -> Vec<(&'static [u8], usize)> {
    let mut channel = Labels(Transcript::new(), Vec::new());
    let columns: Vec<&Commitments> = made.columns.iter().map(|open| &open.commitments).collect();
    verify(&mut channel, &made.relation, &columns, &made.proof, &mut Equations::new()).unwrap();
    let labels = &channel.1[before(made)..];
    let is_round = |label: &[u8]| [&b"round"[..], b"left", b"right"].contains(&label);
    let is_end = |at: usize| {
        let label = &labels[at];
        !labels[..at].contains(label) || !labels[at + 1..].contains(label)
    };
    let all = labels.iter().copied().enumerate().map(|(at, label)| (label, at));
    all.filter(|(label, at)| !is_round(label) || is_end(*at)).collect()
}

/// Whether the proof with another message at a place is accepted.
fn accepts_another_message(made: &Made, at: usize) -> bool {
    let left = before(made) + at;
    let mut channel = Instead { inner: Transcript::new(), left, sent: None };
    let Made { relation, columns, hidden, .. } = made;
    let mut blinds = Counted(1 << 32);
    let mut proof = prove_hiding(&mut channel, relation, columns, hidden, &mut blinds).unwrap();
    let other = channel.sent.unwrap();
    let place = at * ENCODED_LEN..(at + 1) * ENCODED_LEN;
    assert_ne!(proof[place.clone()], other);
    proof[place].copy_from_slice(&other);
    let columns: Vec<&Commitments> = columns.iter().map(|open| &open.commitments).collect();
    check(relation, &columns, &proof).is_ok()
}

#[test]
fn a_wrong_message_is_refused_though_all_that_follows_is_made_for_it() {
    // The three that have all messages which the others have.
    let tried: Vec<(&Made, (&[u8], usize))> = all()[3..]
        .iter()
        .flat_map(|made| places(made).into_iter().map(move |place| (made, place)))
        .collect();
    for label in ["hidden", "round", "evaluation", "mask", "cross", "hidden mask", "hidden cross"] {
        assert!(tried.iter().any(|(_, (tried, _))| *tried == label.as_bytes()), "{label}");
    }
    assert!(tried.len() > 70, "{}", tried.len());
    let accepted = tried.par_iter().find_any(|(made, (_, at))| accepts_another_message(made, *at));
    let accepted = accepted.map(|(_, (label, at))| (String::from_utf8_lossy(label), at));
    assert_eq!(accepted, None);
}

//! What a proof gives away: nothing, as a simulator shows that knows no row.

use std::collections::HashSet;

use ark_ec::VariableBaseMSM;
use ark_ff::{Field, One, Zero};
use veritrail_proof::argument::Commitments;
use veritrail_proof::argument::equations::Equations;
use veritrail_proof::argument::prove::{OpenColumn, prove};
use veritrail_proof::argument::verify::verify;
use veritrail_proof::columns::Cells;
use veritrail_proof::commit::commit_value;
use veritrail_proof::curve::*;
use veritrail_proof::generators::{CHUNK_BITS, CHUNK_ROWS, generators};
use veritrail_proof::relation::{Relation, eq_table};
use veritrail_proof::transcript::{Blinds, Channel, Entropy, Transcript};

use crate::arguments::{boolean, prove_it, sum_of};
use crate::fixtures::*;

/// Answers with challenges that were chosen beforehand.
pub struct Programmed(pub Vec<Scalar>);

impl Channel for Programmed {
    fn bytes(&mut self, _: &'static [u8], _: &[u8]) {}

    fn wide(&mut self, _: &'static [u8]) -> [u8; 64] {
        let mut wide = [0; 64];
        wide[..32].copy_from_slice(&encode_scalar(&self.0.remove(0)));
        wide
    }
}

/// A proof of Σ m·u = `sum` for commitments to nobody knows what, made without any row: challenges
/// are chosen first, responses at random, and the first messages computed from them.
fn simulate(
    columns: &[Commitments; 2],
    chunk_variables: usize,
    sum: u128,
    random: &mut Counted,
) -> (Vec<Scalar>, Vec<u8>) {
    let variables = chunk_variables + CHUNK_BITS;
    let some_point =
        |random: &mut Counted| Point::from(commit_value(&random.draw(), &random.draw()));
    let rho = random.draw();
    let z: Vec<Scalar> = (0..variables).map(|_| random.draw()).collect();
    let (gamma, x, c) = (random.draw(), random.draw(), random.draw());
    let folds: Vec<Scalar> = (0..CHUNK_BITS).map(|_| random.draw()).collect();
    let weigh: Vec<Scalar> = (0..4).map(|_| random.draw()).collect();
    let (q, h) = (Sum::from(generators().value), Sum::from(generators().blind));

    let mut wire: Vec<Vec<u8>> = Vec::new();
    let send = |wire: &mut Vec<Vec<u8>>, point: Sum| {
        wire.push(encode_point(&Point::from(point)).unwrap().to_vec());
    };
    // The sumcheck: any points do, because the last equation is met by T_0.
    let mut claim = q * Scalar::from(sum);
    for r in &z {
        let (a0, a2) = (Sum::from(some_point(random)), Sum::from(some_point(random)));
        let a1 = claim - a0 - a0 - a2;
        claim = a0 + a1 * r + a2 * r.square();
        send(&mut wire, a0);
        send(&mut wire, a2);
    }
    let evaluations = [Sum::from(some_point(random)), Sum::from(some_point(random))];
    evaluations.iter().for_each(|point| send(&mut wire, *point));
    let y = [random.draw(), random.draw()];
    let y_blinds = [random.draw(), random.draw()];
    for at in 0..2 {
        send(&mut wire, q * y[at] + h * y_blinds[at] - evaluations[at] * c);
    }
    let (t1, last_blind) = (Sum::from(some_point(random)), random.draw());
    send(&mut wire, q * (y[0] * y[1]) + h * last_blind - claim * c.square() - t1 * c);
    send(&mut wire, t1);
    // The opening: a random vector, and A from it.
    let w: Vec<Scalar> = (0..CHUNK_ROWS).map(|_| random.draw()).collect();
    let blind = random.draw();
    let (z_high, z_low) = z.split_at(chunk_variables);
    let public = eq_table(z_low, CHUNK_ROWS);
    let value: Scalar = w.iter().zip(&public).map(|(w, r)| *w * r).sum();
    let chunk_weights = eq_table(z_high, columns[0].points().len());
    let combined =
        columns.iter().zip([Scalar::one(), gamma]).fold(Sum::zero(), |sum, (column, g)| {
            let points = column.points().iter().zip(&chunk_weights);
            sum + points.map(|(point, weight)| Sum::from(*point) * (*weight * g)).sum::<Sum>()
        });
    let p = combined + (evaluations[0] + evaluations[1] * gamma) * x;
    let opened = Sum::msm_unchecked(&generators().rows, &w) + q * (value * x) + h * blind;
    send(&mut wire, opened - p * c);
    for at in 0..2 {
        wire.push(encode_scalar(&y[at]).to_vec());
        wire.push(encode_scalar(&y_blinds[at]).to_vec());
    }
    wire.push(encode_scalar(&last_blind).to_vec());
    wire.push(encode_scalar(&blind).to_vec());
    fold(&mut wire, w, public, x, &folds);
    let challenges = [vec![rho], z, vec![gamma, x, c], folds, weigh].concat();
    (challenges, wire.concat())
}

/// The folding argument by its definition, generators folded like everything else.
pub fn fold(wire: &mut Vec<Vec<u8>>, w: Vec<Scalar>, r: Vec<Scalar>, x: Scalar, folds: &[Scalar]) {
    let q = Sum::from(generators().value);
    let mut g: Vec<Point> = generators().rows.clone();
    let (mut w, mut r) = (w, r);
    for u in folds {
        let half = w.len() / 2;
        let inverse = u.inverse().unwrap();
        let dot = |a: &[Scalar], b: &[Scalar]| a.iter().zip(b).map(|(a, b)| *a * b).sum::<Scalar>();
        let left =
            Sum::msm_unchecked(&g[..half], &w[half..]) + q * (dot(&w[half..], &r[..half]) * x);
        let right =
            Sum::msm_unchecked(&g[half..], &w[..half]) + q * (dot(&w[..half], &r[half..]) * x);
        for side in [left, right] {
            wire.push(encode_point(&Point::from(side)).unwrap().to_vec());
        }
        let mix = |v: &[Scalar], by: Scalar| {
            v[..half]
                .iter()
                .zip(&v[half..])
                .map(|(low, high)| *low + *high * by)
                .collect::<Vec<_>>()
        };
        (w, r) = (mix(&w, *u), mix(&r, inverse));
        let sums: Vec<Sum> =
            g[..half].iter().zip(&g[half..]).map(|(low, high)| *high * inverse + low).collect();
        g = normalize(&sums);
    }
    wire.push(encode_scalar(&w[0]).to_vec());
}

#[test]
fn a_simulator_without_a_row_satisfies_the_same_equations() {
    let mut random = Counted(1 << 40);
    for (rows, chunk_variables) in [(2000u64, 0), (3000, 1), (5000, 2)] {
        // Commitments to nothing that anybody knows.
        let chunks = rows.div_ceil(2048);
        let mut column = || {
            let points = (0..chunks).map(|_| commit_value(&random.draw(), &random.draw()).into());
            Commitments::new(points.collect()).unwrap()
        };
        let columns = [column(), column()];
        for sum in [0, 1, 123_456_789] {
            let relation = Relation::new(rows, 2, vec![], vec![sum_of(&[0, 1], sum)]).unwrap();
            let (challenges, proof) = simulate(&columns, chunk_variables, sum, &mut random);
            let accepted = |challenges: &[Scalar], proof: &[u8]| {
                let mut channel = Programmed(challenges.to_vec());
                let mut equations = Equations::new();
                let all: Vec<&Commitments> = columns.iter().collect();
                verify(&mut channel, &relation, &all, proof, &mut equations).unwrap();
                assert!(channel.0.is_empty(), "every challenge was asked for");
                equations.check().is_ok()
            };
            assert!(accepted(&challenges, &proof), "{rows} rows");
            // The equations do depend on the challenges: with one changed they fail.
            for at in 0..challenges.len() - 4 {
                let mut other = challenges.clone();
                other[at] += Scalar::one();
                // ρ weighs a single claim by ρ⁰ and so counts for nothing here.
                assert_eq!(accepted(&other, &proof), at == 0, "challenge {at}");
            }
        }
    }
}

/// Counts the blinds that are drawn.
pub struct Recording {
    pub inner: Counted,
    pub drawn: Vec<Scalar>,
}

impl Blinds for Recording {
    fn draw(&mut self) -> Scalar {
        let drawn = self.inner.draw();
        self.drawn.push(drawn);
        drawn
    }
}

fn columns(rows: u64) -> Vec<OpenColumn> {
    let mut blinds = Counted(3);
    let m: Vec<u32> = numbers(1, rows as usize, 2).iter().map(|n| *n as u32).collect();
    let u: Vec<u32> = numbers(2, rows as usize, 256).iter().map(|n| *n as u32).collect();
    vec![open(Cells::values(m, 1), rows, &mut blinds), open(Cells::values(u, 8), rows, &mut blinds)]
}

fn masked_sum(columns: &[OpenColumn], rows: u64) -> u128 {
    let product =
        |row| u128::from(columns[0].cells.word(row)) * u128::from(columns[1].cells.word(row));
    (0..rows as usize).map(product).sum()
}

#[test]
fn every_hiding_message_has_a_blind_of_its_own() {
    for rows in [10u64, 3000] {
        let columns = columns(rows);
        let sum = masked_sum(&columns, rows);
        let relations = [
            vec![sum_of(&[1], 1)],
            vec![sum_of(&[0, 1], sum)],
            vec![boolean(0)],
            vec![boolean(0), sum_of(&[0, 1], sum)],
            vec![sum_of(&[0, 1, 1, 1], 5)],
        ];
        for claims in relations {
            let relation = Relation::new(rows, 2, vec![], claims).unwrap();
            let mut blinds = Recording { inner: Counted(50), drawn: vec![] };
            prove(&mut Transcript::new(), &relation, &columns, &mut blinds).unwrap();
            // d and δ; and of everything before: one blind per commitment, and for the masks of
            // the evaluations a value as well.
            let before = match relation.mode() {
                veritrail_proof::relation::Mode::Linear => 0,
                _ => {
                    let rounds = relation.variables() * relation.round_degree();
                    rounds + 2 + 2 * 2 + relation.degree()
                }
            };
            assert_eq!(blinds.drawn.len(), before + CHUNK_ROWS + 1);
            let distinct: HashSet<Encoded> = blinds.drawn.iter().map(encode_scalar).collect();
            assert_eq!(distinct.len(), blinds.drawn.len());
        }
    }
}

#[test]
fn two_proofs_of_one_statement_share_nothing() {
    let rows = 3000;
    let columns = columns(rows);
    let sum = masked_sum(&columns, rows);
    let relation = Relation::new(rows, 2, vec![], vec![sum_of(&[0, 1], sum)]).unwrap();
    let once = |entropy: [u8; 32], text: &str| {
        let mut transcript = Transcript::new();
        transcript.text(b"statement", text);
        let mut blinds = transcript.blinds(&[b"seed"], &Entropy(entropy));
        prove(&mut transcript, &relation, &columns, &mut blinds).unwrap()
    };
    let parts = |proof: &[u8]| proof.chunks_exact(32).map(<[u8]>::to_vec).collect::<HashSet<_>>();
    let first = parts(&once([1; 32], "a"));
    // Fresh entropy; and, where the operating system repeats itself, another transcript.
    assert!(first.is_disjoint(&parts(&once([2; 32], "a"))));
    assert!(first.is_disjoint(&parts(&once([1; 32], "b"))));
    // Another secret under a generator that repeats itself.
    let mut transcript = Transcript::new();
    transcript.text(b"statement", "a");
    let mut blinds = transcript.blinds(&[b"other"], &Entropy([1; 32]));
    let other = prove(&mut transcript, &relation, &columns, &mut blinds).unwrap();
    assert!(first.is_disjoint(&parts(&other)));
    // The counter-check: everything equal gives the same proof.
    assert_eq!(first, parts(&once([1; 32], "a")));
}

#[test]
fn a_proofs_length_depends_on_the_shape_alone() {
    let rows = 100;
    let lengths: HashSet<usize> = (0..4u64)
        .map(|seed| {
            let words: Vec<u32> =
                numbers(seed, rows, 1 << (seed * 8)).iter().map(|n| *n as u32).collect();
            let sum = words.iter().map(|word| u128::from(*word).pow(2)).sum();
            let column = open(Cells::values(words, 32), rows as u64, &mut Counted(seed));
            let relation =
                Relation::new(rows as u64, 1, vec![], vec![sum_of(&[0, 0], sum)]).unwrap();
            prove_it(&relation, &[column]).len()
        })
        .collect();
    assert_eq!(lengths.len(), 1);
}

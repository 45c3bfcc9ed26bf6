//! Commitments against other ways to compute them, and blinds that are never shared.

use std::collections::HashSet;
use std::sync::Arc;

use ark_ec::{AffineRepr, VariableBaseMSM};
use ark_ff::Zero;
use pasta_curves::group::GroupEncoding;
use pasta_curves::group::ff::PrimeField as _;
use pasta_curves::pallas;
use proptest::prelude::*;
use veritrail_proof::columns::{Cells, Role};
use veritrail_proof::commit::blinds::{ChunkPlace, VersionSeed};
use veritrail_proof::commit::{chunks_of, commit_column, commit_value, lists};
use veritrail_proof::curve::*;
use veritrail_proof::generators::{CHUNK_ROWS, generators};
use zeroize::Zeroizing;

use crate::fixtures::*;

/// The chunks' commitments by definition, with another implementation of the group.
fn by_pasta(values: &[u32], blinds: &[Scalar]) -> Vec<Encoded> {
    let point = |point: &Point| pallas::Point::from_bytes(&encode_point(point).unwrap()).unwrap();
    let blind_base = point(&generators().blind);
    blinds
        .iter()
        .enumerate()
        .map(|(chunk, blind)| {
            let blind = pallas::Scalar::from_repr(encode_scalar(blind)).unwrap();
            let rows = values.iter().skip(chunk * CHUNK_ROWS).take(CHUNK_ROWS);
            rows.zip(&generators().rows)
                .fold(blind_base * blind, |sum, (value, base)| {
                    sum + point(base) * pallas::Scalar::from(u64::from(*value))
                })
                .to_bytes()
        })
        .collect()
}

fn encoded(points: &[Point]) -> Vec<Encoded> {
    points.iter().map(|point| encode_point(point).unwrap()).collect()
}

fn blinds(count: usize) -> Vec<Scalar> {
    let mut source = Counted(100);
    (0..count).map(|_| veritrail_proof::transcript::Blinds::draw(&mut source)).collect()
}

#[test]
fn values_are_committed_as_pasta_curves_computes_it() {
    for (bits, rows) in [(1, 1), (8, 40), (9, 100), (16, 64), (32, 2048 + 60)] {
        let values: Vec<u32> =
            numbers(u64::from(bits), rows, 1 << bits).iter().map(|n| *n as u32).collect();
        let blinds = blinds(chunks_of(rows as u64) as usize);
        let cells = Cells::values(values.clone(), bits);
        assert_eq!(encoded(&commit_column(&cells, &blinds)), by_pasta(&values, &blinds), "{bits}");
    }
}

#[test]
fn the_largest_and_smallest_numbers_are_committed_right() {
    let values = vec![u32::MAX, 0, 1, u32::MAX, 255, 256, 1 << 31];
    let blinds = blinds(1);
    let made = commit_column(&Cells::values(values.clone(), 32), &blinds);
    assert_eq!(encoded(&made), by_pasta(&values, &blinds));
    // Without a blind and without a row nothing is left.
    let nothing = commit_column(&Cells::values(vec![], 32), &[Scalar::zero()]);
    assert!(nothing[0].is_zero());
}

#[test]
fn every_view_of_the_numbers_is_committed_alike() {
    let words: Vec<u32> = numbers(5, 2100, 1 << 20).iter().map(|n| *n as u32).collect();
    let shared = Arc::new(Zeroizing::new(words.clone()));
    let blinds = blinds(2);
    let views = [
        (
            Cells::Bit { words: shared.clone(), shift: 3 },
            words.iter().map(|w| w >> 3 & 1).collect(),
        ),
        (
            Cells::Equals { words: shared, code: words[9] },
            words.iter().map(|w| u32::from(*w == words[9])).collect(),
        ),
    ];
    for (view, plain) in views {
        let plain: Vec<u32> = plain;
        let made = encoded(&commit_column(&view, &blinds));
        assert_eq!(made, encoded(&commit_column(&Cells::values(plain.clone(), 1), &blinds)));
        assert_eq!(made, encoded(&commit_column(&Cells::values(plain.clone(), 32), &blinds)));
        let scalars = plain.iter().map(|word| Scalar::from(*word)).collect();
        let scalars = Cells::Scalars(Arc::new(Zeroizing::new(scalars)));
        assert_eq!(made, encoded(&commit_column(&scalars, &blinds)));
    }
}

#[test]
fn a_value_is_committed_to_as_vq_plus_sh() {
    for k in [[0; 4], [1, 0, 0, 0], [u64::MAX; 4], [3, 1 << 40, 7, 9]] {
        let (value, blind) = (scalar(k), scalar([k[1], k[0], 5, k[2]]));
        let generators = generators();
        let expected = Sum::from(generators.value) * value + Sum::from(generators.blind) * blind;
        assert_eq!(commit_value(&value, &blind), expected);
    }
}

#[test]
fn additions_of_equal_opposite_and_absent_points_are_right() {
    let p = generators().rows[0];
    let q = generators().rows[1];
    let cases: Vec<Vec<Point>> = vec![
        vec![],
        vec![p],
        vec![p, p],
        vec![p, -p],
        vec![p, -p, q],
        vec![Point::zero(), p],
        vec![p, Point::zero(), Point::zero()],
        vec![p; 7],
        vec![p, p, -p, -p],
        vec![p, q, p, q, p],
        vec![Point::zero(); 3],
    ];
    let lengths: Vec<usize> = cases.iter().map(Vec::len).collect();
    let sums = lists::add_up(cases.concat(), lengths);
    let expected: Vec<Point> = cases
        .iter()
        .map(|case| case.iter().fold(Sum::zero(), |sum, point| sum + point).into())
        .collect();
    assert_eq!(sums, expected);
}

#[test]
fn blinds_are_shared_by_equal_data_alone() {
    let did = did();
    let place = |version, column, role| ChunkPlace { dataset: &did, version, column, role };
    let values: Vec<u32> = (0..4096).map(|row| row % 2048).collect();
    let cells = Cells::values(values.clone(), 11);
    let seed = VersionSeed::derive(&[7; 32], &did, 1);
    let first = seed.blinds(place(1, 0, Role::Value), &cells, 2);
    // A second ingest of the same rows, after a crash for instance, gives the same commitments.
    assert_eq!(first, seed.blinds(place(1, 0, Role::Value), &cells, 2));
    // One value changed: that chunk has another blind, the other keeps its own.
    let mut changed = values;
    changed[5] += 1;
    let again = seed.blinds(place(1, 0, Role::Value), &Cells::values(changed, 11), 2);
    assert_ne!(again[0], first[0]);
    assert_eq!(again[1], first[1]);
    // Everything that tells chunks apart tells blinds apart, also where the rows are equal.
    let other = other_did();
    let mut all: Vec<Scalar> = [
        place(2, 0, Role::Value),
        place(1, 1, Role::Value),
        place(1, 0, Role::Valid),
        place(1, 0, Role::Bit(1)),
        place(1, 0, Role::Bit(2)),
        place(1, 0, Role::ComplementBit(1)),
        place(1, 0, Role::Level(1)),
        ChunkPlace { dataset: &other, version: 1, column: 0, role: Role::Value },
    ]
    .iter()
    .flat_map(|place| seed.blinds(*place, &cells, 2).to_vec())
    .collect();
    all.extend(first.iter());
    for seed in [VersionSeed::derive(&[7; 32], &did, 2), VersionSeed::derive(&[8; 32], &did, 1)] {
        all.extend(seed.blinds(place(1, 0, Role::Value), &cells, 2).iter());
    }
    let distinct: HashSet<Encoded> = all.iter().map(encode_scalar).collect();
    assert_eq!(distinct.len(), all.len());
    assert_eq!(all.len(), 22);
}

#[test]
fn seeds_of_versions_differ_and_are_those_of_hkdf() {
    let one = VersionSeed::derive(&[1; 32], &did(), 1);
    assert_ne!(one.as_bytes(), VersionSeed::derive(&[1; 32], &did(), 2).as_bytes());
    assert_ne!(one.as_bytes(), VersionSeed::derive(&[1; 32], &other_did(), 1).as_bytes());
    assert_ne!(one.as_bytes(), VersionSeed::derive(&[2; 32], &did(), 1).as_bytes());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn commitments_are_those_of_an_msm(
        values in prop::collection::vec(any::<u32>(), 1..300),
        bits in 1u8..=32,
        blind in any::<[u64; 4]>(),
    ) {
        let values: Vec<u32> = values.iter().map(|value| value >> (32 - bits)).collect();
        let blind = scalar(blind);
        let made = commit_column(&Cells::values(values.clone(), bits), &[blind]);
        let expected = Sum::msm_u32(&generators().rows[..values.len()], &values)
            + Sum::from(generators().blind) * blind;
        prop_assert_eq!(Sum::from(made[0]), expected);
    }
}

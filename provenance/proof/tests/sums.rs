//! Sums of multiples of points, against the definition.

use std::sync::OnceLock;

use ark_ec::AffineRepr;
use ark_ff::{Field, One, Zero};
use proptest::prelude::*;
use veritrail_proof::curve::{Point, Scalar, Sum, normalize};
use veritrail_proof::generators::generators;
use veritrail_proof::msm::msm;
use veritrail_proof::transcript::Blinds;

use crate::fixtures::*;

/// Numbers of terms at which the widths of digits are 4, 4, 4, 4, 5, 6, …, 12.
const COUNTS: &[usize] = &[1, 2, 3, 60, 200, 500, 1000, 3000, 7000, 20_000, 40_000, 60_000];

/// P, 2·P, 3·P, …
fn multiples() -> &'static [Point] {
    static MADE: OnceLock<Vec<Point>> = OnceLock::new();
    MADE.get_or_init(|| {
        let point = generators().value;
        let sums = std::iter::successors(Some(point.into_group()), |sum| Some(*sum + point));
        normalize(&sums.take(COUNTS[COUNTS.len() - 1]).collect::<Vec<_>>())
    })
}

/// Scalars whose digits are the least, the greatest, or zero, in each width.
fn edges() -> Vec<Scalar> {
    let (one, two) = (Scalar::one(), Scalar::from(2u64));
    let mut edges =
        vec![Scalar::zero(), one, -one, two.inverse().unwrap(), -two.inverse().unwrap()];
    for width in 4..=12u64 {
        let half: Scalar = (0..254 / width).map(|at| two.pow([at * width + width - 1])).sum();
        let top = two.pow([254 / width * width]);
        edges.extend([
            half,
            half - one,
            half + half,
            half + half - one,
            top,
            top - one,
            -half,
            -top,
        ]);
    }
    edges
}

#[test]
fn sums_of_all_lengths_are_right() {
    let multiples = multiples();
    let mut source = Counted(1);
    let edges = edges();
    for count in COUNTS {
        // The edges stand in another place each time, so that short sums have some as well.
        let scalar = |at: usize| match (at + count) % 2 {
            0 => edges[(at + count) / 2 % edges.len()],
            _ => source.draw(),
        };
        let scalars: Vec<Scalar> = (0..*count).map(scalar).collect();
        let terms: Vec<(Point, Scalar)> =
            multiples.iter().copied().zip(scalars.iter().copied()).collect();
        let known = (1u64..).zip(&scalars).map(|(multiple, by)| Scalar::from(multiple) * by);
        let expected = generators().value * known.sum::<Scalar>();
        assert_eq!(terms.len(), *count);
        assert_eq!(msm(&terms), expected, "{count} terms");
    }
}

#[test]
fn every_edge_alone_is_right() {
    let point = generators().rows[0];
    for edge in edges() {
        assert_eq!(msm(&[(point, edge)]), point * edge, "{edge}");
    }
    assert_eq!(msm(&[]), Sum::zero());
}

#[test]
fn equal_opposite_and_absent_points_are_right() {
    let (p, q) = (generators().rows[0], generators().rows[1]);
    let mut source = Counted(2);
    for count in [2, 7, 300, 2000] {
        let by = source.draw();
        // All in one bucket of each window.
        assert_eq!(msm(&vec![(p, by); count]), p * (by * Scalar::from(count as u64)));
        let cancelling: Vec<(Point, Scalar)> =
            (0..count).flat_map(|_| [(p, by), (-p, by), (q, by), (q, -by)]).collect();
        assert_eq!(msm(&cancelling), Sum::zero());
        let mut with_one = cancelling;
        with_one.insert(count, (q, by));
        assert_eq!(msm(&with_one), q * by);
        let absent: Vec<(Point, Scalar)> =
            (0..count).flat_map(|_| [(Point::zero(), by), (p, Scalar::zero())]).collect();
        assert_eq!(msm(&absent), Sum::zero());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn random_sums_are_right(terms in prop::collection::vec((0usize..5, any::<[u64; 4]>(), any::<bool>()), 0..40)) {
        let terms: Vec<(Point, Scalar)> = terms
            .into_iter()
            .map(|(point, limbs, small)| {
                (multiples()[point], if small { Scalar::from(limbs[0] >> 50) } else { scalar(limbs) })
            })
            .collect();
        let expected = terms.iter().fold(Sum::zero(), |sum, (point, by)| sum + *point * by);
        prop_assert_eq!(msm(&terms), expected);
    }
}

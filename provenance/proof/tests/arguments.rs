//! The argument over random relations, and each part of what it depends on.

use proptest::prelude::*;
use veritrail_proof::argument::equations::Equations;
use veritrail_proof::argument::prove::{OpenColumn, prove};
use veritrail_proof::argument::verify::verify;
use veritrail_proof::argument::{Commitments, VerifyError, proof_len};
use veritrail_proof::columns::Cells;
use veritrail_proof::generators::CHUNK_ROWS;
use veritrail_proof::relation::*;
use veritrail_proof::transcript::{Channel, Transcript};

use crate::fixtures::*;

pub fn product(coefficient: i64, columns: &[usize]) -> Product {
    Product { coefficient, factors: columns.iter().map(|column| Factor::Column(*column)).collect() }
}

pub fn sum_of(columns: &[usize], sum: u128) -> Claim {
    Claim { weight: Weight::One, products: vec![product(1, columns)], sum }
}

/// m² − m = 0.
pub fn boolean(column: usize) -> Claim {
    let products = vec![product(1, &[column, column]), product(-1, &[column])];
    Claim { weight: Weight::Zero, products, sum: 0 }
}

pub fn prove_it(relation: &Relation, columns: &[OpenColumn]) -> Vec<u8> {
    let proof = prove(&mut Transcript::new(), relation, columns, &mut Counted(1 << 32)).unwrap();
    assert_eq!(proof.len(), proof_len(relation));
    proof
}

pub fn check(
    relation: &Relation,
    columns: &[&Commitments],
    proof: &[u8],
) -> Result<(), VerifyError> {
    let mut equations = Equations::new();
    verify(&mut Transcript::new(), relation, columns, proof, &mut equations)?;
    equations.check()
}

pub fn accepts(relation: &Relation, columns: &[OpenColumn]) -> bool {
    let proof = prove_it(relation, columns);
    let commitments: Vec<&Commitments> = columns.iter().map(|open| &open.commitments).collect();
    check(relation, &commitments, &proof).is_ok()
}

fn words(seed: u64, rows: usize, bits: u8) -> Vec<u32> {
    numbers(seed, rows, 1 << bits).iter().map(|number| *number as u32).collect()
}

fn columns(rows: usize, all: &[(u8, &[u32])]) -> Vec<OpenColumn> {
    let mut blinds = Counted(7);
    all.iter()
        .map(|(bits, words)| open(Cells::values(words.to_vec(), *bits), rows as u64, &mut blinds))
        .collect()
}

fn total(factors: &[&[u32]]) -> u128 {
    (0..factors[0].len())
        .map(|row| factors.iter().map(|words| u128::from(words[row])).product::<u128>())
        .sum()
}

const ROWS: [usize; 7] = [1, 2, 2047, 2048, 2049, 5000, 3 * CHUNK_ROWS];

#[test]
fn plain_sums_are_shown_and_wrong_ones_refused() {
    for rows in ROWS {
        let (u, v) = (words(1, rows, 32), words(2, rows, 7));
        let open = columns(rows, &[(32, &u), (7, &v)]);
        let (su, sv) = (total(&[&u]), total(&[&v]));
        let relation = |a, b| {
            Relation::new(rows as u64, 2, vec![], vec![sum_of(&[0], a), sum_of(&[1], b)]).unwrap()
        };
        assert_eq!(relation(su, sv).mode(), Mode::Linear);
        assert!(accepts(&relation(su, sv), &open), "{rows} rows");
        for (a, b) in
            [(su + 1, sv), (su - 1, sv), (su, sv + 1), (su + 1, sv.wrapping_sub(1)), (sv, su)]
        {
            assert!(!accepts(&relation(a, b), &open), "{rows} rows");
        }
    }
}

#[test]
fn sums_of_products_are_shown_and_wrong_ones_refused() {
    for rows in ROWS {
        let (m, u, v) = (words(3, rows, 1), words(4, rows, 32), words(5, rows, 20));
        let open = columns(rows, &[(1, &m), (32, &u), (20, &v)]);
        let sums = [
            (vec![0, 1], total(&[&m, &u])),
            (vec![1, 2], total(&[&u, &v])),
            (vec![0, 1, 1], total(&[&m, &u, &u])),
            (vec![0, 1, 2, 0], total(&[&m, &u, &v])),
            (vec![2], total(&[&v])),
        ];
        let claims: Vec<Claim> = sums.iter().map(|(factors, sum)| sum_of(factors, *sum)).collect();
        let relation = Relation::new(rows as u64, 3, vec![], claims.clone()).unwrap();
        assert_eq!(relation.mode(), Mode::Sum);
        assert!(accepts(&relation, &open), "{rows} rows");
        for at in 0..claims.len() {
            let mut wrong = claims.clone();
            wrong[at].sum += 1;
            let relation = Relation::new(rows as u64, 3, vec![], wrong).unwrap();
            assert!(!accepts(&relation, &open), "{rows} rows, claim {at}");
        }
    }
}

#[test]
fn zero_everywhere_is_shown_and_a_single_row_refused() {
    for rows in ROWS {
        let m = words(6, rows, 1);
        let relation = Relation::new(rows as u64, 1, vec![], vec![boolean(0)]).unwrap();
        assert_eq!(relation.mode(), Mode::Zero);
        assert!(accepts(&relation, &columns(rows, &[(1, &m)])), "{rows} rows");
        for row in [0, rows / 2, rows - 1] {
            let mut wrong = m.clone();
            wrong[row] = 2;
            assert!(!accepts(&relation, &columns(rows, &[(2, &wrong)])), "{rows} rows, {row}");
        }
    }
}

#[test]
fn sums_and_zeros_are_shown_together() {
    for rows in ROWS {
        let (a, b, u) = (words(8, rows, 1), words(9, rows, 1), words(10, rows, 16));
        let d: Vec<u32> = a.iter().zip(&b).map(|(a, b)| a * b).collect();
        let zero = Claim {
            weight: Weight::Zero,
            products: vec![product(1, &[3]), product(-1, &[0, 1])],
            sum: 0,
        };
        let sum = total(&[&d, &u]);
        let relation = |sum| {
            let claims = vec![sum_of(&[3, 2], sum), zero.clone(), boolean(0)];
            Relation::new(rows as u64, 4, vec![], claims).unwrap()
        };
        assert_eq!(relation(sum).mode(), Mode::Mixed);
        let all = |d: &[u32]| columns(rows, &[(1, &a), (1, &b), (16, &u), (1, d)]);
        assert!(accepts(&relation(sum), &all(&d)), "{rows} rows");
        assert!(!accepts(&relation(sum + 1), &all(&d)), "{rows} rows");
        // A derived column that counts one more row, with the sum that follows from it.
        let mut wrong = d.clone();
        wrong[rows - 1] ^= 1;
        assert!(!accepts(&relation(total(&[&wrong, &u])), &all(&wrong)), "{rows} rows");
    }
}

#[test]
fn forms_stand_for_combinations_and_for_the_rows() {
    let rows = 3000;
    let (a, b) = (words(11, rows, 4), words(12, rows, 4));
    let open = columns(rows, &[(4, &a), (4, &b)]);
    // f = a + 3b + 5·1_{<N}, g = 1_{<N}.
    let forms =
        vec![Form { terms: vec![(0, 1), (1, 3)], rows: 5 }, Form { terms: vec![], rows: 1 }];
    let f: Vec<u32> = a.iter().zip(&b).map(|(a, b)| a + 3 * b + 5).collect();
    let claim = |factors: Vec<Factor>, sum| Claim {
        weight: Weight::One,
        products: vec![Product { coefficient: 1, factors }],
        sum,
    };
    let linear = |sum, n| {
        let claims = vec![claim(vec![Factor::Form(0)], sum), claim(vec![Factor::Form(1)], n)];
        Relation::new(rows as u64, 2, forms.clone(), claims).unwrap()
    };
    assert!(accepts(&linear(total(&[&f]), 3000), &open));
    assert!(!accepts(&linear(total(&[&f]), 3001), &open));
    assert!(!accepts(&linear(total(&[&f]) + 5, 3000), &open));
    let square = |sum| {
        let claims = vec![claim(vec![Factor::Form(0), Factor::Form(0), Factor::Form(1)], sum)];
        Relation::new(rows as u64, 2, forms.clone(), claims).unwrap()
    };
    assert!(accepts(&square(total(&[&f, &f])), &open));
    assert!(!accepts(&square(total(&[&f, &f]) - 1), &open));
}

#[test]
fn a_proof_is_about_its_columns_in_their_order() {
    let rows = 2500;
    let (u, v, w) = (words(13, rows, 8), words(14, rows, 8), words(15, rows, 8));
    let open = columns(rows, &[(8, &u), (8, &v), (8, &w)]);
    let relation =
        Relation::new(rows as u64, 2, vec![], vec![sum_of(&[0, 1], total(&[&u, &v]))]).unwrap();
    let proof = prove_it(&relation, &open[..2]);
    let of = |places: [usize; 2]| places.map(|at| &open[at].commitments);
    assert!(check(&relation, &of([0, 1]), &proof).is_ok());
    for places in [[1, 0], [0, 2], [2, 1], [0, 0]] {
        assert_eq!(check(&relation, &of(places), &proof), Err(VerifyError::False), "{places:?}");
    }
    // Chunks swapped within a column.
    let mut points = open[0].commitments.points().to_vec();
    points.swap(0, 1);
    let swapped = Commitments::new(points).unwrap();
    assert!(check(&relation, &[&swapped, &open[1].commitments], &proof).is_err());
}

#[test]
fn a_column_that_proves_something_of_another_does_not_do_so_twice() {
    // Bits of another column: b is boolean, a is not, and the proof is made with b in a's place.
    let rows = 100;
    let (a, b) = (words(16, rows, 8), words(17, rows, 1));
    let open = columns(rows, &[(8, &a), (1, &b)]);
    let relation = Relation::new(rows as u64, 2, vec![], vec![boolean(0), boolean(1)]).unwrap();
    let twice = [open[1].clone(), open[1].clone()];
    assert!(accepts(&relation, &twice));
    let proof = prove_it(&relation, &twice);
    assert!(check(&relation, &[&open[0].commitments, &open[1].commitments], &proof).is_err());
}

#[test]
fn a_proof_belongs_to_one_transcript() {
    let rows = 10;
    let u = words(18, rows, 8);
    let open = columns(rows, &[(8, &u)]);
    let relation =
        Relation::new(rows as u64, 1, vec![], vec![sum_of(&[0, 0], total(&[&u, &u]))]).unwrap();
    let mut transcript = Transcript::new();
    transcript.text(b"dataset", "one");
    let proof = prove(&mut transcript, &relation, &open, &mut Counted(0)).unwrap();
    let with = |label: &'static [u8], text: &str| {
        let mut transcript = Transcript::new();
        transcript.text(label, text);
        let mut equations = Equations::new();
        verify(&mut transcript, &relation, &[&open[0].commitments], &proof, &mut equations)
            .unwrap();
        equations.check()
    };
    assert!(with(b"dataset", "one").is_ok());
    assert_eq!(with(b"dataset", "two"), Err(VerifyError::False));
    assert_eq!(with(b"version", "one"), Err(VerifyError::False));
}

#[test]
fn relations_out_of_bounds_are_refused() {
    let claim = || vec![sum_of(&[0], 1)];
    assert!(Relation::new(0, 1, vec![], claim()).is_err());
    assert!(Relation::new(ROWS_MAX + 1, 1, vec![], claim()).is_err());
    assert!(Relation::new(u64::MAX, 1, vec![], claim()).is_err());
    assert!(Relation::new(5, 0, vec![], claim()).is_err());
    assert!(Relation::new(5, ARGUMENT_COLUMNS_MAX + 1, vec![], claim()).is_err());
    assert!(Relation::new(5, 1, vec![], vec![]).is_err());
    assert!(Relation::new(5, 1, vec![], vec![sum_of(&[1], 1)]).is_err());
    assert!(Relation::new(5, 1, vec![], vec![sum_of(&[], 1)]).is_err());
    assert!(Relation::new(5, 1, vec![], vec![sum_of(&[0; 5], 1)]).is_err());
    assert!(Relation::new(5, 1, vec![Form { terms: vec![(1, 1)], rows: 0 }], claim()).is_err());
    let mut zero = boolean(0);
    zero.sum = 1;
    assert!(Relation::new(5, 1, vec![], vec![zero]).is_err());
}

#[test]
fn commitments_of_another_length_are_refused() {
    let rows = 5000;
    let u = words(19, rows, 8);
    let open = columns(rows, &[(8, &u)]);
    let relation = Relation::new(rows as u64, 1, vec![], vec![sum_of(&[0], total(&[&u]))]).unwrap();
    let proof = prove_it(&relation, &open);
    let points = open[0].commitments.points();
    for points in [&points[..2], &[points, &points[..1]].concat()[..], &[]] {
        let other = Commitments::new(points.to_vec()).unwrap();
        assert_eq!(check(&relation, &[&other], &proof), Err(VerifyError::Shape));
    }
    assert_eq!(check(&relation, &[], &proof), Err(VerifyError::Shape));
}

#[test]
fn the_extension_of_eq_and_of_the_rows_are_right_at_the_corners() {
    for variables in 0..6usize {
        for x in 0..1u64 << variables {
            let corner: Vec<_> =
                (0..variables).map(|at| scalar([x >> (variables - 1 - at) & 1, 0, 0, 0])).collect();
            for wanted in 0..=1usize << variables {
                let table = eq_table(&corner, wanted.max(1));
                assert_eq!(table.len(), wanted.max(1));
                for (y, value) in table.iter().enumerate() {
                    assert_eq!(*value, scalar([u64::from(y as u64 == x), 0, 0, 0]));
                }
            }
            for rows in 0..=1u64 << variables {
                let expected = scalar([u64::from(x < rows), 0, 0, 0]);
                assert_eq!(rows_indicator(rows, &corner), expected, "{x} of {rows}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn random_polynomials_over_random_tables(
        rows in 1usize..5000,
        seed in any::<u64>(),
        claims in prop::collection::vec(prop::collection::vec((-3i64..4, prop::collection::vec(0usize..4, 1..5)), 1..4), 1..5),
        wrong in any::<prop::sample::Index>(),
    ) {
        let tables: Vec<Vec<u32>> = [1, 3, 8, 12].iter().enumerate()
            .map(|(at, bits)| words(seed ^ at as u64, rows, *bits)).collect();
        let open = columns(rows, &[(1, &tables[0]), (3, &tables[1]), (8, &tables[2]), (12, &tables[3])]);
        // A claim is kept where its sum is not negative.
        let value = |products: &Vec<(i64, Vec<usize>)>| products.iter().map(|(c, factors)| {
            let factors: Vec<&[u32]> = factors.iter().map(|at| &tables[*at][..]).collect();
            i128::from(*c) * total(&factors) as i128
        }).sum::<i128>();
        let claims: Vec<Claim> = claims.iter().filter_map(|products| {
            let sum = u128::try_from(value(products)).ok()?;
            let products = products.iter().map(|(c, factors)| product(*c, factors)).collect();
            Some(Claim { weight: Weight::One, products, sum })
        }).collect();
        prop_assume!(!claims.is_empty());
        let relation = Relation::new(rows as u64, 4, vec![], claims.clone()).unwrap();
        prop_assert!(accepts(&relation, &open));
        let mut claims = claims;
        let at = wrong.index(claims.len());
        claims[at].sum += 1;
        prop_assert!(!accepts(&Relation::new(rows as u64, 4, vec![], claims).unwrap(), &open));
    }
}

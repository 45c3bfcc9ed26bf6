//! Holders who commit to something that is no honest column, and how the opening stops them.

use ark_ff::{One, Zero};
use veritrail_proof::argument::Commitments;
use veritrail_proof::argument::prove::OpenColumn;
use veritrail_proof::columns::Cells;
use veritrail_proof::curve::{Point, Scalar, Sum};
use veritrail_proof::generators::generators;
use veritrail_proof::relation::Relation;

use crate::arguments::{boolean, check, prove_it, sum_of};
use crate::fixtures::*;

const ROWS: u64 = 3000;

fn column() -> (OpenColumn, u128) {
    let words: Vec<u32> = numbers(1, ROWS as usize, 1000).iter().map(|n| *n as u32).collect();
    let sum = words.iter().map(|word| u128::from(*word)).sum();
    (open(Cells::values(words, 10), ROWS, &mut Counted(0)), sum)
}

/// The column with a point added to its first commitment.
fn plus(open: &OpenColumn, point: Sum) -> OpenColumn {
    let mut points = open.commitments.points().to_vec();
    points[0] = Point::from(point + points[0]);
    OpenColumn { commitments: Commitments::new(points).unwrap(), ..open.clone() }
}

/// With a fixed x, the check of a plain sum would be: ΣC_k + S·Q opens to numbers that add up to S.
fn holds_for_fixed_x(column: &OpenColumn, sum: Scalar, x: Scalar) -> bool {
    let generators = generators();
    let mut folded = vec![Scalar::zero(); 2048];
    for row in 0..ROWS as usize {
        folded[row % 2048] += column.cells.scalar(row);
    }
    let blind: Scalar = column.blinds.iter().sum();
    let committed: Sum = column.commitments.points().iter().map(|point| Sum::from(*point)).sum();
    let value: Scalar = folded.iter().sum();
    let opened: Sum = generators.rows.iter().zip(&folded).map(|(g, v)| Sum::from(*g) * v).sum();
    committed + Sum::from(generators.value) * (x * sum)
        == opened + Sum::from(generators.value) * (x * value) + Sum::from(generators.blind) * blind
}

#[test]
fn a_component_on_q_would_forge_any_sum_under_a_fixed_x_and_does_not_here() {
    let (honest, sum) = column();
    // εQ in the commitment, and S − ε as the sum: with x = 1 nobody could tell.
    let epsilon = 500u64;
    let forged = plus(&honest, Sum::from(generators().value) * Scalar::from(epsilon));
    let claimed = sum - u128::from(epsilon);
    assert!(holds_for_fixed_x(&honest, Scalar::from(sum), Scalar::one()));
    assert!(holds_for_fixed_x(&forged, Scalar::from(claimed), Scalar::one()));
    assert!(!holds_for_fixed_x(&forged, Scalar::from(claimed), Scalar::from(2u64)));
    // Here x is drawn after the commitments: the same forgery is refused, plain or in a product.
    for claim in [claimed, sum] {
        let relation = Relation::new(ROWS, 1, vec![], vec![sum_of(&[0], claim)]).unwrap();
        let proof = prove_it(&relation, std::slice::from_ref(&forged));
        assert!(check(&relation, &[&forged.commitments], &proof).is_err());
    }
    let claim = sum_of(&[0, 0], squares(&honest));
    let relation = Relation::new(ROWS, 1, vec![], vec![claim]).unwrap();
    let proof = prove_it(&relation, std::slice::from_ref(&honest));
    assert!(check(&relation, &[&honest.commitments], &proof).is_ok());
    let proof = prove_it(&relation, std::slice::from_ref(&forged));
    assert!(check(&relation, &[&forged.commitments], &proof).is_err());
}

/// What a column's squares add up to.
fn squares(column: &OpenColumn) -> u128 {
    (0..ROWS as usize).map(|row| u128::from(column.cells.word(row)).pow(2)).sum()
}

#[test]
fn components_elsewhere_are_refused() {
    let (honest, sum) = column();
    let squares = squares(&honest);
    let generators = generators();
    let elsewhere = [
        ("a row", Sum::from(generators.rows[5])),
        ("a row beyond N", Sum::from(generators.rows[2000]) * Scalar::from(9u64)),
        ("minus a row", -Sum::from(generators.rows[0])),
        ("no known point", Sum::from(generators.rows[1]) * Scalar::from(3u64) + generators.value),
    ];
    for (name, point) in elsewhere {
        let forged = plus(&honest, point);
        let relation = Relation::new(ROWS, 1, vec![], vec![sum_of(&[0], sum)]).unwrap();
        let proof = prove_it(&relation, std::slice::from_ref(&forged));
        assert!(check(&relation, &[&forged.commitments], &proof).is_err(), "{name}");
        let relation = Relation::new(ROWS, 1, vec![], vec![sum_of(&[0, 0], squares)]).unwrap();
        let proof = prove_it(&relation, std::slice::from_ref(&forged));
        assert!(check(&relation, &[&forged.commitments], &proof).is_err(), "{name}");
    }
}

#[test]
fn a_blind_that_is_not_known_opens_nothing() {
    let (mut forged, sum) = column();
    forged.blinds[1] += Scalar::one();
    let relation = Relation::new(ROWS, 1, vec![], vec![sum_of(&[0], sum)]).unwrap();
    let proof = prove_it(&relation, std::slice::from_ref(&forged));
    assert!(check(&relation, &[&forged.commitments], &proof).is_err());
}

#[test]
fn a_range_proof_with_a_component_on_q_is_refused() {
    let words: Vec<u32> = numbers(2, ROWS as usize, 2).iter().map(|n| *n as u32).collect();
    let honest = open(Cells::values(words, 1), ROWS, &mut Counted(0));
    let relation = Relation::new(ROWS, 1, vec![], vec![boolean(0)]).unwrap();
    let proof = prove_it(&relation, std::slice::from_ref(&honest));
    assert!(check(&relation, &[&honest.commitments], &proof).is_ok());
    let forged = plus(&honest, Sum::from(generators().value) * Scalar::from(77u64));
    let proof = prove_it(&relation, std::slice::from_ref(&forged));
    assert!(check(&relation, &[&forged.commitments], &proof).is_err());
}

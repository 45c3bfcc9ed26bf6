//! The prover's side of the sumcheck: the coefficients of each round's polynomial.
//!
//! Row x and row x + half differ in the variable that the round is about; a factor is a linear
//! polynomial in it. The first round, with half of all the work, is done in integers.

use std::ops::{Add, Mul};

use ark_ff::{Field, Zero};
use rayon::prelude::*;

use super::tables::{BLOCK, Table, place};
use crate::curve::{self, Scalar};
use crate::relation::{Claim, DEGREE_MAX, Product, Relation, Weight};

/// Coefficients of a round's polynomial; the random form may add a degree.
pub(super) type Coefficients = [Scalar; DEGREE_MAX + 2];
/// Bits that a product of integers and its sum over a block may have, well within an i128.
const INTEGER_BITS_MAX: u32 = 100;

/// A claim with its tables looked up.
pub(super) struct Summand {
    weight: Scalar,
    products: Vec<(i64, Vec<usize>)>,
}

/// The claims as sums of products of tables. The table at `zero_form`, where given, is a further
/// factor of those claims that are 0 in every row.
pub(super) fn summands(
    relation: &Relation,
    weights: &[Scalar],
    zero_form: Option<usize>,
) -> Vec<Summand> {
    let products = |claim: &Claim| {
        let extra = zero_form.filter(|_| claim.weight == Weight::Zero);
        let places = |product: &Product| {
            let factors = product.factors.iter().map(|factor| place(relation, factor));
            (product.coefficient, factors.chain(extra).collect())
        };
        claim.products.iter().map(places).collect()
    };
    let claims = relation.claims().iter().zip(weights);
    claims.map(|(claim, weight)| Summand { weight: *weight, products: products(claim) }).collect()
}

/// The coefficients of the round's polynomial. `suffix` weighs the rows where the random form was
/// pulled out (mode zero).
pub(super) fn coefficients(
    tables: &[Table],
    summands: &[Summand],
    half: usize,
    suffix: Option<&[Scalar]>,
) -> Coefficients {
    let rows = tables.iter().map(Table::len).max().unwrap_or_default().min(half);
    (0..rows.div_ceil(BLOCK))
        .into_par_iter()
        .map(|block| {
            let block = block * BLOCK..((block + 1) * BLOCK).min(rows);
            let mut sum = Coefficients::default();
            for summand in summands {
                let part = match is_small(summand, tables) {
                    true => integer_block(summand, tables, half, block.clone(), suffix),
                    false => scalar_block(summand, tables, half, block.clone(), suffix),
                };
                add_scaled(&mut sum, &part, &summand.weight);
            }
            sum
        })
        .reduce(Coefficients::default, |mut sum, part| {
            add_scaled(&mut sum, &part, &Scalar::from(1u64));
            sum
        })
}

fn add_scaled(sum: &mut Coefficients, part: &Coefficients, by: &Scalar) {
    let used = sum.iter_mut().zip(part).filter(|(_, part)| !part.is_zero());
    used.for_each(|(sum, part)| *sum += *part * by);
}

fn is_small(summand: &Summand, tables: &[Table]) -> bool {
    summand.products.iter().all(|(coefficient, places)| {
        let known = places.iter().all(|place| tables[*place].bits() > 0);
        let bits: u32 = places.iter().map(|place| u32::from(tables[*place].bits())).sum();
        known && bits + (64 - coefficient.unsigned_abs().leading_zeros()) <= INTEGER_BITS_MAX
    })
}

/// A block of one table, as small integers.
struct Words {
    low: [u32; BLOCK],
    high: [u32; BLOCK],
}

fn integer_block(
    summand: &Summand,
    tables: &[Table],
    half: usize,
    block: std::ops::Range<usize>,
    suffix: Option<&[Scalar]>,
) -> Coefficients {
    let words = |place: &usize| {
        let mut words = Words { low: [0; BLOCK], high: [0; BLOCK] };
        if let Table::Cells(cells) = &tables[*place] {
            cells.read(block.start, &mut words.low);
            cells.read(block.start + half, &mut words.high);
        }
        words
    };
    let products: Vec<(i64, Vec<Words>)> = summand
        .products
        .iter()
        .map(|(coefficient, places)| (*coefficient, places.iter().map(words).collect()))
        .collect();
    let mut plain = [0i128; DEGREE_MAX + 2];
    let mut weighed = Coefficients::default();
    for row in 0..block.len() {
        let mut sum = [0i128; DEGREE_MAX + 2];
        for (coefficient, factors) in &products {
            let ends = factors.iter().map(|words| {
                (
                    i128::from(words.low[row]),
                    i128::from(words.high[row]) - i128::from(words.low[row]),
                )
            });
            add_product(&mut sum, i128::from(*coefficient), ends);
        }
        match suffix {
            None => plain.iter_mut().zip(sum).for_each(|(plain, sum)| *plain += sum),
            Some(suffix) => weigh_small(&mut weighed, &sum, &suffix[block.start + row]),
        }
    }
    weighed.iter_mut().zip(plain).for_each(|(weighed, plain)| *weighed += curve::signed(plain));
    weighed
}

/// Most coefficients of honest booleans are 0, 1 or −1.
fn weigh_small(sum: &mut Coefficients, part: &[i128; DEGREE_MAX + 2], by: &Scalar) {
    for (sum, part) in sum.iter_mut().zip(part) {
        match part {
            0 => {}
            1 => *sum += by,
            -1 => *sum -= by,
            other => *sum += curve::signed(*other) * by,
        }
    }
}

fn scalar_block(
    summand: &Summand,
    tables: &[Table],
    half: usize,
    block: std::ops::Range<usize>,
    suffix: Option<&[Scalar]>,
) -> Coefficients {
    let products: Vec<(i64, Vec<&Table>)> = summand
        .products
        .iter()
        .map(|(coefficient, places)| {
            (*coefficient, places.iter().map(|place| &tables[*place]).collect())
        })
        .collect();
    let mut total = Coefficients::default();
    for row in block {
        let mut sum = Coefficients::default();
        for (coefficient, factors) in &products {
            add_scalar_product(&mut sum, *coefficient, factors, row, half);
        }
        match suffix {
            None => total.iter_mut().zip(sum).for_each(|(total, sum)| *total += sum),
            Some(suffix) => add_scaled(&mut total, &sum, &suffix[row]),
        }
    }
    total
}

/// Adds a row's product. The coefficient of X itself follows from the others and from the claim
/// (see the protocol's step 3), so it is left out where that saves anything.
fn add_scalar_product(
    sum: &mut Coefficients,
    coefficient: i64,
    factors: &[&Table],
    row: usize,
    half: usize,
) {
    let line = |table: &Table| {
        let low = table.scalar(row);
        (low, table.scalar(row + half) - low)
    };
    match factors {
        [single] => add_signed(&mut sum[0], coefficient, single.scalar(row)),
        [a, b] if std::ptr::eq(*a, *b) => {
            let (low, slope) = line(a);
            add_signed(&mut sum[0], coefficient, low.square());
            add_signed(&mut sum[2], coefficient, slope.square());
        }
        [a, b] => {
            let ((low_a, slope_a), (low_b, slope_b)) = (line(a), line(b));
            add_signed(&mut sum[0], coefficient, low_a * low_b);
            add_signed(&mut sum[2], coefficient, slope_a * slope_b);
        }
        more => {
            let lines = more.iter().map(|table| line(table));
            add_product(sum, curve::signed(coefficient.into()), lines);
        }
    }
}

fn add_signed(sum: &mut Scalar, coefficient: i64, number: Scalar) {
    match coefficient {
        1 => *sum += number,
        -1 => *sum -= number,
        other => *sum += curve::signed(other.into()) * number,
    }
}

/// Adds coefficient·Π(low + slope·X).
fn add_product<T>(
    sum: &mut [T; DEGREE_MAX + 2],
    coefficient: T,
    factors: impl Iterator<Item = (T, T)>,
) where
    T: Copy + Default + Add<Output = T> + Mul<Output = T>,
{
    let mut product = [T::default(); DEGREE_MAX + 2];
    product[0] = coefficient;
    for (degree, (low, slope)) in factors.enumerate() {
        for at in (0..=degree).rev() {
            product[at + 1] = product[at + 1] + product[at] * slope;
            product[at] = product[at] * low;
        }
    }
    sum.iter_mut().zip(product).for_each(|(sum, product)| *sum = *sum + product);
}

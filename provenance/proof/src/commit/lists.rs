//! Adding up many lists of points at once: affine additions, each round of which shares one
//! inversion, cost about 6 multiplications where a mixed one costs 11.
//!
//! Every case of the addition is handled, equal and opposite points and the identity included:
//! what comes out is the sum whatever goes in.

use ark_ec::AffineRepr;
use ark_ff::{AdditiveGroup, Field, One, Zero};

use crate::curve::{Coordinate, Point, Sum};

/// The sum of each list. The lists lie one after another in `points`, and `lengths` cuts them.
pub fn add_up(mut points: Vec<Point>, mut lengths: Vec<usize>) -> Vec<Point> {
    let mut inverses = Vec::with_capacity(points.len() / 2);
    let mut products = Vec::with_capacity(points.len() / 2);
    while lengths.iter().any(|length| *length > 1) {
        inverses.clear();
        each_pair(&lengths, |at| inverses.push(denominator(&points[at], &points[at + 1])));
        invert(&mut inverses, &mut products);
        halve(&mut points, &mut lengths, &inverses);
    }
    let mut at = 0;
    lengths
        .iter()
        .map(|length| {
            let sum = if *length == 0 { Point::zero() } else { points[at] };
            at += length;
            sum
        })
        .collect()
}

/// The sum of each of `count` buckets, of points that come in any order, each with its bucket.
pub fn add_up_buckets(
    count: usize,
    entries: impl Iterator<Item = (usize, Point)> + Clone,
) -> Vec<Point> {
    let mut lengths = vec![0; count];
    entries.clone().for_each(|(bucket, _)| lengths[bucket] += 1);
    let mut end = 0;
    let starts = lengths.iter().map(|length| {
        end += length;
        end - length
    });
    let mut next: Vec<usize> = starts.collect();
    let mut points = vec![Point::zero(); end];
    entries.for_each(|(bucket, point)| {
        points[next[bucket]] = point;
        next[bucket] += 1;
    });
    add_up(points, lengths)
}

/// Σ b·B_b over the buckets' sums; what bucket 0 holds does not count.
pub fn weigh(buckets: &[Point]) -> Sum {
    let (mut running, mut total) = (Sum::zero(), Sum::zero());
    for bucket in buckets.iter().skip(1).rev() {
        if !bucket.is_zero() {
            running += bucket;
        }
        total += running;
    }
    total
}

/// Calls with the place of each pair of neighbours, in order.
fn each_pair(lengths: &[usize], mut visit: impl FnMut(usize)) {
    let mut start = 0;
    for length in lengths {
        for pair in 0..length / 2 {
            visit(start + 2 * pair);
        }
        start += length;
    }
}

/// Puts the sum of each pair, and each list's odd last point, in the places from the front.
fn halve(points: &mut Vec<Point>, lengths: &mut [usize], inverses: &[Coordinate]) {
    let (mut start, mut target, mut used) = (0, 0, 0);
    for length in lengths {
        let (begin, end) = (start, start + *length);
        let pairs = *length / 2;
        for pair in 0..pairs {
            let at = begin + 2 * pair;
            points[target] = add(&points[at], &points[at + 1], &inverses[used]);
            target += 1;
            used += 1;
        }
        if *length % 2 == 1 {
            points[target] = points[end - 1];
            target += 1;
        }
        *length -= pairs;
        start = end;
    }
    points.truncate(target);
}

/// What the slope of the line through two points is divided by; 1 where no line is needed.
fn denominator(a: &Point, b: &Point) -> Coordinate {
    if a.is_zero() || b.is_zero() {
        return Coordinate::one();
    }
    let difference = b.x - a.x;
    if !difference.is_zero() {
        return difference;
    }
    if a.y == b.y { a.y.double() } else { Coordinate::one() }
}

fn add(a: &Point, b: &Point, inverse: &Coordinate) -> Point {
    if a.is_zero() {
        return *b;
    }
    if b.is_zero() {
        return *a;
    }
    let slope = if a.x != b.x {
        (b.y - a.y) * inverse
    } else if a.y == b.y {
        let square = a.x.square();
        (square.double() + square) * inverse
    } else {
        return Point::zero();
    };
    let x = slope.square() - a.x - b.x;
    Point::new_unchecked(x, slope * (a.x - x) - a.y)
}

/// Inverts all numbers with one inversion. None of them is 0: a denominator is a difference of
/// unequal coordinates, twice a y (no point has y = 0), or 1.
fn invert(numbers: &mut [Coordinate], products: &mut Vec<Coordinate>) {
    products.clear();
    let mut product = Coordinate::one();
    for number in numbers.iter() {
        products.push(product);
        product *= number;
    }
    let mut inverse = product.inverse().unwrap_or_default();
    for (number, before) in numbers.iter_mut().zip(products.iter()).rev() {
        let next = inverse * *number;
        *number = inverse * before;
        inverse = next;
    }
}

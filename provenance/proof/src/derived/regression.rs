//! Ordinary least squares from a Gram matrix, solved without a division until the end.

use num_bigint::BigInt;

use super::{Exact, Gram};

/// A fitted linear model with an intercept.
#[derive(Debug, Clone, PartialEq)]
pub struct Regression {
    /// The intercept, then one coefficient for each regressor.
    pub coefficients: Vec<Exact>,
    /// Their standard errors.
    pub standard_errors: Vec<f64>,
    /// The residual variance, with n less all parameters.
    pub residual_variance: Exact,
    /// Residual degrees of freedom.
    pub freedom: u128,
}

/// Fits the quantity `outcome` on all others of the matrix and an intercept; nothing where they
/// are collinear or too few rows are left.
pub fn regress(gram: &Gram, outcome: usize) -> Option<Regression> {
    let regressors: Vec<usize> = (0..gram.sums.len()).filter(|at| *at != outcome).collect();
    let size = regressors.len() + 1;
    let freedom = gram.n.checked_sub(size as u128).filter(|freedom| *freedom > 0)?;
    let moments = Moments { gram };
    // XᵀX and Xᵀy with the intercept first, in units of the last decimal places.
    let places: Vec<Option<usize>> =
        std::iter::once(None).chain(regressors.iter().copied().map(Some)).collect();
    let mut matrix = Vec::with_capacity(size);
    for row in &places {
        let mut line = Vec::with_capacity(2 * size + 1);
        for column in &places {
            line.push(moments.product(*row, *column)?);
        }
        line.push(moments.product(*row, Some(outcome))?);
        matrix.push(line);
    }
    // The right-hand sides: Xᵀy, then the identity, whose solution is the inverse.
    for (at, line) in matrix.iter_mut().enumerate() {
        line.extend((0..size).map(|column| BigInt::from(u8::from(column == at))));
    }
    let normal: Vec<BigInt> = matrix.iter().map(|line| line[size].clone()).collect();
    let determinant = eliminate(&mut matrix)?;
    // Row i now says: determinant·solution_i.
    let solution: Vec<BigInt> = matrix.iter().map(|line| line[size].clone()).collect();
    let explained: BigInt = solution.iter().zip(&normal).map(|(b, xy)| b * xy).sum();
    let total = moments.product(Some(outcome), Some(outcome))?;
    let residual = Exact::new(total * &determinant - explained, determinant.clone())?;
    let outcome_unit = gram.unit(outcome)?;
    let variance = residual.per(&Exact::whole(freedom))?;
    let mut coefficients = Vec::with_capacity(size);
    let mut standard_errors = Vec::with_capacity(size);
    for (at, place) in places.iter().enumerate() {
        // A coefficient is per unit of its regressor: from last places back to numbers.
        let unit = match place {
            Some(place) => gram.unit(*place)?,
            None => BigInt::from(1),
        };
        let scale = Exact::new(unit, outcome_unit.clone())?;
        coefficients.push(Exact::new(solution[at].clone(), determinant.clone())?.times(&scale));
        let inverse = Exact::new(matrix[at][size + 1 + at].clone(), determinant.clone())?;
        let squared = variance.times(&inverse).times(&scale).times(&scale);
        standard_errors.push(squared.sqrt_to_f64()?);
    }
    let squared_unit = Exact::new(BigInt::from(1), &outcome_unit * &outcome_unit)?;
    let residual_variance = variance.times(&squared_unit);
    Some(Regression { coefficients, standard_errors, residual_variance, freedom })
}

struct Moments<'a> {
    gram: &'a Gram,
}

impl Moments<'_> {
    /// Σxy in units of the last places, where x = lo + u, and nothing stands for 1.
    fn product(&self, a: Option<usize>, b: Option<usize>) -> Option<BigInt> {
        let gram = self.gram;
        let (Some(a), Some(b)) = (a, b) else {
            return match a.or(b) {
                None => Some(BigInt::from(gram.n)),
                Some(one) => Some(gram.scales.get(one)?.shift(gram.n, *gram.sums.get(one)?)),
            };
        };
        let lo = |of: usize| gram.scales.get(of).map(|scale| BigInt::from(scale.lo));
        let sum = |of: usize| gram.sums.get(of).map(|sum| BigInt::from(*sum));
        let cross = lo(a)? * sum(b)? + lo(b)? * sum(a)?;
        Some(BigInt::from(gram.product(a, b)?) + cross + lo(a)? * lo(b)? * BigInt::from(gram.n))
    }
}

/// Gauss-Jordan elimination after Bareiss: all entries stay integers, each division is exact. The
/// left square becomes determinant·identity; nothing where it is singular.
fn eliminate(matrix: &mut [Vec<BigInt>]) -> Option<BigInt> {
    let zero = BigInt::from(0);
    let mut previous = BigInt::from(1);
    for pivot in 0..matrix.len() {
        let found = (pivot..matrix.len()).find(|row| matrix[*row][pivot] != zero)?;
        if found != pivot {
            matrix.swap(found, pivot);
            // Keeps the determinant's sign.
            matrix[pivot].iter_mut().for_each(|entry| *entry = -&*entry);
        }
        let pivot_line = matrix[pivot].clone();
        for (row, line) in matrix.iter_mut().enumerate() {
            if row == pivot {
                continue;
            }
            let factor = line[pivot].clone();
            for (entry, above) in line.iter_mut().zip(&pivot_line) {
                *entry = (&*entry * &pivot_line[pivot] - &factor * above) / &previous;
            }
        }
        previous = pivot_line[pivot].clone();
    }
    Some(previous)
}

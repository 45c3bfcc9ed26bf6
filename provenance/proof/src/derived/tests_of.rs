//! Test statistics: Welch's t of two means, and χ² of a table of counts. No p-values: they need
//! transcendental functions, and whoever has the statistic can look them up.

use num_bigint::BigInt;

use super::{Exact, Gram, variance};

/// Welch's comparison of two independent means.
#[derive(Debug, Clone, PartialEq)]
pub struct Welch {
    /// The first mean less the second.
    pub difference: Exact,
    /// Its standard error.
    pub standard_error: f64,
    /// t.
    pub t: f64,
    /// Degrees of freedom after Welch and Satterthwaite.
    pub freedom: f64,
}

/// Compares the first quantity of two groups.
pub fn welch(a: &Gram, b: &Gram) -> Option<Welch> {
    let difference = a.mean(0)?.minus(&b.mean(0)?);
    let share = |gram: &Gram| variance(gram, 0)?.per(&Exact::whole(gram.n));
    let (share_a, share_b) = (share(a)?, share(b)?);
    let squared_error = share_a.plus(&share_b);
    let standard_error = squared_error.sqrt_to_f64()?;
    let squared_t = difference.times(&difference).per(&squared_error)?;
    let t = squared_t.sqrt_to_f64()?;
    let t = if difference.sign() < 0 { -t } else { t };
    let part = |share: &Exact, n: u128| share.times(share).per(&Exact::whole(n.checked_sub(1)?));
    let parts = part(&share_a, a.n)?.plus(&part(&share_b, b.n)?);
    let freedom = squared_error.times(&squared_error).per(&parts)?.to_f64();
    Some(Welch { difference, standard_error, t, freedom })
}

/// Pearson's χ² of independence.
#[derive(Debug, Clone, PartialEq)]
pub struct ChiSquared {
    /// χ², without a correction.
    pub statistic: Exact,
    /// Degrees of freedom, over rows and columns that are not empty.
    pub freedom: u64,
}

/// χ² of a table of counts, row by row.
pub fn chi_squared(counts: &[u128], columns: usize) -> Option<ChiSquared> {
    if columns == 0 || counts.is_empty() || !counts.len().is_multiple_of(columns) {
        return None;
    }
    let rows: Vec<&[u128]> = counts.chunks_exact(columns).collect();
    let row_sums: Vec<BigInt> =
        rows.iter().map(|row| row.iter().map(|n| BigInt::from(*n)).sum()).collect();
    let column_sums: Vec<BigInt> =
        (0..columns).map(|at| rows.iter().map(|row| BigInt::from(row[at])).sum()).collect();
    let total: BigInt = row_sums.iter().sum();
    let zero = BigInt::from(0);
    // χ² = N·(Σ n_ij²/(r_i·c_j) − 1).
    let mut sum = Exact::whole(0);
    for (row, row_sum) in rows.iter().zip(&row_sums) {
        for (count, column_sum) in row.iter().zip(&column_sums) {
            if *count > 0 {
                let count = BigInt::from(*count);
                sum = sum.plus(&Exact::new(&count * &count, row_sum * column_sum)?);
            }
        }
    }
    let statistic = sum.minus(&Exact::whole(1)).times(&Exact::whole(total));
    let used = |sums: &[BigInt]| sums.iter().filter(|sum| **sum > zero).count() as u64;
    let freedom = used(&row_sums).checked_sub(1)? * used(&column_sums).checked_sub(1)?;
    Some(ChiSquared { statistic, freedom })
}

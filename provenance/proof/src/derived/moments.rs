//! Means, variances, covariances and correlations.

use num_bigint::BigInt;

use super::{Answer, Exact, Gram};

/// The mean of a sum's quantity; of a Gram matrix, of its first.
pub fn mean(answer: &Answer) -> Option<Exact> {
    match answer {
        Answer::Count(_) | Answer::Withheld => None,
        Answer::Sum(n, sum, scale) => {
            Exact::new(scale.shift(*n, *sum), BigInt::from(*n) * scale.unit())
        }
        Answer::Gram(gram) => gram.mean(0),
    }
}

/// How far a mean may be from the one of the unrounded column: half a unit of the last place.
pub fn mean_error(answer: &Answer) -> Option<Exact> {
    let scale = match answer {
        Answer::Count(_) | Answer::Withheld => return None,
        Answer::Sum(_, _, scale) => scale,
        Answer::Gram(gram) => gram.scales.first()?,
    };
    Exact::new(BigInt::from(1), BigInt::from(2) * scale.unit())
}

/// The sample covariance of two quantities, with n − 1.
pub fn covariance(gram: &Gram, a: usize, b: usize) -> Option<Exact> {
    let n = BigInt::from(gram.n);
    let denominator = &n * (&n - 1) * gram.unit(a)? * gram.unit(b)?;
    Exact::new(gram.centred(a, b)?, denominator)
}

/// The sample variance of a quantity, with n − 1.
pub fn variance(gram: &Gram, of: usize) -> Option<Exact> {
    covariance(gram, of, of)
}

/// The sample standard deviation of a quantity.
pub fn standard_deviation(gram: &Gram, of: usize) -> Option<f64> {
    variance(gram, of)?.sqrt_to_f64()
}

/// Pearson's correlation of two quantities.
pub fn correlation(gram: &Gram, a: usize, b: usize) -> Option<f64> {
    let shared = gram.centred(a, b)?;
    let own = gram.centred(a, a)? * gram.centred(b, b)?;
    let squared = Exact::new(&shared * &shared, own)?;
    let magnitude = squared.sqrt_to_f64()?;
    Some(if shared < BigInt::from(0) { -magnitude } else { magnitude })
}

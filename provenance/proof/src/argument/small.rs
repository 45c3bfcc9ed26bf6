//! One of some hidden numbers is small: a product over all that each might be is 0.
//!
//! For hidden sums S the terms ℓ_i are public combinations of them, and Π_i Π_{1 ≤ v < below} (ℓ_i − v)
//! is 0 modulo the prime order exactly where one ℓ_i is one of those v. With masks m and responses
//! y = m + c·S, Π (ℓ_i(y) − c·v) is a polynomial in c whose coefficient of c^n is that product. The
//! prover commits to all others beforehand and the verifier leaves no room for this one: it is 0.
//! Unlike a choice between as many proofs it costs one point a factor, and no simulated branch.

use ark_ff::{One, Zero};

use crate::curve::{self, Scalar};
use crate::relation::OneSmall;

/// Π (ℓ_i(y) − c·v).
pub(super) fn product(small: &OneSmall, responses: &[Scalar], challenge: &Scalar) -> Scalar {
    let factors = small.terms.iter().flat_map(|term| {
        let response = combine(term, responses);
        (1..small.below).map(move |number| response - *challenge * Scalar::from(number))
    });
    factors.product()
}

/// The coefficients of 1, c, …, c^{n−1}. The one of c^n is left out: it is 0 where the claim is true.
pub(super) fn expand(small: &OneSmall, masks: &[Scalar], sums: &[Scalar]) -> Vec<Scalar> {
    let mut coefficients = vec![Scalar::one()];
    for term in &small.terms {
        let (mask, sum) = (combine(term, masks), combine(term, sums));
        for number in 1..small.below {
            let slope = sum - Scalar::from(number);
            coefficients.push(Scalar::zero());
            for at in (1..coefficients.len()).rev() {
                coefficients[at] = coefficients[at] * mask + coefficients[at - 1] * slope;
            }
            coefficients[0] *= mask;
        }
    }
    coefficients.truncate(small.factors());
    coefficients
}

fn combine(term: &[(usize, i64)], of: &[Scalar]) -> Scalar {
    term.iter().map(|(at, by)| of[*at] * curve::signed((*by).into())).sum()
}

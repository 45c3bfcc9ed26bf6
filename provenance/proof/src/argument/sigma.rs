//! The last equation of the sumcheck, F(e) = Σ_j ρ^j·w_j(z)·q_j(e), made homogeneous.
//!
//! For evaluations e hidden under masks m, the responses are y = m + c·e. F lifted to degree d, with
//! c standing in for 1, gives F^h(y, c) = c^d·F(e) + Σ_{i<d} c^i·t_i: the prover commits to the
//! cross terms t_i beforehand, because in clear they would leak e.

use ark_ff::Zero;

use crate::curve::{self, Scalar};
use crate::relation::{Factor, Form, Relation};

/// What of F is public once z is known.
pub(super) struct LastEquation<'a> {
    /// The claims.
    pub relation: &'a Relation,
    /// ρ^j·w_j(z).
    pub weights: Vec<Scalar>,
    /// The extension of 1_{<N} at z.
    pub rows: Scalar,
}

impl LastEquation<'_> {
    /// F^h at the responses and the challenge.
    pub(super) fn lifted(&self, responses: &[Scalar], challenge: &Scalar) -> Scalar {
        let degree = self.relation.degree();
        let powers = super::powers(*challenge, degree + 1);
        let form = |form: &Form| {
            let terms = form.terms.iter().map(|(column, coefficient)| {
                curve::signed((*coefficient).into()) * responses[*column]
            });
            terms.sum::<Scalar>() + curve::signed(form.rows.into()) * self.rows * challenge
        };
        let forms: Vec<Scalar> = self.relation.forms().iter().map(form).collect();
        self.sum(|coefficient, factors| {
            let value = factors.iter().fold(coefficient, |product, factor| match factor {
                Factor::Column(column) => product * responses[*column],
                Factor::Form(form) => product * forms[*form],
            });
            value * powers[degree - factors.len()]
        })
    }

    /// The coefficients t_0 … t_{d−1}, and F(e) as the last.
    pub(super) fn expand(&self, masks: &[Scalar], evaluations: &[Scalar]) -> Vec<Scalar> {
        let degree = self.relation.degree();
        let line = |factor: &Factor| match factor {
            Factor::Column(column) => (masks[*column], evaluations[*column]),
            Factor::Form(form) => self.form_line(&self.relation.forms()[*form], masks, evaluations),
        };
        let mut coefficients = vec![Scalar::zero(); degree + 1];
        for (claim, weight) in self.relation.claims().iter().zip(&self.weights) {
            for product in &claim.products {
                let mut expanded = vec![*weight * curve::signed(product.coefficient.into())];
                for (mask, evaluation) in product.factors.iter().map(line) {
                    expanded.push(Scalar::zero());
                    for at in (1..expanded.len()).rev() {
                        expanded[at] = expanded[at] * mask + expanded[at - 1] * evaluation;
                    }
                    expanded[0] *= mask;
                }
                let lift = degree - product.factors.len();
                let lifted = coefficients[lift..].iter_mut().zip(expanded);
                lifted.for_each(|(sum, part)| *sum += part);
            }
        }
        coefficients
    }

    fn form_line(&self, form: &Form, masks: &[Scalar], evaluations: &[Scalar]) -> (Scalar, Scalar) {
        let combine = |values: &[Scalar]| {
            let terms = form.terms.iter().map(|(column, coefficient)| {
                curve::signed((*coefficient).into()) * values[*column]
            });
            terms.sum::<Scalar>()
        };
        let rows = curve::signed(form.rows.into()) * self.rows;
        (combine(masks), combine(evaluations) + rows)
    }

    fn sum(&self, product: impl Fn(Scalar, &[Factor]) -> Scalar) -> Scalar {
        let claims = self.relation.claims().iter().zip(&self.weights);
        claims
            .flat_map(|(claim, weight)| claim.products.iter().map(move |one| (one, weight)))
            .map(|(one, weight)| {
                product(*weight * curve::signed(one.coefficient.into()), &one.factors)
            })
            .sum()
    }
}

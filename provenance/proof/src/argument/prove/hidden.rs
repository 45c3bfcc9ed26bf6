//! The prover's part about sums that stay hidden: it opens each, masked, and shows that one of some
//! combinations is small.

use super::{Hidden, Prover};
use crate::argument::{ProveError, powers, small};
use crate::curve::Scalar;
use crate::transcript::{Blinds, Channel};
use ark_ff::Zero;

/// First messages about hidden sums, with what the prover keeps of them.
#[derive(Default)]
pub(super) struct Masked {
    masks: Vec<Hidden>,
    cross: Vec<Hidden>,
}

impl<C: Channel, B: Blinds> Prover<'_, C, B> {
    /// E_0: told sums are public multiples of Q, hidden ones are commitments.
    pub(super) fn first_claim(&self, weights: &[Scalar]) -> Hidden {
        let claims = self.relation.claims().iter().zip(weights);
        let told: Scalar = claims.map(|(claim, weight)| *weight * Scalar::from(claim.sum)).sum();
        let hidden = self.hidden.iter().zip(self.relation.hidden());
        hidden.fold(Hidden { value: told, blind: Scalar::zero() }, |sum, (hidden, at)| Hidden {
            value: sum.value + weights[*at] * hidden.value,
            blind: sum.blind + weights[*at] * hidden.blind,
        })
    }

    pub(super) fn mask_hidden(&mut self) -> Result<Masked, ProveError> {
        let Some(small) = self.relation.one_small() else { return Ok(Masked::default()) };
        let masks: Vec<Hidden> = (0..self.hidden.len()).map(|_| self.draw_hidden()).collect();
        self.send_commitments(b"hidden mask", &masks)?;
        let values = |of: &[Hidden]| of.iter().map(|hidden| hidden.value).collect::<Vec<_>>();
        let cross = small::expand(small, &values(&masks), &values(&self.hidden));
        let cross: Vec<Hidden> =
            cross.iter().map(|value| Hidden { value: *value, blind: self.blinds.draw() }).collect();
        self.send_commitments(b"hidden cross", &cross)?;
        Ok(Masked { masks, cross })
    }

    pub(super) fn respond_hidden(&mut self, masked: &Masked, challenge: &Scalar) {
        if self.relation.one_small().is_none() {
            return;
        }
        let responses: Vec<(Scalar, Scalar)> = masked
            .masks
            .iter()
            .zip(&self.hidden)
            .map(|(mask, hidden)| {
                (mask.value + *challenge * hidden.value, mask.blind + *challenge * hidden.blind)
            })
            .collect();
        for (value, blind) in responses {
            self.send_scalar(b"response", &value);
            self.send_scalar(b"response", &blind);
        }
        let powers = powers(*challenge, masked.cross.len());
        let blinds = masked.cross.iter().zip(powers);
        let blind: Scalar = blinds.map(|(cross, power)| cross.blind * power).sum();
        self.send_scalar(b"response", &blind);
    }
}

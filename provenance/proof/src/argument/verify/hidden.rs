//! The verifier's part about sums that stay hidden.

use super::Verifier;
use crate::argument::{VerifyError, powers, small};
use crate::curve::{Point, Scalar};
use crate::transcript::Channel;

/// What is read before the challenge.
#[derive(Default)]
pub(super) struct Messages {
    masks: Vec<Point>,
    cross: Vec<Point>,
}

/// What is read after it.
#[derive(Default)]
pub(super) struct Responses {
    values: Vec<Scalar>,
    blinds: Vec<Scalar>,
    product_blind: Scalar,
}

impl<C: Channel> Verifier<'_, C> {
    pub(super) fn hidden_messages(&mut self) -> Result<Messages, VerifyError> {
        let Some(small) = self.relation.one_small() else { return Ok(Messages::default()) };
        let masks = self.points(b"hidden mask", small.claims.len())?;
        Ok(Messages { masks, cross: self.points(b"hidden cross", small.factors())? })
    }

    pub(super) fn hidden_responses(&mut self) -> Result<Responses, VerifyError> {
        let mut responses = Responses::default();
        if self.relation.one_small().is_none() {
            return Ok(responses);
        }
        for _ in 0..self.hidden.len() {
            responses.values.push(self.scalar(b"response")?);
            responses.blinds.push(self.scalar(b"response")?);
        }
        responses.product_blind = self.scalar(b"response")?;
        Ok(responses)
    }

    /// Each hidden sum is known to whoever proves, and one of the terms is small.
    pub(super) fn hidden_equations(
        &mut self,
        messages: &Messages,
        responses: &Responses,
        challenge: &Scalar,
    ) -> Result<(), VerifyError> {
        let Some(small) = self.relation.one_small() else { return Ok(()) };
        let count = self.hidden.len();
        let weigh = self.transcript.challenges(b"weigh", count + 1)?;
        for (at, by) in weigh[..count].iter().enumerate() {
            self.equations.value(*by * responses.values[at]);
            self.equations.blind(*by * responses.blinds[at]);
            self.equations.point(messages.masks[at], -*by);
            self.equations.point(self.hidden[at], -(*by * challenge));
        }
        let by = weigh[count];
        self.equations.value(by * small::product(small, &responses.values, challenge));
        self.equations.blind(by * responses.product_blind);
        for (point, power) in messages.cross.iter().zip(powers(*challenge, messages.cross.len())) {
            self.equations.point(*point, -(by * power));
        }
        Ok(())
    }

    /// The hidden sums' weights beside their commitments.
    pub(super) fn weighed_hidden(&self, weights: &[Scalar]) -> Vec<(Point, Scalar)> {
        let hidden = self.hidden.iter().zip(self.relation.hidden());
        hidden.map(|(point, at)| (*point, weights[*at])).collect()
    }
}

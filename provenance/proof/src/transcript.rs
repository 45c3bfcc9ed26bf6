//! The transcript that turns the interactive protocol into one message, and the prover's blinds.
//!
//! Everything that a statement means is absorbed before the first challenge, every message of the
//! prover before the challenge that follows it. The verifier rebuilds all of it from what it
//! already has; a proof carries none of it.

use merlin::{Transcript as Merlin, TranscriptRng};
use rand_core_06::{CryptoRng, Error as RandomError, RngCore, impls};
use thiserror::Error;

use crate::curve::{self, Encoded, Scalar};

/// A challenge was zero: it weighs nothing, and nothing is proven under it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a challenge is zero")]
pub struct ZeroChallenge;

/// Where messages go and challenges come from. Every published proof is made and checked over
/// [`Transcript`]; tests put channels in its place that record, or answer as they like.
pub trait Channel {
    /// Absorbs bytes under a label; both are framed.
    fn bytes(&mut self, label: &'static [u8], bytes: &[u8]);

    /// 64 bytes that depend on all that was absorbed.
    fn wide(&mut self, label: &'static [u8]) -> [u8; 64];

    /// Absorbs a number as 8 bytes little-endian.
    fn number(&mut self, label: &'static [u8], number: u64) {
        self.bytes(label, &number.to_le_bytes());
    }

    /// Absorbs a text.
    fn text(&mut self, label: &'static [u8], text: &str) {
        self.bytes(label, text.as_bytes());
    }

    /// Absorbs something that may be absent: one byte 0, or 1 and the bytes.
    fn optional(&mut self, label: &'static [u8], bytes: Option<&[u8]>) {
        let mut message = vec![u8::from(bytes.is_some())];
        message.extend_from_slice(bytes.unwrap_or_default());
        self.bytes(label, &message);
    }

    /// Absorbs a point as it stands on the wire.
    fn point(&mut self, label: &'static [u8], point: &Encoded) {
        self.bytes(label, point);
    }

    /// Absorbs a scalar.
    fn scalar(&mut self, label: &'static [u8], scalar: &Scalar) {
        self.bytes(label, &curve::encode_scalar(scalar));
    }

    /// Draws a challenge: 64 bytes reduced modulo the group's order.
    ///
    /// # Errors
    /// When it is zero, which happens with probability 2^-254.
    fn challenge(&mut self, label: &'static [u8]) -> Result<Scalar, ZeroChallenge> {
        let challenge = curve::wide_scalar(&self.wide(label));
        if curve::is_zero(&challenge) { Err(ZeroChallenge) } else { Ok(challenge) }
    }

    /// Draws several challenges under one label.
    ///
    /// # Errors
    /// When one is zero.
    fn challenges(
        &mut self,
        label: &'static [u8],
        count: usize,
    ) -> Result<Vec<Scalar>, ZeroChallenge> {
        (0..count).map(|_| self.challenge(label)).collect()
    }
}

/// The channel of every published proof: merlin's transcript.
#[derive(Clone)]
pub struct Transcript(Merlin);

impl Transcript {
    /// Under the protocol's own label.
    pub fn new() -> Self {
        Self(Merlin::new(b"zkstat/v1"))
    }

    /// The prover's blinds from here on: they depend on all that was absorbed, on the secrets, and
    /// on 32 bytes of the operating system.
    pub fn blinds(&self, secrets: &[&[u8]], entropy: &Entropy) -> TranscriptBlinds {
        let mut builder = self.0.build_rng();
        for secret in secrets {
            builder = builder.rekey_with_witness_bytes(b"secret", secret);
        }
        TranscriptBlinds(builder.finalize(&mut Once(entropy.0)))
    }
}

impl Channel for Transcript {
    fn bytes(&mut self, label: &'static [u8], bytes: &[u8]) {
        self.0.append_message(label, bytes);
    }

    fn wide(&mut self, label: &'static [u8]) -> [u8; 64] {
        let mut wide = [0; 64];
        self.0.challenge_bytes(label, &mut wide);
        wide
    }
}

impl Default for Transcript {
    fn default() -> Self {
        Self::new()
    }
}

/// 32 fresh bytes of the operating system's generator. This package draws none: where the generator
/// fails, the caller has an error and no proof.
pub struct Entropy(pub [u8; 32]);

/// Where a prover takes its blinds from.
pub trait Blinds {
    /// The next one, uniform among all scalars.
    fn draw(&mut self) -> Scalar;
}

/// Blinds bound to a transcript: the source for every published proof.
pub struct TranscriptBlinds(TranscriptRng);

impl Blinds for TranscriptBlinds {
    fn draw(&mut self) -> Scalar {
        let mut wide = [0; 64];
        self.0.fill_bytes(&mut wide);
        curve::wide_scalar(&wide)
    }
}

/// Hands merlin the caller's bytes, which it asks for once.
struct Once([u8; 32]);

impl RngCore for Once {
    fn next_u32(&mut self) -> u32 {
        impls::next_u32_via_fill(self)
    }

    fn next_u64(&mut self) -> u64 {
        impls::next_u64_via_fill(self)
    }

    fn fill_bytes(&mut self, into: &mut [u8]) {
        for (to, from) in into.iter_mut().zip(self.0.iter().cycle()) {
            *to = *from;
        }
    }

    fn try_fill_bytes(&mut self, into: &mut [u8]) -> Result<(), RandomError> {
        self.fill_bytes(into);
        Ok(())
    }
}

impl CryptoRng for Once {}

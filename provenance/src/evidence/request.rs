//! What is asked of a peer: evidence about one thing, and what the asker has already.

use super::codec::counted;
use super::{EvidenceError, LOGS_MAX, at_most};
use crate::cbor::{Reader, Writer};
use crate::statement::Origin;

/// Bytes of an encoded request.
pub const REQUEST_SIZE_MAX: usize = 65_536;

/// Bytes of the REF that is asked for.
pub const REFERENCE_SIZE_MAX: usize = 2_048;

const VERSION: u64 = 1;

/// A request for evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EvidenceRequest {
    /// What is asked for: a REF that means the same everywhere. Not parsed here.
    pub reference: String,
    /// Sizes of heads that the asker has verified, ascending by origin then size: the answer
    /// proves that its checkpoints extend them.
    pub known: Vec<(Origin, u64)>,
}

impl EvidenceRequest {
    /// Encodes the request: `[1, reference, [[origin, size]…]]`, deterministic CBOR.
    ///
    /// # Errors
    /// When it breaks a limit or the order.
    pub fn encode(&self) -> Result<Vec<u8>, EvidenceError> {
        self.check()?;
        let mut out = Writer::new();
        out.array(3);
        out.uint(VERSION);
        out.text(&self.reference);
        out.array(self.known.len());
        for (origin, size) in &self.known {
            out.array(2);
            out.text(origin.as_str());
            out.uint(*size);
        }
        Ok(out.into_bytes())
    }

    /// Decodes a request.
    ///
    /// # Errors
    /// When the bytes are not the one encoding of a request within the limits.
    pub fn decode(bytes: &[u8]) -> Result<Self, EvidenceError> {
        at_most("the request", bytes.len() as u64, REQUEST_SIZE_MAX)?;
        let mut input = Reader::new(bytes);
        input.array_of(3, "a request: an array of version, reference and known sizes")?;
        let version = input.uint("the version")?;
        if version != VERSION {
            return Err(EvidenceError::Version(version));
        }
        let reference = input.text("the reference")?.to_owned();
        let count = counted(&mut input, "known", LOGS_MAX)?;
        let mut known = Vec::new();
        for at in 0..count {
            input.array_of(2, "a known head: origin and size")?;
            let origin = input.text("an origin")?.parse();
            let place = || format!("known[{at}].origin");
            let origin =
                origin.map_err(|source| EvidenceError::Origin { place: place(), source })?;
            known.push((origin, input.uint("a size")?));
        }
        input.finish()?;
        let request = Self { reference, known };
        request.check()?;
        Ok(request)
    }

    fn check(&self) -> Result<(), EvidenceError> {
        at_most("the reference", self.reference.len() as u64, REFERENCE_SIZE_MAX)?;
        at_most("known", self.known.len() as u64, LOGS_MAX)?;
        super::in_order(&self.known, |known| known, |at| format!("known[{at}]"))
    }
}

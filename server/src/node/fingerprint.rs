//! What two people read to each other to see that they mean the same log.

use sha2::{Digest as _, Sha256};
use veritrail_provenance::{ledger::queries, log::note::VKey, statement::Origin};

use super::Node;
use crate::error::{OrKind as _, Result};

/// Hex digits of a fingerprint: 128 bits, which nobody can forge by trying.
const DIGITS: usize = 32;

impl Node {
    /// The fingerprint of the home's own log.
    pub fn fingerprint(&self) -> Result<String> {
        let log = queries::log(self.view(), self.origin()).or_failed()?;
        let keys: Vec<VKey> =
            log.into_iter().flat_map(|log| log.keys).map(|key| key.vkey).collect();
        Ok(fingerprint(self.origin(), &keys))
    }
}

/// A short digest over a log's name and the keys that sign its checkpoints, in groups of four.
pub fn fingerprint(origin: &Origin, vkeys: &[VKey]) -> String {
    let mut lines: Vec<String> = vkeys.iter().map(ToString::to_string).collect();
    lines.sort();
    lines.dedup();
    let text = format!("veritrail/fingerprint/1\n{origin}\n{}\n", lines.join("\n"));
    let digits: Vec<char> = hex::encode(Sha256::digest(text)).chars().take(DIGITS).collect();
    digits.chunks(4).map(String::from_iter).collect::<Vec<_>>().join(" ")
}

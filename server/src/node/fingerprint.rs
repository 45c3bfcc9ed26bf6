//! What two people read to each other to see that they mean the same log.

use sha2::{Digest as _, Sha256};
use veritrail_provenance::{log::note::VKey, statement::Origin};

/// Hex digits of a fingerprint: 128 bits, which nobody can forge by trying.
const DIGITS: usize = 32;

/// A short digest over a log's name and the keys that sign its checkpoints, in groups of four.
pub fn fingerprint(origin: &Origin, vkeys: &[VKey]) -> String {
    let mut lines: Vec<String> = vkeys.iter().map(ToString::to_string).collect();
    lines.sort();
    lines.dedup();
    let text = format!("veritrail/fingerprint/1\n{origin}\n{}\n", lines.join("\n"));
    let digits: Vec<char> = hex::encode(Sha256::digest(text)).chars().take(DIGITS).collect();
    digits.chunks(4).map(String::from_iter).collect::<Vec<_>>().join(" ")
}

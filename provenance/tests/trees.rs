//! Trees as RFC 6962 section 2.1 defines them, word by word and slowly: the oracle of several
//! topics. Nothing here calls the code under test but for the types.

use std::convert::Infallible;

use sha2::{Digest, Sha256};
use veritrail_provenance::hash::LogHash;

pub fn leaf(n: u64) -> Vec<u8> {
    format!("entry {n}").into_bytes()
}

pub fn leaves(size: u64) -> Vec<Vec<u8>> {
    (0..size).map(leaf).collect()
}

/// MTH(D[n]).
pub fn root(entries: &[Vec<u8>]) -> LogHash {
    LogHash::from_bytes(match entries {
        [] => Sha256::digest(b"").into(),
        [one] => Sha256::digest([&[0u8][..], one].concat()).into(),
        many => {
            let mut k = 1;
            while k * 2 < many.len() {
                k *= 2;
            }
            let (left, right) = (root(&many[..k]), root(&many[k..]));
            Sha256::digest([&[1u8][..], left.as_bytes(), right.as_bytes()].concat()).into()
        }
    })
}

/// A reader over entries that are all at hand.
pub fn reader(entries: &[Vec<u8>]) -> impl FnMut(u8, u64) -> Result<LogHash, Infallible> + '_ {
    move |level, index| {
        let (start, width) = ((index << level) as usize, 1usize << level);
        Ok(root(&entries[start..start + width]))
    }
}

//! Files that are no tables, and what all files share: a digest taken while they are read.

use std::io::{self, Read};

use sha2::{Digest, Sha256};
use veritrail_provenance::hash::FileDigest;

/// Bytes read at once when only the digest is wanted.
const BLOCK_BYTES: usize = 256 << 10;

/// A reader that counts and hashes (SHA-256) what passes through it.
pub struct Digesting<R> {
    input: R,
    hasher: Sha256,
    bytes: u64,
}

/// What one pass over a file saw of it. Two passes that see different things read a file that
/// changed between them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The SHA-256 of all bytes.
    pub sha256: FileDigest,
    /// Their number.
    pub bytes: u64,
}

impl<R: Read> Digesting<R> {
    /// Starts at the file's start.
    pub fn new(input: R) -> Self {
        Digesting { input, hasher: Sha256::new(), bytes: 0 }
    }

    /// Reads what is left, and says what was seen in all.
    pub fn finish(mut self) -> io::Result<Seen> {
        let mut block = vec![0; BLOCK_BYTES];
        loop {
            match self.read(&mut block) {
                Ok(0) => break,
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        let sha256 = FileDigest::from_bytes(self.hasher.finalize().into());
        Ok(Seen { sha256, bytes: self.bytes })
    }
}

impl<R: Read> Read for Digesting<R> {
    fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(space)?;
        self.hasher.update(space.get(..count).unwrap_or_default());
        self.bytes += count as u64;
        Ok(count)
    }
}

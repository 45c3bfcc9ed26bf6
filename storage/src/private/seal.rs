//! From bytes to the chunks of a private layout, in one pass and bounded memory.

use std::{
    fmt,
    io::{self, Write},
    iter, mem,
    sync::{Arc, Mutex, PoisonError},
};

use bytes::Bytes;
use veritrail_provenance::layout::{FilePath, PRIVATE_PATH};

use super::{PrivateError, VersionIdentity, padded_len};
use crate::{
    blob::Batch,
    chunk::{Pass, Passed},
};

/// Plaintext bytes of one part of an age payload, and of the tag behind it.
const PART_BYTES: u64 = 64 << 10;
const TAG_BYTES: u64 = 16;
/// Padding is written in pieces of so many zeros.
static ZEROS: [u8; 1 << 16] = [0; 1 << 16];

/// Bytes that an age payload has over `len` bytes of plaintext.
pub fn payload_len(len: u64) -> u64 {
    len + TAG_BYTES * len.div_ceil(PART_BYTES).max(1)
}

/// Bytes on their way into a private layout: [`Sealing::feed`] until all that were announced came,
/// then [`Sealing::finish`]. Every call may block.
pub struct Sealing {
    writer: age::stream::StreamWriter<Ciphertext>,
    ciphertext: Ciphertext,
    pass: Pass,
    announced: u64,
    padded: u64,
    given: u64,
}

/// What age has written and the pass has not taken yet.
#[derive(Clone, Default)]
struct Ciphertext(Arc<Mutex<Vec<u8>>>);

impl Ciphertext {
    fn take(&self) -> Vec<u8> {
        mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Write for Ciphertext {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Sealing {
    /// Begins with `announced` bytes of plaintext to come, for `identity` to open.
    pub fn begin(
        identity: &VersionIdentity,
        announced: u64,
        batch: Box<dyn Batch>,
    ) -> Result<Self, PrivateError> {
        let given = 0;
        let padded = padded_len(announced).ok_or(PrivateError::Length { given, announced })?;
        let recipient = identity.age().to_public();
        let encrypt = |e: &dyn fmt::Display| PrivateError::Encrypt(e.to_string());
        let encryptor =
            age::Encryptor::with_recipients(iter::once(&recipient as &dyn age::Recipient))
                .map_err(|e| encrypt(&e))?;
        let ciphertext = Ciphertext::default();
        let writer = encryptor.wrap_output(ciphertext.clone()).map_err(|e| encrypt(&e))?;
        // The header's length is random, and follows from nothing that is encrypted.
        let header = ciphertext.take();
        let total = header.len() as u64 + payload_len(padded);
        let mut pass = Pass::private(total, batch);
        let path = PRIVATE_PATH.parse::<FilePath>();
        pass.begin(path.map_err(|e| PrivateError::Encrypt(e.to_string()))?, total)?;
        pass.feed(Bytes::from(header))?;
        Ok(Self { writer, ciphertext, pass, announced, padded, given })
    }

    /// Takes the next bytes; blocks of about 1 MiB are best.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<(), PrivateError> {
        self.given += bytes.len() as u64;
        if self.given > self.announced {
            return Err(self.wrong_length());
        }
        self.write(bytes)
    }

    /// Pads, and ends the pass. The batch is not committed: what names the chunks can join it.
    pub fn finish(mut self) -> Result<Passed, PrivateError> {
        if self.given != self.announced {
            return Err(self.wrong_length());
        }
        let mut left = self.padded - self.announced;
        while left > 0 {
            let piece = left.min(ZEROS.len() as u64);
            self.write(ZEROS.get(..piece as usize).unwrap_or(&ZEROS))?;
            left -= piece;
        }
        self.writer.finish()?;
        let rest = self.ciphertext.take();
        self.pass.feed(Bytes::from(rest))?;
        self.pass.end()?;
        Ok(self.pass.finish()?)
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), PrivateError> {
        self.writer.write_all(bytes)?;
        let done = self.ciphertext.take();
        if !done.is_empty() {
            self.pass.feed(Bytes::from(done))?;
        }
        Ok(())
    }

    fn wrong_length(&self) -> PrivateError {
        PrivateError::Length { given: self.given, announced: self.announced }
    }
}

impl fmt::Debug for Sealing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealing({} of {} bytes)", self.given, self.announced)
    }
}

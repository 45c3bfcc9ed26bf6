//! From the one encrypted file of a private layout back to its bytes, padding included.

use std::{io::Read, iter};

use super::{PrivateError, VersionIdentity};

/// The plaintext of an age file, as it is read. Each part of 64 KiB is checked before it is given
/// out, and the last one says that nothing was cut off: so read it to its end.
pub fn open<R: Read>(
    ciphertext: R,
    identity: &VersionIdentity,
) -> Result<impl Read + use<R>, PrivateError> {
    let failed = |e: age::DecryptError| PrivateError::Decrypt(e.to_string());
    let decryptor = age::Decryptor::new(ciphertext).map_err(failed)?;
    decryptor.decrypt(iter::once(identity.age() as &dyn age::Identity)).map_err(failed)
}

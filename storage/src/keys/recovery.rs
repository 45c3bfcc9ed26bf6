//! The recovery phrase: the person's seed as 24 words (BIP-39, English list).
//!
//! The words are the seed itself, not the input of BIP-39's key derivation: 256 bits of entropy
//! and 8 of checksum, so that the same words give the same DID.

use bip39::{Language, Mnemonic};
use zeroize::Zeroizing;

use super::{KeyFileError, Seed};

/// The 24 words, separated by spaces.
pub fn phrase(seed: &Seed) -> Result<Zeroizing<String>, KeyFileError> {
    let words = Mnemonic::from_entropy_in(Language::English, seed.expose())
        .map_err(|e| KeyFileError::NotAPhrase(e.to_string()))?;
    Ok(Zeroizing::new(words.to_string()))
}

/// The seed of 24 words; capitals and surplus spaces do not matter.
pub fn seed_of_phrase(phrase: &str) -> Result<Seed, KeyFileError> {
    let lower = Zeroizing::new(phrase.to_lowercase());
    let words = lower.split_whitespace().count();
    if words != 24 {
        return Err(KeyFileError::NotAPhrase(format!("24 words are needed, {words} were given")));
    }
    let words = Mnemonic::parse_in_normalized(Language::English, &lower)
        .map_err(|e| KeyFileError::NotAPhrase(e.to_string()))?;
    let entropy = Zeroizing::new(words.to_entropy());
    let bytes = <[u8; 32]>::try_from(entropy.as_slice())
        .map_err(|_| KeyFileError::NotAPhrase("24 words are needed".into()))?;
    Ok(Seed::from_bytes(Zeroizing::new(bytes)))
}

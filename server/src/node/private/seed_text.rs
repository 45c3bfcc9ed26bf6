//! The text of a version's seed, as an auditor is handed it (docs/formats/private.md). A seed has
//! one text: an altered one is refused rather than taken for a seed that finds every commitment
//! wrong.

use thiserror::Error;
use veritrail_proof::commit::blinds::VersionSeed;
use zeroize::Zeroizing;

const HEADER: &str = "veritrail-version-seed/1";

/// Why a text is not the seed of a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum SeedTextError {
    /// Its first line says another version, or something else.
    #[error("this is not the seed of this version")]
    OtherVersion,
    /// What follows is not 64 lower-case hex digits and the end of the line.
    #[error("this is no seed")]
    NotASeed,
}

/// The text of the seed of a version, which is named by its `DID@N`.
pub fn seed_text(version: &str, seed: &VersionSeed) -> Zeroizing<String> {
    let hex = Zeroizing::new(hex::encode(seed.as_bytes()));
    Zeroizing::new(format!("{HEADER} {version}\n{}\n", *hex))
}

/// Reads what [`seed_text`] wrote for this version.
///
/// # Errors
/// When the text is another.
pub fn read_seed_text(version: &str, text: &str) -> Result<VersionSeed, SeedTextError> {
    let (header, rest) = text.split_once('\n').ok_or(SeedTextError::OtherVersion)?;
    if header != format!("{HEADER} {version}") {
        return Err(SeedTextError::OtherVersion);
    }
    let digits = rest.strip_suffix('\n').ok_or(SeedTextError::NotASeed)?;
    let mut bytes = Zeroizing::new([0; 32]);
    hex::decode_to_slice(digits, &mut *bytes).map_err(|_| SeedTextError::NotASeed)?;
    let seed = VersionSeed::from_bytes(*bytes);
    // Large digits say the same and are another text.
    if seed_text(version, &seed).as_str() == text { Ok(seed) } else { Err(SeedTextError::NotASeed) }
}

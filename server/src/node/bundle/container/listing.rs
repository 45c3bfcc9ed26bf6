//! `veritrail.json`, the first entry: what the bundle is about and every other entry with kind,
//! size and SHA-256.

use serde::{Deserialize, Serialize};
use veritrail_provenance::{hash::FileDigest, layout::FilePath};

use super::{
    ContainerError, LISTING_NAME, MAX_BYTES_WITHOUT_DATA, MAX_ENTRIES, MAX_LISTING_BYTES,
    MAX_NAME_BYTES, records::LOCAL_BYTES,
};

/// What an entry holds. Not a type of its bytes: what the verifier does with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EntryKind {
    /// Statements with inclusion proofs and checkpoints (docs/formats/evidence.md).
    Evidence,
    /// The head of a manifest.
    Manifest,
    /// A page of a layout.
    Page,
    /// A run's resolved spec.
    Spec,
    /// A run's details.
    Details,
    /// A part of the commitments of a private version.
    Commitments,
    /// A file that a run made.
    Output,
    /// A file of a published dataset, there because `--data` asked for it.
    Data,
    /// Words for whoever opens the bundle with a ZIP tool; nothing depends on them.
    Readme,
    /// A kind of a later version: its size and hash are checked, nothing else.
    #[serde(untagged)]
    Other(String),
}

impl std::fmt::Display for EntryKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Evidence => "evidence",
            Self::Manifest => "manifest",
            Self::Page => "page",
            Self::Spec => "spec",
            Self::Details => "details",
            Self::Commitments => "commitments",
            Self::Output => "output",
            Self::Data => "data",
            Self::Readme => "readme",
            Self::Other(kind) => kind,
        })
    }
}

/// One entry as the listing names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listed {
    /// Its name in the ZIP: a path as formats.md has them.
    pub name: String,
    /// What it holds.
    pub kind: EntryKind,
    /// Bytes.
    pub size: u64,
    /// SHA-256 of the bytes, lowercase hex.
    pub sha256: FileDigest,
}

/// The listing: version 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listing {
    /// Always `bundle`.
    veritrail: String,
    /// Always 1.
    version: u64,
    /// The portable REF of what the bundle is about.
    pub subject: String,
    /// Every other entry, in the order of the names' bytes.
    pub entries: Vec<Listed>,
}

/// The version alone, read before the strict form, so that a later bundle is told from a broken one.
#[derive(Deserialize)]
struct Versioned {
    version: u64,
}

impl Listing {
    /// A listing of `entries`, which are sorted here.
    ///
    /// # Errors
    /// A name that is refused or stands twice, or a limit exceeded.
    pub fn new(subject: String, mut entries: Vec<Listed>) -> Result<Self, ContainerError> {
        entries.sort_by(|a, b| a.name.as_bytes().cmp(b.name.as_bytes()));
        let listing = Self { veritrail: "bundle".to_owned(), version: 1, subject, entries };
        listing.check()?;
        Ok(listing)
    }

    /// The bytes of `veritrail.json`: indented by two spaces, a line feed at the end.
    ///
    /// # Errors
    /// Longer than a listing may be.
    pub fn encode(&self) -> Result<Vec<u8>, ContainerError> {
        let mut bytes =
            serde_json::to_vec_pretty(self).map_err(|e| ContainerError::Listing(e.to_string()))?;
        bytes.push(b'\n');
        limit("the length of veritrail.json", bytes.len() as u64, MAX_LISTING_BYTES)?;
        Ok(bytes)
    }

    /// Reads `veritrail.json`, which must be exactly what [`Listing::encode`] makes.
    ///
    /// # Errors
    /// Names what is wrong; an unknown version is [`ContainerError::Version`].
    pub fn decode(bytes: &[u8]) -> Result<Self, ContainerError> {
        limit("the length of veritrail.json", bytes.len() as u64, MAX_LISTING_BYTES)?;
        let broken = |e: serde_json::Error| ContainerError::Listing(e.to_string());
        let version = serde_json::from_slice::<Versioned>(bytes).map_err(broken)?.version;
        if version != 1 {
            return Err(ContainerError::Version(version));
        }
        let listing: Self = serde_json::from_slice(bytes).map_err(broken)?;
        if listing.veritrail != "bundle" {
            return Err(ContainerError::Listing("it does not call itself a bundle".to_owned()));
        }
        listing.check()?;
        if listing.encode()? != bytes {
            return Err(ContainerError::Listing(
                "it is not written in the one form that a bundle has".to_owned(),
            ));
        }
        Ok(listing)
    }

    fn check(&self) -> Result<(), ContainerError> {
        limit("the number of entries", self.entries.len() as u64 + 1, MAX_ENTRIES as u64)?;
        for entry in &self.entries {
            check_name(&entry.name)?;
            if entry.name == LISTING_NAME {
                return Err(ContainerError::Order(entry.name.clone()));
            }
        }
        for pair in self.entries.windows(2) {
            if let [a, b] = pair
                && a.name.as_bytes() >= b.name.as_bytes()
            {
                return Err(ContainerError::Order(b.name.clone()));
            }
        }
        let small = self.entries.iter().filter(|e| e.kind != EntryKind::Data);
        let bytes = small.fold(0_u64, |sum, e| sum.saturating_add(e.size));
        limit("the size without data", bytes, MAX_BYTES_WITHOUT_DATA)?;
        let all = self.entries.iter().fold(0_u64, |sum, e| {
            sum.saturating_add(e.size).saturating_add(LOCAL_BYTES + e.name.len() as u64)
        });
        limit("the size with data", all, super::MAX_FILE_BYTES)
    }
}

/// Refuses a name that is no path of one form: `..`, absolute, backslash, control characters.
pub(super) fn check_name(name: &str) -> Result<(), ContainerError> {
    let refuse = |reason: String| ContainerError::Name { name: name.to_owned(), reason };
    if name.len() > MAX_NAME_BYTES {
        return Err(refuse(format!("it is longer than {MAX_NAME_BYTES} bytes")));
    }
    name.parse::<FilePath>().map(|_| ()).map_err(|e| refuse(e.to_string()))
}

pub(super) fn limit(what: &'static str, found: u64, limit: u64) -> Result<(), ContainerError> {
    if found > limit {
        return Err(ContainerError::Limit { what, found, limit });
    }
    Ok(())
}

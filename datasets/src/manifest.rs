//! The manifest: what a dataset's bytes are, and what they mean (docs/formats/manifest.md).
//!
//! Its head is one JSON text of at most 1 MiB, stored as a blob and named by the version's
//! statement. The layout in it is what the dataset's root covers; tables and description stand
//! beside it. There is one spelling of each manifest: a head is decoded only if encoding it again
//! gives the same bytes.

mod private;
mod tables;

use serde::{Deserialize, Serialize};
use veritrail_provenance::hash::ChunkId;
use veritrail_provenance::layout::{LayoutError, LayoutHead};
use veritrail_provenance::statement::Creator;

pub use private::{
    COMMITMENTS_BYTES_MAX, CommitmentsRef, PART_BYTES, Private, PrivateColumn, PrivateError,
};
pub use tables::{FileRange, Table, TableFile, TableFormat, TablesError};

/// Bytes of a head at most.
pub const MAX_HEAD_BYTES: usize = 1 << 20;
/// The version of the format, of public datasets.
pub const VERSION: u64 = 1;
/// The version of the format, of private ones.
pub const PRIVATE_VERSION: u64 = 2;
/// Characters of a title at most.
pub const MAX_TITLE_CHARS: usize = 1_024;
/// Creators at most, and keywords at most.
pub const MAX_LIST: usize = 256;

/// What the publisher says of the whole dataset. All of it is empty for the output of a run,
/// which is nobody's publication yet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct About {
    /// The title, at most [`MAX_TITLE_CHARS`] characters.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub title: String,
    /// Who made it, at most [`MAX_LIST`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub creators: Vec<Creator>,
    /// The licence as an SPDX expression.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub licence: Option<String>,
    /// The text of a licence that is not on the SPDX list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub licence_text: Option<String>,
    /// Words to find it by, at most [`MAX_LIST`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keywords: Vec<String>,
}

/// A manifest's head, checked. Contrast with a layout, which lists every file and chunk: this
/// names its pages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    layout: LayoutHead,
    tables: Vec<Table>,
    about: About,
    private: Option<Private>,
}

/// Why bytes are no manifest, or why one cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// More bytes than a head may have. Many tables of different schemas do that, and long
    /// descriptions.
    #[error(
        "the manifest's head has {bytes} bytes, {MAX_HEAD_BYTES} at most: shorten descriptions, or \
         declare format = \"bytes\" for files that need not be queried"
    )]
    TooLarge {
        /// Its size.
        bytes: usize,
    },
    /// Not the JSON of a manifest.
    #[error("no manifest: {0}")]
    Json(#[from] serde_json::Error),
    /// A later version.
    #[error("manifest version {0}: this program reads versions {VERSION} and {PRIVATE_VERSION}")]
    Version(u64),
    /// Valid JSON, but not the one spelling.
    #[error("the manifest is not in canonical form: byte {at} differs")]
    NotCanonical {
        /// The first byte that differs.
        at: usize,
    },
    /// The layout contradicts itself.
    #[error("layout: {0}")]
    Layout(#[from] LayoutError),
    /// The tables do not fit the layout.
    #[error("tables: {0}")]
    Tables(#[from] TablesError),
    /// What is said of private bytes does not fit.
    #[error("private: {0}")]
    Private(#[from] PrivateError),
    /// A text or list beyond its limit.
    #[error("description: {what} is beyond its limit of {limit}")]
    AboutTooLong {
        /// Which member.
        what: &'static str,
        /// What is allowed.
        limit: usize,
    },
}

/// The head as JSON has it; the order of members is the order of encoding.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head<L, T, A, P> {
    v: u64,
    layout: L,
    tables: T,
    description: A,
    #[serde(skip_serializing_if = "Option::is_none")]
    private: Option<P>,
}

/// Only the version, to tell a later manifest from a broken one.
#[derive(Deserialize)]
struct VersionOnly {
    v: u64,
}

impl Manifest {
    /// Puts a manifest together. `tables` come from [`Table::group`].
    pub fn new(
        layout: LayoutHead,
        tables: Vec<Table>,
        about: About,
    ) -> Result<Self, ManifestError> {
        Self::checked(Manifest { layout, tables, about, private: None })
    }

    /// Puts the manifest of private bytes together: what they are made of stays unsaid.
    pub fn new_private(
        layout: LayoutHead,
        about: About,
        private: Private,
    ) -> Result<Self, ManifestError> {
        Self::checked(Manifest { layout, tables: Vec::new(), about, private: Some(private) })
    }

    fn checked(manifest: Self) -> Result<Self, ManifestError> {
        let Manifest { layout, tables, about, private } = &manifest;
        layout.check_root()?;
        tables::check(tables, layout.files)?;
        check_about(about)?;
        match private {
            Some(_) if !layout.is_private() => return Err(PrivateError::Plain.into()),
            Some(_) if !tables.is_empty() => return Err(PrivateError::Tables.into()),
            Some(private) => private.check()?,
            None if layout.is_private() => return Err(PrivateError::Missing.into()),
            None => {}
        }
        manifest.encode()?;
        Ok(manifest)
    }

    /// Decodes a head and checks everything that it says about itself. Whether the layout's pages
    /// are what it names is checked when they are fetched.
    pub fn decode(bytes: &[u8]) -> Result<Self, ManifestError> {
        if bytes.len() > MAX_HEAD_BYTES {
            return Err(ManifestError::TooLarge { bytes: bytes.len() });
        }
        let version: VersionOnly = serde_json::from_slice(bytes)?;
        if !(VERSION..=PRIVATE_VERSION).contains(&version.v) {
            return Err(ManifestError::Version(version.v));
        }
        let head: Head<LayoutHead, Vec<Table>, About, Private> = serde_json::from_slice(bytes)?;
        let Head { layout, tables, description: about, private, .. } = head;
        // The version follows from what is there: another is another spelling, refused below.
        let manifest = Self::checked(Manifest { layout, tables, about, private })?;
        let again = manifest.encode()?;
        if again != bytes {
            let at = again.iter().zip(bytes).take_while(|(a, b)| a == b).count();
            return Err(ManifestError::NotCanonical { at });
        }
        Ok(manifest)
    }

    /// The head's bytes: JSON without spaces, members in the order of docs/formats/manifest.md.
    pub fn encode(&self) -> Result<Vec<u8>, ManifestError> {
        let Manifest { layout, tables, about, private } = self;
        let v = if private.is_some() { PRIVATE_VERSION } else { VERSION };
        let private = private.as_ref();
        let bytes = serde_json::to_vec(&Head { v, layout, tables, description: about, private })?;
        if bytes.len() > MAX_HEAD_BYTES {
            return Err(ManifestError::TooLarge { bytes: bytes.len() });
        }
        Ok(bytes)
    }

    /// The id of the blob that holds the head.
    pub fn id(&self) -> Result<ChunkId, ManifestError> {
        Ok(ChunkId::of(&self.encode()?))
    }

    /// The layout's head.
    pub fn layout(&self) -> &LayoutHead {
        &self.layout
    }

    /// Which files are tables, and of which schema. Files of one format and schema are one entry.
    pub fn tables(&self) -> &[Table] {
        &self.tables
    }

    /// Of private bytes: who can read them, and where the commitments to them are.
    pub fn private(&self) -> Option<&Private> {
        self.private.as_ref()
    }

    /// What the publisher says of the whole dataset.
    pub fn about(&self) -> &About {
        &self.about
    }
}

fn check_about(about: &About) -> Result<(), ManifestError> {
    use crate::licence::{MAX_EXPRESSION_BYTES, MAX_TEXT_BYTES};

    let length = |text: &Option<String>| text.as_ref().map_or(0, String::len);
    let texts = about.keywords.iter().chain(about.creators.iter().map(|creator| &creator.name));
    let longest = texts.map(|text| text.chars().count()).max().unwrap_or(0);
    let limits = [
        ("title", about.title.chars().count(), MAX_TITLE_CHARS),
        ("creators", about.creators.len(), MAX_LIST),
        ("keywords", about.keywords.len(), MAX_LIST),
        ("a creator's name or a keyword", longest, MAX_TITLE_CHARS),
        ("licence", length(&about.licence), MAX_EXPRESSION_BYTES),
        ("licence_text", length(&about.licence_text), MAX_TEXT_BYTES),
    ];
    match limits.into_iter().find(|(_, found, limit)| found > limit) {
        Some((what, _, limit)) => Err(ManifestError::AboutTooLong { what, limit }),
        None => Ok(()),
    }
}

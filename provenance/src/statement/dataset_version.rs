//! `dataset.version`: a controller says what a dataset now is.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::cose::Content;
use super::payload::Body;
use super::reference::StatementRef;
use super::refused::Refused;
use super::text::{Broken, broken, check_list, check_text};
use crate::hash::{ChunkId, ContentHash, DatasetRoot, StatementId};
use crate::identity::Did;

/// The payload. `iss` is a controller, `sub` the dataset's DID.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatasetVersion {
    /// 1 for the first, then one more each time.
    pub number: u64,
    /// The id of version `number - 1`; absent for the first alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<StatementId>,
    /// The root of the version's layout.
    pub root: DatasetRoot,
    /// The digest of its list of files.
    pub content: ContentHash,
    /// The blob of its manifest's head.
    pub manifest: ChunkId,
    /// How many files it has.
    pub files: u64,
    /// How many bytes they have together.
    pub bytes: u64,
    /// Its title.
    pub title: String,
    /// Who made it; may be empty.
    pub creators: Vec<Creator>,
    /// An SPDX licence expression, possibly with a `LicenseRef-…`.
    pub licence: String,
    /// Keywords; may be empty.
    pub keywords: Vec<String>,
    /// Who may read its bytes.
    pub access: Access,
    /// The receipt of the run whose output this is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<StatementRef>,
}

/// A person or institution that made a dataset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Creator {
    /// The name, as it is to be cited.
    pub name: String,
    /// The DID, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub did: Option<Did>,
}

/// Who may read bytes. Only those of [`Access::Public`] are served by this version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Access {
    /// Everybody.
    Public,
    /// Nobody but the holder: the root is over ciphertext, and what others get is the manifest
    /// with its commitments.
    Private,
    /// Something that a later version will understand: nothing is served. Never holds `public` or
    /// `private`.
    Other(String),
}

impl Access {
    /// As the payload writes it.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Public => "public",
            Self::Private => "private",
            Self::Other(other) => other,
        }
    }

    pub(super) fn check(&self) -> Result<(), Broken> {
        check_text("access", self.as_str())
    }
}

impl Serialize for Access {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Access {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Ok(match text.as_str() {
            "public" => Self::Public,
            "private" => Self::Private,
            _ => Self::Other(text),
        })
    }
}

impl Body for DatasetVersion {
    const MEMBERS: &'static [&'static str] = &[
        "number", "previous", "root", "content", "manifest", "files", "bytes", "title", "creators",
        "licence", "keywords", "access", "run",
    ];

    fn check(&self) -> Result<(), Broken> {
        match (self.number, &self.previous) {
            (0, _) => return Err(broken("number", "is 0; versions count from 1")),
            (1, Some(_)) => return Err(broken("previous", "stands in the first version")),
            (2.., None) => return Err(broken("previous", "is missing after the first version")),
            _ => {}
        }
        if self.files == 0 {
            return Err(broken("files", "is 0; a version has a file at least"));
        }
        check_text("title", &self.title)?;
        check_text("licence", &self.licence)?;
        check_list("creators", &self.creators)?;
        self.creators.iter().try_for_each(|creator| check_text("creators.name", &creator.name))?;
        check_list("keywords", &self.keywords)?;
        self.keywords.iter().try_for_each(|keyword| check_text("keywords", keyword))?;
        self.access.check()
    }

    fn check_claims(&self, claims: &Content) -> Result<(), Refused> {
        claims.sub.parse::<Did>().map(drop).map_err(|error| Refused::Claims {
            claim: "2 (sub)",
            cause: format!("it must be the dataset's DID: {error}"),
        })
    }
}

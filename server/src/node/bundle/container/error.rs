//! Why a bundle's file is refused: each variant names the place.

use super::Listed;

/// A bundle's file that is not one, or cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum ContainerError {
    /// Reading or writing the file failed.
    #[error("the bundle cannot be read or written: {0}")]
    Io(#[from] std::io::Error),
    /// The last 22 bytes are no end record: cut short, or something stands after it.
    #[error(
        "the file does not end with a bundle's end record: it was cut short, or {0} after its end"
    )]
    End(&'static str),
    /// The records do not fill the file from its first byte.
    #[error("{0} bytes stand before the first entry, or between entries and the directory")]
    Surplus(u64),
    /// A number is beyond what a bundle may hold; nothing of that size was allocated.
    #[error("{what} is {found}, a bundle holds {limit} at most")]
    Limit {
        /// What was counted.
        what: &'static str,
        /// What the file claims.
        found: u64,
        /// What is allowed.
        limit: u64,
    },
    /// A header is not what our writer makes of this entry.
    #[error("entry {name}: its {header} header is not the one form that a bundle has ({field})")]
    Header {
        /// The entry's name, as far as it could be read.
        name: String,
        /// Which header: `local` or `directory`.
        header: &'static str,
        /// The first field that differs.
        field: &'static str,
    },
    /// A name that could leave a folder, or is not one form of a path.
    #[error("entry {name:?}: the name is refused: {reason}")]
    Name {
        /// The name, escaped.
        name: String,
        /// Why.
        reason: String,
    },
    /// Names stand once each and in the order of their bytes, after `veritrail.json`.
    #[error("entry {0}: it is out of order or stands twice")]
    Order(String),
    /// The first entry is something else than the listing.
    #[error("the first entry is {0:?}, not veritrail.json")]
    NoListing(String),
    /// `veritrail.json` is not the listing our writer makes.
    #[error("veritrail.json: {0}")]
    Listing(String),
    /// The version is none that this program reads.
    #[error("veritrail.json: version {0} of bundles is not known to this program")]
    Version(u64),
    /// An entry that the listing does not name.
    #[error("entry {0}: veritrail.json does not list it")]
    Unlisted(String),
    /// The listing names an entry that is not there.
    #[error("entry {0}: veritrail.json lists it, the file does not hold it")]
    Absent(String),
    /// Size or hash is not the listed one.
    #[error("entry {name}: its {what} is {found}, veritrail.json says {listed}")]
    Altered {
        /// The entry's name.
        name: String,
        /// `size` or `SHA-256`.
        what: &'static str,
        /// What the file holds.
        found: String,
        /// What the listing says.
        listed: String,
    },
    /// The checksum in the headers is not that of the content.
    #[error("entry {0}: the content does not have the checksum that its header states")]
    Checksum(String),
    /// The writer was used out of the listing's order.
    #[error("entry {0}: written out of the listing's order")]
    Sequence(String),
}

impl ContainerError {
    /// An entry whose `what` is not what the listing says.
    pub(super) fn altered(
        listed: &Listed,
        what: &'static str,
        found: impl ToString,
        said: impl ToString,
    ) -> Self {
        Self::Altered {
            name: listed.name.clone(),
            what,
            found: found.to_string(),
            listed: said.to_string(),
        }
    }

    /// Whether the bytes are at fault, rather than the machine that reads them.
    pub fn is_forgery(&self) -> bool {
        !matches!(self, Self::Io(_) | Self::Version(_) | Self::Sequence(_))
    }
}

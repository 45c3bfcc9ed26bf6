//! The home's secret keys: files that nobody else can read, and the person's recovery phrase.

mod next;
mod recovery;
mod seed;
mod wrapped;

use std::{fmt, sync::Arc};

use veritrail_provenance::identity::{SeedSigner, Signer};
use zeroize::Zeroizing;

pub use recovery::{phrase, seed_of_phrase};
pub use seed::Seed;
pub use wrapped::{SecretName, WrappedSecrets, is_recipient};

use crate::disk::{Access, Disk, DiskError, DiskPath, Kind, replace_unsynced};

/// Why a key could not be made, written or read.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// The disk.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// Somebody else could read the file, and may have.
    #[error("{path}: others can read it; make a new key if they may have, then chmod go= it")]
    OpenToOthers {
        /// The file or folder.
        path: DiskPath,
    },
    /// The file belongs to another user.
    #[error("{path}: belongs to another user of this machine")]
    NotOurs {
        /// The file or folder.
        path: DiskPath,
    },
    /// The file does not hold a key of the kind that its name says.
    #[error("{path}: holds no {kind} key")]
    NotAKey {
        /// The file.
        path: DiskPath,
        /// What it should hold.
        kind: &'static str,
    },
    /// There is a key of this name already; keys are never replaced.
    #[error("{path}: there is a key already")]
    Exists {
        /// The file.
        path: DiskPath,
    },
    /// The system gave no random bytes.
    #[error("the system gave no random bytes: {0}")]
    NoRandomness(String),
    /// Not 24 words of the English BIP-39 list with a right checksum.
    #[error("not a recovery phrase: {0}")]
    NotAPhrase(String),
}

/// Which key of a home.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeyName {
    /// The person that operates the home.
    Person,
    /// The node, which is also its iroh endpoint.
    Node,
    /// The log, which signs checkpoints.
    Log,
    /// A further person, by the hex of the first 8 bytes of the public key.
    Member(String),
}

impl KeyName {
    /// The name under which a further person's key is kept.
    pub fn member(seed: &Seed) -> Self {
        let signer = seed.signer();
        let id = signer.public_key().as_bytes().iter().take(8).map(|b| format!("{b:02x}"));
        Self::Member(id.collect())
    }

    fn kind(&self) -> &'static str {
        match self {
            Self::Person | Self::Member(_) => "person",
            Self::Node => "node",
            Self::Log => "log",
        }
    }

    fn file_name(&self) -> String {
        match self {
            Self::Member(id) => format!("person-{id}.key"),
            _ => format!("{}.key", self.kind()),
        }
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind())
    }
}

/// The three keys that every home has.
#[derive(Clone, Debug)]
pub struct KeySet {
    /// Signs statements.
    pub person: Seed,
    /// Signs verdicts' proofs of possession and is the iroh endpoint's secret key.
    pub node: Seed,
    /// Signs checkpoints.
    pub log: Seed,
}

impl KeySet {
    /// Three new keys.
    pub fn generate() -> Result<Self, KeyFileError> {
        Self::recover(Seed::generate()?)
    }

    /// A known person's key with a new node and log.
    pub fn recover(person: Seed) -> Result<Self, KeyFileError> {
        Ok(Self { person, node: Seed::generate()?, log: Seed::generate()? })
    }
}

/// The folder of key files, 0700.
#[derive(Clone)]
pub struct KeyFiles {
    disk: Arc<dyn Disk>,
    folder: DiskPath,
}

const HEADER: &str = "veritrail-secret-key/1";

/// Bytes of a key file: header, kind, 64 hex digits.
const FILE_LEN_MAX: u64 = 256;

impl KeyFiles {
    /// Makes the folder. Its own name is durable once the caller has synced the folder around it,
    /// as the making of a home does. Blocks.
    pub fn create(disk: Arc<dyn Disk>, folder: DiskPath) -> Result<Self, KeyFileError> {
        disk.create_dir(&folder, Access::Private)?;
        Self::open(disk, folder)
    }

    /// Opens the folder; refused if others have any right to it.
    pub fn open(disk: Arc<dyn Disk>, folder: DiskPath) -> Result<Self, KeyFileError> {
        check_private(&*disk, &folder, Kind::Folder)?;
        Ok(Self { disk, folder })
    }

    /// Writes a new key: created exclusively, 0600, durable on return. Blocks.
    pub fn write(&self, name: &KeyName, seed: &Seed) -> Result<(), KeyFileError> {
        self.write_unsynced(name, seed)?;
        Ok(self.disk.fsync_dir(&self.folder)?)
    }

    /// Removes a key that was written and is bound nowhere. Blocks.
    pub fn remove(&self, name: &KeyName) -> Result<(), KeyFileError> {
        self.disk.unlink(&self.path(name)?)?;
        Ok(self.disk.fsync_dir(&self.folder)?)
    }

    /// Writes the three keys of a new home, as [`KeyFiles::write`] does.
    pub fn write_set(&self, keys: &KeySet) -> Result<(), KeyFileError> {
        self.write_unsynced(&KeyName::Person, &keys.person)?;
        self.write_unsynced(&KeyName::Node, &keys.node)?;
        self.write_unsynced(&KeyName::Log, &keys.log)?;
        Ok(self.disk.fsync_dir(&self.folder)?)
    }

    /// Reads a key; refused if others have any right to its file. Blocks.
    pub fn read(&self, name: &KeyName) -> Result<Seed, KeyFileError> {
        self.read_at(self.path(name)?, name)
    }

    fn read_at(&self, path: DiskPath, name: &KeyName) -> Result<Seed, KeyFileError> {
        check_private(&*self.disk, &path, Kind::File)?;
        let bytes = Zeroizing::new(self.disk.read(&path, FILE_LEN_MAX)?);
        let not_a_key = || KeyFileError::NotAKey { path: path.clone(), kind: name.kind() };
        let text = std::str::from_utf8(&bytes).map_err(|_| not_a_key())?;
        let header = format!("{HEADER} {}\n", name.kind());
        let digits = text.strip_prefix(&header).and_then(|rest| rest.strip_suffix('\n'));
        let mut seed = Zeroizing::new([0; 32]);
        hex::decode_to_slice(digits.ok_or_else(not_a_key)?, &mut *seed).map_err(|_| not_a_key())?;
        Ok(Seed::from_bytes(seed))
    }

    /// The three keys of the home.
    pub fn read_set(&self) -> Result<KeySet, KeyFileError> {
        let (person, node) = (self.read(&KeyName::Person)?, self.read(&KeyName::Node)?);
        Ok(KeySet { person, node, log: self.read(&KeyName::Log)? })
    }

    /// The further persons whose keys are here.
    pub fn members(&self) -> Result<Vec<KeyName>, KeyFileError> {
        let names = self.disk.list(&self.folder)?;
        let id =
            |name: &String| Some(name.strip_prefix("person-")?.strip_suffix(".key")?.to_owned());
        Ok(names.iter().filter_map(id).map(KeyName::Member).collect())
    }

    /// Whether there is a file of this name, whatever is in it.
    pub fn has(&self, name: &KeyName) -> Result<bool, KeyFileError> {
        Ok(self.disk.metadata(&self.path(name)?)?.is_some())
    }

    fn write_unsynced(&self, name: &KeyName, seed: &Seed) -> Result<(), KeyFileError> {
        self.write_at(self.path(name)?, name, seed)
    }

    fn write_at(&self, path: DiskPath, name: &KeyName, seed: &Seed) -> Result<(), KeyFileError> {
        if self.disk.metadata(&path)?.is_some() {
            return Err(KeyFileError::Exists { path });
        }
        let hex = Zeroizing::new(hex::encode(seed.expose()));
        let text = Zeroizing::new(format!("{HEADER} {}\n{}\n", name.kind(), *hex));
        Ok(replace_unsynced(&*self.disk, &path, text.as_bytes(), Access::Private)?)
    }

    fn path(&self, name: &KeyName) -> Result<DiskPath, DiskError> {
        self.folder.join(&name.file_name())
    }
}

impl fmt::Debug for KeyFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyFiles({})", self.folder)
    }
}

fn check_private(disk: &dyn Disk, path: &DiskPath, kind: Kind) -> Result<(), KeyFileError> {
    let path = path.clone();
    match disk.metadata(&path)? {
        None => Err(DiskError::NotFound { path }.into()),
        Some(m) if m.kind != kind => Err(DiskError::NotPlain { path }.into()),
        Some(m) if !m.ours => Err(KeyFileError::NotOurs { path }),
        Some(m) if m.open_to_others => Err(KeyFileError::OpenToOthers { path }),
        Some(_) => Ok(()),
    }
}

impl Seed {
    /// The signer over this seed, as the writer of a log takes it.
    pub fn shared_signer(&self) -> Arc<dyn Signer> {
        Arc::new(self.signer())
    }

    /// The signer over this seed.
    pub fn signer(&self) -> SeedSigner {
        SeedSigner::from_seed(Zeroizing::new(*self.expose()))
    }
}

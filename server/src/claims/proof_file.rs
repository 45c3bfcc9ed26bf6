//! PROOF: one file that holds a claim, its results and what shows them (docs/formats/proof-file.md).
//!
//! Reading checks the layout alone. Whether it shows anything [`super::check`] says.

use thiserror::Error;
use veritrail_proof::relation::CLAIMS_MAX;
use veritrail_proof::statement::{Audience, Context};
use veritrail_proof::wire::{Reader, WireError, Writer};
use veritrail_provenance::Origin;
use veritrail_provenance::hash::{ChunkId, LogHash, StatementId};
use veritrail_provenance::identity::Did;

use super::compile::CLAIM_BYTES_MAX;
use super::noise::NOISE_FILE_BYTES_MAX;

/// What a proof file begins with.
const MAGIC: &[u8; 17] = b"veritrail-proof/1";
/// What a proof file with noise begins with.
const NOISY_MAGIC: &[u8; 17] = b"veritrail-proof/2";
/// The longest statement, in bytes: 64 Gram matrices of 24 quantities fit.
const STATEMENT_BYTES_MAX: usize = 8 << 10;
/// The longest proof, in bytes.
const ARGUMENT_BYTES_MAX: usize = 64 << 20;
/// The longest name of a dataset, log or person, in bytes.
const NAME_BYTES_MAX: usize = 2_048;
/// Bytes of the digest that ends the file.
const DIGEST_BYTES: usize = 32;
/// The longest proof file.
pub const PROOF_FILE_BYTES_MAX: usize = ARGUMENT_BYTES_MAX + (1 << 20);

/// A proof file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProofFile {
    /// The dataset.
    pub dataset: Did,
    /// Its version's number.
    pub version: u64,
    /// BLAKE3 of what was committed, [`veritrail_proof::body::BodyHash`].
    pub body: [u8; 32],
    /// Where the version's statement stands, what was released before, and who asked.
    pub context: Context,
    /// The claim, in its one text.
    pub claim: String,
    /// The statement's bytes.
    pub statement: Vec<u8>,
    /// The claimed integers.
    pub results: Vec<u128>,
    /// What shows them.
    pub argument: Vec<u8>,
    /// The noise that they bear, if they do.
    pub noise: Option<AnsweredNoise>,
}

/// Noise that was committed to before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnsweredNoise {
    /// The [noise file](super::NoiseFile)'s bytes.
    pub file: Vec<u8>,
    /// The release that logged it.
    pub release: StatementId,
}

/// What proof files and noise files have in common: about what they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Head {
    pub dataset: Did,
    pub version: u64,
    pub body: [u8; 32],
    pub context: Context,
    pub claim: String,
}

/// Why bytes are no proof file.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ProofFileError {
    /// Not a proof file, or one of a later version.
    #[error("it begins like no file of this kind and version")]
    Magic,
    /// A length or field is wrong.
    #[error("it cannot be read: {0}")]
    Wire(#[from] WireError),
    /// A byte was changed on the way.
    #[error("it is damaged: its digest is another")]
    Digest,
}

impl ProofFile {
    /// The file's bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.bytes(if self.noise.is_some() { NOISY_MAGIC } else { MAGIC });
        let (dataset, version, body) = (self.dataset.clone(), self.version, self.body);
        let (context, claim) = (self.context.clone(), self.claim.clone());
        Head { dataset, version, body, context, claim }.write(&mut writer);
        write_bytes(&mut writer, &self.statement);
        writer.u32(self.results.len() as u32);
        self.results.iter().for_each(|result| writer.u128(*result));
        write_bytes(&mut writer, &self.argument);
        if let Some(AnsweredNoise { file, release }) = &self.noise {
            write_bytes(&mut writer, file);
            writer.bytes(release.as_bytes());
        }
        with_digest(writer)
    }

    /// Reads a file's bytes.
    ///
    /// # Errors
    /// When they are not what [`ProofFile::encode`] writes.
    pub fn decode(bytes: &[u8]) -> Result<Self, ProofFileError> {
        let mut noisy = false;
        let content = without_digest(bytes, |magic| {
            noisy = magic == NOISY_MAGIC;
            noisy || magic == MAGIC
        })?;
        let mut reader = Reader::new(content);
        let file = Self::read(&mut reader, noisy)?;
        reader.end()?;
        Ok(file)
    }

    fn read(reader: &mut Reader<'_>, noisy: bool) -> Result<Self, WireError> {
        let Head { dataset, version, body, context, claim } = Head::read(reader)?;
        let statement = read_bytes(reader, STATEMENT_BYTES_MAX)?.to_vec();
        let count = reader.u32()? as usize;
        if count > CLAIMS_MAX {
            return Err(WireError::Value("so many results"));
        }
        // The bytes are there before room is made for what they hold.
        let results = reader.take(count * size_of::<u128>())?.chunks_exact(size_of::<u128>());
        let results = results.map(|bytes| Reader::new(bytes).u128()).collect::<Result<_, _>>()?;
        let argument = read_bytes(reader, ARGUMENT_BYTES_MAX)?.to_vec();
        let noise = match noisy {
            true => Some(AnsweredNoise {
                file: read_bytes(reader, NOISE_FILE_BYTES_MAX)?.to_vec(),
                release: StatementId::from_bytes(reader.array()?),
            }),
            false => None,
        };
        Ok(Self { dataset, version, body, context, claim, statement, results, argument, noise })
    }
}

impl Head {
    pub(super) fn write(&self, writer: &mut Writer) {
        write_text(writer, self.dataset.as_str());
        writer.u64(self.version);
        writer.bytes(&self.body);
        write_text(writer, self.context.origin.as_str());
        writer.u64(self.context.index);
        writer.bytes(self.context.leaf.as_bytes());
        writer.u8(u8::from(self.context.predecessor.is_some()));
        if let Some(predecessor) = &self.context.predecessor {
            writer.bytes(predecessor.as_bytes());
        }
        writer.u8(u8::from(self.context.audience.is_some()));
        if let Some(Audience { did, nonce }) = &self.context.audience {
            write_text(writer, did.as_str());
            writer.bytes(nonce);
        }
        write_text(writer, &self.claim);
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        let dataset = read_did(reader)?;
        let version = reader.u64()?;
        let body = reader.array()?;
        let origin = read_text(reader, NAME_BYTES_MAX)?;
        let origin: Origin = origin.parse().map_err(|_| WireError::Value("the origin of a log"))?;
        let index = reader.u64()?;
        let leaf = LogHash::from_bytes(reader.array()?);
        let predecessor = match reader.bool()? {
            true => Some(StatementId::from_bytes(reader.array()?)),
            false => None,
        };
        let audience = match reader.bool()? {
            true => Some(Audience { did: read_did(reader)?, nonce: reader.array()? }),
            false => None,
        };
        let claim = read_text(reader, CLAIM_BYTES_MAX)?.to_owned();
        let context = Context { origin, index, leaf, predecessor, audience };
        Ok(Self { dataset, version, body, context, claim })
    }
}

/// What was written, with the digest behind it.
pub(super) fn with_digest(writer: Writer) -> Vec<u8> {
    let mut bytes = writer.finish();
    let digest = accident_digest(&bytes);
    bytes.extend_from_slice(digest.as_bytes());
    bytes
}

/// What stands between the first 17 bytes and the digest.
pub(super) fn without_digest(
    bytes: &[u8],
    mut is_known: impl FnMut(&[u8]) -> bool,
) -> Result<&[u8], ProofFileError> {
    let Some(body_len) = bytes.len().checked_sub(DIGEST_BYTES) else {
        return Err(ProofFileError::Magic);
    };
    let (content, digest) = bytes.split_at(body_len);
    let known = content.split_at_checked(MAGIC.len()).filter(|(magic, _)| is_known(magic));
    let Some((_, rest)) = known else { return Err(ProofFileError::Magic) };
    match accident_digest(content).as_bytes() == digest {
        true => Ok(rest),
        false => Err(ProofFileError::Digest),
    }
}

/// A digest against accidents: who alters a file on purpose alters it too. What binds the file is
/// the release in the log, and what binds its results is the argument.
fn accident_digest(bytes: &[u8]) -> ChunkId {
    ChunkId::of(bytes)
}

pub(super) fn write_bytes(writer: &mut Writer, bytes: &[u8]) {
    writer.u32(bytes.len() as u32);
    writer.bytes(bytes);
}

fn write_text(writer: &mut Writer, text: &str) {
    write_bytes(writer, text.as_bytes());
}

pub(super) fn read_bytes<'a>(reader: &mut Reader<'a>, most: usize) -> Result<&'a [u8], WireError> {
    let length = reader.u32()? as usize;
    if length > most {
        return Err(WireError::Length);
    }
    reader.take(length)
}

fn read_text<'a>(reader: &mut Reader<'a>, most: usize) -> Result<&'a str, WireError> {
    std::str::from_utf8(read_bytes(reader, most)?).map_err(|_| WireError::Value("UTF-8"))
}

fn read_did(reader: &mut Reader<'_>) -> Result<Did, WireError> {
    read_text(reader, NAME_BYTES_MAX)?.parse().map_err(|_| WireError::Value("a DID"))
}

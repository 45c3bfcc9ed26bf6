//! NOISE: what is written down and logged before a claim is answered with noise
//! (docs/formats/noise-file.md).

use veritrail_proof::noise::{ANSWERS_MAX, NoiseProof};
use veritrail_proof::statement::Context;
use veritrail_proof::wire::{Reader, WireError, Writer};
use veritrail_provenance::identity::Did;

use super::super::proof_file::{
    Head, ProofFileError, read_bytes, with_digest, without_digest, write_bytes,
};

/// What a noise file begins with.
const MAGIC: &[u8; 17] = b"veritrail-noise/1";
/// The longest ask, in bytes.
const ASK_BYTES_MAX: usize = 16 << 10;
/// The longest proof that bits are bits, in bytes.
const ARGUMENT_BYTES_MAX: usize = 64 << 10;
/// The longest noise file.
pub const NOISE_FILE_BYTES_MAX: usize = 256 << 10;

/// A noise file: bits that were committed to, and what for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoiseFile {
    /// The dataset.
    pub dataset: Did,
    /// Its version's number.
    pub version: u64,
    /// BLAKE3 of what was committed, [`veritrail_proof::body::BodyHash`].
    pub body: [u8; 32],
    /// Where the version's statement stands, and what was released before. It has no audience: who
    /// asked stands in the ask.
    pub context: Context,
    /// The claim, in its one text.
    pub claim: String,
    /// The ask's bytes, [`veritrail_proof::noise::Ask::encode`].
    pub ask: Vec<u8>,
    /// The bits' commitments, and the proof that they are bits.
    pub bits: NoiseProof,
}

impl NoiseFile {
    /// The file's bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.bytes(MAGIC);
        let (dataset, version, body) = (self.dataset.clone(), self.version, self.body);
        let (context, claim) = (self.context.clone(), self.claim.clone());
        Head { dataset, version, body, context, claim }.write(&mut writer);
        write_bytes(&mut writer, &self.ask);
        write_bytes(&mut writer, &self.bits.points);
        write_bytes(&mut writer, &self.bits.proof);
        with_digest(writer)
    }

    /// Reads a file's bytes.
    ///
    /// # Errors
    /// When they are not what [`NoiseFile::encode`] writes.
    pub fn decode(bytes: &[u8]) -> Result<Self, ProofFileError> {
        let content = without_digest(bytes, |magic| magic == MAGIC)?;
        let mut reader = Reader::new(content);
        let Head { dataset, version, body, context, claim } = Head::read(&mut reader)?;
        if context.audience.is_some() {
            return Err(WireError::Value("no audience beside that of the ask").into());
        }
        let ask = read_bytes(&mut reader, ASK_BYTES_MAX)?.to_vec();
        let points = read_bytes(&mut reader, ANSWERS_MAX * 32)?.to_vec();
        let proof = read_bytes(&mut reader, ARGUMENT_BYTES_MAX)?.to_vec();
        reader.end()?;
        let bits = NoiseProof { points, proof };
        Ok(Self { dataset, version, body, context, claim, ask, bits })
    }

    /// Whether bytes say of themselves that they are a noise file of any version.
    pub fn is_one(bytes: &[u8]) -> bool {
        bytes.starts_with(&MAGIC[..MAGIC.len() - 1])
    }

    /// Whether they say so of a version that can be read here.
    pub fn is_known(bytes: &[u8]) -> bool {
        bytes.starts_with(MAGIC)
    }
}

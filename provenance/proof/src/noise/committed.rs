//! What is logged before the audience tells its nonce: commitments to one chunk of bits for each
//! integer, and the proof that they are bits.

use zeroize::Zeroizing;

use super::{Ask, NoiseError};
use crate::argument::equations::Equations;
use crate::argument::prove::{OpenColumn, prove};
use crate::argument::verify::verify as verify_relation;
use crate::argument::{Commitments, ProveError, VerifyError, proof_len};
use crate::body::Body;
use crate::columns::Cells;
use crate::commit::blinds::VersionSeed;
use crate::commit::commit_column;
use crate::curve::{self, ENCODED_LEN};
use crate::generators::CHUNK_ROWS;
use crate::ingest::prove::{OpenVersion, witness_digest};
use crate::relation::{Claim, Factor, Product, Relation, Weight};
use crate::statement::{Context, StatementError, absorb_body, absorb_place, absorb_predecessor};
use crate::transcript::{Channel, Entropy, Transcript};
use crate::wire::WireError;

/// Bits that were committed to, with the proof that they are bits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoiseProof {
    /// The encoded points, one for each integer.
    pub points: Vec<u8>,
    /// The argument.
    pub proof: Vec<u8>,
}

/// Committed bits that were checked. Can only be had from [`Committed::check`].
#[derive(Debug, Clone)]
pub struct Committed {
    ask: Ask,
    body: Body,
    context: Context,
    commitments: Commitments,
}

/// The opened bits: the holder's view.
pub(super) struct OpenBits {
    pub(super) column: OpenColumn,
}

/// Commits to bits for what is asked. They follow from the version's seed and from all that they are
/// for, so nothing has to be kept until the nonce is told.
///
/// # Errors
/// When it cannot be asked for.
pub fn commit(
    version: &OpenVersion,
    ask: &Ask,
    context: &Context,
    entropy: &Entropy,
) -> Result<NoiseProof, NoiseError> {
    let (_, answers) = ask.plan(&version.body)?;
    let chunks = answers.count();
    let bits = OpenBits::derive(version.seed(), &version.body, ask, chunks, context)?;
    let relation = relation(chunks)?;
    let mut transcript = Transcript::new();
    absorb(&mut transcript, &version.body, ask, context);
    let columns = [bits.column];
    let witness = witness_digest(&columns, version.seed());
    let secrets: [&[u8]; 2] = [version.seed().as_bytes(), witness.as_slice()];
    let mut blinds = transcript.blinds(&secrets, entropy);
    let proof = prove(&mut transcript, &relation, &columns, &mut blinds);
    let proof = proof.map_err(StatementError::from)?;
    Ok(NoiseProof { points: columns[0].commitments.bytes().to_vec(), proof })
}

impl Committed {
    /// Checks that bits were committed to for what is asked, and that their noise will hide a row as
    /// well as it says.
    ///
    /// # Errors
    /// When it is not shown.
    pub fn check(
        body: &Body,
        ask: &Ask,
        context: &Context,
        made: &NoiseProof,
    ) -> Result<Self, NoiseRefused> {
        Self::check_in(&mut Transcript::new(), body, ask, context, made)
    }

    /// As [`Committed::check`], over a channel of the caller's.
    ///
    /// # Errors
    /// When it is not shown.
    pub fn check_in(
        transcript: &mut impl Channel,
        body: &Body,
        ask: &Ask,
        context: &Context,
        made: &NoiseProof,
    ) -> Result<Self, NoiseRefused> {
        let (_, answers) = ask.plan(body)?;
        let chunks = answers.count();
        let relation = relation(chunks)?;
        let NoiseProof { points, proof } = made;
        if points.len() != chunks * ENCODED_LEN || proof.len() != proof_len(&relation) {
            return Err(WireError::Length.into());
        }
        let commitments = Commitments::decode(points, chunks)?;
        absorb(transcript, body, ask, context);
        let mut equations = Equations::new();
        verify_relation(transcript, &relation, &[&commitments], proof, &mut equations)?;
        equations.check()?;
        let (ask, body, context) = (ask.clone(), body.clone(), context.clone());
        Ok(Self { ask, body, context, commitments })
    }

    /// What was asked.
    pub fn ask(&self) -> &Ask {
        &self.ask
    }

    /// The version that it is about.
    pub fn body(&self) -> &Body {
        &self.body
    }

    /// What the bits are bound to.
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// Their commitments.
    pub fn commitments(&self) -> &Commitments {
        &self.commitments
    }
}

/// Why noise, or what is told with it, is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoiseRefused {
    /// It cannot be asked for.
    #[error(transparent)]
    Noise(#[from] NoiseError),
    /// The proof does not show it.
    #[error(transparent)]
    Proof(#[from] VerifyError),
}

impl From<StatementError> for NoiseRefused {
    fn from(error: StatementError) -> Self {
        Self::Noise(error.into())
    }
}

impl From<WireError> for NoiseRefused {
    fn from(error: WireError) -> Self {
        Self::Proof(error.into())
    }
}

impl OpenBits {
    /// The bits, their blinds and commitments.
    pub(super) fn derive(
        seed: &VersionSeed,
        body: &Body,
        ask: &Ask,
        chunks: usize,
        context: &Context,
    ) -> Result<Self, StatementError> {
        let place = place(body, ask, context);
        let mut bits = Zeroizing::new(vec![0u8; chunks * CHUNK_ROWS / 8]);
        keyed(seed, b"noise bits", &place).fill(&mut bits);
        let mut words = Zeroizing::new(vec![0u32; chunks * CHUNK_ROWS]);
        for at in 0..chunks {
            for coin in at * CHUNK_ROWS..at * CHUNK_ROWS + ask.coins_of(at).all() {
                words[coin] = u32::from(bits[coin / 8] >> (coin % 8) & 1);
            }
        }
        let mut wide = Zeroizing::new([0; 64]);
        let mut stream = keyed(seed, b"noise blinds", &place);
        let mut blinds = Zeroizing::new(Vec::with_capacity(chunks));
        for _ in 0..chunks {
            stream.fill(wide.as_mut_slice());
            blinds.push(curve::wide_scalar(&wide));
        }
        let cells = Cells::Values { words: std::sync::Arc::new(words), bits: 1 };
        let points = commit_column(&cells, &blinds);
        let commitments = Commitments::new(points).map_err(ProveError::from)?;
        Ok(Self { column: OpenColumn { cells, blinds, commitments } })
    }
}

/// All rows of the only column are bits.
fn relation(chunks: usize) -> Result<Relation, StatementError> {
    let bit = Factor::Column(0);
    let products = vec![
        Product { coefficient: 1, factors: vec![bit, bit] },
        Product { coefficient: -1, factors: vec![bit] },
    ];
    let claim = Claim { weight: Weight::Zero, products, sum: 0 };
    let rows = (chunks * CHUNK_ROWS) as u64;
    Ok(Relation::new(rows, 1, Vec::new(), vec![claim])?)
}

/// Absorbs all that the bits' proof is bound to, up to its column.
pub fn absorb(transcript: &mut impl Channel, body: &Body, ask: &Ask, context: &Context) {
    absorb_body(transcript, b"noise", body);
    absorb_place(transcript, context);
    absorb_predecessor(transcript, context);
    transcript.bytes(b"ask", &ask.encode());
}

/// What the bits are for, as one text of bytes.
fn place(body: &Body, ask: &Ask, context: &Context) -> Vec<u8> {
    let mut hasher = blake3::Hasher::new();
    hasher.update(body.hash().as_bytes());
    hasher.update(&(context.origin.as_str().len() as u32).to_le_bytes());
    hasher.update(context.origin.as_str().as_bytes());
    hasher.update(&context.index.to_le_bytes());
    hasher.update(context.leaf.as_bytes());
    hasher.update(&[u8::from(context.predecessor.is_some())]);
    if let Some(predecessor) = &context.predecessor {
        hasher.update(predecessor.as_bytes());
    }
    hasher.update(&ask.encode());
    hasher.finalize().as_bytes().to_vec()
}

fn keyed(seed: &VersionSeed, what: &[u8], place: &[u8]) -> blake3::OutputReader {
    let mut hasher = blake3::Hasher::new_keyed(seed.as_bytes());
    hasher.update(what);
    hasher.update(place);
    hasher.finalize_xof()
}

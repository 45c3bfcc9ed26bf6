//! Numbers that public linear forms make of single chunks, committed to and not told.
//!
//! For each chunk with commitment C and public vector R, the prover commits to ⟨v, R⟩ as V and opens
//! C + x·V as the opening of columns does, where x is drawn after all V. Other chunks may hold other
//! vectors, so each is opened by itself: 26 elements a chunk. Steps are numbered in
//! docs/formats/proof.md, "Noise".

use ark_ff::{Field, Zero};
use zeroize::Zeroizing;

use super::equations::Equations;
use super::opening::{self, Masked, Opened};
use super::prove::Hidden;
use super::{ProveError, VerifyError, encode_sums, inner, inner_product};
use crate::commit::commit_value;
use crate::curve::{self, ENCODED_LEN, Encoded, Point, Scalar};
use crate::generators::{CHUNK_BITS, CHUNK_ROWS};
use crate::transcript::{Blinds, Channel};
use crate::wire::{Reader, Writer};

/// A chunk and what is made of it.
pub struct OpenForm {
    /// The 2,048 numbers of the chunk.
    pub numbers: Zeroizing<Vec<Scalar>>,
    /// The blind of its commitment.
    pub blind: Scalar,
    /// The public vector, as long.
    pub form: Vec<Scalar>,
    /// What it makes of the numbers, [`OpenForm::made`]; a verifier refuses another value.
    pub value: Scalar,
}

impl OpenForm {
    /// What the vector makes of the numbers.
    pub fn made(numbers: &[Scalar], form: &[Scalar]) -> Scalar {
        inner_product(numbers, form)
    }
}

/// Bytes of the proof about so many chunks.
pub fn forms_len(chunks: usize) -> usize {
    chunks * (2 + 1 + 2 * CHUNK_BITS + 1) * ENCODED_LEN
}

/// Proves, and says what opens each V. Chunks, their commitments and their forms have been absorbed.
///
/// # Errors
/// When a vector is of another length.
pub fn prove_forms(
    transcript: &mut impl Channel,
    forms: &[OpenForm],
    blinds: &mut impl Blinds,
) -> Result<(Vec<Hidden>, Vec<u8>), ProveError> {
    let long = |form: &OpenForm| (form.numbers.len(), form.form.len());
    if forms.iter().any(|form| long(form) != (CHUNK_ROWS, CHUNK_ROWS)) {
        return Err(ProveError::Shape);
    }
    let mut writer = Writer::new();
    let values: Vec<Hidden> =
        forms.iter().map(|form| Hidden { value: form.value, blind: blinds.draw() }).collect();
    let commitments: Vec<_> = values.iter().map(Hidden::commit).collect();
    for point in encode_sums(&commitments)? {
        transcript.point(b"form", &point);
        writer.bytes(&point);
    }
    let x = transcript.challenge(b"x")?;
    let mut masked = Vec::with_capacity(forms.len());
    for form in forms {
        let mask = opening::mask(&form.form, &x, blinds)?;
        transcript.point(b"opening", &mask.message);
        writer.bytes(&mask.message);
        masked.push(mask);
    }
    let challenge = transcript.challenge(b"c")?;
    for ((form, value), mask) in forms.iter().zip(&values).zip(masked) {
        respond(transcript, form, value, mask, (&x, &challenge), &mut writer)?;
    }
    // The verifier weighs its equations here, and another proof goes on under this transcript.
    transcript.challenges(b"weigh", forms.len())?;
    Ok((values, writer.finish()))
}

fn respond(
    transcript: &mut impl Channel,
    form: &OpenForm,
    value: &Hidden,
    mask: Masked,
    (x, challenge): (&Scalar, &Scalar),
    writer: &mut Writer,
) -> Result<(), ProveError> {
    let blind = form.blind + *x * value.blind;
    let opened = Opened { v: form.numbers.clone(), blind };
    let (response, blind) = mask.respond(&opened, challenge);
    transcript.scalar(b"response", &blind);
    writer.bytes(&curve::encode_scalar(&blind));
    let folded = inner::prove(transcript, response, form.form.clone(), x)?;
    folded.sides.iter().flatten().for_each(|side| writer.bytes(side));
    transcript.scalar(b"last", &folded.last);
    writer.bytes(&curve::encode_scalar(&folded.last));
    Ok(())
}

/// Checks what [`prove_forms`] made of these chunks' commitments, and gives each V. This is a proof of
/// its own: its equations are decided here, not with those of another.
///
/// # Errors
/// When it does not show it.
pub fn verify_forms(
    transcript: &mut impl Channel,
    chunks: &[Point],
    forms: &[Vec<Scalar>],
    proof: &[u8],
) -> Result<Vec<Point>, VerifyError> {
    if chunks.len() != forms.len() || forms.iter().any(|form| form.len() != CHUNK_ROWS) {
        return Err(VerifyError::Shape);
    }
    let mut reader = Reader::new(proof);
    let mut read = |transcript: &mut _, label| read_points(&mut reader, transcript, label, chunks);
    let values = read(transcript, b"form")?;
    let x = transcript.challenge(b"x")?;
    let masks = read(transcript, b"opening")?;
    let challenge = transcript.challenge(b"c")?;
    let mut openings = Vec::with_capacity(chunks.len());
    for _ in chunks {
        openings.push(Opening::read(&mut reader, transcript)?);
    }
    reader.end()?;
    // Every message is in the transcript: now the equations can be weighed.
    let weigh = transcript.challenges(b"weigh", chunks.len())?;
    let mut equations = Equations::new();
    equations.next_proof()?;
    for (at, by) in weigh.iter().enumerate() {
        equations.point(masks[at], *by);
        equations.point(chunks[at], *by * challenge);
        equations.point(values[at], *by * challenge * x);
        openings[at].add(&forms[at], &x, by, &mut equations);
    }
    equations.check()?;
    Ok(values)
}

fn read_points<C: Channel>(
    reader: &mut Reader<'_>,
    transcript: &mut C,
    label: &'static [u8],
    chunks: &[Point],
) -> Result<Vec<Point>, VerifyError> {
    let mut points = Vec::with_capacity(chunks.len());
    for _ in chunks {
        let (point, bytes) = reader.point()?;
        transcript.point(label, &bytes);
        points.push(point);
    }
    Ok(points)
}

/// What is read of one chunk after the challenge.
struct Opening {
    blind: Scalar,
    sides: Vec<(Point, Scalar)>,
    inverses: Vec<Scalar>,
    last: Scalar,
}

impl Opening {
    fn read(reader: &mut Reader<'_>, transcript: &mut impl Channel) -> Result<Self, VerifyError> {
        let blind = reader.scalar()?;
        transcript.scalar(b"response", &blind);
        let (mut sides, mut inverses) = (Vec::new(), Vec::new());
        for _ in 0..CHUNK_BITS {
            let (left, left_bytes) = reader.point()?;
            let (right, right_bytes) = reader.point()?;
            let pair: [Encoded; 2] = [left_bytes, right_bytes];
            let fold = inner::round_challenge(transcript, &pair)?;
            let inverse = fold.inverse().unwrap_or_default();
            sides.extend([(left, fold), (right, inverse)]);
            inverses.push(inverse);
        }
        let last = reader.scalar()?;
        transcript.scalar(b"last", &last);
        Ok(Self { blind, sides, inverses, last })
    }

    /// Adds by·(−ζH + Σ(u·L + u⁻¹·M) − w·⟨s, G⟩ − w·⟨s, R⟩·x·Q).
    fn add(&self, form: &[Scalar], x: &Scalar, by: &Scalar, equations: &mut Equations) {
        equations.blind(-(*by * self.blind));
        for (point, scalar) in &self.sides {
            equations.point(*point, *by * scalar);
        }
        let factors = inner::generator_factors(&self.inverses);
        let last = -(*by * self.last);
        equations.rows(&factors, &last);
        equations.value(last * inner_product(&factors, form) * x);
    }
}

/// value·Q − V: the commitment to what is left of a number that is told when what V hides is taken
/// away.
pub fn rest(value: &Scalar, of: &Point) -> Point {
    let sum = commit_value(value, &Scalar::zero()) - *of;
    curve::normalize(&[sum])[0]
}

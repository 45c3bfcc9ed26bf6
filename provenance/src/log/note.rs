//! Signed notes (c2sp.org/signed-note): how a log signs its head, and how a reader checks it.
//!
//! A note is a text, a blank line, and lines `— <name> <base64(key id ‖ signature)>`. Only Ed25519
//! (type 01) is verified here; signatures and keys of other types are carried and count as
//! unknown, so that witnesses' cosignatures pass through untouched.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::identity::{Signature, Signer, verify};

pub use self::vkey::{ED25519, VKey, VKeyError};

mod vkey;

/// Bytes of a note that is read at all.
pub const NOTE_SIZE_MAX: usize = 65_536;

/// Signature lines of a note that are read; more are refused, so that a hostile note cannot buy
/// unbounded work. The specification asks for at least 16.
pub const SIGNATURES_MAX: usize = 64;

/// Why bytes are no note, or a note cannot be relied on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// Larger than [`NOTE_SIZE_MAX`].
    #[error("a note of {0} bytes is larger than {NOTE_SIZE_MAX}")]
    TooLarge(usize),
    /// Bytes that are no text, or control characters.
    #[error("a note is UTF-8 text without control characters")]
    NotText,
    /// The text is empty, or the blank line before the signatures is missing.
    #[error("the note has no blank line between a text and its signatures")]
    NoSignatures,
    /// A signature line is not in its form.
    #[error("signature line {line} is malformed: {reason}")]
    Line {
        /// Number of the signature line, from 1.
        line: usize,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// More than [`SIGNATURES_MAX`] signatures.
    #[error("a note has at most {SIGNATURES_MAX} signatures, not {0}")]
    TooManySignatures(usize),
    /// A name that cannot stand in a signature line.
    #[error("{0:?} is no key name: it must be non-empty, without spaces and '+'")]
    Name(String),
    /// The text was altered, or the signature made by another key: the note is refused whole.
    #[error("the signature by {0} does not verify")]
    BadSignature(VKey),
    /// No signature is by a key that the reader knows.
    #[error("no signature is by a known key (the note is signed by: {0})")]
    NoKnownKey(String),
}

/// One signature line: whose key it claims, and the bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteSignature {
    /// Name of the key.
    pub name: String,
    /// First four bytes of the hash that names the key.
    pub key_id: [u8; 4],
    /// What follows the key id: 64 bytes for Ed25519.
    pub signature: Vec<u8>,
}

/// A note as read: nothing about its signatures has been checked before [`Note::verify`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<NoteSignature>,
}

impl Note {
    /// Reads a note strictly.
    ///
    /// # Errors
    /// When it is too large, no text, has no signature, or a malformed one.
    pub fn parse(bytes: &[u8]) -> Result<Self, NoteError> {
        if bytes.len() > NOTE_SIZE_MAX {
            return Err(NoteError::TooLarge(bytes.len()));
        }
        let note = std::str::from_utf8(bytes).map_err(|_| NoteError::NotText)?;
        if note.chars().any(|c| c.is_control() && c != '\n') {
            return Err(NoteError::NotText);
        }
        let split = note.rfind("\n\n").ok_or(NoteError::NoSignatures)?;
        let (text, lines) = (&note[..=split], &note[split + 2..]);
        if lines.is_empty() {
            return Err(NoteError::NoSignatures);
        }
        let Some(lines) = lines.strip_suffix('\n') else {
            let line = lines.split('\n').count();
            return Err(NoteError::Line { line, reason: "it does not end with a newline" });
        };
        let count = lines.split('\n').count();
        if count > SIGNATURES_MAX {
            return Err(NoteError::TooManySignatures(count));
        }
        let signatures = lines
            .split('\n')
            .enumerate()
            .map(|(line, text)| {
                parse_line(text).map_err(|reason| NoteError::Line { line: line + 1, reason })
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { text: text.to_owned(), signatures })
    }

    /// Signs `text` (which ends with a newline) under the key name `name`. Ed25519 signing draws
    /// no randomness: the same text, name and key give the same note.
    ///
    /// # Errors
    /// When the text is empty, does not end with a newline or holds control characters, or `name`
    /// is no key name.
    pub fn sign(text: &str, name: &str, signer: &dyn Signer) -> Result<Self, NoteError> {
        if text.chars().any(|c| c.is_control() && c != '\n') {
            return Err(NoteError::NotText);
        }
        if !text.ends_with('\n') {
            return Err(NoteError::NoSignatures);
        }
        let key = VKey::ed25519(name, signer.public_key())?;
        let signature = signer.sign(text.as_bytes()).as_bytes().to_vec();
        let signature = NoteSignature { name: name.to_owned(), key_id: key.key_id(), signature };
        Ok(Self { text: text.to_owned(), signatures: vec![signature] })
    }

    /// What is signed, with its last newline.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// All signatures, known or not, in the note's order.
    pub fn signatures(&self) -> &[NoteSignature] {
        &self.signatures
    }

    /// The note with further signatures (a witness's) behind its own.
    ///
    /// # Errors
    /// When there would be more than [`SIGNATURES_MAX`].
    pub fn with_signatures(mut self, more: Vec<NoteSignature>) -> Result<Self, NoteError> {
        self.signatures.extend(more);
        if self.signatures.len() > SIGNATURES_MAX {
            return Err(NoteError::TooManySignatures(self.signatures.len()));
        }
        Ok(self)
    }

    /// The keys among `known` that signed this note, in the order of `known`; never empty.
    ///
    /// # Errors
    /// When a signature that names a known Ed25519 key does not verify (then the whole note is
    /// refused, as the specification asks), or no known key signed.
    pub fn verify<'k>(&self, known: &'k [VKey]) -> Result<Vec<&'k VKey>, NoteError> {
        let mut signed = Vec::new();
        for key in known {
            let Some(public) = key.public_key() else { continue };
            let theirs = |s: &&NoteSignature| s.name == key.name() && s.key_id == key.key_id();
            let mut found = false;
            for line in self.signatures.iter().filter(theirs) {
                let bad = || NoteError::BadSignature(key.clone());
                let bytes: [u8; 64] = line.signature.as_slice().try_into().map_err(|_| bad())?;
                verify(public, self.text.as_bytes(), &Signature::from_bytes(bytes))
                    .map_err(|_| bad())?;
                found = true;
            }
            if found && !signed.contains(&key) {
                signed.push(key);
            }
        }
        if signed.is_empty() { Err(NoteError::NoKnownKey(self.signers())) } else { Ok(signed) }
    }

    /// Bytes of the note, as [`Note::parse`] reads them.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.to_string().into_bytes()
    }

    fn signers(&self) -> String {
        let name = |s: &NoteSignature| format!("{}+{}", s.name, hex::encode(s.key_id));
        self.signatures.iter().take(16).map(name).collect::<Vec<_>>().join(", ")
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures.iter().try_for_each(|signature| writeln!(f, "{signature}"))
    }
}

impl fmt::Display for NoteSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = [&self.key_id[..], &self.signature].concat();
        write!(f, "— {} {}", self.name, STANDARD.encode(bytes))
    }
}

/// Whether `name` can stand in a signature line.
pub(crate) fn is_key_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(|c: char| c.is_whitespace() || c.is_control() || c == '+')
}

fn parse_line(line: &str) -> Result<NoteSignature, &'static str> {
    let line = line.strip_prefix("— ").ok_or("it does not start with an em dash and a space")?;
    let (name, bytes) = line.split_once(' ').ok_or("it has no signature")?;
    if !is_key_name(name) {
        return Err("its key name is empty or holds a space or '+'");
    }
    let bytes = STANDARD.decode(bytes).map_err(|_| "its signature is not base64")?;
    match bytes.split_first_chunk::<4>() {
        Some((key_id, signature)) if !signature.is_empty() => Ok(NoteSignature {
            name: name.to_owned(),
            key_id: *key_id,
            signature: signature.to_vec(),
        }),
        _ => Err("its signature is shorter than a key id and one byte"),
    }
}

//! Reading a proof file that somebody handed over: bounded, and nothing believed yet.

use std::{
    io::{ErrorKind, Read as _},
    path::Path,
};

use veritrail_provenance::hash::ChunkId;

use super::CheckRequest;
use crate::{
    claims::{NoiseFile, PROOF_FILE_BYTES_MAX, ProofFile, WrittenClaim},
    error::{Kind, NodeError, OrKind as _, Result},
    node::plain_file,
};

/// What proof files of any version begin with, and those of the known ones go on with.
const BEGINS: (&[u8], [&[u8]; 2]) = (b"veritrail-proof/", [b"1", b"2"]);

/// What every refused proof comes to.
const DO_NOT_RELY: &str = "do not rely on it; ask its holder for the proof that the log names";

/// A proof file as it was read.
pub(super) struct Given {
    place: String,
    /// The file's BLAKE3.
    pub(super) id: ChunkId,
    pub(super) bytes: Vec<u8>,
    pub(super) file: ProofFile,
}

impl Given {
    pub(super) fn read(request: &CheckRequest) -> Result<Self> {
        let place = request.file.display().to_string();
        let bytes = read_bounded(&request.file, PROOF_FILE_BYTES_MAX, "proof file");
        let bytes = bytes.map_err(|e| e.at(&place))?;
        if NoiseFile::is_one(&bytes) {
            return Err(NodeError::usage("it commits to noise, and holds no results yet")
                .at(&place)
                .hint(
                    "who asked sees whether it was released, and tells the nonce for it: veritrail noise \
                     reveal FILE --nonce FILE",
                ));
        }
        check_version(&bytes).map_err(|e| e.at(&place))?;
        let file = ProofFile::decode(&bytes).or_refused();
        let file = file.map_err(|e| {
            e.at(&place).hint(format!("{DO_NOT_RELY}; a bundle belongs behind --offline"))
        })?;
        let given = Self { place, id: ChunkId::of(&bytes), bytes, file };
        if let Some(nonce) = &request.nonce {
            given.check_nonce(nonce)?;
        }
        Ok(given)
    }

    /// The same refusal, about this file.
    pub(super) fn refused(&self, error: NodeError) -> NodeError {
        error.at(&self.place).hint(DO_NOT_RELY)
    }

    fn check_nonce(&self, nonce: &str) -> Result<()> {
        let asked = WrittenClaim::nonce(nonce).or_kind(Kind::Usage).map_err(|e| e.at("--nonce"))?;
        let made_for = self.file.context.audience.as_ref();
        if made_for.is_some_and(|audience| audience.nonce == asked) {
            return Ok(());
        }
        let words = match made_for {
            Some(audience) => {
                format!("it was made for another nonce, {}", hex::encode(audience.nonce))
            }
            None => "it was made for no nonce".to_owned(),
        };
        Err(self.refused(NodeError::refused(words)))
    }
}

/// Where a file says of itself that it is a proof, or noise for one: what it is for.
pub(in crate::node) fn meant_for(path: &Path) -> Option<String> {
    let mut start = Vec::new();
    let (begins, _) = BEGINS;
    let read = plain_file::open(path)
        .and_then(|file| file.take(begins.len() as u64).read_to_end(&mut start));
    let path = path.display();
    match read {
        Ok(_) if start == begins => Some(format!("it is a proof: veritrail check {path}")),
        Ok(_) if NoiseFile::is_one(&start) => Some(format!(
            "it commits to noise: who asked sees whether it holds, veritrail noise reveal {path}"
        )),
        _ => None,
    }
}

/// The bytes of a file that somebody was given, bounded.
pub(in crate::node) fn read_bounded(path: &Path, limit: usize, noun: &str) -> Result<Vec<u8>> {
    let unread = |e: std::io::Error| match e.kind() {
        ErrorKind::NotFound => NodeError::not_found("no such file")
            .hint(format!("name the {noun} that you were given")),
        ErrorKind::InvalidInput => NodeError::usage(e.to_string()).hint(format!("name a {noun}")),
        _ => NodeError::failed(e.to_string()).hint(format!("name a {noun} that can be read")),
    };
    let limit = limit as u64;
    let mut bytes = Vec::new();
    plain_file::open(path)
        .map_err(unread)?
        .take(limit + 1)
        .read_to_end(&mut bytes)
        .map_err(unread)?;
    if bytes.len() as u64 > limit {
        return Err(NodeError::refused(format!("it is longer than any {noun}")).hint(DO_NOT_RELY));
    }
    Ok(bytes)
}

/// A later version is no fault of the file.
fn check_version(bytes: &[u8]) -> Result<()> {
    let (begins, versions) = BEGINS;
    match bytes.strip_prefix(begins) {
        Some(rest) if !versions.iter().any(|version| rest.starts_with(version)) => {
            Err(NodeError::could_not_check("it is a proof file of a version not known here")
                .hint("a newer version of this program may read it"))
        }
        _ => Ok(()),
    }
}

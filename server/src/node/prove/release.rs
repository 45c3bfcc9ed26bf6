//! The last step of a proof: its file, then the statement that names it; both or neither.

use std::{io::ErrorKind, path::Path};

use veritrail_provenance::{
    hash::{ChunkId, StatementId},
    identity::SeedSigner,
    ledger::{
        queries,
        rows::{Newest, ReleaseRow},
    },
    statement::{CommittedNoise, Payload, ProofRelease, StatementRef},
};

use crate::{
    error::{NodeError, OrKind as _, Result},
    node::{Node, new_file::NewFile, resolve::FoundVersion},
    stop::Stop,
};

/// Refuses a name that is taken, or in no folder, before anything long begins.
pub(super) fn check_free(out: &Path) -> Result<()> {
    if out.symlink_metadata().is_ok() {
        return Err(taken(out));
    }
    let folder = out.parent().filter(|folder| !folder.as_os_str().is_empty());
    match folder.map(Path::metadata) {
        Some(Err(e)) => Err(unwritten(&e, out)),
        _ => Ok(()),
    }
}

/// A file that is about to be released.
pub(super) struct Sealed {
    pub(super) bytes: Vec<u8>,
    /// What it states, to hold later claims against; nothing where it bears or commits to noise.
    pub(super) statement: Option<Vec<u8>>,
    pub(super) noise: Option<CommittedNoise>,
    pub(super) answers: Option<StatementId>,
}

/// A file that was released.
pub(super) struct Released {
    pub(super) proof: ChunkId,
    pub(super) bytes: u64,
    pub(super) number: u64,
    pub(super) at: StatementRef,
}

impl Released {
    /// Where its release stands, `ORIGIN#N`.
    pub(super) fn log(&self) -> String {
        format!("{}#{}", self.at.origin, self.at.index)
    }
}

impl Node {
    /// Writes the file and logs its release as the one after `last`.
    pub(super) fn release(
        &self,
        found: &FoundVersion,
        signer: &SeedSigner,
        last: Option<Newest>,
        sealed: Sealed,
        out: &Path,
        stop: &Stop,
    ) -> Result<Released> {
        let Sealed { bytes, statement, noise, answers } = sealed;
        let release = ProofRelease {
            number: last.map_or(0, |last| last.number) + 1,
            previous: last.map(|last| last.at.id),
            version: found.statement(),
            version_number: found.row.payload.number,
            proof: ChunkId::of(&bytes),
            bytes: bytes.len() as u64,
            noise,
            answers,
        };
        // From here on a wish to stop waits: a file without a statement, or the other way round,
        // would be half of a release.
        let _held = stop.hold()?;
        // The file is there for good before a statement names it, and goes again if none does.
        let written = NewFile::durable(out, &bytes).map_err(|e| unwritten(&e, out))?;
        if let Some(statement) = &statement {
            self.settings().set_released(&release.proof, statement).or_failed()?;
        }
        let row = match self.log_release(found, signer, &release) {
            Ok(row) => row,
            Err(e) => match self.released_after_all(&release, found) {
                Ok(Some(row)) => row,
                Ok(None) => {
                    self.settings().remove_released(&release.proof).or_failed()?;
                    return Err(e);
                }
                Err(_) => {
                    written.keep();
                    return Err(e);
                }
            },
        };
        written.keep();
        let at = StatementRef { origin: found.origin.clone(), index: row.at.index, id: row.at.id };
        Ok(Released { proof: release.proof, bytes: release.bytes, number: release.number, at })
    }

    fn log_release(
        &self,
        found: &FoundVersion,
        signer: &SeedSigner,
        release: &ProofRelease,
    ) -> Result<ReleaseRow> {
        self.append(|node| {
            if node.newest_release(found)? != release.previous {
                return Err(NodeError::conflict("another proof was released meanwhile")
                    .at(found.portable())
                    .hint("run the same command again: a proof names the release before it"));
            }
            let payload = Payload::ProofRelease(release.clone());
            Ok(Some(vec![node.sign(signer, found.did.to_string(), payload)?]))
        })?;
        self.counted(release, found)?.ok_or_else(|| {
            NodeError::refused("the ledger does not count the release")
                .at(found.portable())
                .hint("look for the reason: veritrail log show")
        })
    }

    /// Whether the log has a release of which its append said that it failed: it may yet be
    /// finished by whoever opens the log next, so it is opened here, to know. On doubt, which is an
    /// error here, the file stays: a release without its file could never be checked.
    fn released_after_all(
        &self,
        release: &ProofRelease,
        found: &FoundVersion,
    ) -> Result<Option<ReleaseRow>> {
        Self::open(self.home().path())?.counted(release, found)
    }

    fn counted(&self, release: &ProofRelease, found: &FoundVersion) -> Result<Option<ReleaseRow>> {
        let (origin, did) = (&found.origin, &found.did);
        let (version, number) = (release.version_number, release.number);
        let row = queries::release(self.view(), origin, did, version, number).or_failed()?;
        Ok(row.filter(|row| row.payload.proof == release.proof))
    }

    fn newest_release(&self, found: &FoundVersion) -> Result<Option<StatementId>> {
        let number = found.row.payload.number;
        let last = queries::last_release(self.view(), &found.origin, &found.did, number);
        Ok(last.or_failed()?.map(|last| last.at.id))
    }
}

fn taken(out: &Path) -> NodeError {
    NodeError::conflict("there is a file of this name, which is kept").at(out.display()).hint(
        "name another file, or remove it first; where an interrupted command left it, no release \
             names it (veritrail show REF lists them), and it is worth nothing",
    )
}

fn unwritten(error: &std::io::Error, out: &Path) -> NodeError {
    match error.kind() {
        ErrorKind::AlreadyExists => taken(out),
        _ => NodeError::failed(format!("cannot write the file: {error}")).at(out.display()).hint(
            "name a file in a folder that is there and may be written to; nothing was logged",
        ),
    }
}

//! Verifying a reference: its statements, logs and signers from evidence that this home holds, as
//! if a stranger had sent it; then the bytes that are here.

use veritrail_proof::ingest::Checked;
use veritrail_provenance::{
    evidence,
    lineage::{Pick, Subject},
    trust::TrustRoots,
};

use crate::{
    error::{Kind, Result},
    node::{
        Node, claims,
        evidence::BlobsInside,
        private,
        report::{Conclusion, DataCheck, Verification},
        resolve::{FoundVersion, Resolved},
    },
    progress::Progress,
};

impl Node {
    /// Verifies what `reference` names, from the home's own keys, trust.toml and `trust`. Reads
    /// and hashes every byte of it that is held here.
    pub async fn verify(
        &self,
        reference: &str,
        trust: &[String],
        progress: &dyn Progress,
    ) -> Result<Verification> {
        let roots = self.trust_roots(trust)?;
        let resolved = self.resolve(reference)?;
        self.verify_resolved(&resolved, &roots, progress).await
    }

    pub(super) async fn verify_resolved(
        &self,
        resolved: &Resolved,
        roots: &TrustRoots,
        progress: &dyn Progress,
    ) -> Result<Verification> {
        let mut done = self.verify_statements(resolved, roots).await?;
        // Bytes are held against what the statements say, so against nothing where those fail.
        let bytes = match resolved {
            Resolved::Run(run) => Resolved::Output(run.clone()).bytes(),
            other => other.bytes(),
        };
        if let (Some(bytes), true) = (bytes, done.conclusion < Conclusion::Failed) {
            self.verify_data(&bytes, &mut done, progress).await?;
        }
        if let (Resolved::Version(found), true) = (resolved, done.conclusion < Conclusion::Failed) {
            self.verify_private(found, &mut done).await?;
        }
        Ok(done)
    }

    /// The answer without the bytes: statements, logs, signers, receipts.
    pub(in crate::node) async fn verify_statements(
        &self,
        resolved: &Resolved,
        roots: &TrustRoots,
    ) -> Result<Verification> {
        let collected = self.collect(resolved, &[], BlobsInside::All).await?;
        let subject = pinned(resolved, roots);
        let report = evidence::verify(&collected.evidence, roots, &[], &subject);
        let mut done = Verification::of(resolved.portable(), &report);
        claims::check(&collected.evidence, &report, &mut done);
        Ok(done)
    }

    /// Checks the commitments of a private version, every ingest proof, where they are held here,
    /// and gives them. What is wrong or not here is told in `done`.
    pub(in crate::node) async fn verify_private(
        &self,
        found: &FoundVersion,
        done: &mut Verification,
    ) -> Result<Option<Checked>> {
        let Some(manifest) = self.manifest(&found.row.payload.manifest).await? else {
            return Ok(None);
        };
        let access = &found.row.payload.access;
        if let Err(e) = private::same_access(access, manifest.private().is_some()) {
            done.add_finding(format!("{}: {e}", found.portable()));
            return Ok(None);
        }
        if manifest.private().is_none() {
            return Ok(None);
        }
        let held = match self.commitments(found).await {
            Err(e) if e.kind == Kind::NotFound => {
                done.add_open(format!("{}: {}", found.portable(), e.message));
                return Ok(None);
            }
            held => held,
        };
        let checked = held.and_then(|held| tokio::task::block_in_place(|| held.check()));
        match checked {
            Err(e) => {
                done.add_finding(format!("{}: {e}", found.portable()));
                Ok(None)
            }
            Ok(checked) => {
                let rows = checked.body().rows;
                let words = private::well_formed(rows);
                let data = done.data.take();
                let (checked_bytes, bytes) = data.map_or((0, 0), |d| (d.checked_bytes, d.bytes));
                let words = match checked_bytes {
                    0 => words,
                    _ => format!(
                        "{words}; {checked_bytes} of {bytes} encrypted bytes are here and right"
                    ),
                };
                done.data = Some(DataCheck { checked_bytes, bytes, words });
                Ok(Some(checked))
            }
        }
    }
}

/// The subject, with the genesis that the reader pinned for its dataset where it is that one. A pin
/// that names another is left to the verification, which then says that this one is a fork.
fn pinned(resolved: &Resolved, roots: &TrustRoots) -> Subject {
    let Resolved::Version(version) = resolved else { return resolved.subject() };
    let pin = roots.signers(&version.did).find_map(|signer| signer.genesis);
    Subject::Dataset {
        dataset: version.did.clone(),
        version: Pick::Number(version.row.payload.number),
        genesis: pin.filter(|genesis| *genesis == version.dataset.genesis.id),
    }
}

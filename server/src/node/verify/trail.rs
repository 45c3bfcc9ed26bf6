//! Verifying a reference: its statements, logs and signers from evidence that this home holds, as
//! if a stranger had sent it; then the bytes that are here.

use veritrail_provenance::{
    evidence,
    lineage::{Pick, Subject},
    trust::TrustRoots,
};

use crate::{
    error::Result,
    node::{
        Node, claims,
        evidence::BlobsInside,
        report::{Conclusion, Verification},
        resolve::Resolved,
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
        let collected = self.collect(resolved, &[], BlobsInside::All).await?;
        let subject = pinned(resolved, roots);
        let report = evidence::verify(&collected.evidence, roots, &[], &subject);
        let mut done = Verification::of(resolved.portable(), &report);
        claims::check(&collected.evidence, &report, &mut done);
        // Bytes are held against what the statements say, so against nothing where those fail.
        let bytes = match resolved {
            Resolved::Run(run) => Resolved::Output(run.clone()).bytes(),
            other => other.bytes(),
        };
        if let (Some(bytes), true) = (bytes, done.conclusion < Conclusion::Failed) {
            self.verify_data(&bytes, &mut done, progress).await?;
        }
        Ok(done)
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

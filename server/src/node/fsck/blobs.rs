//! Blobs against their hashes, and what statements name against the blobs that are here.

use std::collections::BTreeSet;

use veritrail_provenance::hash::ChunkId;
use veritrail_storage::blob::{BlobError, Sealed};

use super::{Fsck, Rebuild};
use crate::{
    error::{OrKind as _, Result},
    node::{Node, resolve::Resolved},
    progress::Progress,
};

/// Damaged or missing blobs that are told; the rest is counted.
const TOLD_MAX: usize = 200;

impl Node {
    /// Hashes every blob, and takes away what interrupted writers left half-written. With
    /// [`Rebuild::State`] damaged blobs are taken away too, so that they can be fetched or
    /// published again.
    pub(super) async fn check_blobs(
        &self,
        rebuild: Rebuild,
        found: &mut Fsck,
        progress: &dyn Progress,
    ) -> Result<()> {
        let swept = self.home().parts().blobs.sweep().or_failed()?;
        if !swept.is_empty() {
            let remark = format!("{} half-written blobs were taken away", swept.len());
            found.remarks.push(remark);
        }
        let blobs = self.blobs();
        progress.begin("checking blobs", None);
        for id in blobs.list().await.or_failed()? {
            match blobs.read_all(&id).await {
                Ok(bytes) => {
                    found.blobs += 1;
                    found.blob_bytes += bytes.len() as u64;
                    progress.advance(bytes.len() as u64);
                    let outboard = Sealed::new(bytes).or_failed()?.outboard().clone();
                    if blobs.outboard(&id).await.or_failed()? != outboard {
                        let damage = format!("blob {id}: its tree of hashes is damaged");
                        self.damaged(rebuild, &id, damage, found).await?;
                    }
                }
                Err(BlobError::NotFound { .. }) => {}
                Err(e) => self.damaged(rebuild, &id, e.to_string(), found).await?,
            }
        }
        progress.end();
        Ok(())
    }

    async fn damaged(
        &self,
        rebuild: Rebuild,
        id: &ChunkId,
        damage: String,
        found: &mut Fsck,
    ) -> Result<()> {
        tell(found, damage);
        if rebuild == Rebuild::State {
            self.blobs().remove(id).await.or_failed()?;
            found.remarks.push(format!("blob {id} was taken away; fetch or publish it again"));
        }
        Ok(())
    }

    /// Everything that own statements name must be here: it was acknowledged. Of foreign ones only
    /// what is missing of a version is told, as a remark: it can be fetched again.
    pub(super) async fn check_held(&self, found: &mut Fsck) -> Result<()> {
        let mut named = BTreeSet::new();
        for resolved in self.all_with_bytes()? {
            let own = match &resolved {
                Resolved::Version(version) => version.origin == *self.origin(),
                Resolved::Run(run) | Resolved::Output(run) => run.origin == *self.origin(),
                Resolved::Entry { .. } => continue,
            };
            let missing = self.missing_of(&resolved, &mut named).await?;
            match (missing, own) {
                (0, true) => found.versions += 1,
                (0, false) => {}
                (n, true) => {
                    tell(found, format!("{}: {n} of its blobs are missing", resolved.portable()));
                }
                (n, false) => found.remarks.push(format!(
                    "{}: {n} of its blobs are not here; fetch them with veritrail get",
                    resolved.portable()
                )),
            }
        }
        let here = self.blobs().list().await.or_failed()?;
        found.unreferenced = here.iter().filter(|id| !named.contains(*id)).count() as u64;
        Ok(())
    }

    /// How many of the blobs that a version or an output names are missing; all of them are added
    /// to `named`.
    async fn missing_of(&self, resolved: &Resolved, named: &mut BTreeSet<ChunkId>) -> Result<u64> {
        let Some(bytes) = resolved.bytes() else { return Ok(0) };
        let mut ids = vec![bytes.manifest];
        if let Resolved::Output(run) | Resolved::Run(run) = resolved {
            ids.extend([run.row.payload.spec_blob, run.row.payload.details]);
            ids.extend(run.row.payload.inputs.iter().map(|input| input.manifest));
        }
        if let Ok(Some(manifest)) = self.manifest(&bytes.manifest).await {
            let head = manifest.layout();
            ids.extend(head.file_pages.iter().chain(&head.chunk_pages).map(|page| page.blob));
            if let Ok(Some(layout)) = self.layout(&manifest).await {
                ids.extend(layout.chunks().iter().map(|chunk| chunk.id));
            }
        }
        let mut missing = 0;
        for id in &ids {
            missing += u64::from(!self.blobs().has(id).await.or_failed()?);
        }
        named.extend(ids);
        Ok(missing)
    }
}

fn tell(found: &mut Fsck, finding: String) {
    match found.findings.len() {
        n if n < TOLD_MAX => found.findings.push(finding),
        TOLD_MAX => found.findings.push("and more; the rest is not told".to_owned()),
        _ => {}
    }
}

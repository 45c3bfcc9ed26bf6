//! What statements name against the blobs that are here.

use std::collections::BTreeSet;

use veritrail_provenance::hash::ChunkId;

use super::Fsck;
use crate::{
    error::{OrKind as _, Result},
    node::{Node, resolve::Resolved},
};

impl Node {
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
                    found
                        .findings
                        .push(format!("{}: {n} of its blobs are missing", resolved.portable()));
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
        // Lists that cannot be read are among the damage that is told already.
        let (ids, _) = self.blobs_named_by(resolved).await;
        let mut missing = 0;
        for id in &ids {
            missing += u64::from(!self.blobs().has(id).await.or_failed()?);
        }
        named.extend(ids);
        Ok(missing)
    }
}

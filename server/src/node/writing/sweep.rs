//! Taking away what dead or failed writers left: temporary files, and whole blobs that nothing
//! names.

use std::collections::BTreeSet;

use veritrail_provenance::{
    hash::ChunkId,
    ledger::{queries, rows::Standing},
};
use veritrail_storage::disk::{LockMode, LockWait};

use super::mark::Left;
use crate::{
    error::{OrKind as _, Result},
    node::Node,
};

/// Which blobs are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::node) enum Within {
    /// Those that writers noted who did not end well; all that are here where the system went down
    /// under such a writer, as its mark may then be torn.
    Marks,
    /// All that are here.
    Everything,
}

/// What was taken away.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::node) struct Swept {
    /// Half-written files.
    pub(in crate::node) temporary: u64,
    /// Whole blobs that nothing named.
    pub(in crate::node) blobs: u64,
}

impl Node {
    /// Takes away temporary files and, of the blobs that are looked at, those that nothing names.
    /// Does nothing while anybody writes. Costs two listings where nothing was left; else a look
    /// at every known list of files.
    pub(in crate::node) async fn sweep(&self, within: Within) -> Result<Swept> {
        let Some(_alone) = self.writing_lock(LockMode::Exclusive, LockWait::Try)? else {
            return Ok(Swept::default());
        };
        let blobs = &self.home().parts().blobs;
        let temporary = blobs.sweep().or_failed()?.len() as u64;
        let left = Left::read(self.home().disk()).or_failed()?;
        let everything = match within {
            Within::Marks => !left.whole && Self::open(self.home().path())?.understands_all()?,
            Within::Everything => true,
        };
        let suspects: Vec<ChunkId> = match everything {
            false => left.ids.iter().copied().collect(),
            true => blobs.list_blocking().or_failed()?,
        };
        let mut here = BTreeSet::<ChunkId>::new();
        for id in suspects {
            // What is damaged is fsck's.
            if blobs.len_blocking(&id).is_ok_and(|len| len.is_some()) {
                here.insert(id);
            }
        }
        let mut swept = Swept { temporary, blobs: 0 };
        if !here.is_empty() {
            // Opened anew: an append that was decided and not finished is finished by that, and
            // its statements name what they name.
            let named = Self::open(self.home().path())?.named_blobs().await?;
            for id in here.difference(&named) {
                swept.blobs += u64::from(blobs.remove_blocking(id).or_failed()?);
            }
        }
        left.remove(self.home().disk()).or_failed()?;
        Ok(swept)
    }

    /// Whether every entry that is known is understood: what a newer program's statement names would
    /// look like named by none.
    fn understands_all(&self) -> Result<bool> {
        for log in queries::logs(self.view()).or_failed()? {
            for (_, entry) in queries::entries(self.view(), &log.origin).or_failed()? {
                if matches!(
                    entry.standing,
                    Standing::Newer { .. } | Standing::Waiting { .. } | Standing::Opaque { .. }
                ) {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }
}

//! Checking one blob: its bytes against its name, its outboard against its bytes.

use veritrail_provenance::hash::ChunkId;

use super::{Fsck, FsckError, Repair};
use crate::{
    blob::{BlobError, Blobs},
    disk::{Access, DiskError, DiskPath},
    home::Parts,
};

const DAMAGED: DiskPath = DiskPath::fixed("damaged");

pub(super) fn check(
    home: &Parts,
    id: &ChunkId,
    repair: Repair,
    found: &mut Fsck,
) -> Result<(), FsckError> {
    let bytes = match home.blobs.read_all_blocking(id) {
        Ok(bytes) => bytes,
        Err(BlobError::Corrupt { .. } | BlobError::Disk(DiskError::NotPlain { .. })) => {
            found.damaged.push(*id);
            return match repair {
                Repair::SetAside => set_aside(home, id),
                Repair::Nothing => Ok(()),
            };
        }
        // Removed by somebody meanwhile.
        Err(BlobError::NotFound { .. }) => return Ok(()),
        Err(e) => return Err(e.into()),
    };
    found.blobs += 1;
    found.bytes += bytes.len() as u64;
    match home.blobs.read_blocking(id, 0..bytes.len() as u64) {
        Ok(_) => Ok(()),
        Err(BlobError::Corrupt { .. }) => {
            found.outboards.push(*id);
            if repair == Repair::SetAside {
                let mut batch = home.blobs.batch();
                batch.put(bytes)?;
                batch.commit_blocking()?;
            }
            Ok(())
        }
        Err(e) => Err(e.into()),
    }
}

fn set_aside(home: &Parts, id: &ChunkId) -> Result<(), FsckError> {
    home.disk.create_dir(&DAMAGED, Access::Shared)?;
    let to = DAMAGED.join(&id.to_hex())?;
    match home.disk.rename(&home.blobs.path(id)?, &to) {
        // A link or a folder in a blob's place is not ours to move.
        Err(DiskError::NotPlain { .. }) => Ok(()),
        renamed => Ok(renamed?),
    }
}

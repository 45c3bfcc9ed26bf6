//! What every [`Blobs`] must do, run by the tests on each implementation.

use bao_tree::{BlockSize, io::outboard::PreOrderMemOutboard};
use bytes::Bytes;
use veritrail_provenance::hash::ChunkId;

use super::{BLOB_LEN_MAX, BlobError, Blobs, GROUP_LEN, Sealed, outboard_len};

/// A promise that was not kept.
#[derive(Debug, thiserror::Error)]
pub enum Broken {
    /// What should have held.
    #[error("not kept: {0}")]
    Promise(&'static str),
    /// An operation failed that should not.
    #[error(transparent)]
    Blob(#[from] BlobError),
}

/// Runs all checks on an empty store. The first promise that is not kept is the error.
pub async fn check(blobs: &dyn Blobs) -> Result<(), Broken> {
    keep(blobs.list().await?.is_empty(), "the store is empty to begin with")?;
    lengths(blobs).await?;
    batches(blobs).await?;
    absent(blobs).await
}

fn keep(held: bool, promise: &'static str) -> Result<(), Broken> {
    if held { Ok(()) } else { Err(Broken::Promise(promise)) }
}

/// Bytes that differ everywhere, of any length.
fn sample(len: u64) -> Bytes {
    let mut bytes = vec![0; usize::try_from(len).unwrap_or(0)];
    blake3::Hasher::new().update(&len.to_le_bytes()).finalize_xof().fill(&mut bytes);
    bytes.into()
}

/// Lengths at and around the borders of BLAKE3 chunks, groups and subtrees.
async fn lengths(blobs: &dyn Blobs) -> Result<(), Broken> {
    let group = GROUP_LEN;
    let (two, five) = (2 * group, 5 * group);
    for len in [0, 1, 1024, 1025, group - 1, group, group + 1, two, two + 1, five, five + 77] {
        let bytes = sample(len);
        let id = blobs.put(bytes.clone()).await?;
        keep(id == ChunkId::of(&bytes), "the id is the BLAKE3 hash of the bytes")?;
        keep(blobs.len(&id).await? == Some(len), "the length is that of the bytes")?;
        keep(blobs.read_all(&id).await? == bytes, "what is read is what was put")?;
        let tree = PreOrderMemOutboard::create(&bytes, BlockSize::from_chunk_log(4));
        let outboard = blobs.outboard(&id).await?;
        keep(outboard == tree.data, "the outboard is bao-tree's")?;
        keep(outboard.len() as u64 == outboard_len(len), "and as long as it must be")?;
        let middle = len / 2;
        let ranges = [0..len, 0..0, len..len, middle..len, 0..middle, middle..middle];
        let (near, far) = (len.saturating_sub(1), (middle + group).min(len));
        for range in ranges.into_iter().chain([near..len, middle..far, near.min(1)..near]) {
            let got = blobs.read(&id, range.clone()).await?;
            let at = |offset| usize::try_from(offset).unwrap_or(usize::MAX);
            keep(Some(&*got) == bytes.get(at(range.start)..at(range.end)), "a range is exact")?;
        }
        let beyond = blobs.read(&id, 0..len + 1).await;
        keep(matches!(beyond, Err(BlobError::OutOfRange { .. })), "no read beyond the end")?;
    }
    Ok(())
}

async fn batches(blobs: &dyn Blobs) -> Result<(), Broken> {
    let before = blobs.list().await?.len();
    let mut batch = blobs.batch();
    let mut ids = Vec::new();
    for len in 100_000..100_020 {
        ids.push(batch.put(sample(len))?);
    }
    let again = Sealed::new(sample(100_000))?;
    batch.put_sealed(again)?;
    batch.commit().await?;
    for id in &ids {
        keep(blobs.has(id).await?, "all of a committed batch is there")?;
        keep(ChunkId::of(&blobs.read_all(id).await?) == *id, "and whole")?;
    }
    let listed = blobs.list().await?;
    keep(listed.len() == before + ids.len(), "the same blob twice is one")?;
    keep(listed.is_sorted(), "ids are listed in order")?;
    blobs.batch().commit().await?;
    keep(blobs.list().await? == listed, "an empty batch changes nothing")
}

async fn absent(blobs: &dyn Blobs) -> Result<(), Broken> {
    let bytes = sample(33);
    let id = ChunkId::of(&bytes);
    keep(!blobs.has(&id).await?, "what was not put is not there")?;
    keep(blobs.len(&id).await?.is_none(), "and has no length")?;
    let missing = blobs.read_all(&id).await;
    keep(matches!(missing, Err(BlobError::NotFound { .. })), "missing is told apart")?;
    let missing = blobs.read(&id, 0..1).await;
    keep(matches!(missing, Err(BlobError::NotFound { .. })), "for ranges too")?;
    let missing = blobs.outboard(&id).await;
    keep(matches!(missing, Err(BlobError::NotFound { .. })), "for outboards too")?;
    keep(!blobs.remove(&id).await?, "nothing to remove")?;
    blobs.put(bytes).await?;
    keep(blobs.remove(&id).await?, "what is there is removed")?;
    keep(!blobs.has(&id).await?, "and is gone")?;
    let huge = vec![0; usize::try_from(BLOB_LEN_MAX + 1).unwrap_or(0)];
    let huge = blobs.put(huge.into()).await;
    keep(matches!(huge, Err(BlobError::TooLong { .. })), "no blob above 64 MiB")
}

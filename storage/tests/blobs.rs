//! Blob stores: one conformance suite, and what files can suffer.

use std::sync::Arc;

use bytes::Bytes;
use veritrail_provenance::hash::ChunkId;
use veritrail_storage::{
    blob::{Batch, BlobError, Blobs, DiskBlobs, MemoryBlobs, Workers, conformance},
    disk::{Access, Disk, DiskError, DiskPath, MemoryDisk, OsDisk},
};

fn store(disk: &MemoryDisk, workers: Workers) -> DiskBlobs {
    let disk: Arc<dyn Disk> = Arc::new(disk.clone());
    DiskBlobs::create(disk, DiskPath::new("blobs").unwrap()).unwrap().with_workers(workers)
}

fn put(store: &DiskBlobs, bytes: &[u8]) -> ChunkId {
    let mut batch = store.batch();
    let id = batch.put(Bytes::copy_from_slice(bytes)).unwrap();
    batch.commit_blocking().unwrap();
    id
}

fn file(id: &ChunkId) -> DiskPath {
    DiskPath::new(&format!("blobs/{id}")).unwrap()
}

#[tokio::test]
async fn memory_blobs_conform() {
    conformance::check(&MemoryBlobs::new()).await.unwrap();
}

#[tokio::test]
async fn disk_blobs_conform_on_a_memory_disk() {
    conformance::check(&store(&MemoryDisk::new(), Workers::Caller)).await.unwrap();
}

#[tokio::test]
async fn disk_blobs_conform_on_a_real_disk() {
    let folder = tempfile::tempdir().unwrap();
    let disk = Arc::new(OsDisk::open(folder.path()).unwrap());
    let blobs = DiskBlobs::create(disk, DiskPath::new("blobs").unwrap()).unwrap();
    conformance::check(&blobs).await.unwrap();
    let left = std::fs::read_dir(folder.path().join("blobs/tmp")).unwrap();
    let names: Vec<_> = left.map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["lock"], "no temporary file is left behind");
}

/// Every single bit of a stored file is either of the bytes, and then no read lets it through, or
/// of the outboard, and then no range is read with it.
#[test]
fn a_flipped_bit_is_noticed_wherever_it_is() {
    let disk = MemoryDisk::new();
    let blobs = store(&disk, Workers::Caller);
    let bytes: Vec<u8> = (0..50_000_u32).map(|n| (n % 251) as u8).collect();
    let id = put(&blobs, &bytes);
    let len = disk.metadata(&file(&id)).unwrap().unwrap().len;
    assert_eq!(len, 50_000 + 3 * 64);
    for bit in (0..len * 8).step_by(977).chain(len * 8 - 64 * 8 * 3..len * 8) {
        disk.flip_bit(&file(&id), bit).unwrap();
        let whole = blobs.read_all_blocking(&id);
        let range = blobs.read_blocking(&id, 0..50_000);
        if bit < 50_000 * 8 {
            assert!(matches!(whole, Err(BlobError::Corrupt { .. })), "bit {bit}");
            let group = bit / 8 / 16_384 * 16_384;
            let Err(BlobError::Corrupt { offset, .. }) = range else { panic!("bit {bit}") };
            assert_eq!(offset, group, "the damaged group is named");
            let elsewhere = (group + 16_384) % 65_536;
            let elsewhere = elsewhere..(elsewhere + 100).min(50_000);
            assert!(blobs.read_blocking(&id, elsewhere).is_ok(), "other groups are still read");
        } else {
            assert_eq!(whole.unwrap(), bytes, "the bytes are whole");
            assert!(matches!(range, Err(BlobError::Corrupt { .. })), "bit {bit}");
        }
        disk.flip_bit(&file(&id), bit).unwrap();
    }
    assert_eq!(blobs.read_blocking(&id, 0..50_000).unwrap(), bytes);
}

#[test]
fn a_file_of_a_length_no_blob_has_is_damaged() {
    let disk = MemoryDisk::new();
    let blobs = store(&disk, Workers::Caller);
    let id = put(&blobs, &[7; 20_000]);
    for len in [16_385_u64, 16_384 + 63, 19_000, 80 << 20] {
        disk.unlink(&file(&id)).unwrap();
        let new = disk.create_new(&file(&id), Access::Shared).unwrap();
        new.write_at(len - 1, b"x").unwrap();
        assert!(matches!(blobs.read_all_blocking(&id), Err(BlobError::Corrupt { .. })), "{len}");
        let range = blobs.read_blocking(&id, 0..1);
        assert!(matches!(range, Err(BlobError::Corrupt { .. })), "{len}");
    }
}

#[test]
fn putting_a_damaged_blob_again_heals_it() {
    let disk = MemoryDisk::new();
    let blobs = store(&disk, Workers::Caller);
    let id = put(&blobs, &[7; 20_000]);
    disk.flip_bit(&file(&id), 5).unwrap();
    assert!(blobs.read_all_blocking(&id).is_err());
    assert_eq!(put(&blobs, &[7; 20_000]), id);
    assert_eq!(blobs.read_all_blocking(&id).unwrap(), [7; 20_000][..]);
}

#[test]
fn a_link_in_place_of_a_blob_is_refused() {
    let disk = MemoryDisk::new();
    let blobs = store(&disk, Workers::Caller);
    let id = ChunkId::of(b"bytes");
    disk.put_link(&file(&id)).unwrap();
    let read = blobs.read_all_blocking(&id);
    assert!(matches!(read, Err(BlobError::Disk(DiskError::NotPlain { .. }))));
    let mut batch = blobs.batch();
    assert!(batch.put(Bytes::from_static(b"bytes")).is_err());
}

#[test]
fn a_full_disk_fails_the_batch_and_leaves_nothing() {
    for workers in [Workers::Caller, Workers::Threads(3)] {
        let disk = MemoryDisk::new();
        let blobs = store(&disk, workers);
        let id = put(&blobs, b"before");
        disk.set_capacity(100_000);
        let mut batch = blobs.batch();
        let mut failure = None;
        for n in 0..50_u8 {
            match batch.put(Bytes::from(vec![n; 10_000])) {
                Ok(_) => {}
                Err(e) => failure = failure.or(Some(e)),
            }
        }
        let failure = failure.or(batch.commit_blocking().err()).unwrap();
        assert!(matches!(failure, BlobError::Disk(DiskError::Full { .. })), "{failure}");
        let left = disk.list(&DiskPath::new("blobs/tmp").unwrap()).unwrap();
        assert_eq!(left, ["lock"], "no temporary file is left behind");
        for id in blobs.list_blocking().unwrap() {
            blobs.read_all_blocking(&id).unwrap();
        }
        assert_eq!(blobs.read_all_blocking(&id).unwrap(), "before");
    }
}

#[test]
fn a_failed_batch_never_commits() {
    let disk = MemoryDisk::new();
    let blobs = store(&disk, Workers::Threads(2));
    disk.set_capacity(1_000);
    let mut batch = blobs.batch();
    let mut told = false;
    for n in 0..200_u8 {
        told |= batch.put(Bytes::from(vec![n; 900])).is_err();
    }
    told |= batch.commit_blocking().is_err();
    assert!(told);
}

#[test]
fn a_sweep_takes_left_overs_but_not_work_under_way() {
    let disk = MemoryDisk::new();
    let blobs = store(&disk, Workers::Caller);
    let left_over = DiskPath::new("blobs/tmp/left-over").unwrap();
    disk.create_new(&left_over, Access::Shared).unwrap();
    let mut batch = blobs.batch();
    batch.put(Bytes::from_static(b"under way")).unwrap();
    assert!(blobs.sweep().unwrap().is_empty(), "while a batch is under way");
    batch.commit_blocking().unwrap();
    assert_eq!(blobs.sweep().unwrap(), ["left-over"]);
    assert!(disk.metadata(&left_over).unwrap().is_none());
}

/// Chunks of several sizes through few threads: all arrive, and memory stays bounded by waiting.
#[test]
fn many_blobs_through_few_threads() {
    let blobs = store(&MemoryDisk::new(), Workers::Threads(3));
    let mut batch: Box<dyn Batch> = blobs.batch();
    let ids: Vec<_> =
        (0..300_u32).map(|n| batch.put(vec![n as u8; n as usize * 100].into()).unwrap()).collect();
    batch.commit_blocking().unwrap();
    for id in ids {
        blobs.read_all_blocking(&id).unwrap();
    }
}

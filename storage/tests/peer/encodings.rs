//! Our store's encodings against those of iroh-blobs' own memory store, byte for byte. This is
//! what guards an upgrade of iroh-blobs, whose store protocol is not documented.

use std::sync::Arc;

use bao_tree::ChunkRanges;
use bytes::Bytes;
use iroh_blobs::{Hash, api::blobs::BlobStatus, protocol::ChunkRangesExt, store::mem::MemStore};
use veritrail_provenance::hash::ChunkId;
use veritrail_storage::{
    blob::{Blobs, MemoryBlobs},
    peer::{store, view::View},
};

use super::net::{Listed, MIB, Open, data, raw_endpoint};

fn hash(id: &ChunkId) -> Hash {
    Hash::from_bytes(*id.as_bytes())
}

async fn open_to_all(blobs: Arc<dyn Blobs>) -> iroh_blobs::api::Store {
    let peer = raw_endpoint().await.id();
    store::open(View::new(peer, Arc::new(Open), blobs))
}

/// Around the borders of chunks (1 KiB), groups (16 KiB) and windows (1 MiB).
const SIZES: [usize; 14] = [
    0,
    1,
    1023,
    1024,
    1025,
    16 * 1024,
    16 * 1024 + 1,
    32 * 1024,
    100_001,
    MIB - 1,
    MIB,
    MIB + 1,
    2 * MIB + 17,
    5 * MIB + 3,
];

fn ranges() -> Vec<ChunkRanges> {
    vec![
        ChunkRanges::all(),
        ChunkRanges::empty(),
        ChunkRanges::last_chunk(),
        ChunkRanges::bytes(..1),
        ChunkRanges::bytes(5000..9000),
        ChunkRanges::bytes(17_000..33_000),
        ChunkRanges::bytes(..1) | ChunkRanges::bytes(90_000..),
        ChunkRanges::bytes(1_048_575..1_048_577),
        ChunkRanges::bytes(2_000_000..3_500_000) | ChunkRanges::bytes(4_000_000..4_000_001),
        ChunkRanges::bytes(1 << 40..),
        ChunkRanges::chunks(u64::MAX - 1..),
        ChunkRanges::chunks(..u64::MAX),
    ]
}

#[tokio::test]
async fn encodings_equal_those_of_the_memory_store() {
    let theirs = MemStore::new();
    let mut compared = 0;
    for size in SIZES {
        let bytes = data("encodings", size);
        let blobs: Arc<dyn Blobs> = Arc::new(MemoryBlobs::new());
        let id = blobs.put(bytes.clone()).await.unwrap();
        let tag = theirs.add_bytes(bytes).await.unwrap();
        assert_eq!(tag.hash, hash(&id));
        let ours = open_to_all(blobs).await;
        for ranges in ranges() {
            let expected = theirs.export_bao(tag.hash, ranges.clone()).bao_to_vec().await.unwrap();
            let found = ours.export_bao(tag.hash, ranges.clone()).bao_to_vec().await.unwrap();
            assert_eq!(found.len(), expected.len(), "{size} bytes, {ranges:?}");
            assert!(found == expected, "{size} bytes, {ranges:?}");
            compared += 1;
        }
    }
    assert_eq!(compared, 14 * 12);
}

#[tokio::test]
async fn local_interface_reads_and_refuses_the_rest() {
    let blobs: Arc<dyn Blobs> = Arc::new(MemoryBlobs::new());
    let bytes = data("local", 40_000);
    let id = blobs.put(bytes.clone()).await.unwrap();
    let store = open_to_all(blobs.clone()).await;
    let there = hash(&id);
    let absent = Hash::new("?");
    assert_eq!(store.get_bytes(there).await.unwrap(), bytes);
    assert_eq!(store.status(there).await.unwrap(), BlobStatus::Complete { size: 40_000 });
    assert_eq!(store.status(absent).await.unwrap(), BlobStatus::NotFound);
    assert!(store.get_bytes(absent).await.is_err());
    // None of these hangs, and none writes.
    assert!(store.add_slice(b"no").await.is_err());
    assert!(store.add_path(std::env::current_exe().unwrap()).await.is_err());
    assert!(store.list().hashes().await.is_err());
    assert!(store.tags().set("t", there).await.is_err());
    assert!(store.tags().list().await.is_err());
    assert!(store.batch().await.is_err());
    assert!(store.sync_db().await.is_err());
    let target = std::env::temp_dir().join("veritrail-never-exported");
    assert!(store.export(there, &target).await.is_err());
    assert!(!target.exists());
    assert_eq!(blobs.list().await.unwrap(), [id]);
}

/// The view is asked for each command, so what is not open to the peer is not there.
#[tokio::test]
async fn what_is_outside_of_the_view_does_not_exist() {
    let blobs: Arc<dyn Blobs> = Arc::new(MemoryBlobs::new());
    let open = blobs.put(Bytes::from_static(b"open")).await.unwrap();
    let closed = blobs.put(Bytes::from_static(b"closed")).await.unwrap();
    let (peer, gate) = (raw_endpoint().await.id(), Arc::new(Listed::default()));
    gate.allow(peer, open);
    let store = store::open(View::new(peer, gate.clone(), blobs));
    assert!(store.has(hash(&open)).await.unwrap());
    assert_eq!(store.status(hash(&closed)).await.unwrap(), BlobStatus::NotFound);
    assert!(store.export_bao(hash(&closed), ChunkRanges::all()).bao_to_vec().await.is_err());
    gate.allow(peer, closed);
    assert!(store.has(hash(&closed)).await.unwrap());
}

//! The object_store face: exact ranges, and only the chunks that they touch.

use std::sync::Arc;

use bytes::Bytes;
use futures::TryStreamExt;
use object_store::{
    Error, GetOptions, GetRange, ObjectStore, ObjectStoreExt, PutPayload, path::Path,
};
use veritrail_provenance::layout::{FilePath, Layout};
use veritrail_storage::{
    blob::{Blobs, MemoryBlobs},
    chunk::{CutPoints, Pass},
    object_face::LayoutStore,
};

const MIB: usize = 1 << 20;

fn sample(len: usize, seed: u8) -> Vec<u8> {
    let mut bytes = vec![0; len];
    blake3::Hasher::new().update(&[seed]).finalize_xof().fill(&mut bytes);
    bytes
}

/// Three files; the second has 11 "row groups" of 1 MiB, cut at their borders.
async fn files() -> (Vec<(&'static str, Vec<u8>)>, Layout, MemoryBlobs) {
    let files = vec![
        ("a b.txt", sample(100_000, 1)),
        ("tables/rows.parquet", sample(11 * MIB, 2)),
        ("tables/sub/100%25.csv", b"x,y\n1,2\n".to_vec()),
    ];
    let total = files.iter().map(|(_, bytes)| bytes.len() as u64).sum();
    let points = (0..=11).map(|n| (100_000 + n * MIB) as u64).collect();
    let blobs = MemoryBlobs::new();
    let mut pass = Pass::new(total, &CutPoints::new(points, total), blobs.batch());
    for (name, bytes) in &files {
        pass.begin(name.parse().unwrap(), bytes.len() as u64).unwrap();
        pass.feed(Bytes::from(bytes.clone())).unwrap();
        pass.end().unwrap();
    }
    let passed = pass.finish().unwrap();
    passed.batch.commit().await.unwrap();
    (files, passed.layout, blobs)
}

async fn store() -> (Vec<(&'static str, Vec<u8>)>, LayoutStore) {
    let (files, layout, blobs) = files().await;
    (files, LayoutStore::new(Arc::new(layout), Arc::new(blobs)))
}

fn location(name: &str) -> Path {
    LayoutStore::location(&name.parse::<FilePath>().unwrap()).unwrap()
}

#[tokio::test]
async fn files_are_read_as_they_are() {
    let (files, store) = store().await;
    for (name, bytes) in &files {
        let got = store.get(&location(name)).await.unwrap();
        assert_eq!((got.meta.size, got.range.clone()), (bytes.len() as u64, 0..bytes.len() as u64));
        assert_eq!(got.bytes().await.unwrap(), bytes[..], "{name}");
        let head = store.head(&location(name)).await.unwrap();
        assert_eq!(head.size, bytes.len() as u64);
    }
    let (_, rows) = &files[1];
    let len = rows.len() as u64;
    for range in [0..1, 5..5_000_000, len - 8..len, 3..3, len..len] {
        let got = store.get_range(&location(files[1].0), range.clone()).await.unwrap();
        assert_eq!(got, rows[range.start as usize..range.end as usize], "{range:?}");
    }
    let suffix = GetOptions { range: Some(GetRange::Suffix(8)), ..Default::default() };
    let got = store.get_opts(&location(files[1].0), suffix).await.unwrap();
    assert_eq!(got.bytes().await.unwrap(), rows[rows.len() - 8..]);
    let beyond =
        GetOptions { range: Some(GetRange::Bounded(len - 1..len + 9)), ..Default::default() };
    let got = store.get_opts(&location(files[1].0), beyond).await.unwrap();
    assert_eq!(got.range, len - 1..len, "as HTTP has it");
    assert!(store.get_range(&location(files[1].0), len + 1..len + 2).await.is_err());
}

#[tokio::test]
async fn only_touched_chunks_are_read() {
    let (files, layout, blobs) = files().await;
    let chunks = layout.chunks().to_vec();
    let (layout, blobs) = (Arc::new(layout), Arc::new(blobs));
    let store = LayoutStore::new(layout.clone(), blobs.clone());
    assert_eq!(store.count().bytes, 0);
    let rows = location(files[1].0);
    let ranges = [0..100, (5 * MIB + 10) as u64..(5 * MIB + 20) as u64];
    let got = store.get_ranges(&rows, &ranges).await.unwrap();
    assert_eq!(got[1], files[1].1[5 * MIB + 10..5 * MIB + 20]);
    let count = store.count();
    assert_eq!((count.bytes, count.reads, count.chunks.len()), (110, 2, 2));
    for (touched, range) in count.chunks.iter().zip(&ranges) {
        let chunk = chunks[*touched];
        let at = 100_000 + range.start;
        assert!((chunk.offset..chunk.end()).contains(&at));
    }
    // All other chunks may as well be missing.
    for (n, chunk) in chunks.iter().enumerate() {
        if !count.chunks.contains(&n) {
            blobs.remove(&chunk.id).await.unwrap();
        }
    }
    let store = LayoutStore::new(layout, blobs);
    assert_eq!(store.get_ranges(&rows, &ranges).await.unwrap(), got);
    let missing = store.get_range(&rows, 0..11 * MIB as u64).await.unwrap_err();
    assert!(missing.to_string().contains("not in this store"), "{missing}");
}

#[tokio::test]
async fn folders_are_listed() {
    let (files, store) = store().await;
    let names = |metas: Vec<object_store::ObjectMeta>| {
        metas.into_iter().map(|meta| meta.location.to_string()).collect::<Vec<_>>()
    };
    let all: Vec<_> = store.list(None).try_collect().await.unwrap();
    let expected: Vec<_> = files.iter().map(|(name, _)| location(name).to_string()).collect();
    assert_eq!(names(all), expected);
    let inside: Vec<_> = store.list(Some(&Path::from("tables"))).try_collect().await.unwrap();
    assert_eq!(inside.len(), 2);
    let none: Vec<_> = store.list(Some(&Path::from("tab"))).try_collect().await.unwrap();
    assert!(none.is_empty(), "a prefix is a folder");
    let root = store.list_with_delimiter(None).await.unwrap();
    assert_eq!(names(root.objects), [location("a b.txt").to_string()]);
    assert_eq!(root.common_prefixes, [Path::from("tables")]);
    let tables = store.list_with_delimiter(Some(&Path::from("tables"))).await.unwrap();
    assert_eq!(tables.objects.len(), 1);
    assert_eq!(tables.common_prefixes, [Path::from("tables/sub")]);
}

#[tokio::test]
async fn what_is_not_there_is_not_found_and_nothing_is_written() {
    let (files, store) = store().await;
    for name in ["nothing", "tables", "tables/rows", "a%20b.txt"] {
        let missing = store.get(&Path::parse(name).unwrap()).await;
        assert!(matches!(missing, Err(Error::NotFound { .. })), "{name}");
    }
    let path = location(files[0].0);
    assert!(store.put(&path, PutPayload::from_static(b"x")).await.is_err());
    assert!(store.put_multipart(&path).await.is_err());
    assert!(store.delete(&path).await.is_err());
    assert!(store.copy(&path, &Path::from("b")).await.is_err());
    assert!(store.rename(&path, &Path::from("b")).await.is_err());
    assert!(store.get(&path).await.is_ok());
}

#[tokio::test]
async fn the_tag_is_of_the_content() {
    let (files, store) = store().await;
    let path = location(files[0].0);
    let tag = store.head(&path).await.unwrap().e_tag.unwrap();
    let hash = veritrail_provenance::hash::FileDigest::of(&files[0].1);
    assert_eq!(tag, format!("\"{hash}\""));
    let same = GetOptions { if_none_match: Some(tag), ..Default::default() };
    let unchanged = store.get_opts(&path, same).await;
    assert!(matches!(unchanged, Err(Error::NotModified { .. })));
}

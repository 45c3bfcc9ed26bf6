//! Formats on the disk, pinned by golden files.

use std::fmt::Write;

use bytes::Bytes;
use veritrail_provenance::hash::FileDigest;
use veritrail_storage::{
    blob::Blobs,
    chunk::{ChunkParams, CutPoints, Cutter},
    disk::{Disk, DiskPath, Kind, MemoryDisk},
    log::Expect,
};

use super::fixtures::{evidence, home, member, vkey};

/// Every file below a folder: path, length, SHA-256.
fn listing(disk: &MemoryDisk, folder: &DiskPath, out: &mut String) {
    for name in disk.list(folder).unwrap() {
        let path = folder.join(&name).unwrap();
        match disk.metadata(&path).unwrap().unwrap().kind {
            Kind::Folder => listing(disk, &path, out),
            _ => {
                let bytes = disk.read(&path, 1 << 20).unwrap();
                writeln!(out, "{} {path} {}", FileDigest::of(&bytes), bytes.len()).unwrap();
            }
        }
    }
}

#[test]
fn a_home_is_as_the_golden_file_says() {
    let (disk, parts) = home(1);
    let mut batch = parts.blobs.batch();
    for len in [0, 16_384, 16_385, 50_000] {
        let bytes: Vec<u8> = (0..len).map(|n| (n % 251) as u8).collect();
        batch.put(Bytes::from(bytes)).unwrap();
    }
    batch.commit_blocking().unwrap();
    parts.log.append(vec![member(1, 20), b"opaque".to_vec()], Expect::Size(1)).unwrap();
    let (_, theirs) = home(2);
    let shown = evidence(&theirs.log.reader().snapshot().unwrap(), &[0], &[]);
    parts.trails.import(&shown, &[vkey(2)]).unwrap();
    let mut found = String::new();
    listing(&disk, &DiskPath::ROOT, &mut found);
    let golden = include_str!("../../docs/formats/golden/home.txt");
    assert_eq!(found, golden, "\n{found}");
    assert!(golden.lines().count() >= 19);
    let key = disk.read(&DiskPath::new("keys/person.key").unwrap(), 999).unwrap();
    let expected = format!("veritrail-secret-key/1 person\n{}\n", "01".repeat(32));
    assert_eq!(key, expected.as_bytes());
}

/// Where a sequence is cut is a format: two people who publish the same bytes share chunks.
#[test]
fn cuts_are_as_the_golden_file_says() {
    let mut bytes = vec![0; 24 << 20];
    blake3::Hasher::new().update(b"veritrail/cuts").finalize_xof().fill(&mut bytes);
    let len = bytes.len() as u64;
    let mut found = String::new();
    for (name, points) in [("alone", vec![]), ("points", vec![100_000, 5_000_000, 5_000_001])] {
        let points = CutPoints::new(points, len);
        let mut cutter = Cutter::new(ChunkParams::for_length(len), &points);
        let mut lens = Vec::new();
        let mut take = |chunk: Bytes| {
            lens.push(chunk.len().to_string());
            Ok::<_, ()>(())
        };
        cutter.feed(&bytes, &mut take).unwrap();
        cutter.finish(&mut take).unwrap();
        writeln!(found, "{name} {}", lens.join(" ")).unwrap();
    }
    assert_eq!(found, include_str!("../../docs/formats/golden/cuts.txt"), "\n{found}");
}

//! Cutting and the one pass: the same chunks however the bytes arrive, and right hashes.

use bytes::Bytes;
use proptest::prelude::*;
use veritrail_provenance::{
    hash::{ChunkId, FileBlake3, FileDigest},
    layout::FilePath,
};
use veritrail_storage::{
    blob::{Blobs, DiskBlobs, MemoryBlobs, Workers},
    chunk::{ChunkParams, CutPoints, Cutter, Pass, PassError, Passed},
    disk::{DiskPath, MemoryDisk},
};

const MIB: usize = 1 << 20;

/// Bytes that differ everywhere.
fn sample(len: usize, seed: u8) -> Vec<u8> {
    let mut bytes = vec![0; len];
    blake3::Hasher::new().update(&[seed]).finalize_xof().fill(&mut bytes);
    bytes
}

fn cut(bytes: &[u8], points: &CutPoints, feed: usize) -> Vec<Bytes> {
    let mut cutter = Cutter::new(ChunkParams::for_length(bytes.len() as u64), points);
    let mut chunks = Vec::new();
    let mut take = |chunk| {
        chunks.push(chunk);
        Ok::<_, ()>(())
    };
    for piece in bytes.chunks(feed) {
        cutter.feed(piece, &mut take).unwrap();
    }
    cutter.finish(&mut take).unwrap();
    chunks
}

#[test]
fn parameters_grow_with_the_length() {
    let average = |total| ChunkParams::for_length(total).average() / MIB;
    let gib = 1_u64 << 30;
    assert_eq!([0, 1, gib, 16 * gib].map(average), [1; 4]);
    assert_eq!([16 * gib + 1, 32 * gib, 64 * gib, 256 * gib].map(average), [2, 2, 4, 16]);
    assert_eq!([300 * gib, 20_000 * gib, u64::MAX].map(average), [16; 3]);
    let one = ChunkParams::for_length(1);
    assert_eq!((one.least(), one.average(), one.most()), (MIB / 4, MIB, 4 * MIB));
}

/// The crate's own iterator is the oracle, where its bounds allow.
#[test]
fn chunks_are_fastcdc_v2020s() {
    let bytes = sample(24 * MIB + 12_345, 1);
    let ours = cut(&bytes, &CutPoints::none(), 1_000_003);
    let theirs = fastcdc::v2020::FastCDC::new(&bytes, MIB / 4, MIB, 4 * MIB);
    let theirs: Vec<_> = theirs.map(|c| bytes[c.offset..c.offset + c.length].to_vec()).collect();
    assert!(ours.len() > 10, "{} chunks", ours.len());
    assert_eq!(ours, theirs);
}

#[test]
fn how_bytes_arrive_does_not_move_cuts() {
    let bytes = sample(9 * MIB, 2);
    let points = CutPoints::new(vec![70_000, 5 * MIB as u64 + 1], bytes.len() as u64);
    let whole = cut(&bytes, &points, bytes.len());
    for feed in [777, 64 * 1024, MIB, 4 * MIB, 4 * MIB + 1] {
        assert_eq!(cut(&bytes, &points, feed), whole, "fed by {feed}");
    }
}

/// A changed byte moves only the cuts near it.
#[test]
fn a_small_change_keeps_most_chunks() {
    let mut bytes = sample(40 * MIB, 3);
    let before: Vec<_> = cut(&bytes, &CutPoints::none(), MIB);
    bytes.splice(20 * MIB..20 * MIB, [1, 2, 3]);
    let after = cut(&bytes, &CutPoints::none(), MIB);
    let kept = after.iter().filter(|chunk| before.contains(chunk)).count();
    assert!(kept + 4 >= before.len(), "{kept} of {} kept", before.len());
}

#[test]
fn chunks_end_at_named_points() {
    let bytes = sample(6 * MIB, 4);
    let wanted = [65_536, 200_000, 3 * MIB as u64 + 7];
    let points = CutPoints::new(wanted.to_vec(), bytes.len() as u64);
    assert_eq!(points.offsets(), wanted);
    let chunks = cut(&bytes, &points, 100_000);
    assert_eq!(chunks.concat(), bytes);
    let ends: Vec<u64> = chunks
        .iter()
        .scan(0, |end, chunk| {
            *end += chunk.len() as u64;
            Some(*end)
        })
        .collect();
    assert!(wanted.iter().all(|point| ends.contains(point)), "{ends:?}");
    // What stands before the first point does not change the cuts behind it.
    let other = [sample(65_536, 9), bytes[65_536..].to_vec()].concat();
    assert_eq!(cut(&other, &points, MIB)[1..], chunks[1..]);
}

#[test]
fn hostile_points_are_passed_over() {
    let points = CutPoints::new(vec![u64::MAX, 0, 1, 65_536, 65_537, 65_536, 999_999], 1_000_000);
    assert_eq!(points.offsets(), [65_536]);
    assert!(CutPoints::new((0..1_000_000).collect(), 65_535).offsets().is_empty());
    let many = CutPoints::new((0..1_000_000).collect(), 1_000_000);
    assert_eq!(many.offsets().len(), 14, "pieces of 64 KiB at least");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn cuts_are_gapless_and_bounded(
        len in 0..6 * MIB,
        seed: u8,
        feed in 1_usize..3 * MIB,
        points in prop::collection::vec(0..6 * MIB as u64, 0..9),
    ) {
        let bytes = if seed % 4 == 0 { vec![seed; len] } else { sample(len, seed) };
        let points = CutPoints::new(points, len as u64);
        let chunks = cut(&bytes, &points, feed);
        prop_assert_eq!(chunks.concat(), bytes);
        prop_assert!(chunks.iter().all(|c| !c.is_empty() && c.len() <= 4 * MIB));
    }
}

fn path(text: &str) -> FilePath {
    text.parse().unwrap()
}

fn pass(blobs: &dyn Blobs, files: &[(&str, &[u8])], feed: usize) -> Result<Passed, PassError> {
    let total = files.iter().map(|(_, bytes)| bytes.len() as u64).sum();
    let mut pass = Pass::new(total, &CutPoints::none(), blobs.batch());
    for (name, bytes) in files {
        pass.begin(path(name), bytes.len() as u64)?;
        for piece in bytes.chunks(feed) {
            pass.feed(Bytes::copy_from_slice(piece))?;
        }
        pass.end()?;
    }
    pass.finish()
}

#[tokio::test]
async fn one_pass_hashes_files_and_chunks() {
    let (a, b) = (sample(3 * MIB + 5, 5), sample(2 * MIB, 6));
    let files: [(&str, &[u8]); 4] =
        [("a.csv", &a), ("b/empty", b""), ("b/x", b"hi"), ("c.csv", &b)];
    let blobs = MemoryBlobs::new();
    let Passed { layout, batch } = pass(&blobs, &files, 700_001).unwrap();
    assert!(blobs.list().await.unwrap().is_empty(), "nothing is there before the commit");
    batch.commit().await.unwrap();
    let mut all = Vec::new();
    for chunk in layout.chunks() {
        let bytes = blobs.read_all(&chunk.id).await.unwrap();
        assert_eq!((chunk.offset, chunk.length), (all.len() as u64, bytes.len() as u32));
        all.extend_from_slice(&bytes);
    }
    assert_eq!(all, files.map(|(_, bytes)| bytes).concat());
    assert_eq!(layout.files().len(), files.len());
    for (entry, (name, bytes)) in layout.files().iter().zip(files) {
        assert_eq!(entry.path, path(name));
        assert_eq!(entry.sha256, FileDigest::of(bytes));
        assert_eq!(entry.blake3, FileBlake3::from_bytes(*blake3::hash(bytes).as_bytes()));
        let start = entry.offset as usize;
        assert_eq!(all[start..start + entry.size as usize], *bytes);
    }
    let again = pass(&MemoryBlobs::new(), &files, 64).unwrap().layout;
    assert_eq!(again.root(), layout.root(), "the root does not depend on how bytes arrive");
}

#[test]
fn tiny_files_share_chunks() {
    let names: Vec<String> = (0..5_000).map(|n| format!("{n:05}")).collect();
    let files: Vec<(&str, &[u8])> = names.iter().map(|n| (n.as_str(), n.as_bytes())).collect();
    let layout = pass(&MemoryBlobs::new(), &files, 64).unwrap().layout;
    assert_eq!((layout.files().len(), layout.chunks().len()), (5_000, 1));
}

#[test]
fn a_file_that_changes_while_being_read_is_noticed() {
    let blobs = MemoryBlobs::new();
    for (listed, read) in [(10, 9), (10, 11), (0, 1), (3, 2 * MIB as u64)] {
        let mut pass = Pass::new(listed, &CutPoints::none(), blobs.batch());
        pass.begin(path("rain.csv"), listed).unwrap();
        let fed = pass.feed(vec![0; read as usize].into()).and_then(|()| pass.end());
        let Err(PassError::Changed { path: named, .. }) = fed else { panic!("{listed} {read}") };
        assert_eq!(named, path("rain.csv"));
    }
}

#[test]
fn feeding_out_of_turn_is_refused() {
    let start = |total| Pass::new(total, &CutPoints::none(), MemoryBlobs::new().batch());
    let mut pass = start(1);
    assert!(matches!(pass.feed(Bytes::from_static(b"x")), Err(PassError::OutOfTurn)));
    assert!(matches!(pass.end(), Err(PassError::OutOfTurn)));
    pass.begin(path("a"), 1).unwrap();
    assert!(matches!(pass.begin(path("b"), 1), Err(PassError::OutOfTurn)));
    assert!(matches!(pass.finish(), Err(PassError::OutOfTurn)));
    let mut pass = start(2);
    pass.begin(path("a"), 1).unwrap();
    pass.feed(Bytes::from_static(b"x")).unwrap();
    pass.end().unwrap();
    assert!(matches!(pass.finish(), Err(PassError::TotalDiffers { given: 1, announced: 2 })));
}

#[test]
fn a_full_disk_ends_the_pass_with_its_own_error() {
    let disk = MemoryDisk::new();
    let folder = DiskPath::new("blobs").unwrap();
    let blobs = DiskBlobs::create(std::sync::Arc::new(disk.clone()), folder).unwrap();
    for workers in [Workers::Caller, Workers::Threads(2)] {
        disk.set_capacity(3 * MIB as u64);
        let blobs = blobs.clone().with_workers(workers);
        let big = sample(30 * MIB, 7);
        let failed = match pass(&blobs, &[("big", &big)], MIB) {
            Err(e) => e.to_string(),
            Ok(passed) => passed.batch.commit_blocking().unwrap_err().to_string(),
        };
        assert!(failed.contains("no space left"), "{failed}");
        let left = disk.list_tmp();
        assert_eq!(left, ["lock"]);
    }
}

trait ListTmp {
    fn list_tmp(&self) -> Vec<String>;
}

impl ListTmp for MemoryDisk {
    fn list_tmp(&self) -> Vec<String> {
        use veritrail_storage::disk::Disk;
        self.list(&DiskPath::new("blobs/tmp").unwrap()).unwrap()
    }
}

/// Ids are of content alone.
#[test]
fn equal_bytes_are_one_chunk() {
    let same = vec![0_u8; 12 * MIB];
    let layout = pass(&MemoryBlobs::new(), &[("zeros", &same)], MIB).unwrap().layout;
    let ids: std::collections::BTreeSet<ChunkId> = layout.chunks().iter().map(|c| c.id).collect();
    assert_eq!((layout.chunks().len(), ids.len()), (3, 1));
}

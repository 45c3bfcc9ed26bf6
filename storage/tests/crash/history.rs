//! A history of publishing, what it acknowledged, and what must hold of it after a crash.

use std::sync::{Arc, LazyLock};

use bytes::Bytes;
use veritrail_provenance::{
    hash::{ChunkId, LogHash},
    identity::Signer,
    log::{
        entries,
        note::VKey,
        tile::{EntriesPath, tiles_of},
        tree::{CompactRange, leaf_hash},
    },
    statement::Origin,
};
use veritrail_storage::{
    blob::{BlobError, Blobs, DiskBlobs, Workers},
    disk::{Disk, DiskError, DiskPath, MemoryDisk},
    home::{HomeError, Parts},
    keys::{KeySet, Seed},
    log::{Expect, LogError, LogPlace, Reader},
};
use zeroize::Zeroizing;

#[derive(Debug, thiserror::Error)]
pub enum Broken {
    #[error("{0}")]
    Promise(String),
    #[error("log: {0}")]
    Log(#[from] LogError),
    #[error("blob: {0}")]
    Blob(#[from] BlobError),
    #[error("disk: {0}")]
    Disk(#[from] DiskError),
    #[error("home: {0}")]
    Home(#[from] HomeError),
}

/// Entries and blobs of one publish; the blobs are made durable first.
struct Step {
    blobs: Vec<Vec<u8>>,
    entries: u64,
}

/// The second publish repeats a blob of the first; the third fills a tile and begins the next.
fn steps() -> Vec<Step> {
    let blob = |n: u8, len: usize| vec![n; len];
    vec![
        Step { blobs: vec![blob(1, 40_000), blob(2, 700), blob(3, 9)], entries: 2 },
        Step { blobs: vec![blob(2, 700), blob(4, 17_000)], entries: 1 },
        Step { blobs: vec![], entries: 254 },
        Step { blobs: vec![blob(5, 1_500)], entries: 1 },
        Step { blobs: vec![], entries: 1 },
    ]
}

/// What the history was told to be durable.
#[derive(Clone, Debug, Default)]
pub struct Acknowledged {
    /// Sizes that were published, 1 once the home was made.
    pub sizes: Vec<u64>,
    pub blobs: Vec<Vec<u8>>,
}

impl Acknowledged {
    pub fn finished(&self) -> bool {
        self.sizes.len() == steps().len() + 1
    }

    /// Another process has seen a head of this size.
    pub fn see(&mut self, size: u64) {
        if self.sizes.last() != Some(&size) {
            self.sizes.push(size);
        }
    }

    /// The blobs of the step that was interrupted.
    pub fn next_blobs(&self) -> Option<Vec<Vec<u8>>> {
        Some(steps().into_iter().nth(self.sizes.len().checked_sub(1)?)?.blobs)
    }

    /// The size that the interrupted append would lead to.
    fn next_size(&self) -> u64 {
        1 + steps().iter().take(self.sizes.len()).map(|step| step.entries).sum::<u64>()
    }
}

fn origin() -> Origin {
    "lab.example/log".parse().unwrap()
}

fn signer() -> Arc<dyn Signer> {
    Seed::from_bytes(Zeroizing::new([9; 32])).shared_signer()
}

fn entry(n: u64) -> Vec<u8> {
    format!("entry {n} {}", "·".repeat(n as usize % 40)).into_bytes()
}

fn blobs_folder() -> DiskPath {
    DiskPath::new("blobs").unwrap()
}

fn disk_of(disk: &(impl Disk + Clone)) -> Arc<dyn Disk> {
    Arc::new(disk.clone())
}

fn keys() -> KeySet {
    let seed = |n| Seed::from_bytes(Zeroizing::new([n; 32]));
    KeySet { person: seed(7), node: seed(8), log: seed(9) }
}

/// Makes a home with entry 0, then publishes step by step, as `publish` does.
pub fn run(disk: &(impl Disk + Clone), told: &mut Acknowledged) -> Result<(), Broken> {
    let Parts { blobs, log, .. } = Parts::init(disk_of(disk), &keys(), &origin(), vec![entry(0)])?;
    let blobs = DiskBlobs::clone(&blobs).with_workers(Workers::Caller);
    told.sizes.push(1);
    let mut size = 1;
    for step in steps() {
        if !step.blobs.is_empty() {
            let mut batch = blobs.batch();
            for blob in &step.blobs {
                batch.put(Bytes::copy_from_slice(blob))?;
            }
            batch.commit_blocking()?;
            told.blobs.extend(step.blobs);
        }
        let entries = (size..size + step.entries).map(entry).collect();
        let appended = log.append(entries, Expect::Size(size))?;
        size += step.entries;
        if appended.checkpoint.size != size {
            return Err(Broken::Promise("the append leads to its size".into()));
        }
        told.sizes.push(size);
    }
    Ok(())
}

/// What a new process does first. Returns the log's size.
pub fn recover(disk: &(impl Disk + Clone)) -> Result<u64, Broken> {
    let Parts { blobs, log, .. } = Parts::open(disk_of(disk))?;
    blobs.sweep()?;
    Ok(log.reader().snapshot()?.size())
}

/// A batch of blobs.
pub fn put(disk: &MemoryDisk, contents: &[Vec<u8>]) -> Result<(), Broken> {
    let blobs = DiskBlobs::open(disk_of(disk), blobs_folder())?.with_workers(Workers::Caller);
    let mut batch = blobs.batch();
    for blob in contents {
        batch.put(Bytes::copy_from_slice(blob))?;
    }
    Ok(batch.commit_blocking()?)
}

fn keep(held: bool, promise: impl Fn() -> String) -> Result<(), Broken> {
    if held { Ok(()) } else { Err(Broken::Promise(promise())) }
}

/// All that must hold of a disk after a crash: before anything repairs it, and afterwards.
pub fn check(disk: &MemoryDisk, told: &Acknowledged) -> Result<(), Broken> {
    let Some(&last) = told.sizes.last() else { return check_unfinished(disk) };
    check_blobs(disk, told)?;
    let key = VKey::ed25519(origin().as_str(), signer().public_key()).unwrap();
    let folder = LogPlace::default().folder().clone();
    let reader = Reader::new(disk_of(disk), folder, origin(), vec![key]);
    let before = check_log(disk, &reader, told)?;
    let after = recover(disk)?;
    let next = told.next_size();
    keep(after == last || after == next, || format!("{after} entries, {last} were told"))?;
    keep(after >= before, || format!("a head of {before} was out, {after} are left"))?;
    check_log(disk, &reader, told)?;
    let home = Parts::open(disk_of(disk))?;
    home.log.append(vec![entry(after)], Expect::Size(after))?;
    check_log(disk, &reader, &Acknowledged { sizes: vec![after + 1], blobs: vec![] })?;
    let found = home.keys.read_set().map_err(HomeError::from)?;
    let (found, expected) = ([found.person, found.node, found.log], keys());
    let same = found.iter().zip([&expected.person, &expected.node, &expected.log]);
    keep(same.into_iter().all(|(a, b)| a.expose() == b.expose()), || "a key is another".into())?;
    let left = disk.list(&blobs_folder().join("tmp")?)?;
    keep(left == ["lock"] || left.is_empty(), || format!("left over: {left:?}"))
}

/// A home that nobody was told of either stands, whole, or is said to be no home.
fn check_unfinished(disk: &MemoryDisk) -> Result<(), Broken> {
    match Parts::open(disk_of(disk)) {
        Err(HomeError::NoFormat) => match Parts::init(disk_of(disk), &keys(), &origin(), vec![]) {
            Ok(made) => {
                let set = made.keys.read_set().map_err(HomeError::from)?;
                keep(set.log.expose() == keys().log.expose(), || "a key is another".into())
            }
            Err(e) => Err(e.into()),
        },
        Err(e) => Err(e.into()),
        Ok(home) => {
            drop(home);
            check(disk, &Acknowledged { sizes: vec![1], blobs: vec![] })
        }
    }
}

/// Blobs that were told of are there; whatever has a name is whole.
fn check_blobs(disk: &MemoryDisk, told: &Acknowledged) -> Result<(), Broken> {
    let blobs = DiskBlobs::open(disk_of(disk), blobs_folder())?;
    for blob in &told.blobs {
        let read = blobs.read_all_blocking(&ChunkId::of(blob))?;
        keep(read == *blob, || "a blob that was told of has other bytes".into())?;
    }
    for id in blobs.list_blocking()? {
        let len = blobs.read_all_blocking(&id)?.len() as u64;
        blobs.read_blocking(&id, 0..len)?;
    }
    Ok(())
}

/// The visible head covers what was told, and everything that any published head promises can be
/// read: entries, tiles, partial tiles of every published size. Returns the head's size.
fn check_log(disk: &MemoryDisk, reader: &Reader, told: &Acknowledged) -> Result<u64, Broken> {
    let snapshot = reader.snapshot()?;
    let (size, last) = (snapshot.size(), told.sizes.last().copied().unwrap_or(0));
    keep(size >= last, || format!("the head has {size} entries, {last} were told"))?;
    let all = snapshot.entries(0..size)?;
    let expected: Vec<_> = (0..size).map(entry).collect();
    keep(all == expected, || "an entry has other bytes".into())?;
    for published in told.sizes.iter().copied().chain([size]) {
        let root = ROOTS.get(published as usize);
        keep(root == Some(&snapshot.root_at(published)?), || format!("the root at {published}"))?;
        check_files(disk, published, &expected)?;
    }
    Ok(size)
}

/// The root at every size, computed once.
static ROOTS: LazyLock<Vec<LogHash>> = LazyLock::new(|| {
    let mut range = CompactRange::new();
    let mut roots = vec![range.root()];
    for n in 0..300 {
        range.append(leaf_hash(&entry(n))).unwrap();
        roots.push(range.root());
    }
    roots
});

/// The last tile of each level and the last bundle of a published size, partial or full.
fn check_files(disk: &MemoryDisk, size: u64, entries: &[Vec<u8>]) -> Result<(), Broken> {
    let log = LogPlace::default().folder().clone();
    let read = |partial: String, full: String| match disk.read(&log.join(&partial)?, 1 << 24) {
        Err(DiskError::NotFound { .. }) => disk.read(&log.join(&full)?, 1 << 24),
        bytes => bytes,
    };
    for tile in tiles_of(size) {
        let hashes =
            tile.hashes(&read(tile.path(), tile.full().path())?).map_err(LogError::from)?;
        keep(hashes.len() == usize::from(tile.width), || tile.path())?;
    }
    let Some(last) = size.checked_sub(1) else { return Ok(()) };
    let bundle = EntriesPath::holding(last, size).map_err(LogError::from)?;
    let bytes = read(bundle.path(), bundle.full().path())?;
    let (found, _) = entries::unframe_first(&bytes, bundle.width).map_err(LogError::from)?;
    let expected = entries.iter().skip(bundle.first() as usize).take(found.len());
    keep(expected.eq(found), || bundle.path())
}

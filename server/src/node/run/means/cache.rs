//! Results of units, kept in the home under `units/` (docs/formats/home.md): bounded, checked when
//! they are read, and never needed. Whatever goes wrong here costs time alone.

use std::{
    fs::{self, DirBuilder, File},
    io::{Read as _, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
    time::SystemTime,
};

use bytes::Bytes;
use sha2::{Digest as _, Sha256};
use veritrail_compute::sql::unit::{ResultHash, UnitCache, UnitId};

use crate::node::Node;

/// The folder of the home.
pub(super) const FOLDER: &str = "units";

/// Bytes that all results together may take; beyond, those not used for longest go.
const BYTES_MAX: u64 = 1 << 30;

/// Bytes of a file before the result: its hash.
const HEAD_BYTES: usize = 32;

/// Bytes of a result that is read at all.
const RESULT_BYTES_MAX: u64 = 64 << 20;

/// The kept results. Several processes may have them open.
#[derive(Debug)]
pub struct DiskCache {
    folder: PathBuf,
    program: [u8; 32],
    bytes_max: u64,
    /// About what the folder holds: other processes write too.
    held: AtomicU64,
    next: AtomicU64,
}

impl DiskCache {
    /// The home's; `None` where its folder cannot be made, which a run need not care about.
    pub(super) fn of(node: &Node) -> Option<Self> {
        Self::open(node.home().path().join(FOLDER), program()?, BYTES_MAX)
    }

    /// The results in `folder`, which is made if it is missing, that `program` computed: at most
    /// `bytes_max` bytes with those of other programs. `None` where the folder cannot be made.
    /// Blocks.
    pub fn open(folder: PathBuf, program: [u8; 32], bytes_max: u64) -> Option<Self> {
        DirBuilder::new().recursive(true).mode(0o700).create(&folder).ok()?;
        let cache = Self { folder, program, bytes_max, held: 0.into(), next: 0.into() };
        cache.make_room();
        Some(cache)
    }

    /// The file of a unit's result, as this program computes it: another version of the program
    /// never sees it, whatever it says its version is.
    fn file(&self, unit: &UnitId) -> PathBuf {
        let name = Sha256::new().chain_update(self.program).chain_update(unit.as_bytes());
        self.folder.join(hex::encode(name.finalize()))
    }

    fn read(path: &Path) -> Option<Bytes> {
        let mut bytes = Vec::new();
        let file = File::open(path).ok()?;
        file.take(RESULT_BYTES_MAX).read_to_end(&mut bytes).ok()?;
        let mut bytes = Bytes::from(bytes);
        if bytes.len() < HEAD_BYTES {
            return None;
        }
        let hash = bytes.split_to(HEAD_BYTES);
        (ResultHash::of(&bytes).as_bytes() == hash.as_ref()).then_some(bytes)
    }

    fn write(&self, path: &Path, result: &Bytes) -> std::io::Result<()> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let beside = path.with_extension(format!("{}-{number}", std::process::id()));
        let write = || {
            let mut file =
                File::options().write(true).create_new(true).mode(0o600).open(&beside)?;
            file.write_all(ResultHash::of(result).as_bytes())?;
            file.write_all(result)?;
            // Not synced: what a power loss tears has another hash.
            fs::rename(&beside, path)
        };
        write().inspect_err(|_| drop(fs::remove_file(&beside)))
    }

    /// Removes what was not used for longest, down to nine tenths of what may be held, and what
    /// killed processes were writing.
    fn make_room(&self) {
        let mut files: Vec<(SystemTime, u64, PathBuf)> = Vec::new();
        for entry in fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            let Ok(found) = entry.metadata() else { continue };
            if entry.file_name() == super::rate::NAME {
                continue;
            }
            let used = found.modified().unwrap_or(SystemTime::UNIX_EPOCH);
            files.push((used, found.len(), entry.path()));
        }
        files.sort();
        let mut held: u64 = files.iter().map(|(_, bytes, _)| bytes).sum();
        let most = if held > self.bytes_max { self.bytes_max / 10 * 9 } else { held };
        for (_, bytes, path) in &files {
            let torn = path.extension().is_some_and(|writer| is_gone(&writer.to_string_lossy()));
            if (held > most || torn) && fs::remove_file(path).is_ok() {
                held = held.saturating_sub(*bytes);
            }
        }
        self.held.store(held, Ordering::Relaxed);
    }
}

impl UnitCache for DiskCache {
    fn get(&self, unit: &UnitId) -> Option<Bytes> {
        let path = self.file(unit);
        let found = Self::read(&path);
        if found.is_none() {
            // Missing, or not what was written: then it goes, and is computed again.
            drop(fs::remove_file(&path));
        } else if let Ok(file) = File::options().append(true).open(&path) {
            drop(file.set_modified(SystemTime::now()));
        }
        found
    }

    fn put(&self, unit: &UnitId, _text: &str, result: &Bytes) {
        let bytes = (result.len() + HEAD_BYTES) as u64;
        if bytes > RESULT_BYTES_MAX || self.write(&self.file(unit), result).is_err() {
            return;
        }
        if self.held.fetch_add(bytes, Ordering::Relaxed) + bytes > self.bytes_max {
            self.make_room();
        }
    }
}

/// Whether the process that wrote `PID-N` is no more; false where that cannot be told.
fn is_gone(writer: &str) -> bool {
    let processes = Path::new("/proc");
    let process = writer.split_once('-').map(|(process, _)| process);
    processes.join("self").exists() && process.is_some_and(|pid| !processes.join(pid).exists())
}

/// What tells this program from any other: its version, and the length and the last change of its
/// file. Hashing the file would take longer than most units.
fn program() -> Option<[u8; 32]> {
    let found = fs::metadata(std::env::current_exe().ok()?).ok()?;
    let changed = found.modified().ok()?.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    let words = format!("{} {} {}", env!("CARGO_PKG_VERSION"), found.len(), changed.as_nanos());
    Some(Sha256::digest(words).into())
}

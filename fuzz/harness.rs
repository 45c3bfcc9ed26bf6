//! Runs a decoder over a corpus and over mutations of it, and holds it to what every decoder owes:
//! no panic, no hang, no memory that a few bytes could ask for. What else it owes (whatever is read
//! is written again as it stood) the target itself asserts.
//!
//! A target is a function from bytes to whether they were accepted. `fuzz/corpus/TARGET` holds
//! `seed-*`, which the target's test makes and which are accepted, and any other file, which is
//! refused: a length that lies, or bytes that once broke something. Every package's tests have this
//! file as a module.

mod mutations;

use std::any::Any;
use std::fs::File;
use std::io::{Seek as _, Write as _};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use mutations::{Dice, mutated};

/// Says to a test that it is the process in which a target runs.
const CHILD: &str = "VERITRAIL_FUZZ_CHILD";
/// How much the process may grow while a target runs, over what its seeds need: hostile lengths ask
/// for more. An input has at most 128 KiB.
const GROWTH_KIB_MAX: u64 = 16 << 10;
/// How long a case may take, on a machine that does other things as well; honest ones take
/// milliseconds.
const CASE_MAX: Duration = Duration::from_secs(60);

/// A decoder, with what it must hold asserted: true where it accepted the bytes.
pub type Target = fn(&[u8]) -> bool;

/// Runs a target: `test` is the whole name of the test that calls, which is run again in a process
/// of its own, as only the memory of a process can be measured.
pub fn fuzz(test: &str, seeds: &[Vec<u8>], cases: u64, target: Target) {
    let name = name_of(test);
    if is_child() {
        return run(&name, seeds, cases, target);
    }
    let output = Command::new(std::env::current_exe().unwrap())
        .args([test.split_once("::").unwrap().1, "--exact", "--nocapture", "--test-threads=1"])
        .env(CHILD, "1")
        // An arena for each thread would be counted as memory.
        .env("MALLOC_ARENA_MAX", "1")
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{}\n{told}\nthe last input: {}",
        output.status,
        last(&name).display()
    );
    assert!(told.contains("1 passed"), "{test} did not run: {told}");
}

/// True in the process in which the target runs.
pub fn is_child() -> bool {
    std::env::var_os(CHILD).is_some()
}

fn run(name: &str, seeds: &[Vec<u8>], cases: u64, target: Target) {
    let corpus = corpus(&folder(name), seeds);
    let file = File::create(last(name)).unwrap();
    let mut watch = Watch { name, last: file, peak_kib: None, accepted: 0 };
    let known = corpus.iter().filter(|(file, _)| is_seed(file)).count();
    for (at, (file, bytes)) in corpus.iter().enumerate() {
        let accepted = watch.case(file, bytes, target);
        assert_eq!(accepted, is_seed(file), "{name}/{file}: accepted or not");
        if at + 1 == known {
            // Threads and tables are there now.
            watch.peak_kib = peak_kib();
        }
    }
    watch.accepted = 0;
    let bytes: Vec<Vec<u8>> = corpus.into_iter().map(|(_, bytes)| bytes).collect();
    for case in 0..cases {
        let mutation = mutated(&mut Dice::of(name, case), &bytes, known);
        watch.case(&format!("case {case}"), &mutation, target);
    }
    println!("{name}: {cases} cases, {} accepted", watch.accepted);
}

/// The last part of a test's name.
fn name_of(test: &str) -> String {
    test.rsplit("::").next().unwrap().replace('_', "-")
}

fn folder(name: &str) -> PathBuf {
    let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    let mut folders = above.map(|above| above.join("fuzz/corpus"));
    folders.find(|folder| folder.exists()).expect("fuzz/corpus").join(name)
}

fn is_seed(file: &str) -> bool {
    file.starts_with("seed-")
}

fn blessing() -> bool {
    std::env::var("VERITRAIL_BLESS").is_ok_and(|value| value == "1")
}

fn write(path: &Path, bytes: &[u8]) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, bytes).unwrap();
}

fn read(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The files of a corpus by their names. `VERITRAIL_BLESS=1` writes seeds that are missing.
fn corpus(folder: &Path, seeds: &[Vec<u8>]) -> Vec<(String, Vec<u8>)> {
    for (at, seed) in seeds.iter().enumerate() {
        let path = folder.join(format!("seed-{at}"));
        if blessing() && !path.exists() {
            write(&path, seed);
        }
        assert!(read(&path) == *seed, "{} is not what is written now", path.display());
    }
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<(String, Vec<u8>)> = entries
        .map(|path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, read(&path))
        })
        .collect();
    files.sort_by_key(|(name, _)| (!is_seed(name), name.clone()));
    let known = files.iter().filter(|(name, _)| is_seed(name)).count();
    assert_eq!(known, seeds.len(), "{}: a seed that no test makes", folder.display());
    assert!(known >= 1 && files.len() >= 3, "{}: {} files", folder.display(), files.len());
    files
}

/// What looks at each case.
struct Watch<'a> {
    name: &'a str,
    last: File,
    /// The process's peak before any mutation.
    peak_kib: Option<u64>,
    accepted: u64,
}

impl Watch<'_> {
    fn case(&mut self, what: &str, bytes: &[u8], target: Target) -> bool {
        // An abort leaves its input behind. The file stays open, as closing may wait for the disk.
        self.last.set_len(bytes.len() as u64).unwrap();
        self.last.rewind().unwrap();
        self.last.write_all(bytes).unwrap();
        let start = Instant::now();
        let accepted = catch_unwind(AssertUnwindSafe(|| target(bytes)))
            .unwrap_or_else(|panic| panic!("{} {what}: {}", self.name, message(&panic)));
        let took = start.elapsed();
        assert!(took < CASE_MAX, "{} {what} took {took:?}", self.name);
        if let (Some(before), Some(after)) = (self.peak_kib, peak_kib()) {
            let grown = after.saturating_sub(before);
            assert!(grown < GROWTH_KIB_MAX, "{} {what} asked for {grown} KiB", self.name);
        }
        self.accepted += u64::from(accepted);
        accepted
    }
}

/// Where the input of the running case lies.
fn last(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("fuzz-{name}"))
}

fn message(panic: &Box<dyn Any + Send>) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default()
}

/// The most address space that the process ever had; what is asked for counts, used or not. Linux
/// tells it.
fn peak_kib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmPeak:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

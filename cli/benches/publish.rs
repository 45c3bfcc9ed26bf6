//! `make bench-publish`: publishing 1 GiB beside the two limits of the same machine in the same
//! run, hashing it (`openssl dgst -sha256`) and copying it durably (`cp` + `sync`), in turns,
//! because shared machines drift. Prints one line a figure and always exits 0: it never judges.

use std::{
    fs::{self, File},
    io::Write as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};

const ROUNDS: usize = 5;
const BYTES: u64 = 1 << 30;
const GOAL_RATIO: f64 = 2.0;
const GOAL_MEMORY_MB: f64 = 300.0;

fn main() -> Result<()> {
    // `cargo test --benches` runs this too; there is nothing to test.
    if !std::env::args().any(|arg| arg == "--bench") {
        return Ok(());
    }
    let scratch = tempfile::tempdir_in(std::env::var("BENCH_DIR").unwrap_or_else(|_| ".".into()))?;
    let data = scratch.path().join("data.bin");
    write_random(&data)?;
    let mut rounds = Vec::new();
    for round in 0..ROUNDS {
        rounds.push(Round::measure(scratch.path(), &data, round)?);
        eprintln!("round {}: {}", round + 1, rounds[round]);
    }
    // The first round warms the page cache.
    let rounds = &rounds[1..];
    let of = |figure: fn(&Round) -> f64| median(rounds.iter().map(figure).collect());
    println!("openssl_sha256 {:.2} s", of(|r| r.openssl));
    println!("cp_and_sync {:.2} s", of(|r| r.copy));
    println!("publish_1gib {:.2} s", of(|r| r.publish));
    figure("publish_over_limit", of(Round::ratio), "ratio", GOAL_RATIO);
    figure("publish_peak_memory", of(|r| r.memory_mb), "MB", GOAL_MEMORY_MB);
    Ok(())
}

/// One measurement of all three, so that a ratio is taken within one round.
struct Round {
    openssl: f64,
    copy: f64,
    publish: f64,
    memory_mb: f64,
}

impl Round {
    fn measure(scratch: &Path, data: &Path, round: usize) -> Result<Self> {
        let openssl = timed(Command::new("openssl").args(["dgst", "-sha256"]).arg(data))?;
        let copied = scratch.join("copied.bin");
        let script =
            format!("cp --reflink=never '{}' '{}' && sync", data.display(), copied.display());
        let copy = timed(Command::new("sh").args(["-c", &script]))?;
        fs::remove_file(&copied)?;

        let home = scratch.join(format!("home-{round}"));
        let veritrail = env!("CARGO_BIN_EXE_veritrail");
        let run = |args: &[&str]| -> Command {
            let mut command = Command::new(veritrail);
            command.arg("--home").arg(&home).args(args);
            command
        };
        timed(&mut run(&["init", "--json", "--name", "bench"]))?;
        sync();
        let start = Instant::now();
        let mut publish = run(&["publish", "--json", "--licence", "CC0-1.0", "--title", "bench"]);
        let child = publish.arg(data).stdout(Stdio::null()).spawn()?;
        let memory_mb = peak_memory_mb(child)?;
        let publish = start.elapsed().as_secs_f64();
        fs::remove_dir_all(&home)?;
        sync();
        Ok(Self { openssl: openssl.as_secs_f64(), copy: copy.as_secs_f64(), publish, memory_mb })
    }

    fn ratio(&self) -> f64 {
        self.publish / self.openssl.max(self.copy)
    }
}

impl std::fmt::Display for Round {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { openssl, copy, publish, memory_mb } = self;
        write!(
            f,
            "openssl {openssl:.2} s, cp+sync {copy:.2} s, publish {publish:.2} s, {memory_mb:.0} MB"
        )
    }
}

fn figure(name: &str, value: f64, unit: &str, goal: f64) {
    let verdict = if value <= goal { "ok" } else { "short" };
    println!("{name} {value:.2} {unit} (goal ≤ {goal}) {verdict}");
}

fn timed(command: &mut Command) -> Result<Duration> {
    let start = Instant::now();
    let status = command.stdout(Stdio::null()).status().with_context(|| format!("{command:?}"))?;
    ensure!(status.success(), "{command:?}: {status}");
    Ok(start.elapsed())
}

fn sync() {
    // Best effort: a machine without sync only measures noisier.
    let _ = Command::new("sync").status();
}

/// Waits for the child and gives the highest resident memory that /proc told of it.
fn peak_memory_mb(mut child: Child) -> Result<f64> {
    let status = PathBuf::from(format!("/proc/{}/status", child.id()));
    let mut peak = 0.0_f64;
    loop {
        if let Some(kib) = fs::read_to_string(&status).ok().and_then(|text| high_water_kib(&text)) {
            peak = peak.max(kib / 1024.0);
        }
        if let Some(status) = child.try_wait()? {
            ensure!(status.success(), "publish: {status}");
            return Ok(peak);
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn high_water_kib(status: &str) -> Option<f64> {
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Bytes that neither repeat nor compress: a BLAKE3 stream would need a dependency, so a
/// xorshift does.
fn write_random(path: &Path) -> Result<()> {
    let mut file = File::create(path)?;
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut block = vec![0_u8; 1 << 20];
    for _ in 0..BYTES >> 20 {
        for word in block.chunks_exact_mut(8) {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            word.copy_from_slice(&state.to_le_bytes());
        }
        file.write_all(&block)?;
    }
    Ok(file.sync_all()?)
}

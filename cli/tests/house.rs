//! A home in a folder that goes away with it, and what the program did when it was run on it.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use serde_json::Value;

pub const VERITRAIL: &str = env!("CARGO_BIN_EXE_veritrail");

pub const RAIN: &str =
    "day,rain_mm,place\n2024-01-01,3.5,Oslo\n2024-01-02,0.0,Oslo\n2024-01-03,12.25,Bergen\n";

/// A folder with a home in it.
pub struct House {
    folder: tempfile::TempDir,
}

impl House {
    /// A folder without a home.
    pub fn empty() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// A home of Ada's.
    pub fn new() -> Self {
        let house = Self::empty();
        house.ok(&["init", "--name", "Ada, Lab X"]);
        house
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn home(&self) -> PathBuf {
        self.path().join("home")
    }

    /// Writes a file beside the home.
    pub fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    }

    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(VERITRAIL);
        command.current_dir(self.path()).args(args).stdin(Stdio::null());
        command.env_clear().env("VERITRAIL_HOME", self.home());
        command
    }

    pub fn run(&self, args: &[&str]) -> Ran {
        Ran::from(self.command(args).output().unwrap())
    }

    /// Runs and expects exit 0; gives stdout.
    pub fn ok(&self, args: &[&str]) -> String {
        let ran = self.run(args);
        assert_eq!(ran.code, 0, "veritrail {args:?}\n{}\n{}", ran.stdout, ran.stderr);
        ran.stdout
    }

    /// Runs with `--json` and expects exit 0 and one object.
    pub fn json(&self, args: &[&str]) -> Value {
        let mut args = args.to_vec();
        args.push("--json");
        serde_json::from_str(self.ok(&args).trim()).unwrap()
    }

    /// Runs with `--json`, expects `code`, and gives the error object of stderr.
    pub fn error(&self, args: &[&str], code: i32) -> Value {
        let mut args = args.to_vec();
        args.push("--json");
        let ran = self.run(&args);
        assert_eq!(ran.code, code, "veritrail {args:?}\n{}\n{}", ran.stdout, ran.stderr);
        let last = ran.stderr.lines().last().unwrap_or_default();
        let error: Value = serde_json::from_str(last).unwrap_or_else(|e| panic!("{e}: {last}"));
        assert_eq!(error["schema"], "veritrail.error/1");
        error
    }

    /// Publishes a small table and gives the result.
    pub fn publish_rain(&self, name: &str) -> Value {
        self.file("rain.csv", RAIN);
        self.json(&["publish", "rain.csv", "--licence", "CC0-1.0", "--name", name])
    }

    /// Every file of the home but locks and databases, by its path in it.
    pub fn files(&self) -> Vec<String> {
        let home = self.home();
        let within = |path: PathBuf| path.strip_prefix(&home).unwrap().display().to_string();
        let mut files: Vec<String> = files(&home).into_iter().map(within).collect();
        files.retain(|name| !name.ends_with("lock") && !name.contains(".db"));
        files
    }

    /// Entries of the own log.
    pub fn log_size(&self) -> u64 {
        self.json(&["log", "head"])["size"].as_u64().unwrap()
    }
}

/// What a run of the program left.
pub struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

pub fn text<'a>(value: &'a Value, member: &str) -> &'a str {
    value[member].as_str().unwrap_or_else(|| panic!("no {member} in {value}"))
}

/// All files below a folder, sorted; none where there is no folder. Links are not followed.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let (mut open, mut files) = (vec![folder.to_owned()], Vec::new());
    while let Some(next) = open.pop() {
        // What another process takes away meanwhile is not there.
        for entry in fs::read_dir(next).into_iter().flatten().flatten() {
            match entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                true => open.push(entry.path()),
                false => files.push(entry.path()),
            }
        }
    }
    files.sort();
    files
}

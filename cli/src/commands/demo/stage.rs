//! Where the demo plays: a temporary folder with a home for each actor, and this same binary run
//! as a child for every step, exactly as a person would type it.

use std::{
    cell::RefCell,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
};

use serde_json::Value;
use tempfile::TempDir;
use veritrail_server::{
    error::{Kind, NodeError, Result},
    stop::{Stop, interrupted},
};

/// The folder of one demo; it goes when this is dropped.
pub(super) struct Stage {
    folder: TempDir,
    binary: PathBuf,
    /// The wish that the story end here.
    stop: Stop,
    /// Long values, and the shell variables that stand for them when a command is shown.
    names: RefCell<Vec<(String, &'static str)>>,
}

/// One who acts: a name, and a home of its own.
pub(super) struct Actor<'a> {
    stage: &'a Stage,
    name: &'static str,
}

/// A node that serves until this is dropped.
pub(super) struct Serving(Child);

impl Drop for Serving {
    fn drop(&mut self) {
        // A child that is gone already needs no end.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What a command came to: its exit code, its object on stdout and, where it failed, on stderr.
pub(super) struct Done {
    pub(super) code: i32,
    pub(super) value: Value,
    pub(super) error: Value,
}

impl Stage {
    /// An empty stage in the system's temporary folder.
    pub(super) fn new(stop: Stop) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("veritrail-demo-").tempdir();
        let folder = folder.map_err(|e| failed("cannot make a temporary folder", &e))?;
        let binary = std::env::current_exe()
            .map_err(|e| failed("cannot find this program's own file", &e))?;
        Ok(Self { folder, binary, stop, names: RefCell::default() })
    }

    /// Somebody with a home of their own.
    pub(super) fn actor(&self, name: &'static str) -> Actor<'_> {
        Actor { stage: self, name }
    }

    /// From here on, shows `value` as the shell variable `$name`, and says so.
    pub(super) fn name(&self, name: &'static str, value: &str) {
        super::tell(&format!("     {name}={}", short(value)));
        self.names.borrow_mut().push((value.to_owned(), name));
    }

    /// The command line as a person would type it.
    fn shown(&self, args: &[&str]) -> String {
        let named = |arg: &&str| {
            let names = self.names.borrow();
            let known = names.iter().find(|(value, _)| arg.contains(value.as_str()));
            known.map_or_else(
                || quoted(arg),
                |(value, name)| arg.replace(value, &format!("${name}")),
            )
        };
        args.iter().map(named).collect::<Vec<_>>().join(" ")
    }

    /// The working folder, where files that the commands name are.
    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file of the working folder.
    pub(super) fn write(&self, name: &str, bytes: &[u8]) -> Result<()> {
        std::fs::write(self.folder().join(name), bytes)
            .map_err(|e| failed("cannot write", &e).at(name))
    }

    /// Reads a file of the working folder.
    pub(super) fn read(&self, name: &str) -> Result<Vec<u8>> {
        std::fs::read(self.folder().join(name)).map_err(|e| failed("cannot read", &e).at(name))
    }
}

impl Actor<'_> {
    /// This actor's home.
    pub(super) fn home(&self) -> PathBuf {
        self.stage.folder().join(self.name)
    }

    /// Shows the command, runs it, and gives its object; a failure is the demo's failure.
    pub(super) fn run(&self, args: &[&str]) -> Result<Value> {
        let done = self.attempt(args)?;
        if done.code == 0 { Ok(done.value) } else { Err(unexpected(args, &done)) }
    }

    /// As [`Actor::run`], without showing the command.
    pub(super) fn quietly(&self, args: &[&str]) -> Result<Value> {
        let done = self.execute(args)?;
        if done.code == 0 { Ok(done.value) } else { Err(unexpected(args, &done)) }
    }

    /// Shows the command and runs it; it must end with `code`.
    pub(super) fn must_end_with(&self, code: i32, args: &[&str]) -> Result<Done> {
        let done = self.attempt(args)?;
        if done.code == code { Ok(done) } else { Err(unexpected(args, &done)) }
    }

    fn attempt(&self, args: &[&str]) -> Result<Done> {
        super::tell(&format!("   {}$ veritrail {}", self.name, self.stage.shown(args)));
        self.execute(args)
    }

    fn execute(&self, args: &[&str]) -> Result<Done> {
        self.stage.stop.check()?;
        let Output { status, stdout, stderr } =
            self.command(args).output().map_err(|e| failed("cannot start a command", &e))?;
        let value = last_object(&stdout);
        Ok(Done { code: status.code().unwrap_or(-1), value, error: last_object(&stderr) })
    }

    /// Starts `serve` and waits until it says that it is serving.
    pub(super) fn serve(&self) -> Result<Serving> {
        super::tell(&format!("   {}$ veritrail serve &", self.name));
        let mut command = self.command(&["serve"]);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let mut child = child.map_err(|e| failed("cannot start serving", &e))?;
        let stdout = child.stdout.take();
        let serving = Serving(child);
        let mut line = String::new();
        if let Some(stdout) = stdout {
            BufReader::new(stdout)
                .read_line(&mut line)
                .map_err(|e| failed("cannot hear from the serving node", &e))?;
        }
        if line.is_empty() {
            return Err(NodeError::failed(format!("{} stopped before it served", self.name)));
        }
        Ok(serving)
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(&self.stage.binary);
        command
            .arg("--home")
            .arg(self.home())
            .arg("--json")
            .args(args)
            .current_dir(self.stage.folder())
            .env_remove("VERITRAIL_HOME")
            .stdin(Stdio::null());
        command
    }
}

/// A string member of an object; the demo fails where it is missing.
pub(super) fn text<'v>(value: &'v Value, pointer: &str) -> Result<&'v str> {
    value
        .pointer(pointer)
        .and_then(Value::as_str)
        .ok_or_else(|| NodeError::failed(format!("a command's result has no {pointer}: {value}")))
}

/// Any member of an object, as a person reads it.
pub(super) fn words(value: &Value, pointer: &str) -> String {
    match value.pointer(pointer) {
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => "?".to_owned(),
    }
}

/// One argument, quoted where a shell would split it.
fn quoted(arg: &str) -> String {
    if arg.contains(|c: char| c.is_whitespace() || "()*'\"$&|<>".contains(c)) {
        format!("\"{}\"", arg.replace('"', "\\\""))
    } else {
        arg.to_owned()
    }
}

/// A long identifier as people compare them: its first and last characters.
pub(super) fn short(arg: &str) -> String {
    let long = arg.chars().count() > 44 && !arg.contains(char::is_whitespace);
    if !long || !arg.is_ascii() {
        return arg.to_owned();
    }
    format!("{}…{}", &arg[..18], &arg[arg.len() - 6..])
}

fn last_object(bytes: &[u8]) -> Value {
    String::from_utf8_lossy(bytes)
        .lines()
        .rev()
        .find_map(|line| serde_json::from_str(line).ok())
        .unwrap_or(Value::Null)
}

fn unexpected(args: &[&str], done: &Done) -> NodeError {
    // A terminal's Ctrl-C reaches the child as well, and perhaps first.
    if done.code == i32::from(Kind::Interrupted.exit_code()) {
        return interrupted();
    }
    let why = if done.error.is_null() { &done.value } else { &done.error };
    let line = args.join(" ");
    NodeError::failed(format!("`veritrail {line}` ended with {}: {why}", done.code))
}

fn failed(what: &str, error: &std::io::Error) -> NodeError {
    NodeError::failed(format!("{what}: {error}"))
}

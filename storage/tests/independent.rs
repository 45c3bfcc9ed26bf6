//! Our log's files read by another implementation: the packages of the Go checksum database.

use std::{env, path::Path, process::Command, sync::Arc};

use veritrail_provenance::{identity::Signer, log::note::VKey, statement::Origin};
use veritrail_storage::{
    disk::OsDisk,
    keys::Seed,
    log::{Expect, LogPlace, Writer},
};
use zeroize::Zeroizing;

/// Where Debian puts the packages; no module proxy is asked.
const GO_PATH: &str = "/usr/share/gocode";

#[test]
fn the_go_checksum_database_reads_our_log() {
    let packages = Path::new(GO_PATH).join("src/golang.org/x/mod/sumdb/tlog");
    if Command::new("go").arg("version").output().is_err() || !packages.is_dir() {
        assert!(env::var_os("CI").is_none(), "CI must have golang-go and golang-golang-x-mod-dev");
        eprintln!("skipped: no Go with golang.org/x/mod here (see .ci/packages)");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let origin: Origin = "lab.example/log".parse().unwrap();
    let signer: Arc<dyn Signer> = Seed::from_bytes(Zeroizing::new([9; 32])).shared_signer();
    let vkey = VKey::ed25519(origin.as_str(), signer.public_key()).unwrap().to_string();
    let disk = Arc::new(OsDisk::open(folder.path()).unwrap());
    let writer = Writer::create(disk, LogPlace::default(), origin, signer, vec![]).unwrap();
    let log = folder.path().join("log");
    let mut size = 0_u64;
    for step in [1, 1, 254, 1, 600, 65_000] {
        let entries = (size..size + step).map(|n| format!("entry {n}").into_bytes()).collect();
        writer.append(entries, Expect::Size(size)).unwrap();
        size += step;
        let said = check(folder.path(), &log, &vkey).unwrap();
        assert!(said.starts_with(&format!("{size} entries")), "{said}");
    }
    let tile = log.join("tile/0/001");
    let mut bytes = std::fs::read(&tile).unwrap();
    bytes[77] ^= 1;
    std::fs::remove_file(&tile).unwrap();
    std::fs::write(&tile, bytes).unwrap();
    let refusal = check(folder.path(), &log, &vkey).unwrap_err();
    assert!(refusal.contains("tile/0/001"), "{refusal}");
}

/// Runs the Go program over a log; gives what it said.
fn check(scratch: &Path, log: &Path, vkey: &str) -> Result<String, String> {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/independent/checklog.go");
    let done = Command::new("go")
        .arg("run")
        .arg(program)
        .arg(log)
        .arg(vkey)
        .env("GO111MODULE", "off")
        .env("GOPATH", GO_PATH)
        .env("GOCACHE", scratch.join("go-cache"))
        .env("GOFLAGS", "")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&done.stdout).into_owned();
    let refusal = String::from_utf8_lossy(&done.stderr).into_owned();
    if done.status.success() { Ok(said) } else { Err(refusal) }
}

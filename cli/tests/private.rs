//! Private publications from the command line: what is said where, and what no second home, log,
//! message or trace holds.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Stdio},
};

use serde_json::Value;

use crate::house::{House, files, text};

const CANARIES: [&str; 4] = ["Kestrelwing", "1931-07-19", "90817263", "quokkafever"];
const COMMIT: &str = "age:int[0..127],change:fixed(1)?[-50..50],group:category(drug|placebo)";

fn patients(rows: u32) -> String {
    let [name, born, code, illness] = CANARIES;
    let mut csv = "name,born,code,illness,age,change,group\n".to_owned();
    for row in 0..rows {
        let change = if row % 9 == 0 { String::new() } else { format!("{}.5", row % 20) };
        let group = ["drug", "placebo"][(row % 2) as usize];
        csv += &format!("{name}{row},{born},{code},{illness},{},{change},{group}\n", 20 + row % 70);
    }
    csv
}

const PUBLISH: [&str; 9] = [
    "publish",
    "kestrelwing.csv",
    "--licence",
    "CC0-1.0",
    "--private",
    "--title",
    "A trial",
    "--name",
    "trial",
];

fn publish(house: &House, rows: u32) -> Value {
    house.file("kestrelwing.csv", patients(rows));
    house.json(&[&PUBLISH[..], &["--commit", COMMIT]].concat())
}

/// Serves a home until dropped.
struct Serving(Child);

impl Serving {
    fn of(house: &House) -> (Self, String) {
        let mut child = house
            .command(&["serve", "--json"])
            .env("RUST_LOG", "trace")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert!(line.contains("veritrail.serve"), "{line}");
        let ticket = house.json(&["show", "trial", "--ticket"]);
        (Self(child), text(&ticket, "ticket").to_owned())
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

/// Canaries in bytes, in the case they have and in lower case.
fn canaries_in(bytes: &[u8]) -> Vec<&'static str> {
    let lower = bytes.to_ascii_lowercase();
    let holds = |canary: &&&str| {
        let canary = canary.to_ascii_lowercase().into_bytes();
        lower.windows(canary.len()).any(|window| window == canary)
    };
    CANARIES.iter().filter(holds).copied().collect()
}

fn assert_no_canary(folder: &Path, skipped: &[&str]) {
    let mut looked = 0;
    for file in files(folder) {
        let name = file.strip_prefix(folder).unwrap().display().to_string();
        if skipped.iter().any(|skip| name.starts_with(skip)) {
            continue;
        }
        assert_eq!(canaries_in(name.as_bytes()), [] as [&str; 0], "{name}");
        assert_eq!(canaries_in(&fs::read(&file).unwrap()), [] as [&str; 0], "{name}");
        looked += 1;
    }
    assert!(looked >= 10, "only {looked} files below {}", folder.display());
}

#[test]
fn a_second_node_its_errors_and_its_traces_hold_no_canary() {
    let (ada, ben) = (House::new(), House::new());
    let published = publish(&ada, 3_000);
    let (serving, ticket) = Serving::of(&ada);
    let mut said = Vec::new();
    let did = text(&published, "dataset").to_owned();
    for (args, code) in [
        (vec!["get", &ticket], 0),
        (vec!["get", &ticket, "-o", "out"], 4),
        (vec!["show", &did], 0),
        (vec!["verify", &did, "--trust", "any"], 0),
        (vec!["run", "--sql", "SELECT count(*) FROM t", "--input", &format!("t={did}")], 4),
        (vec!["bundle", &did, "--data", "-o", "b.veritrail"], 4),
        (vec!["audit-commitments", &did], 4),
        (vec!["get", &ticket, "--json"], 0),
        (vec!["log", "show"], 0),
    ] {
        let output = ben.command(&args).env("RUST_LOG", "trace").output().unwrap();
        let both = [output.stdout, output.stderr].concat();
        let shown = String::from_utf8_lossy(&both).into_owned();
        assert_eq!(output.status.code(), Some(code), "{args:?}\n{shown}");
        said.extend_from_slice(&both);
    }
    drop(serving);
    assert_eq!(canaries_in(&said), [] as [&str; 0]);
    let shown = String::from_utf8_lossy(&said);
    assert!(shown.contains("no bytes of it were fetched"), "{shown}");
    assert!(shown.contains("age:int[0..127]"), "{shown}");
    assert_no_canary(&ben.home(), &[]);
    assert!(!ben.path().join("out").exists() && !ben.path().join("b.veritrail").exists());
    // The holder's own home, outside keys/ and node.db; and the log that everybody reads.
    assert_no_canary(&ada.home(), &["keys", "node.db"]);
    // The search finds what is there.
    assert_eq!(canaries_in(patients(1).as_bytes()), CANARIES);
}

#[test]
fn what_losing_the_keys_means_is_said_and_secrets_are_ours_alone() {
    let ada = House::new();
    ada.file("kestrelwing.csv", patients(50));
    let ran = ada.run(&[&PUBLISH[..], &["--commit", COMMIT]].concat());
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stderr.contains("without person.key and your 24 words"), "{}", ran.stderr);
    assert!(!ran.stderr.contains("whoever asks this node gets these bytes"), "{}", ran.stderr);
    assert!(ran.stdout.contains("private: encrypted bytes"), "{}", ran.stdout);
    let mut secrets = 0;
    for folder in ["keys", "recovery"] {
        for file in files(&ada.home().join(folder)) {
            let mode = std::os::unix::fs::PermissionsExt::mode(
                &fs::metadata(&file).unwrap().permissions(),
            );
            assert_eq!(mode & 0o777, 0o600, "{}", file.display());
            secrets += 1;
        }
    }
    assert_eq!(secrets, 3 + 2 + 2, "three keys, the master, an identity, and two copies");
    // No bundle holds them.
    ada.ok(&["bundle", "trial", "-o", "trial.veritrail"]);
    let bundle = fs::read(ada.path().join("trial.veritrail")).unwrap();
    assert!(!bundle.windows(21).any(|window| window == b"age-encryption.org/v1"));
    ada.ok(&["verify", "trial.veritrail", "--trust", "any"]);
}

#[test]
fn a_value_that_is_not_as_declared_is_named_by_its_row_and_nothing_is_logged() {
    let ada = House::new();
    ada.file("kestrelwing.csv", patients(5) + "n,b,c,i,131,,drug\n");
    let error = ada.error(&[&PUBLISH[..], &["--commit", COMMIT]].concat(), 2);
    assert_eq!(text(&error, "message"), "row 6, column \"age\": is outside the declared range");
    assert_eq!(text(&error, "place"), "kestrelwing.csv");
    assert_eq!(ada.log_size(), 1);
    let error = ada.error(&PUBLISH, 2);
    assert!(text(&error, "hint").contains("--commit"), "{error}");
    let error =
        ada.error(&["publish", "kestrelwing.csv", "--licence", "CC0-1.0", "--commit", COMMIT], 2);
    assert!(text(&error, "message").contains("--private"), "{error}");
}

#[test]
fn a_guess_goes_to_stdout_and_nowhere_else() {
    let house = House::empty();
    house.file("t.csv", "age,who\n41,a\n37,b\n12,a\n9,b\n50,a\n");
    let ran = house.run(&["publish", "t.csv", "--suggest"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(ran.stdout.trim(), "t.csv: age:int[0..100],who:category(a|b)");
    assert!(ran.stderr.contains("for your eyes alone"), "{}", ran.stderr);
    assert!(!house.home().exists());
    assert_eq!(files(house.path()).len(), 1);
}

#[test]
fn the_study_is_published_privately_and_audited() {
    let house = House::new();
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../datasets/samples/nhefs");
    let (csv, describe) = (samples.join("nhefs.csv"), samples.join("describe.toml"));
    let commit = "qsmk:category(0|1),sex:bool,age:int[18..99],wt71:fixed(2)[30..200],\
                  wt82_71:fixed(4)?[-60..60],active:category(0|1|2)";
    let published = house.json(&[
        "publish",
        csv.to_str().unwrap(),
        "--describe",
        describe.to_str().unwrap(),
        "--private",
        "--commit",
        commit,
        "--name",
        "nhefs",
    ]);
    assert_eq!(published["committed"]["rows"], 1629);
    let audited = house.json(&["audit-commitments", "nhefs"]);
    assert_eq!(audited["differences"].as_array().map(Vec::len), Some(0));
    let given = ["audit-commitments", "nhefs", "--data", csv.to_str().unwrap()];
    house.ok(&given);
    let shown = house.json(&["show", "nhefs"]);
    assert_eq!(shown["version"]["can_open"], true);
    assert_eq!(shown["version"]["committed"]["columns"][4], "wt82_71:fixed(4)?[-60..60]");
}

//! The way from data to a checked result, with the real program: two homes, one of them served by
//! another process, then a bundle that a third home, and no home at all, can check.

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Stdio},
};

use serde_json::Value;

use crate::house::{House, text};

const MEANS: &str = "SELECT place, avg(rain_mm) AS mm FROM rain GROUP BY place";

/// `veritrail serve` until it is dropped.
struct Served(Child);

/// Begins a command that serves, and gives the object that it prints once it listens.
fn begin(house: &House, args: &[&str]) -> (Child, Value) {
    let mut command = house.command(args);
    let mut child =
        command.arg("--json").stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    (child, serde_json::from_str(&line).unwrap())
}

impl Served {
    fn start(house: &House) -> Self {
        let (child, started) = begin(house, &["serve"]);
        assert_eq!(started["schema"], "veritrail.serve/1");
        assert!(started["addresses"][0].as_str().unwrap().starts_with("127.0.0.1:"), "{started}");
        Self(child)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

#[test]
fn from_data_to_a_bundle_that_anybody_checks() {
    let (ada, ben) = (House::new(), House::new());
    ada.publish_rain("rain");
    let run = ada.json(&["run", "--sql", MEANS, "--input", "rain=rain"]);
    assert_eq!(run["schema"], "veritrail.run/1");
    assert_eq!(run["preview"]["rows"][0][0], "Bergen");
    let name = text(&run, "reference").to_owned();

    let nobody = ada.json(&["show", &name, "--ticket"]);
    let ran = ben.run(&["get", text(&nobody, "ticket")]);
    assert_eq!(ran.code, 1);
    assert!(ran.stderr.contains("veritrail serve"), "{}", ran.stderr);

    let served = Served::start(&ada);
    let ticket = ada.json(&["show", "rain", "--ticket"]);
    let ran = ben.run(&["get", text(&ticket, "ticket"), "-o", "out", "--max-size", "1MB"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stderr.contains("first contact, not confirmed"), "{}", ran.stderr);
    assert!(ran.stdout.contains("written"), "{}", ran.stdout);
    let ticket = ada.json(&["show", &name, "--ticket"]);
    let verdict = ben.json(&["reproduce", text(&ticket, "ticket")]);
    assert_eq!(verdict["outcome"], "identical");
    assert_eq!(verdict["fresh"], true);
    drop(served);

    let made = ben.json(&["bundle", &name, "-o", "run.veritrail"]);
    assert_eq!(made["file"], "run.veritrail");
    let did = ada.json(&["id", "show"])["persons"][0]["did"].as_str().unwrap().to_owned();
    let stranger = House::empty();
    let bundle = ben.path().join("run.veritrail");
    let bundle = bundle.to_str().unwrap();
    let ran = stranger.run(&["verify", bundle]);
    assert_eq!(ran.code, 1, "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stdout.contains("signed by parties you have not named"), "{}", ran.stdout);
    assert!(ran.stdout.contains(&did), "{}", ran.stdout);
    let done = stranger.json(&["verify", bundle, "--trust", &did]);
    assert_eq!(done["conclusion"], "verified");
    assert!(!stranger.home().exists(), "verifying made a home");
    let done = stranger.json(&["verify", bundle, "--trust", "any"]);
    assert_eq!(done["trusts_any"], true);

    let mut bytes = std::fs::read(bundle).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    let altered = stranger.file("altered.zip", &bytes);
    let error = stranger.error(&["verify", altered.to_str().unwrap(), "--trust", "any"], 3);
    assert!(text(&error, "place").contains("altered.zip"), "{error}");
    assert!(text(&error, "message").contains("entry"), "{error}");
}

#[test]
fn the_output_of_a_run_becomes_a_dataset() {
    let house = House::new();
    house.publish_rain("rain");
    let run = house.json(&["run", "--sql", MEANS, "--input", "rain=rain"]);
    let name = text(&run, "reference");
    let error = house.error(&["publish", name, "--name", "means"], 2);
    assert!(text(&error, "hint").contains("--licence"), "{error}");
    let published = house.json(&["publish", name, "--name", "means", "--licence", "CC0-1.0"]);
    assert_eq!(published["root"], run["output_root"]);
    assert!(text(&published, "ticket").starts_with("veritrail"));
    let done = house.json(&["verify", "means"]);
    assert_eq!(done["conclusion"], "verified");
    let shown = house.json(&["show", "means"]);
    assert!(shown["version"]["run"].as_str().unwrap().len() > 10, "{shown}");
    let lineage = house.ok(&["lineage", "means"]);
    assert!(lineage.contains("made by") && lineage.contains("used as rain"), "{lineage}");
    let bundle = house.path().join("means.veritrail");
    house.ok(&["bundle", "means", "-o", bundle.to_str().unwrap()]);
    let done = house.json(&["verify", bundle.to_str().unwrap()]);
    assert_eq!(done["conclusion"], "verified", "{done}");
}

#[test]
fn a_spec_is_the_same_run_written_down() {
    let house = House::new();
    house.publish_rain("rain");
    house
        .file("means.toml", format!("version = 1\nsql = \"{MEANS}\"\n[inputs]\nrain = \"rain\"\n"));
    let written = house.json(&["run", "means.toml"]);
    let typed = house.json(&["run", "--sql", MEANS, "--input", "rain=rain"]);
    // Of a run that is refused nothing is written down.
    let refused = "SELECT random() FROM rain";
    let args = ["run", "--sql", refused, "--input", "rain=rain", "--write-spec", "new.toml"];
    house.error(&args, 2);
    assert!(!house.path().join("new.toml").exists());
    assert_eq!(written["table_hash"], typed["table_hash"]);
    house.file("odd.toml", "version = 1\nsql = \"SELECT 1\"\ncolour = \"red\"\n");
    let error = house.error(&["run", "odd.toml"], 2);
    assert!(text(&error, "message").contains("colour"), "{error}");
    let error = house.error(&["run", "--sql", "SELECT random()", "--input", "rain=rain"], 2);
    assert!(text(&error, "message").contains("random"), "{error}");
}

#[test]
fn a_word_that_is_no_ticket() {
    let house = House::new();
    let error = house.error(&["get", "veritrail-but-no-ticket"], 2);
    assert!(text(&error, "message").contains("ticket"), "{error}");
    // Of a version that nobody knows yet.
    let error = house.error(&["get", "veritrailaaaa"], 1);
    assert!(text(&error, "message").contains("version 0"), "{error}");
    let error = house.error(&["get", "unknown"], 5);
    assert_eq!(error["kind"], "not-found");
    let ran = house.run(&["get", "x", "--max-size", "many"]);
    assert_eq!(ran.code, 2);
}

#[test]
fn what_is_shared_is_served_until_interrupted() {
    let (ada, ben) = (House::new(), House::new());
    ada.file("rain.csv", crate::house::RAIN);
    let args = ["publish", "rain.csv", "--licence", "CC0-1.0", "--share"];
    let (mut child, published) = begin(&ada, &args);
    let got = ben.json(&["get", text(&published, "ticket")]);
    assert_eq!(got["root"], published["root"]);
    // An interrupt ends it with its own code.
    let pid = child.id().to_string();
    assert!(std::process::Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
}

#[test]
fn a_ticket_made_first_leads_to_a_later_serve() {
    let (ada, ben) = (House::new(), House::new());
    let published = ada.publish_rain("rain");
    let _served = Served::start(&ada);
    let got = ben.json(&["get", text(&published, "ticket")]);
    assert_eq!(got["root"], published["root"]);
}

#[test]
fn a_ticket_may_stand_in_a_file_and_the_folder_may_be_a_link() {
    use std::os::unix::fs::symlink;
    let (ada, ben) = (House::new(), House::new());
    ada.publish_rain("rain");
    let _served = Served::start(&ada);
    let ticket = ada.ok(&["show", "rain", "--ticket"]);
    ben.file("rain.ticket", &ticket);
    std::fs::create_dir(ben.path().join("real")).unwrap();
    symlink("real", ben.path().join("link")).unwrap();
    symlink("nowhere", ben.path().join("dangling")).unwrap();
    let got = ben.json(&["get", "rain.ticket", "-o", "link"]);
    assert_eq!(got["written"], 1);
    assert_eq!(
        std::fs::read_to_string(ben.path().join("real/rain.csv")).unwrap(),
        crate::house::RAIN
    );
    let error = ben.error(&["get", "rain.ticket", "-o", "dangling"], 1);
    assert!(text(&error, "place").contains("dangling"), "{error}");
    assert!(!ben.path().join("nowhere").exists());
    let error = ben.error(&["reproduce", "rain.ticket"], 2);
    assert!(text(&error, "message").contains("not to a run"), "{error}");
}

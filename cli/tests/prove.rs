//! `prove` and `check` as they are typed: what is said, what programs read, which exit code.

use std::{fs, path::Path, process::Command};

use serde_json::Value;

use crate::house::{House, Ran, VERITRAIL, text};

const COMMIT: &str = "age:int[0..127],gain:fixed(1)?[-50..50],arm:category(drug|placebo)";
const BY_ARM: &str = "select arm, avg(gain), count(gain), count(*) from t group by arm";

fn patients(rows: u32) -> String {
    let mut csv = "age,gain,arm\n".to_owned();
    for row in 0..rows {
        let gain = if row % 9 == 0 { String::new() } else { format!("{}.5", row % 20) };
        let arm = ["drug", "placebo"][(row % 2) as usize];
        csv += &format!("{},{gain},{arm}\n", 20 + row % 70);
    }
    csv
}

/// A home with a private trial.
pub fn ward(rows: u32) -> House {
    let house = House::new();
    house.file("trial.csv", patients(rows));
    let publish = ["publish", "trial.csv", "--private", "--commit", COMMIT, "--title", "A trial"];
    house.ok(&[&publish[..], &["--licence", "CC0-1.0", "--name", "trial"]].concat());
    house
}

fn prove<'a>(sql: &'a str, out: &'a str) -> [&'a str; 7] {
    ["prove", "--sql", sql, "--of", "trial", "-o", out]
}

/// Without a home, without any variable that could say where one is.
fn nowhere(folder: &Path, args: &[&str]) -> Ran {
    Ran::from(Command::new(VERITRAIL).current_dir(folder).env_clear().args(args).output().unwrap())
}

#[test]
fn a_proof_is_told_to_people_and_programs() {
    let ada = ward(400);
    let proved = ada.json(&prove(BY_ARM, "arm.proof"));
    assert_eq!(proved["schema"], "veritrail.prove/1");
    assert_eq!((&proved["number"], &proved["file"]), (&1.into(), &"arm.proof".into()));
    let bytes = fs::read(ada.path().join("arm.proof")).unwrap();
    assert_eq!(proved["bytes"], bytes.len());
    assert_eq!(text(&proved, "proof"), blake3(&bytes));
    let origin = text(&ada.json(&["log", "head"]), "origin").to_owned();
    assert_eq!(text(&proved, "log"), format!("{origin}#3"));
    let entry = ada.json(&["log", "show", "3"]);
    assert_eq!(entry["statement"]["payload"]["proof"], proved["proof"]);

    let checked = ada.json(&["check", "arm.proof"]);
    assert_eq!(checked["schema"], "veritrail.check/1");
    assert_eq!(checked["version"]["conclusion"], "verified");
    assert_eq!(checked["shown"], proved["shown"]);
    let drug = &checked["shown"]["results"][0];
    assert_eq!(drug["group"][0], serde_json::json!(["arm", "drug"]));
    let names: Vec<&Value> =
        drug["answers"].as_array().unwrap().iter().map(|answer| &answer["name"]).collect();
    assert_eq!(names, ["avg(gain)", "count(gain)", "count(*)"]);
    assert_eq!(drug["answers"][2]["value"], "200");

    // In words, with everything that a reader has to know.
    let said = ada.ok(&["check", "arm.proof"]);
    for part in [
        "the proof holds: did:key:",
        "PROVEN, over exactly the rows that were committed",
        "arm = drug:",
        "(unrounded: within 0.05)",
        "version 1, 400 rows",
        &format!("entry 2 of log {origin}"),
        &format!("released as {origin}#3"),
        "the version's first release",
        "every count that the results tell is 0 or at least 10",
        "gain was rounded to 1 decimal place: at most 0.05 a row",
        "PROMISED by the holder, not proven",
        "NOT PROVEN",
        "experimental until externally reviewed",
        "every ingest proof was checked",
    ] {
        assert!(said.contains(part), "{part:?} is not in\n{said}");
    }
    let said = ada.ok(&prove("select avg(age) from t", "age.proof"));
    assert!(
        said.contains("wrote age.proof") && said.contains("veritrail check age.proof"),
        "{said}"
    );
    assert!(said.contains("proof 2 of this version"), "{said}");
    let shown = ada.json(&["show", "trial"]);
    assert_eq!(shown["version"]["releases"][0]["proof"], proved["proof"]);
    assert_eq!(shown["version"]["releases"].as_array().map(Vec::len), Some(2));
    assert!(ada.ok(&["show", "trial"]).contains(&format!("proof 1: {origin}#3")), "released");
}

fn blake3(bytes: &[u8]) -> String {
    veritrail_provenance::hash::ChunkId::of(bytes).to_string()
}

#[test]
fn a_bundle_checks_it_where_nothing_else_is() {
    let ada = ward(400);
    ada.ok(&prove(BY_ARM, "arm.proof"));
    ada.ok(&["bundle", "trial", "-o", "trial.veritrail"]);
    let did = text(&ada.json(&["id", "show"])["persons"][0], "did").to_owned();
    let empty = tempfile::tempdir().unwrap();
    for name in ["arm.proof", "trial.veritrail"] {
        fs::copy(ada.path().join(name), empty.path().join(name)).unwrap();
    }
    let check = ["check", "arm.proof", "--offline", "trial.veritrail"];
    let run = |more: &[&str]| nowhere(empty.path(), &[&check[..], more].concat());
    let ran = run(&["--trust", &did]);
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stdout.contains("released as"), "{}", ran.stdout);
    let ran = run(&[]);
    assert_eq!(ran.code, 1, "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stdout.contains("you have not named who signed"), "{}", ran.stdout);
    // Without the bundle, or a home, nothing is known of the version.
    let ran = nowhere(empty.path(), &["check", "arm.proof"]);
    assert_eq!(ran.code, 1, "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stderr.contains("--offline BUNDLE"), "{}", ran.stderr);
    // A byte of the proof, of the bundle.
    for name in ["arm.proof", "trial.veritrail"] {
        let path = empty.path().join(name);
        let bytes = fs::read(&path).unwrap();
        let mut flipped = bytes.clone();
        flipped[bytes.len() / 3] ^= 1;
        fs::write(&path, flipped).unwrap();
        let ran = run(&["--trust", &did]);
        assert_eq!(ran.code, 3, "{name}: {}{}", ran.stdout, ran.stderr);
        fs::write(&path, bytes).unwrap();
    }
    let mut left: Vec<_> =
        fs::read_dir(empty.path()).unwrap().map(|one| one.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["arm.proof", "trial.veritrail"], "a check writes nothing");
    // A bundle needs no home to be verified either.
    assert_eq!(nowhere(empty.path(), &["verify", "trial.veritrail", "--trust", "any"]).code, 0);
    assert_eq!(nowhere(empty.path(), &["log", "show"]).code, 2);
}

#[test]
fn refusals_say_what_to_write_instead_and_leave_nothing() {
    let ada = ward(60);
    let size = ada.log_size();
    let error = ada.error(&prove("select arm, max(gain) from t group by arm", "new.proof"), 2);
    assert_eq!(text(&error, "place"), "line 1, column 13 of the claim");
    assert!(text(&error, "message").starts_with("max: "), "{error}");
    assert!(text(&error, "hint").contains("avg"), "{error}");
    // Seven of the sixty have no gain.
    let error = ada.error(&prove("select avg(gain) from t", "new.proof"), 4);
    assert_eq!(text(&error, "kind"), "not-authorised");
    assert_eq!(text(&error, "place"), "the release policy");
    assert!(text(&error, "hint").contains("for you alone"), "{error}");
    ada.file("taken.proof", "mine");
    let error = ada.error(&prove("select avg(age) from t", "taken.proof"), 6);
    assert!(text(&error, "message").contains("kept"), "{error}");
    let error = ada.error(&["prove", "--sql", BY_ARM, "--of", "none", "-o", "new.proof"], 5);
    assert_eq!(text(&error, "kind"), "not-found");
    assert_eq!(ada.log_size(), size);
    assert!(!ada.path().join("new.proof").exists());
    assert_eq!(fs::read(ada.path().join("taken.proof")).unwrap(), b"mine");
    let said = ada.run(&["verify", "taken.proof"]);
    assert_eq!(said.code, 5, "{}", said.stderr);
}

/// Five on one arm, twelve on another.
fn ward_of_four_arms() -> House {
    let house = House::new();
    let arm = |row: u32| match row {
        0..5 => "stopped",
        5..17 => "none",
        _ => ["drug", "placebo"][(row % 2) as usize],
    };
    let row = |row: u32| format!("{},{}\n", 20 + row % 70, arm(row));
    house.file("trial.csv", "age,arm\n".to_owned() + &(0..300).map(row).collect::<String>());
    let commit = "age:int[0..127]{40},arm:category(drug|none|placebo|stopped)";
    let publish = ["publish", "trial.csv", "--private", "--commit", commit, "--title", "A trial"];
    house.ok(&[&publish[..], &["--licence", "CC0-1.0", "--name", "trial"]].concat());
    house
}

#[test]
fn groups_too_small_to_be_told_are_left_out_where_that_is_asked_for() {
    let ada = ward_of_four_arms();
    let by_arm = "select arm, avg(age), count(*) from t group by arm";
    let size = ada.log_size();
    let error = ada.error(&prove(by_arm, "arm.proof"), 4);
    assert!(text(&error, "hint").contains("--withhold"), "{error}");
    assert_eq!(ada.log_size(), size);
    let withhold = [&prove(by_arm, "arm.proof")[..], &["--withhold"]].concat();
    let shown = &ada.json(&withhold)["shown"];
    assert_eq!(shown["results"].as_array().map(Vec::len), Some(2), "{shown}");
    assert_eq!(shown["withheld"]["below"], 10);
    assert_eq!(shown["withheld"]["together"], serde_json::json!([["rows", "17"]]));
    let said = ada.ok(&["check", "arm.proof"]);
    for part in [
        "HAVING arm NOT IN ('none', 'stopped')",
        "arm = drug:",
        "WITHHELD, with a proof that one group at least is small",
        "proven: one of these groups at least has 1 to 9 rows",
        "proven: all of them together have 17 rows",
        "which withheld group is small",
    ] {
        assert!(said.contains(part), "{part:?} is not in\n{said}");
    }
    let named = format!("{by_arm} having arm not in ('none', 'stopped')");
    let both = [&prove(&named, "both.proof")[..], &["--withhold"]].concat();
    let error = ada.error(&both, 2);
    assert_eq!(text(&error, "place"), "--withhold");
    let none_small = format!("{by_arm} having arm = 'stopped' or arm = 'none'");
    let error = ada.error(&prove(&none_small, "large.proof"), 4);
    assert!(text(&error, "message").contains("below the minimum cell"), "{error}");
    assert!(text(&error, "hint").contains("--withhold"), "{error}");
    // Nothing is left out where nothing is small; bands are groups as well.
    let by_age = "select age >= 40, count(*), avg(age) from t group by age >= 40";
    let bands = [&prove(by_age, "age.proof")[..], &["--withhold"]].concat();
    let said = ada.ok(&bands);
    assert!(said.contains("age < 40:") && !said.contains("WITHHELD"), "{said}");
}

#[test]
fn what_was_released_before_is_hidden_too() {
    let ada = ward_of_four_arms();
    ada.ok(&prove("select count(*) from t where arm = 'none'", "none.proof"));
    // Those of no arm are twelve, so with them alone nobody can hide the five who stopped.
    let by_arm = "select arm, count(*) from t group by arm";
    let proved = ada.json(&[&prove(by_arm, "arm.proof")[..], &["--withhold"]].concat());
    assert_eq!(proved["compared"], 1);
    assert_eq!(proved["shown"]["withheld"]["groups"].as_array().map(Vec::len), Some(3), "{proved}");
    let two = format!("{by_arm} having arm not in ('none', 'stopped')");
    let error = ada.error(&prove(&two, "two.proof"), 4);
    assert!(text(&error, "message").contains("proof 1 of this version"), "{error}");
    // A version that everybody may see is none of this dataset.
    let publish = ["publish", "trial.csv", "--licence", "CC0-1.0", "--title", "A trial"];
    let size = ada.log_size();
    let error = ada.error(&[&publish[..], &["--name", "trial"]].concat(), 6);
    assert!(text(&error, "message").contains("version 1"), "{error}");
    assert!(text(&error, "hint").contains("--private"), "{error}");
    assert_eq!(ada.log_size(), size);
    ada.ok(&[&publish[..], &["--name", "open"]].concat());
}

#[test]
fn a_claim_in_a_file_is_proven_to_whoever_asked() {
    let ada = ward(400);
    let did = text(&ada.json(&["id", "show"])["persons"][0], "did").to_owned();
    let nonce = "5a".repeat(32);
    ada.file(
        "claim.toml",
        format!(
            "version = 1\ndataset = \"trial\"\nsql = \"select avg(age) from t\"\n\
             audience = \"{did}\"\nnonce = \"{nonce}\"\n"
        ),
    );
    ada.ok(&["prove", "claim.toml", "-o", "asked.proof"]);
    ada.ok(&["check", "asked.proof", "--nonce", &nonce]);
    let error = ada.error(&["check", "asked.proof", "--nonce", &"5b".repeat(32)], 3);
    assert!(text(&error, "message").contains("another nonce"), "{error}");
    let given = ["--for", &did, "--nonce", &nonce];
    ada.ok(&[&prove("select avg(age) from t", "again.proof")[..], &given].concat());
    let said = ada.ok(&["check", "again.proof"]);
    assert!(said.contains(&format!("made for {did}, who sent nonce {nonce}")), "{said}");
    let ran = ada.run(&["verify", "again.proof"]);
    assert!(ran.stderr.contains("veritrail check again.proof"), "{}", ran.stderr);
}

//! Every refusal, as a program reads it: kind, place and hint, none of them empty.

use std::path::Path;

use serde_json::Value;

use crate::house::{House, RAIN, text};

/// A home with a dataset and a run, and files that are wrong each in its own way.
fn house() -> (House, String) {
    let house = House::new();
    house.publish_rain("rain");
    let sql = "select count(*) as n from rain";
    let run = house.json(&["run", "--sql", sql, "--input", "rain=rain"]);
    let run = text(&run, "reference").to_owned();
    house.ok(&["bundle", &run, "-o", "run.veritrail"]);
    house.file("ragged.csv", "a,b\n1,2\n3\n");
    house.file("bad.toml", "version = 1\ncolour = \"red\"\n");
    house.file("latin.toml", b"title = \"caf\xe9\"\n");
    house.file("garbage.veritrail", "no bundle at all");
    house.file("unknown.csv", format!("{RAIN}2025-01-01,1,Oslo\n"));
    house.file("taken/file", "");
    (house, run)
}

/// What clap refuses.
const GRAMMAR: &[&[&str]] = &[
    &[],
    &["nope"],
    &["publish"],
    &["publish", "--no-such-flag"],
    &["publish", "a", "--licence"],
    &["publish", "a", "--licence-text", "f"],
    &["publish", "a", "--describe", "d", "--describe-template", "t"],
    &["show"],
    &["show", "a", "b"],
    &["verify"],
    &["get"],
    &["get", "x", "--max-size", "many"],
    &["get", "x", "--relay", "n9"],
    &["get", "x", "--max-size", "99999999999999999999999"],
    &["serve", "--bind", "nowhere"],
    &["serve", "--bind", "127.0.0.1"],
    &["log"],
    &["log", "show", "abc"],
    &["log", "show", "--raw"],
    &["log", "prove"],
    &["log", "prove", "-1"],
    &["log", "consistency", "1"],
    &["log", "audit"],
    &["id"],
    &["id", "trust"],
    &["id", "resolve"],
    &["store"],
    &["store", "nope"],
    &["run", "--sql", "select 1"],
    &["run", "a.toml", "--sql", "select 1"],
    &["reproduce"],
    &["bundle", "x"],
    &["prove"],
    &["prove", "claim.toml"],
    &["prove", "--sql", "select avg(x) from t", "-o", "new.proof"],
    &["prove", "claim.toml", "--sql", "select avg(x) from t", "--of", "x", "-o", "new.proof"],
    &["prove", "claim.toml", "-o", "new.proof", "--nonce", "5a"],
    &["check"],
    &["check", "a.proof", "b.proof"],
    &["init", "--name"],
    &["lineage"],
];

/// What the node refuses, RUN standing for a run that is there.
const MEANING: &[&[&str]] = &[
    &["init"],
    &["init", "--home", "taken"],
    &["init", "--home", "rain.csv/home"],
    &["init", "--home", "other", "--origin", "a b"],
    &["init", "--home", "other", "--name", ""],
    &["init", "--home", "other", "--recover"],
    &["publish", "rain.csv"],
    &["publish", "rain.csv", "--licence", "GPL"],
    &["publish", "rain.csv", "--licence", "LicenseRef-Ours"],
    &["publish", "rain.csv", "--licence", "LicenseRef-Ours", "--licence-text", "nope"],
    &["publish", "nope.csv", "--licence", "CC0-1.0"],
    &["publish", "ragged.csv", "--licence", "CC0-1.0"],
    &["publish", "rain.csv", "rain.csv", "--licence", "CC0-1.0"],
    &["publish", "rain.csv", "--licence", "CC0-1.0", "--name", "Not A Name"],
    &["publish", "rain.csv", "--licence", "CC0-1.0", "--as", "me"],
    &["publish", "rain.csv", "--licence", "CC0-1.0", "--as", STRANGER],
    &["publish", "rain.csv", "--describe", "nope.toml"],
    &["publish", "rain.csv", "--describe", "bad.toml"],
    &["publish", "rain.csv", "--describe", "latin.toml"],
    &["publish", "rain.csv", "--describe-template", "bad.toml"],
    &["publish", "--describe-template", "nope.csv"],
    &["publish", "run:00000000", "--licence", "CC0-1.0"],
    &["show", "nobody"],
    &["show", "rain.csv"],
    &["show", "rain", "--home", "rain.csv"],
    &["show", "rain@7"],
    &["show", "rain", "--ticket", "--home", "nowhere"],
    &["show", "log:0", "--ticket"],
    &["show", "did:key:zzz"],
    &["show", "run:00000000"],
    &["show", "log:77"],
    &["show", "elsewhere#3"],
    &["show", "%%%"],
    &["get", "nobody"],
    &["get", "veritrail-but-no-ticket"],
    &["get", "veritrailaaaa"],
    &["get", "log:0"],
    &["get", "rain", "-o", "out", "--max-size", "1"],
    &["get", "rain", "-o", "rain.csv"],
    &["verify", "nobody"],
    &["verify", "nope.zip"],
    &["verify", "unknown.csv"],
    &["verify", "garbage.veritrail"],
    &["verify", "rain", "--data", "rain.csv"],
    &["verify", "rain", "--trust", "junk"],
    &["verify", "rain", "--trust", "did:key:z1"],
    &["verify", "run.veritrail", "--data", "nope.csv"],
    &["run"],
    &["run", "nope.toml"],
    &["run", "bad.toml"],
    &["run", "latin.toml"],
    &["run", "--sql", "select", "--input", "rain=rain"],
    &["run", "--sql", "select random() from rain", "--input", "rain=rain"],
    &["run", "--sql", "select nothing from rain", "--input", "rain=rain"],
    &["run", "--sql", "select * from rain", "--input", "rain=nobody"],
    &["run", "--sql", "select * from rain", "--input", "rain"],
    &["run", "--sql", "select * from rain", "--input", "rain=rain/nope.csv"],
    &["run", "--sql", "select $a from rain", "--input", "rain=rain", "--param", "a"],
    &["run", "--sql", "select * from rain", "--input", "rain=rain", "--tolerance", "x"],
    &["run", "--sql", "select * from rain", "--input", "rain=rain", "--as", STRANGER],
    &["reproduce", "rain"],
    &["reproduce", "nobody"],
    &["reproduce", "run:00000000"],
    &["bundle", "nobody", "-o", "new.veritrail"],
    &["bundle", "RUN", "-o", "run.veritrail"],
    &["bundle", "RUN", "-o", "no/such/folder.veritrail"],
    &["bundle", "log:0", "-o", "new.veritrail"],
    &["prove", "nope.toml", "-o", "new.proof"],
    &["prove", "bad.toml", "-o", "new.proof"],
    &["prove", "latin.toml", "-o", "new.proof"],
    &["prove", "taken", "-o", "new.proof"],
    &["prove", "--sql", "select avg(x) from t", "--of", "nobody", "-o", "new.proof"],
    &["prove", "--sql", "select avg(x) from t", "--of", "RUN", "-o", "new.proof"],
    &["prove", "--sql", "select avg(rain_mm) from t", "--of", "rain", "-o", "new.proof"],
    &["prove", "--sql", "select avg(x) from t", "--of", "rain", "-o", "rain.csv"],
    &["prove", "--sql", "select avg(x) from t", "--of", "rain", "-o", "new.proof", "--as", "me"],
    &["check", "nope.proof"],
    &["check", "taken"],
    &["check", "rain.csv"],
    &["check", "run.veritrail"],
    &["check", "rain.csv", "--offline", "run.veritrail"],
    &["check", "rain.csv", "--nonce", "5a"],
    &["check", "rain.csv", "--trust", "junk"],
    &["lineage", "nobody"],
    &["lineage", "log:77"],
    &["log", "show", "77"],
    &["log", "show", "77", "--home", "nowhere"],
    &["log", "prove", "77"],
    &["log", "consistency", "1", "0"],
    &["log", "consistency", "0", "99"],
    &["log", "audit", "nope"],
    &["log", "audit", "taken"],
    &["log", "audit", "home/log", "--vkey", "junk"],
    &["id", "resolve", "nonsense"],
    &["id", "resolve", "did:web:example.org"],
    &["id", "trust", "junk"],
    &["id", "trust", STRANGER, "--genesis", "zz"],
    &["id", "new", "--name", ""],
    &["store", "fsck", "--home", "nowhere"],
    &["serve", "--home", "nowhere"],
    &["serve", "--bind", "192.0.2.1:4433"],
    &["reproduce", "RUN", "--as", STRANGER],
];

const STRANGER: &str = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK";

/// The error object, or what is missing of it.
fn judged(house: &House, args: &[&str]) -> Result<Value, String> {
    let mut args = args.to_vec();
    args.push("--json");
    let ran = house.run(&args);
    let said = |what: &str| format!("veritrail {}: {what}: {}", args.join(" "), ran.stderr);
    if !(1..=6).contains(&ran.code) {
        return Err(said(&format!("exit {}", ran.code)));
    }
    let last = ran.stderr.lines().last().unwrap_or_default();
    let error: Value = serde_json::from_str(last).map_err(|e| said(&e.to_string()))?;
    for member in ["kind", "message", "place", "hint"] {
        if error[member].as_str().is_none_or(|words| words.trim().is_empty()) {
            return Err(said(&format!("no {member}")));
        }
    }
    if error["hint"].as_str() == error["message"].as_str() {
        return Err(said("the hint is the message"));
    }
    Ok(error)
}

#[test]
fn every_refusal_has_kind_place_and_hint() {
    let (house, run) = house();
    let mut wrong = Vec::new();
    for args in GRAMMAR {
        match judged(&house, args) {
            Ok(error) if error["kind"] == "usage" => {}
            Ok(error) => wrong.push(format!("{args:?} is no usage error: {error}")),
            Err(e) => wrong.push(e),
        }
    }
    for args in MEANING {
        let args: Vec<&str> = args.iter().map(|a| if *a == "RUN" { &run } else { *a }).collect();
        wrong.extend(judged(&house, &args).err());
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(GRAMMAR.len() + MEANING.len() > 100);
    // And none of them left anything.
    assert!(!Path::new(&house.path().join("other")).exists());
    assert!(!house.path().join("new.veritrail").exists());
    assert!(!house.path().join("new.proof").exists());
    assert_eq!(house.log_size(), 4);
    house.ok(&["store", "fsck"]);
}

/// What a person typed almost right: the answer says what to type.
#[test]
fn a_slip_is_answered_with_what_was_meant() {
    let house = House::new();
    house.publish_rain("rain");
    let said = |args: &[&str], code| {
        let error = house.error(args, code);
        format!("{}; {}", text(&error, "message"), text(&error, "hint"))
    };
    let found = said(&["run", "--sql", "select count(*) from rain", "--input", "rain=rain.csv"], 5);
    assert!(found.contains("veritrail publish rain.csv --name NAME"), "{found}");
    let found = said(&["show", "rain", "--home", "rain.csv"], 2);
    assert!(found.contains("folder of a home"), "{found}");
    let found = said(&["get", "rain", "-o", "rain.csv"], 6);
    assert!(found.contains("-o takes a folder"), "{found}");
    let found = said(&["get", "rain", "--max-size", "99999999999999999999999"], 2);
    assert!(found.contains("more than 16 EiB"), "{found}");
    let found = said(&["serve", "--bind", "127.0.0.1"], 2);
    assert!(found.contains("such as 127.0.0.1:4433"), "{found}");
    let found = said(&["serve", "--bind", "192.0.2.1:4433"], 1);
    assert!(found.contains("an address that this machine has"), "{found}");
    assert_eq!(found.matches("192.0.2.1").count(), 0, "the place says it already: {found}");
    let found = said(&["show", &"5a".repeat(32)], 2);
    assert!(found.contains("is written run:HEX"), "{found}");
    let held = house.ok(&["get", "rain"]);
    assert!(held.contains("nothing: all of it was here"), "{held}");
    let ran = house.run(&["publish", "rain.csv", "--licence", "CC0-1.0"]);
    assert!(ran.stderr.contains("--describe-template"), "{}", ran.stderr);
}

#[test]
fn what_is_said_twice_is_said_once() {
    let house = House::empty();
    let error = house.error(&["show", "rain"], 5);
    let said = format!("{} {}", text(&error, "message"), text(&error, "hint"));
    assert_eq!(said.matches("init").count(), 1, "{said}");
    let house = House::new();
    let published = house.publish_rain("rain");
    let other = House::new();
    let error = other.error(&["get", text(&published, "ticket")], 1);
    let said = format!("{} {}", text(&error, "message"), text(&error, "hint"));
    assert_eq!(said.matches("veritrail serve").count(), 1, "{said}");
}

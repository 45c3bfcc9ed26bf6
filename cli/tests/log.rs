//! The log from outside: heads, entries and proofs, checked by hand.

use std::{
    io::Write as _,
    process::{Command, Stdio},
};

use crate::house::{House, text};

#[test]
fn one_entry_is_checked_by_hand_with_sha256sum() {
    let house = House::new();
    let raw = house.command(&["log", "show", "0", "--raw"]).output().unwrap().stdout;
    let mut sum =
        Command::new("sha256sum").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = sum.stdin.take().unwrap();
    stdin.write_all(&[0]).unwrap();
    stdin.write_all(&raw).unwrap();
    drop(stdin);
    let sum = String::from_utf8(sum.wait_with_output().unwrap().stdout).unwrap();
    let entry = house.json(&["log", "show", "0"]);
    assert_eq!(text(&entry, "leaf"), sum.split_whitespace().next().unwrap());
    // In a log of one entry the leaf is the root.
    assert_eq!(house.json(&["log", "head"])["root"], entry["leaf"]);
}

#[test]
fn the_head_is_a_signed_note_of_three_lines() {
    let house = House::new();
    let note = house.ok(&["log", "head"]);
    let head = house.json(&["log", "head"]);
    let lines: Vec<&str> = note.lines().collect();
    assert_eq!(lines[0], text(&head, "origin"));
    assert_eq!(lines[1], "1");
    assert_eq!(lines[3], "");
    assert!(lines[4].starts_with(&format!("— {} ", lines[0])), "{note}");
}

#[test]
fn lists_are_one_object_a_line() {
    let house = House::new();
    house.publish_rain("rain");
    let lines = house.ok(&["log", "show", "--json"]);
    let lines: Vec<serde_json::Value> =
        lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let kinds: Vec<&str> = lines.iter().map(|line| text(line, "kind")).collect();
    assert_eq!(kinds, ["identity", "dataset.genesis", "dataset.version"]);
    assert!(lines.iter().all(|line| line["schema"] == "veritrail.log.entries/1"));
}

#[test]
fn proofs_are_handed_out_for_every_entry_and_every_pair_of_sizes() {
    let house = House::new();
    for i in 0..4 {
        house.file("a.bin", format!("content {i}"));
        house.ok(&["publish", "a.bin", "--licence", "CC0-1.0", "--name", "a"]);
    }
    let size = house.log_size();
    assert_eq!(size, 6);
    for index in 0..size {
        let proof = house.ok(&["log", "prove", &index.to_string()]);
        assert!(proof.starts_with(&format!("c2sp.org/tlog-proof@v1\nindex {index}\n")), "{proof}");
    }
    for old in 0..=size {
        for new in old..=size {
            house.ok(&["log", "consistency", &old.to_string(), &new.to_string()]);
        }
    }
    house.error(&["log", "prove", "6"], 5);
    house.error(&["log", "consistency", "1", "7"], 5);
    house.error(&["log", "consistency", "3", "1"], 2);
}

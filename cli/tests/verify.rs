//! Verifying what this home knows: three answers apart, damage named.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::house::{House, RAIN, files, text};

#[test]
fn an_own_version_is_verified_by_the_homes_own_keys() {
    let house = House::new();
    let published = house.publish_rain("rain");
    let done = house.json(&["verify", "rain"]);
    assert_eq!(done["conclusion"], "verified");
    assert_eq!(done["consistent"]["holds"], true);
    assert_eq!(done["logged_by"][0]["origin"], published["origin"]);
    let signers: Vec<&str> =
        done["signed_by"].as_array().unwrap().iter().map(|s| text(s, "did")).collect();
    assert!(signers.contains(&house.json(&["id", "show"])["persons"][0]["did"].as_str().unwrap()));
    assert_eq!(done["data"]["checked_bytes"], RAIN.len());
}

#[test]
fn a_file_is_found_by_its_hash_whatever_it_is_called() {
    let house = House::new();
    let published = house.publish_rain("rain");
    let copy = house.file("elsewhere/copy.dat", RAIN);
    let done = house.json(&["verify", copy.to_str().unwrap()]);
    assert_eq!(done["conclusion"], "verified");
    let listed = done["files"][0].as_str().unwrap();
    let entry = format!("{}#2", text(&published, "origin"));
    assert!(listed.contains("rain.csv") && listed.contains(&entry), "{done}");
    // A file's name may read like a local name; only one that is given is ambiguous.
    assert_eq!(house.json(&["verify", "rain.csv"])["conclusion"], "verified");
    let other = house.file("other.csv", format!("{RAIN}\n"));
    let error = house.error(&["verify", other.to_str().unwrap()], 5);
    assert!(text(&error, "message").contains("no known version"), "{error}");
}

#[test]
fn trust_any_is_said_and_pins_nothing() {
    let house = House::new();
    house.publish_rain("rain");
    let done = house.json(&["verify", "rain", "--trust", "any"]);
    assert_eq!((&done["trusts_any"], &done["conclusion"]), (&true.into(), &"verified".into()));
    assert!(!house.home().join("trust.toml").exists());
}

#[test]
fn a_changed_byte_of_a_chunk_is_caught_and_named() {
    let house = House::new();
    house.file("a.bin", vec![5_u8; 300_000]);
    house.ok(&["publish", "a.bin", "--licence", "CC0-1.0", "--name", "a"]);
    flip(&largest_file(&house.home().join("blobs")), 1_000);
    let ran = house.run(&["verify", "a"]);
    assert_eq!(ran.code, 3, "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stdout.contains("FAILED"), "{}", ran.stdout);
    let fsck = house.run(&["store", "fsck"]);
    assert_eq!(fsck.code, 3);
    assert!(fsck.stdout.contains("DAMAGED"), "{}", fsck.stdout);
    // Taken away, and brought back by publishing the same bytes again.
    assert_eq!(house.run(&["store", "fsck", "--rebuild"]).code, 3);
    house.ok(&["publish", "a.bin", "--licence", "CC0-1.0", "--name", "other"]);
    house.ok(&["store", "fsck"]);
    house.ok(&["verify", "a"]);
}

#[test]
fn a_changed_tree_of_hashes_is_caught() {
    let house = House::new();
    house.file("a.bin", vec![5_u8; 300_000]);
    house.ok(&["publish", "a.bin", "--licence", "CC0-1.0", "--name", "a"]);
    flip(&largest_file(&house.home().join("blobs")), 300_000);
    let fsck = house.run(&["store", "fsck"]);
    assert_eq!(fsck.code, 3, "{}", fsck.stdout);
    assert!(fsck.stdout.contains("DAMAGED"), "{}", fsck.stdout);
}

#[test]
fn a_changed_tile_is_caught() {
    let house = House::new();
    house.publish_rain("rain");
    // In every bundle that holds entry 0: one alone would be made anew from the log's intent.
    let bundles = files(&house.home().join("log/tile/entries"));
    assert!(bundles.len() >= 2, "{bundles:?}");
    bundles.iter().for_each(|bundle| flip(bundle, 100));
    let ran = house.run(&["verify", "rain"]);
    assert_eq!(ran.code, 3, "{}{}", ran.stdout, ran.stderr);
    assert_eq!(house.run(&["store", "fsck"]).code, 3);
}

#[test]
fn the_state_is_made_anew_from_the_log_and_names_are_kept() {
    let house = House::new();
    house.publish_rain("rain");
    let before = house.json(&["show", "rain"]);
    for file in fs::read_dir(house.home()).unwrap() {
        let path = file.unwrap().path();
        if path.file_name().unwrap().to_string_lossy().starts_with("state.db") {
            fs::remove_file(path).unwrap();
        }
    }
    assert_eq!(house.json(&["show", "rain"]), before);
    fs::write(house.home().join("state.db"), "no database at all").unwrap();
    assert_ne!(house.run(&["show", "rain"]).code, 0);
    house.ok(&["store", "fsck", "--rebuild"]);
    assert_eq!(house.json(&["show", "rain"]), before);
}

#[test]
fn a_missing_chunk_of_an_acknowledged_version_is_damage() {
    let house = House::new();
    house.file("a.bin", vec![9_u8; 200_000]);
    house.ok(&["publish", "a.bin", "--licence", "CC0-1.0", "--name", "a"]);
    fs::remove_file(largest_file(&house.home().join("blobs"))).unwrap();
    let fsck = house.run(&["store", "fsck"]);
    assert_eq!(fsck.code, 3, "{}{}", fsck.stdout, fsck.stderr);
}

#[test]
fn lineage_tells_what_a_version_rests_on() {
    let house = House::new();
    let published = house.publish_rain("rain");
    let lineage = house.json(&["lineage", "rain"]);
    let statements = lineage["statements"].as_array().unwrap();
    assert_eq!(statements.len(), 3);
    assert!(text(&lineage["steps"][0], "what").contains(text(&published, "dataset")));
}

/// The file with the most bytes below a folder.
fn largest_file(folder: &Path) -> PathBuf {
    let largest = files(folder).into_iter().max_by_key(|path| path.metadata().unwrap().len());
    largest.expect("a file")
}

fn flip(path: &Path, at: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[at] ^= 1;
    fs::write(path, bytes).unwrap();
}

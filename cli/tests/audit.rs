//! `log audit`: a log laid out as files, ours or another's, checked file by file.

use std::{fs, path::PathBuf};

use crate::house::{House, files, text};

fn grown() -> House {
    let house = House::new();
    for i in 0..4 {
        house.file("a.bin", format!("content {i}"));
        house.ok(&["publish", "a.bin", "--licence", "CC0-1.0", "--name", "a"]);
    }
    house
}

fn copied(house: &House, to: &str) -> PathBuf {
    let copy = house.path().join(to);
    let from = house.home().join("log");
    let done = std::process::Command::new("cp").arg("-r").args([&from, &copy]).status().unwrap();
    assert!(done.success());
    copy
}

#[test]
fn an_own_log_is_in_order() {
    let house = grown();
    let copy = copied(&house, "copy");
    let audit = house.json(&["log", "audit", copy.to_str().unwrap()]);
    assert_eq!((&audit["size"], &audit["statements"]), (&6.into(), &6.into()));
    assert_eq!(audit["findings"].as_array().unwrap().len(), 0);
    // A stranger without a home relies on the keys that entry 0 names, and says so.
    let stranger = House::empty();
    let ran = stranger.run(&["log", "audit", copy.to_str().unwrap()]);
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    let vkey = house.json(&["id", "show"])["vkeys"][0].as_str().unwrap().to_owned();
    stranger.ok(&["log", "audit", copy.to_str().unwrap(), "--vkey", &vkey]);
    let other = House::new().json(&["id", "show"])["vkeys"][0].as_str().unwrap().to_owned();
    let ran = stranger.run(&["log", "audit", copy.to_str().unwrap(), "--vkey", &other]);
    assert_ne!(ran.code, 0, "{}", ran.stdout);
}

#[test]
fn one_flipped_bit_in_any_file_is_caught() {
    let house = grown();
    let copy = copied(&house, "copy");
    let all = files(&copy);
    assert!(all.len() >= 3, "{all:?}");
    for path in all {
        let bytes = fs::read(&path).unwrap();
        for place in [0, bytes.len() / 2, bytes.len() - 1] {
            let mut changed = bytes.clone();
            changed[place] ^= 4;
            fs::write(&path, &changed).unwrap();
            let ran = house.run(&["log", "audit", copy.to_str().unwrap()]);
            assert_eq!(ran.code, 3, "{} at {place}: {}{}", path.display(), ran.stdout, ran.stderr);
        }
        fs::write(&path, &bytes).unwrap();
    }
    house.ok(&["log", "audit", copy.to_str().unwrap()]);
}

#[test]
fn a_missing_or_cut_file_is_caught() {
    let house = grown();
    let copy = copied(&house, "copy");
    let needed: Vec<_> = files(&copy)
        .into_iter()
        .filter(|p| !p.to_string_lossy().contains(".p/") || p.ends_with("6"))
        .collect();
    assert!(needed.len() >= 3, "{needed:?}");
    for path in needed {
        let bytes = fs::read(&path).unwrap();
        fs::write(&path, &bytes[..bytes.len() - 1]).unwrap();
        assert_eq!(
            house.run(&["log", "audit", copy.to_str().unwrap()]).code,
            3,
            "{}",
            path.display()
        );
        fs::remove_file(&path).unwrap();
        assert_ne!(
            house.run(&["log", "audit", copy.to_str().unwrap()]).code,
            0,
            "{}",
            path.display()
        );
        fs::write(&path, &bytes).unwrap();
    }
}

#[test]
fn a_folder_that_is_no_log_says_what_is_missing() {
    let house = House::empty();
    fs::create_dir(house.path().join("nothing")).unwrap();
    let error = house.error(&["log", "audit", "nothing"], 5);
    assert!(text(&error, "message").contains("checkpoint"), "{error}");
}

#[test]
fn a_checkpoint_of_more_entries_than_there_can_be_ends() {
    let house = grown();
    let copy = copied(&house, "copy");
    let path = copy.join("checkpoint");
    let note = fs::read_to_string(&path).unwrap();
    for size in ["1000000", "4611686018427387904", "18446744073709551615"] {
        fs::write(&path, note.replacen("\n6\n", &format!("\n{size}\n"), 1)).unwrap();
        let ran = house.run(&["log", "audit", copy.to_str().unwrap()]);
        assert_eq!(ran.code, 3, "{size}: {}{}", ran.stdout, ran.stderr);
    }
}

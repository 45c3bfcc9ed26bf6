//! Making a home, and bringing a person back.

use std::{
    io::Write as _,
    os::unix::fs::PermissionsExt as _,
    process::{Command, Stdio},
};

use crate::house::{House, Ran, text};

#[test]
fn init_makes_a_home_whose_entry_0_binds_three_keys() {
    let house = House::empty();
    let made = house.json(&["init", "--name", "Ada, Lab X"]);
    assert_eq!(made["schema"], "veritrail.init/1");
    let entry = house.json(&["log", "show", "0"]);
    assert_eq!(entry["kind"], "identity");
    let payload = &entry["statement"]["payload"];
    assert_eq!(payload["did"], made["did"]);
    assert_eq!(payload["node"], made["node"]);
    assert_eq!(payload["vkeys"][0], made["vkey"]);
    assert_eq!(payload["name"], "Ada, Lab X");
    assert_eq!(payload["proofs"].as_array().unwrap().len(), 2);
    assert_eq!(house.log_size(), 1);
}

#[test]
fn key_files_are_private_and_refused_when_others_can_read_them() {
    let house = House::new();
    let keys = house.home().join("keys");
    assert_eq!(keys.metadata().unwrap().permissions().mode() & 0o777, 0o700);
    let mut files = 0;
    for file in std::fs::read_dir(&keys).unwrap() {
        let mode = file.unwrap().metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        files += 1;
    }
    assert_eq!(files, 3);
    let person = keys.join("person.key");
    std::fs::set_permissions(&person, std::fs::Permissions::from_mode(0o640)).unwrap();
    house.file("a.bin", "bytes");
    let error = house.error(&["publish", "a.bin", "--licence", "CC0-1.0"], 4);
    assert!(text(&error, "message").contains("others can read"), "{error}");
}

#[test]
fn the_phrase_goes_to_no_pipe_and_into_no_json() {
    for json in [false, true] {
        let house = House::empty();
        let mut args = vec!["init"];
        args.extend(json.then_some("--json"));
        let ran = house.run(&args);
        assert_eq!(ran.code, 0);
        let longest = ran
            .stdout
            .lines()
            .chain(ran.stderr.lines())
            .filter(|line| line.split_whitespace().count() >= 6)
            .find(|line| {
                line.split_whitespace().all(|w| w.chars().all(|c| c.is_ascii_lowercase()))
            });
        assert_eq!(longest, None);
        assert!(!ran.stdout.contains("Recovery phrase:"));
        assert!(!ran.stdout.contains("\"phrase\""));
    }
}

/// `script` gives the program a terminal of its own; without it this test has nothing to test.
#[test]
fn on_a_terminal_the_phrase_is_shown_and_brings_the_same_did_back() {
    let house = House::empty();
    let command =
        format!("{} init --name Ada --home {}", crate::house::VERITRAIL, house.home().display());
    let shown =
        Command::new("script").args(["-qec", &command, "/dev/null"]).stdin(Stdio::null()).output();
    let shown = Ran::from(shown.expect("script (bsdutils) runs a program on a terminal"));
    assert_eq!(shown.code, 0, "{}", shown.stdout);
    let after = shown.stdout.split("Recovery phrase").nth(1).expect("a phrase");
    let words: Vec<&str> = after
        .split_whitespace()
        .skip_while(|word| *word != "1")
        .filter(|word| word.chars().all(|c| c.is_ascii_lowercase()))
        .collect();
    assert_eq!(words.len(), 24, "{after}");
    let did = house.json(&["id", "show"])["persons"][0]["did"].clone();

    let back = House::empty();
    let mut child = back
        .command(&["init", "--recover", "--json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all((words.join(" ") + "\n").as_bytes()).unwrap();
    let ran = Ran::from(child.wait_with_output().unwrap());
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let made: serde_json::Value = serde_json::from_str(ran.stdout.trim()).unwrap();
    assert_eq!(made["did"], did);
    assert_ne!(made["origin"], house.json(&["log", "head"])["origin"]);
    assert!(!ran.stdout.contains(words[0]) || !ran.stdout.contains(words[1]));
}

#[test]
fn a_wrong_phrase_makes_no_home() {
    let house = House::empty();
    let error = house.error(&["init", "--recover"], 2);
    assert!(text(&error, "message").contains("24 words"), "{error}");
    assert!(!house.home().exists());
}

#[test]
fn a_home_is_never_made_over_another() {
    let house = House::new();
    let before = house.json(&["id", "show"]);
    let error = house.error(&["init"], 6);
    assert!(text(&error, "message").contains("already"), "{error}");
    assert_eq!(house.json(&["id", "show"]), before);
}

#[test]
fn an_origin_like_a_path_is_a_name_like_any_other() {
    let house = House::empty();
    house.ok(&["init", "--origin", "../../x"]);
    assert_eq!(house.json(&["log", "head"])["origin"], "../../x");
    house.publish_rain("rain");
    assert_eq!(house.json(&["show", "../../x#0"])["kind"], "identity");
    let around: Vec<_> =
        std::fs::read_dir(house.path()).unwrap().map(|f| f.unwrap().file_name()).collect();
    assert_eq!(around.len(), 2, "{around:?}");
}

#[test]
fn an_origin_that_no_note_could_carry_is_refused() {
    let house = House::empty();
    for origin in ["", "a b", "a+b", "a#b", &"x".repeat(129)] {
        house.error(&["init", "--origin", origin], 2);
        assert!(!house.home().exists());
    }
}

#[test]
fn without_a_home_the_remedy_is_named() {
    let error = House::empty().error(&["show", "log:0"], 5);
    assert!(text(&error, "hint").contains("veritrail init"), "{error}");
}

/// Kills at every change in the folder that can be caught; the next `init` always makes a home.
#[test]
fn an_init_that_was_killed_is_made_anew() {
    let (mut killed, mut left) = (0, 0);
    for round in 0..24 {
        let house = House::empty();
        let mut child = house.command(&["init"]).stdout(Stdio::null()).spawn().unwrap();
        let finished = loop {
            if child.try_wait().unwrap().is_some() {
                break true;
            }
            if house.files().len() > round / 2 {
                child.kill().unwrap();
                child.wait().unwrap();
                break house.home().join("format").exists();
            }
        };
        if finished {
            house.ok(&["log", "head"]);
            continue;
        }
        killed += 1;
        left += usize::from(house.home().join("keys/person.key").exists());
        let ran = house.run(&["store", "fsck"]);
        assert_eq!(ran.code, 5, "round {round}: {}", ran.stderr);
        house.ok(&["init", "--name", "Ada"]);
        assert_eq!(house.json(&["id", "show"])["persons"][0]["name"], "Ada");
        house.publish_rain("rain");
        house.ok(&["store", "fsck"]);
    }
    assert!(killed >= 3 && left >= 1, "{killed} killed, {left} with a key");
}

#[test]
fn a_home_that_cannot_be_made_names_the_remedy() {
    let house = House::empty();
    house.file("file", "no folder");
    let error = house.error(&["init", "--home", "file/home"], 1);
    assert!(text(&error, "place").contains("file/home"), "{error}");
    assert!(text(&error, "hint").contains("--home DIR"), "{error}");
    // A home whose marker is gone is somebody's.
    let house = House::new();
    std::fs::remove_file(house.home().join("format")).unwrap();
    let before = house.files();
    let error = house.error(&["init"], 6);
    assert!(text(&error, "hint").contains("veritrail-home 1"), "{error}");
    assert_eq!(house.files(), before);
}

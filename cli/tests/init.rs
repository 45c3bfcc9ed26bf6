//! Making a home, and bringing a person back.

use std::{
    io::Write as _,
    os::unix::fs::PermissionsExt as _,
    process::{Command, Stdio},
};

use veritrail_storage::keys::{Seed, phrase};
use zeroize::Zeroizing;

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

/// What the person would have written down.
fn words(house: &House) -> String {
    let file = std::fs::read_to_string(house.home().join("keys/person.key")).unwrap();
    let hex = file.lines().nth(1).unwrap();
    let bytes = |at: usize| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap();
    let seed = Seed::from_bytes(Zeroizing::new(std::array::from_fn(bytes)));
    phrase(&seed).unwrap().to_string()
}

fn recover(house: &House, words: &str) -> Ran {
    let mut child = house
        .command(&["init", "--recover"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(format!("{words}\n").as_bytes()).unwrap();
    Ran::from(child.wait_with_output().unwrap())
}

#[test]
fn a_home_without_its_log_key_goes_on_with_a_new_one() {
    let house = House::new();
    let published = house.publish_rain("rain");
    let before = house.json(&["log", "head"]);
    let words = words(&house);
    // Nothing is lost: nothing is made.
    let ran = recover(&house, &words);
    assert_eq!(ran.code, 6, "{}", ran.stderr);
    assert!(ran.stderr.contains("has all its keys"), "{}", ran.stderr);

    std::fs::remove_file(house.home().join("keys/log.key")).unwrap();
    std::fs::remove_file(house.home().join("keys/node.key")).unwrap();
    let error = house.error(&["show", "rain"], 4);
    assert!(text(&error, "hint").contains("init --recover"), "{error}");
    assert!(text(&error, "message").contains("log.key"), "{error}");
    let ran = recover(&house, &words);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stdout.contains("this home has its keys again"), "{}", ran.stdout);
    assert!(ran.stdout.contains("make new ones"), "{}", ran.stdout);

    let after = house.json(&["log", "head"]);
    assert_eq!(after["origin"], before["origin"]);
    assert_eq!(after["size"].as_u64(), before["size"].as_u64().map(|size| size + 1));
    assert_ne!(after["vkey"], before["vkey"]);
    house.file("snow.csv", crate::house::RAIN.replace("rain", "snow"));
    house.ok(&["publish", "snow.csv", "--licence", "CC0-1.0", "--name", "snow"]);
    house.ok(&["store", "fsck"]);
    house.ok(&["log", "audit", "home/log"]);
    house.ok(&["verify", text(&published, "dataset")]);
}

#[test]
fn a_log_that_was_copied_without_the_rest_names_what_is_missing() {
    let house = House::new();
    let published = house.publish_rain("rain");
    let words = words(&house);
    let bare = House::empty();
    std::fs::create_dir_all(bare.home()).unwrap();
    let copied = Command::new("cp")
        .arg("-r")
        .args([house.home().join("log"), bare.home()])
        .status()
        .unwrap();
    assert!(copied.success());
    let ran = recover(&bare, &words);
    assert_eq!(ran.code, 6, "{}", ran.stderr);
    assert!(ran.stderr.contains("veritrail-home 1"), "{}", ran.stderr);
    bare.file("home/format", "veritrail-home 1\n");
    let ran = recover(&bare, &words);
    assert_eq!(ran.code, 3, "{}", ran.stderr);
    assert!(ran.stderr.contains("log.intent"), "{}", ran.stderr);
    assert!(ran.stderr.contains("--home DIR"), "{}", ran.stderr);
    assert!(!bare.home().join("keys").exists());
    // With it, the log goes on; data and trails are fetched again.
    std::fs::copy(house.home().join("log.intent"), bare.home().join("log.intent")).unwrap();
    let ran = recover(&bare, &words);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(bare.log_size(), house.log_size() + 1);
    let error = bare.error(&["get", text(&published, "dataset")], 5);
    assert!(text(&error, "message").contains("not all of its bytes"), "{error}");
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

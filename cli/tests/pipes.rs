//! Readers that go away: whoever closes a pipe early stops the talk and not the work.

use std::process::Stdio;

use crate::house::{House, RAIN};

/// A pipe that nobody reads.
fn closed() -> Stdio {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    writer.into()
}

fn code(house: &House, args: &[&str], (stdout, stderr): (Stdio, Stdio)) -> i32 {
    let status = house.command(args).stdout(stdout).stderr(stderr).status().unwrap();
    status.code().unwrap_or(-1)
}

#[test]
fn an_error_that_nobody_hears_has_its_exit_code() {
    let house = House::new();
    for json in [false, true] {
        let with = |args: &[&'static str]| {
            let mut args = args.to_vec();
            args.extend(json.then_some("--json"));
            args
        };
        assert_eq!(code(&house, &with(&["show", "nobody"]), (closed(), closed())), 5);
        assert_eq!(code(&house, &with(&["publish", "x"]), (Stdio::null(), closed())), 2);
        assert_eq!(code(&house, &with(&["nope"]), (closed(), closed())), 2);
    }
}

#[test]
fn what_is_written_is_written_though_nobody_reads_of_it() {
    let house = House::new();
    house.file("rain.csv", RAIN);
    let publish = ["publish", "rain.csv", "--licence", "CC0-1.0", "--name", "rain"];
    assert_eq!(code(&house, &publish, (closed(), closed())), 0);
    assert_eq!(house.log_size(), 3);
    let run = ["run", "--sql", "select count(*) as n from rain", "--input", "rain=rain"];
    assert_eq!(code(&house, &run, (closed(), closed())), 0);
    assert_eq!(house.log_size(), 4);
    assert_eq!(code(&house, &["log", "show"], (closed(), Stdio::null())), 0);
    assert_eq!(code(&house, &["store", "fsck"], (closed(), closed())), 0);
}

#[test]
fn a_story_that_nobody_reads_is_cleared_away() {
    let house = House::empty();
    let folder = house.path().join("tmp");
    std::fs::create_dir(&folder).unwrap();
    let status = house
        .command(&["demo"])
        .env("TMPDIR", &folder)
        .stdout(closed())
        .stderr(closed())
        .status()
        .unwrap();
    assert_eq!(status.code(), Some(0));
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0);
}

/// Ctrl-C in the middle: the folder goes, and whoever was serving in it.
#[test]
fn an_interrupted_story_is_cleared_away() {
    let house = House::empty();
    let folder = house.path().join("tmp");
    std::fs::create_dir(&folder).unwrap();
    let mut child = house
        .command(&["demo"])
        .env("TMPDIR", &folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    while std::fs::read_dir(&folder).unwrap().count() == 0 {
        assert!(child.try_wait().unwrap().is_none(), "it ended before it began");
        std::thread::yield_now();
    }
    let id = child.id().to_string();
    assert!(std::process::Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0);
}

//! Ctrl-C while a long pass runs: the program ends at once, says so, and leaves nothing behind.

use std::{
    fs,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use crate::house::{House, Ran};

fn signal(child: &Child, name: &str) {
    let kill = format!("kill -{name} {}", child.id());
    assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
}

/// Publishes a large file, and signals once chunks of it stand in the home.
fn interrupted(house: &House, name: &str) -> Ran {
    let mut child = house
        .command(&["publish", "big.bin", "--licence", "CC0-1.0", "--name", "big"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let before = house.files().len();
    while house.files().len() < before + 4 {
        assert!(child.try_wait().unwrap().is_none(), "it ended before it could be interrupted");
    }
    signal(&child, name);
    let begun = Instant::now();
    let ran = Ran::from(child.wait_with_output().unwrap());
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    ran
}

#[test]
fn ctrl_c_ends_a_publication_at_once_and_leaves_nothing() {
    let house = House::new();
    let before = house.files();
    // Chunks that differ, or they would be one blob.
    let pattern = (0..256_u32 << 18).flat_map(u32::to_le_bytes);
    house.file("big.bin", pattern.collect::<Vec<u8>>());
    for name in ["INT", "TERM"] {
        let ran = interrupted(&house, name);
        assert_eq!(ran.code, 130, "{}{}", ran.stdout, ran.stderr);
        assert!(ran.stderr.contains("interrupted"), "{}", ran.stderr);
        assert!(!ran.stderr.contains("is public"), "{}", ran.stderr);
        assert_eq!(house.files(), before);
        assert_eq!(house.log_size(), 1);
    }
    let fsck = house.json(&["store", "fsck"]);
    assert_eq!((&fsck["blobs"], &fsck["taken_away"]), (&0.into(), &0.into()), "{fsck}");
    house.ok(&["publish", "big.bin", "--licence", "CC0-1.0", "--name", "big"]);
    house.ok(&["verify", "big"]);
}

#[test]
fn ctrl_c_ends_a_server() {
    let house = House::new();
    let mut child = house.command(&["serve"]).stderr(Stdio::piped()).spawn().unwrap();
    let told = child.stderr.take().unwrap();
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(told));
    assert!(lines.next().unwrap().unwrap().contains("until interrupted"));
    signal(&child, "INT");
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(fs::exists(house.home()).unwrap());
}

//! A disk that takes no more, half-way through: told with its place, and nothing left behind.

use std::process::{Command, Stdio};

use crate::house::{House, Ran, VERITRAIL, text};

/// Blocks of 512 bytes that a file may have: enough for databases and log, not for a chunk.
const BLOCKS: usize = 1_500;

/// Runs where every write beyond the limit fails, as on a full disk.
fn limited(house: &House, command: &str) -> Ran {
    let script = format!("trap '' XFSZ; ulimit -f {BLOCKS}; exec {VERITRAIL} {command}");
    let mut shell = Command::new("sh");
    shell.args(["-c", &script]).current_dir(house.path()).stdin(Stdio::null());
    Ran::from(shell.env("VERITRAIL_HOME", house.home()).output().unwrap())
}

#[test]
fn a_publication_that_does_not_fit_leaves_nothing() {
    let house = House::new();
    house.publish_rain("rain");
    let before = house.files();
    house.file("big.bin", (0..6_u32 << 18).flat_map(u32::to_le_bytes).collect::<Vec<u8>>());
    let ran = limited(&house, "publish big.bin --licence CC0-1.0 --name big --json");
    assert_eq!(ran.code, 1, "{}{}", ran.stdout, ran.stderr);
    let error: serde_json::Value =
        serde_json::from_str(ran.stderr.lines().last().unwrap()).unwrap();
    assert!(text(&error, "message").contains("no space left"), "{error}");
    assert!(text(&error, "hint").contains("disk"), "{error}");
    assert_eq!(house.files(), before);
    let fsck = house.json(&["store", "fsck"]);
    assert_eq!((&fsck["unreferenced"], &fsck["taken_away"]), (&0.into(), &0.into()), "{fsck}");
    // With room again, the same command does it.
    house.ok(&["publish", "big.bin", "--licence", "CC0-1.0", "--name", "big"]);
    house.ok(&["verify", "big"]);
}

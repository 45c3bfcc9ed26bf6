//! The demo is the main job: it must come to its end, with every lie caught.

use std::process::Command;

use serde_json::Value;

#[test]
fn the_demo_reproduces_the_table_and_catches_every_lie() {
    let folder = tempfile::tempdir().unwrap();
    let done = Command::new(env!("CARGO_BIN_EXE_veritrail"))
        .args(["demo", "--json"])
        .env("TMPDIR", folder.path())
        .env_remove("VERITRAIL_HOME")
        .output()
        .unwrap();
    let story = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{}\n{story}", done.status);
    let shown: Value = serde_json::from_slice(&done.stdout).unwrap();
    assert_eq!(shown["schema"], "veritrail.demo/1");
    // The digest of Table 12.1 over these bytes, on any machine.
    let hash = "91b34cd4d663dc5928";
    assert!(shown["table_hash"].as_str().unwrap().starts_with(hash), "{shown}");
    let codes: Vec<i64> = shown["caught"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["code"].as_i64().unwrap())
        .collect();
    assert_eq!(codes, [3, 3, 3, 1, 3], "{shown}");
    for line in [
        "weight_change_kg        2.0        4.5",
        "verdict: identical",
        "no green tick",
        "quit   kg  people",
        "   0  2.0    1163",
        "   1  4.5     403",
        "quitting explains 2.5 kg, 1.7 to 3.4",
    ] {
        assert!(story.contains(line), "{line:?} is not in the story:\n{story}");
    }
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
    assert!(left.is_empty(), "left behind: {left:?}");
}

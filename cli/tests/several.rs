//! Several processes on one home.

use std::process::Stdio;

use crate::house::House;

#[test]
fn many_publish_at_once_and_every_version_counts() {
    const PROCESSES: usize = 6;
    let house = House::new();
    let children: Vec<_> = (0..PROCESSES)
        .map(|i| {
            let file = format!("{i}.bin");
            house.file(&file, format!("content {i}"));
            let args = ["publish", &file, "--licence", "CC0-1.0", "--name", "shared", "--json"];
            let mut command = house.command(&args);
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
        })
        .collect();
    let mut numbers = Vec::new();
    for child in children {
        let ran = crate::house::Ran::from(child.wait_with_output().unwrap());
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        let published: serde_json::Value = serde_json::from_str(ran.stdout.trim()).unwrap();
        numbers.push(published["number"].as_u64().unwrap());
    }
    numbers.sort_unstable();
    let expected: Vec<u64> = (1..=PROCESSES as u64).collect();
    assert_eq!(numbers, expected);
    assert_eq!(house.log_size(), 2 + PROCESSES as u64);
    let shown = house.json(&["show", "shared"]);
    assert_eq!(shown["warnings"].as_array().unwrap().len(), 0);
    house.ok(&["store", "fsck"]);
}

//! Ctrl-C while a long pass runs: the program ends at once, and says so.

use std::{
    fs,
    process::{Command, Stdio},
};

use crate::house::{House, Ran};

#[test]
fn ctrl_c_ends_a_publication_at_once_and_keeps_the_home_whole() {
    let house = House::new();
    house.file("big.bin", vec![1_u8; 256 << 20]);
    let child = house
        .command(&["publish", "big.bin", "--licence", "CC0-1.0", "--name", "big"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Once it writes, it is in the middle of the pass.
    let lock = house.home().join("writing.lock");
    while fs::metadata(&lock).is_err() {
        std::hint::spin_loop();
    }
    let sent =
        Command::new("sh").args(["-c", &format!("kill -INT {}", child.id())]).status().unwrap();
    assert!(sent.success());
    let ran = Ran::from(child.wait_with_output().unwrap());
    assert_eq!(ran.code, 130, "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stderr.contains("interrupted"), "{}", ran.stderr);
    assert_eq!(house.log_size(), 1);
    house.ok(&["store", "fsck"]);
    house.ok(&["publish", "big.bin", "--licence", "CC0-1.0", "--name", "big"]);
}

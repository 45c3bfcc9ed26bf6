//! kill -9 of the real program while it publishes: nothing acknowledged is missing, and what was
//! not acknowledged is either whole or not there.

use std::{fs, path::Path, process::Stdio, time::Duration};

use veritrail_provenance::hash::ChunkId;

use crate::{
    house::{House, text},
    prove::ward,
};

/// Kills, each at another moment.
const KILLS: usize = 24;

/// Bytes of each publication: several chunks, so that there are moments to kill at.
const BYTES: usize = 6 << 20;

#[test]
fn killed_publications_leave_a_whole_home() {
    let house = House::new();
    let mut acknowledged = Vec::new();
    let mut killed = 0;
    for round in 0..KILLS {
        let content = noise(round as u64, BYTES);
        house.file("big.bin", &content);
        let name = format!("big{round}");
        let mut child = house
            .command(&["publish", "big.bin", "--licence", "CC0-1.0", "--name", &name, "--json"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // The moment: a count of changes in the home that were seen, later from round to round.
        let mut seen = 0;
        let mut last = print_of(&house.home());
        let finished = loop {
            if child.try_wait().unwrap().is_some() {
                break true;
            }
            let now = print_of(&house.home());
            if now != last {
                (seen, last) = (seen + 1, now);
            }
            if seen > round {
                child.kill().unwrap();
                break false;
            }
        };
        let output = child.wait_with_output().unwrap();
        if finished || !output.stdout.is_empty() {
            let line = String::from_utf8(output.stdout).unwrap();
            // A line that was cut off acknowledges nothing.
            if let Ok(published) = serde_json::from_str::<serde_json::Value>(line.trim()) {
                acknowledged.push((name, text(&published, "root").to_owned()));
            }
        } else {
            killed += 1;
        }
        if round % 2 == 0 {
            let fsck = house.run(&["store", "fsck"]);
            assert_eq!(fsck.code, 0, "round {round}: {}{}", fsck.stdout, fsck.stderr);
        }
    }
    assert!(killed >= 3, "only {killed} of {KILLS} publications were killed");
    for (name, root) in &acknowledged {
        let shown = house.json(&["show", name]);
        assert_eq!(text(&shown["version"], "root"), root);
        assert_eq!(shown["version"]["held_bytes"], BYTES);
    }
    // A home that went through all that still publishes.
    house.file("last.bin", "the last one");
    house.ok(&["publish", "last.bin", "--licence", "CC0-1.0", "--name", "last"]);
    house.ok(&["verify", "last"]);
    // And nothing of those that were killed is in it any more.
    let left: Vec<String> = house.files();
    let left =
        left.iter().filter(|name| name.starts_with("blobs/tmp/") || name.contains("writing"));
    assert_eq!(left.count(), 0);
    let fsck = house.json(&["store", "fsck"]);
    assert_eq!((&fsck["unreferenced"], &fsck["taken_away"]), (&0.into(), &0.into()), "{fsck}");
}

#[test]
fn killed_proofs_are_released_with_their_file_or_not_at_all() {
    let ada = ward(400);
    let mut left_over = 0;
    for round in 0..12 {
        let out = format!("killed{round}.proof");
        let sql = "select avg(age) from t";
        let mut child = ada
            .command(&["prove", "--sql", sql, "--of", "trial", "-o", &out])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let file = ada.path().join(&out);
        while !file.exists() && child.try_wait().unwrap().is_none() {
            std::thread::sleep(Duration::from_micros(50));
        }
        std::thread::sleep(Duration::from_micros(300) * round);
        let _ = child.kill();
        child.wait().unwrap();
        // A file that was cut off, or whose release was, is no release, and says so itself.
        let releases = released(&ada);
        let bytes = fs::read(&file).unwrap();
        if releases.contains(&ChunkId::of(&bytes).to_string()) {
            ada.ok(&["check", &out]);
            continue;
        }
        left_over += 1;
        let again = ada.error(&["prove", "--sql", sql, "--of", "trial", "-o", &out], 6);
        assert!(text(&again, "hint").contains("interrupted"), "{again}");
        let checked = ada.run(&["check", &out]);
        assert!(checked.code == 3 || checked.stdout.contains("NOT known to be released"));
        fs::remove_file(&file).unwrap();
    }
    assert!(left_over >= 1, "no kill came between a file and its release");
    let before = released(&ada).len();
    let last = ada.json(&["prove", "--sql", "select avg(age) from t", "--of", "trial", "-o", "p"]);
    assert_eq!(last["number"], before + 1);
    ada.ok(&["check", "p"]);
    assert_eq!(ada.run(&["store", "fsck"]).code, 0);
}

/// The hashes of the proofs that the log has released.
fn released(house: &House) -> Vec<String> {
    let shown = house.json(&["show", "trial"]);
    let releases = shown["version"]["releases"].as_array().cloned().unwrap_or_default();
    releases.iter().map(|release| text(release, "proof").to_owned()).collect()
}

/// What a person who looks at the folders would see: how many files, how many bytes.
fn print_of(home: &Path) -> (usize, u64) {
    let (mut files, mut bytes) = (0, 0);
    let mut open = vec![home.to_owned()];
    while let Some(folder) = open.pop() {
        let Ok(found) = fs::read_dir(folder) else { continue };
        for found in found.flatten() {
            match found.metadata() {
                Ok(m) if m.is_dir() => open.push(found.path()),
                Ok(m) => (files, bytes) = (files + 1, bytes + m.len()),
                Err(_) => {}
            }
        }
    }
    (files, bytes)
}

/// Bytes that do not repeat (xorshift64*).
fn noise(seed: u64, len: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut bytes = Vec::with_capacity(len + 8);
    while bytes.len() < len {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        bytes.extend(state.wrapping_mul(0x2545_f491_4f6c_dd1d).to_le_bytes());
    }
    bytes.truncate(len);
    bytes
}

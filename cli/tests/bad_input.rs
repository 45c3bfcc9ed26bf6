//! Bad input: each a clear error that names the place and the remedy, and nothing left behind.

use std::{ffi::OsStr, os::unix::ffi::OsStrExt as _, os::unix::fs::symlink};

use crate::house::{House, RAIN, text};

/// Expects the refusal of a publication, with `words` in message or place, and nothing logged.
fn refused(house: &House, path: &str, words: &[&str]) {
    let before = house.log_size();
    let code = if house.path().join(path).symlink_metadata().is_ok() { 1 } else { 5 };
    let error = house.error(&["publish", path, "--licence", "CC0-1.0"], code);
    let said = format!("{} {}", error["place"], error["message"]);
    for word in words {
        assert!(said.contains(word), "{word} is missing in {error}");
    }
    assert!(error["hint"].is_string(), "no remedy in {error}");
    assert_eq!(house.log_size(), before);
    house.ok(&["store", "fsck"]);
}

#[test]
fn files_that_cannot_be_published() {
    let house = House::new();
    house.file("nothing/.keep", "");
    std::fs::remove_file(house.path().join("nothing/.keep")).unwrap();
    refused(&house, "nothing", &["nothing"]);
    symlink("loop", house.path().join("loop")).unwrap();
    refused(&house, "loop", &["loop"]);
    std::fs::create_dir(house.path().join("ring")).unwrap();
    symlink("../ring", house.path().join("ring/again")).unwrap();
    refused(&house, "ring", &["again"]);
    house.file("odd/fine.txt", "x");
    let name = house.path().join("odd").join(OsStr::from_bytes(b"caf\xe9.csv"));
    std::fs::write(name, RAIN).unwrap();
    refused(&house, "odd", &["caf"]);
    house.file("ragged.csv", "a,b\n1,2\n3\n");
    refused(&house, "ragged.csv", &["ragged.csv", "line 3", "2", "1"]);
    house.file("quote.csv", "a,b\n1,\"open\n2,3\n");
    refused(&house, "quote.csv", &["quote.csv", "line 2"]);
    house.file("case/A.txt", "1");
    house.file("case/a.txt", "2");
    refused(&house, "case", &["a.txt"]);
    refused(&house, "no-such-file", &["no-such-file"]);
}

#[test]
fn a_truncated_parquet_is_refused_or_only_bytes() {
    let house = House::new();
    house.file("cut.parquet", b"PAR1 and then nothing that a footer could be PAR1");
    refused(&house, "cut.parquet", &["cut.parquet"]);
}

#[test]
fn an_empty_file_is_a_file_of_no_bytes() {
    let house = House::new();
    house.file("empty.bin", "");
    let published = house.json(&["publish", "empty.bin", "--licence", "CC0-1.0"]);
    assert_eq!(published["bytes"], 0);
    house.ok(&["verify", text(&published, "dataset")]);
    house.file("empty.csv", "");
    refused(&house, "empty.csv", &["empty.csv"]);
}

#[test]
fn nothing_of_a_refused_publication_is_kept() {
    let house = House::new();
    house.file("mixed/a.bin", vec![3_u8; 3 << 20]);
    house.file("mixed/ragged.csv", "a,b\n1,2\n3\n");
    house.error(&["publish", "mixed", "--licence", "CC0-1.0", "--name", "mixed"], 1);
    let fsck = house.json(&["store", "fsck"]);
    assert_eq!((&fsck["blobs"], &fsck["unreferenced"]), (&0.into(), &0.into()));
    house.error(&["show", "mixed"], 5);
}

#[test]
fn a_device_is_no_file_of_anything() {
    let house = House::new();
    house.file("a.csv", RAIN);
    for args in [
        &["publish", "/dev/zero", "--licence", "CC0-1.0"][..],
        &["publish", "a.csv", "--licence", "CC0-1.0", "--describe", "/dev/zero"],
        &["publish", "a.csv", "--licence", "LicenseRef-X", "--licence-text", "/dev/zero"],
        &["verify", "a.csv", "--trust", "/dev/zero"],
        &["id", "trust", "/dev/zero"],
        &["verify", "/dev/zero"],
        &["run", "/dev/zero"],
    ] {
        let ran = house.run(args);
        assert_ne!(ran.code, 0, "{args:?}");
        assert!(ran.stderr.contains("/dev/zero"), "{args:?}: {}", ran.stderr);
    }
    assert_eq!(house.log_size(), 1);
}

#[test]
fn ambiguity_lists_the_choices() {
    let house = House::new();
    // Roots are hashes: their first eight digits never agree in a test, so what is ambiguous here
    // is a name that is also a file.
    house.publish_rain("rain");
    house.file("rain", "a file of that name");
    let error = house.error(&["verify", "rain"], 6);
    assert!(text(&error, "hint").contains("./rain"), "{error}");
}

//! Odd files by hand, as a person publishes them: what is told, what is refused with place and
//! remedy, and what a query then reads.

use std::{
    fs,
    process::Stdio,
    time::{Duration, Instant},
};

use crate::house::{House, text};

const LICENCE: [&str; 2] = ["--licence", "CC0-1.0"];

/// Publishes a file of these bytes; what was said on stderr, and the columns as `name type`.
fn told(house: &House, file: &str, bytes: impl AsRef<[u8]>) -> (String, Vec<String>) {
    house.file(file, bytes);
    let ran = house.run(&["publish", file, LICENCE[0], LICENCE[1], "--json"]);
    assert_eq!(ran.code, 0, "{file}: {}", ran.stderr);
    let published: serde_json::Value = serde_json::from_str(ran.stdout.trim()).unwrap();
    let columns = published["tables"][0]["columns"].as_array().unwrap().iter();
    (ran.stderr, columns.map(|c| format!("{} {}", text(c, "name"), text(c, "type"))).collect())
}

#[test]
fn odd_csvs_are_tables_and_what_was_decided_is_told() {
    let house = House::new();
    let cases: [(&str, &str, &[&str], &str); 9] = [
        (
            "twice",
            "a,a,A,\n1,2,3,4\n",
            &["a int64", "a_2 int64", "A int64", "column_4 int64"],
            "a_2",
        ),
        ("mark", "\u{feff}id,x\n1,2\n", &["id int64", "x int64"], ""),
        ("ends", "a,b\r\n1,2\n3,4\r5,6\r\n", &["a int64", "b int64"], ""),
        ("zip", "zip,n\n01234,1\n", &["zip text", "n int64"], ""),
        ("grouped", "n;x\n1;1.000,5\n", &["n int64", "x text"], "which is read as no number"),
        ("comma", "n;x\n1;1,5\n2;2,25\n", &["n int64", "x float64"], "decimal comma"),
        ("excel", "sep=;\na;b\n1;2\n", &["a int64", "b int64"], "the first line names ';'"),
        ("broken", "a\n1\n2\nthree\n", &["a text"], "and 2 numbers before it"),
        (
            "turned",
            "a\u{202e}b,x\n1,nan\n2,-inf\n3,-nan\n4,1\n",
            &["ab int64", "x float64"],
            "column 1, ",
        ),
    ];
    for (name, csv, columns, words) in cases {
        let (said, found) = told(&house, &format!("{name}.csv"), csv);
        assert_eq!(found, columns, "{name}");
        assert!(said.contains(words), "{name}: {words:?} is not in {said}");
    }
}

#[test]
fn what_is_no_table_is_refused_with_place_and_remedy_and_nothing_is_left() {
    let house = House::new();
    let before = house.log_size();
    let cases: [(&str, &[u8], &str, &str); 8] = [
        ("utf16.csv", b"\xff\xfea\0,\0b\0\n\0", "UTF-16", "iconv"),
        ("bare16.csv", b"a\0,\0b\0\n\0", "byte 1 is zero", "iconv"),
        ("latin.csv", b"name,x\ncaf\xe9,1\n", "line 2, byte 10: not UTF-8", "windows-1252"),
        ("zero.csv", b"a,b\n1,x\0y\n", "byte 7 is zero", "format = \"bytes\""),
        ("title.csv", b"Report\n\na,b\n1,2\n", "line 3: 2 fields, but 1 column", "skip_lines"),
        ("trailing.csv", b"a,b\n1,2,\n", "line 2: 3 fields, but 2 columns", "delimiter"),
        ("after.csv", b"a,b\n\"x\" y,2\n", "line 2, field 1: text after a closing quote", "\"\""),
        ("mark.csv", b"\xef\xbb\xbf", "the file is empty", "bytes"),
    ];
    for (name, bytes, words, remedy) in cases {
        house.file(name, bytes);
        let error = house.error(&["publish", name, LICENCE[0], LICENCE[1]], 1);
        assert_eq!(text(&error, "place"), name);
        assert!(text(&error, "message").contains(words), "{name}: {error}");
        assert!(text(&error, "hint").contains(remedy), "{name}: {error}");
    }
    house.file("wide.csv", format!("{}\n", vec!["c"; 17_000].join(",")));
    let error = house.error(&["publish", "wide.csv", LICENCE[0], LICENCE[1]], 1);
    assert!(text(&error, "message").contains("more than 16384 fields"), "{error}");
    assert_eq!(house.log_size(), before);
    let fsck = house.json(&["store", "fsck"]);
    assert_eq!((&fsck["blobs"], &fsck["unreferenced"]), (&0.into(), &0.into()));
}

#[test]
fn a_name_with_a_line_break_is_refused_on_one_line() {
    let house = House::new();
    house.file("two\nlines\u{1b}[31m.csv", "a\n1\n");
    house.file("fine.csv", "a\n1\n");
    let ran = house.run(&["publish", ".", LICENCE[0], LICENCE[1]]);
    assert_eq!(ran.code, 1);
    assert!(ran.stderr.contains("two\\nlines\\u{1b}[31m.csv"), "{}", ran.stderr);
    assert!(!ran.stderr.contains('\u{1b}'), "{}", ran.stderr);
}

#[test]
fn alike_notes_of_many_files_are_said_once() {
    let house = House::new();
    for number in 0..30 {
        house.file(&format!("data/{number}.csv"), format!("x\n{number}.5\n7.25\n"));
    }
    let ran = house.run(&["publish", "data", LICENCE[0], LICENCE[1]]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let about = |line: &&str| line.contains("nearest binary fraction");
    let told: Vec<&str> = ran.stderr.lines().filter(about).collect();
    assert_eq!(told.len(), 2, "numbers of one and of two digits: {told:?}");
    assert!(told.iter().any(|line| line.contains("and 19 more files:")), "{told:?}");
}

/// The most memory that a process had, in bytes, watched until it ended.
fn watched(house: &House, args: &[&str]) -> (i32, u64) {
    let mut command = house.command(args);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let began = Instant::now();
    let mut most = 0;
    loop {
        let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = peak.and_then(|peak| peak.trim().trim_end_matches(" kB").parse::<u64>().ok());
        most = most.max(kib.unwrap_or(0) << 10);
        if let Some(status) = child.try_wait().unwrap() {
            return (status.code().unwrap_or(-1), most);
        }
        assert!(began.elapsed() < Duration::from_secs(120), "it hangs");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// 3 GiB of text out of some hundred bytes, by batches of a few dozen rows.
#[test]
#[cfg(target_os = "linux")]
fn a_dictionary_that_repeats_one_long_text_takes_bounded_memory() {
    let house = House::new();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../datasets/tests/foreign/hostile");
    let dictionary = format!("{folder}/long-dictionary.parquet");
    house.ok(&["publish", &dictionary, LICENCE[0], LICENCE[1], "--name", "long"]);
    let args = ["run", "--sql", "SELECT count(t) AS n FROM t", "--input", "t=long"];
    let (code, peak) = watched(&house, &args);
    assert_eq!(code, 0);
    assert!((1 << 20..900 << 20).contains(&peak), "{} MiB", peak >> 20);
    // A filter that lets all of it through gathers no more of it either.
    for sql in [
        "SELECT count(*) AS n, min(length(t)) AS l FROM t WHERE t > ''",
        "SELECT count(*) AS n, min(l) AS l FROM \
         (SELECT length(t) AS l FROM t WHERE t > '' ORDER BY l)",
    ] {
        let (code, peak) = watched(&house, &["run", "--sql", sql, "--input", "t=long"]);
        assert_eq!(code, 0, "{sql}");
        assert!((1 << 20..500 << 20).contains(&peak), "{sql}: {} MiB", peak >> 20);
    }

    let delta = format!("{folder}/long-delta.parquet");
    house.ok(&["publish", &delta, LICENCE[0], LICENCE[1], "--name", "delta"]);
    let args = ["run", "--sql", "SELECT count(t) AS n FROM t", "--input", "t=delta"];
    let error = house.error(&args, 3);
    assert!(text(&error, "message").contains("256 MiB: write smaller pages"), "{error}");
}

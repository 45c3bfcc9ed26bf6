//! What a run costs, how it is bounded, and how it is stopped.

use std::{
    fs,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use crate::house::{House, Ran, text};

/// Rows enough that all pairs of them are out of reach.
fn many(house: &House) {
    let mut csv = String::from("k,x\n");
    for row in 0..300_000 {
        csv.push_str(&format!("{row},{}.5\n", row % 1_009));
    }
    house.file("many.csv", csv);
    house.ok(&["publish", "many.csv", "--licence", "CC0-1.0", "--name", "many"]);
}

#[test]
fn a_dry_run_tells_units_and_cost_and_logs_nothing() {
    let house = House::new();
    many(&house);
    let before = house.log_size();
    let args = ["run", "--sql", "SELECT sum(x) AS s FROM t", "--input", "t=many", "--dry-run"];
    let plan = house.json(&args);
    assert_eq!(text(&plan, "schema"), "veritrail.run-plan/1");
    let units = plan["units"].as_u64().unwrap();
    assert!(units >= 1 && plan["bytes"].as_u64().unwrap() > 1 << 20, "{plan}");
    assert_eq!(plan["steps"][0]["scans"][0]["units"], units);
    assert!(plan["seconds"].is_null(), "{plan}");
    let words = house.ok(&args);
    assert!(words.starts_with("nothing was run or logged\n"), "{words}");
    assert_eq!(house.log_size(), before);
    assert!(!house.home().join("units").exists());

    let run: Vec<&str> = args[..5].to_vec();
    let ran = house.json(&run);
    assert_eq!(ran["units"]["computed"], units);
    assert_eq!(house.json(&run)["units"]["kept"], units);
    let anew: Vec<&str> = run.iter().copied().chain(["--no-cache"]).collect();
    assert_eq!(house.json(&anew)["units"]["kept"], 0);
    assert!(house.json(&args)["seconds"].as_f64().unwrap() > 0.0);
}

#[test]
fn memory_is_a_size_and_a_limit_with_a_remedy() {
    let house = House::new();
    many(&house);
    let sql = "SELECT a.x, b.k FROM t a JOIN t b ON a.x = b.x";
    let args = ["run", "--sql", sql, "--input", "t=many", "--memory", "4MiB"];
    let error = house.error(&args, 1);
    assert!(text(&error, "message").contains("4194304"), "{error}");
    assert!(text(&error, "hint").contains("--memory 8GiB"), "{error}");
    assert_eq!(fs::read_dir(house.home().join("tmp")).unwrap().count(), 0);
    let odd = house.run(&["run", "--sql", sql, "--input", "t=many", "--memory", "lots"]);
    assert_eq!(odd.code, 2);
    assert!(odd.stderr.contains("512MiB"), "{}", odd.stderr);
    house.error(&["run", "--sql", sql, "--input", "t=many", "--memory", "1kB"], 2);
}

#[test]
fn ctrl_c_ends_a_run_within_a_second_and_leaves_nothing() {
    let house = House::new();
    many(&house);
    let before = house.log_size();
    let sql = "SELECT sum(a.x * b.x) AS s FROM t a CROSS JOIN t b";
    let child = house
        .command(&["run", "--sql", sql, "--input", "t=many"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Once it has a folder for what does not fit into memory, it executes.
    let tmp = house.home().join("tmp").join(format!("{}-0", child.id()));
    let begun = Instant::now();
    while !tmp.exists() {
        assert!(begun.elapsed() < Duration::from_secs(60), "the run did not begin");
        std::hint::spin_loop();
    }
    let sent = Instant::now();
    let signal = format!("kill -INT {}", child.id());
    assert!(Command::new("sh").args(["-c", &signal]).status().unwrap().success());
    let ran = Ran::from(child.wait_with_output().unwrap());
    // A busy machine gets as long again to notice.
    assert!(sent.elapsed() < Duration::from_secs(2), "{:?}", sent.elapsed());
    assert_eq!(ran.code, 130, "{}{}", ran.stdout, ran.stderr);
    assert!(!tmp.exists(), "{} was left", tmp.display());
    assert_eq!(house.log_size(), before);
}

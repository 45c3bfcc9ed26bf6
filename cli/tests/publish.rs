//! Publishing: what is named, what is repeated, what follows.

use crate::house::{House, RAIN, text};

#[test]
fn a_published_table_is_shown_with_its_columns_and_logged_in_one_batch() {
    let house = House::new();
    let published = house.publish_rain("rain");
    assert_eq!(published["number"], 1);
    assert_eq!(published["outcome"], "published");
    assert_eq!(house.log_size(), 3, "identity, genesis, version");
    assert_eq!(house.json(&["log", "show", "1"])["kind"], "dataset.genesis");
    assert_eq!(house.json(&["log", "show", "2"])["kind"], "dataset.version");
    let dataset = text(&published, "dataset");
    for reference in [
        dataset.to_owned(),
        "rain".to_owned(),
        "rain@1".to_owned(),
        format!("{dataset}@1"),
        format!("{dataset}@r:{}", &text(&published, "root")[..8]),
    ] {
        let shown = house.json(&["show", &reference]);
        assert_eq!(shown["version"]["root"], published["root"], "{reference}");
        assert_eq!(shown["version"]["held_bytes"], RAIN.len());
        let columns = shown["version"]["tables"][0]["columns"].as_array().unwrap();
        let types: Vec<_> = columns.iter().map(|c| (text(c, "name"), text(c, "type"))).collect();
        assert_eq!(types, [("day", "date32"), ("rain_mm", "float64"), ("place", "text")]);
    }
}

#[test]
fn the_bytes_are_the_persons_bytes() {
    let house = House::new();
    let rain = house.file("rain.csv", RAIN);
    house.publish_rain("rain");
    let shown = house.json(&["show", "rain"]);
    let sum = std::process::Command::new("sha256sum").arg(&rain).output().unwrap();
    let sum = String::from_utf8(sum.stdout).unwrap();
    let file = &shown["version"]["file_list"][0];
    assert_eq!(text(file, "sha256"), sum.split_whitespace().next().unwrap());
    assert_eq!(file["path"], "rain.csv");
}

#[test]
fn the_same_name_makes_the_next_version_and_the_same_content_the_same() {
    let house = House::new();
    let first = house.publish_rain("rain");
    let again = house.publish_rain("rain");
    assert_eq!(again["outcome"], "existing");
    assert_eq!(again["index"], first["index"]);
    assert_eq!(house.log_size(), 3);

    house.file("rain.csv", format!("{RAIN}2024-01-04,1.0,Oslo\n"));
    let second = house.json(&["publish", "rain.csv", "--licence", "CC0-1.0", "--name", "rain"]);
    assert_eq!((&second["number"], &second["dataset"]), (&2.into(), &first["dataset"]));
    assert_eq!(house.log_size(), 4);
    assert_eq!(house.json(&["show", "rain"])["version"]["number"], 2);
    assert_eq!(house.json(&["show", "rain@1"])["version"]["root"], first["root"]);
    let versions = house.json(&["show", "rain"])["versions"].as_array().unwrap().len();
    assert_eq!(versions, 2);

    // The first content again is the first version, not a third.
    let back = house.publish_rain("rain");
    assert_eq!((&back["outcome"], &back["number"]), (&"existing".into(), &1.into()));
}

#[test]
fn without_a_licence_the_whole_command_is_shown_again_with_one() {
    let house = House::new();
    house.file("rain fall.csv", RAIN);
    let error = house.error(&["publish", "rain fall.csv", "--name", "rain"], 2);
    let hint = text(&error, "hint");
    assert!(
        hint.contains("veritrail publish 'rain fall.csv' --name rain --licence CC-BY-4.0"),
        "{hint}"
    );
    assert_eq!(house.log_size(), 1);
}

#[test]
fn a_licence_of_ones_own_needs_its_text() {
    let house = House::new();
    house.file("a.csv", RAIN);
    house.file("terms.txt", "Ask us first.");
    house.error(&["publish", "a.csv", "--licence", "LicenseRef-Ours"], 2);
    let args = ["publish", "a.csv", "--licence", "LicenseRef-Ours", "--licence-text", "terms.txt"];
    assert_eq!(house.json(&args)["licence"], "LicenseRef-Ours");
}

#[test]
fn public_is_said_once() {
    let house = House::new();
    house.file("a.csv", RAIN);
    let ran = house.run(&["publish", "a.csv", "--licence", "CC0-1.0"]);
    assert_eq!((ran.code, ran.stderr.matches("public").count()), (0, 1), "{}", ran.stderr);
}

#[test]
fn a_template_is_filled_in_and_rules() {
    let house = House::new();
    house.file("rain.csv", RAIN);
    let template = house.ok(&["publish", "--describe-template", "rain.csv"]);
    assert!(template.contains("rain_mm"), "{template}");
    house.ok(&["publish", "rain.csv", "--describe-template", "rain.toml"]);
    let written = std::fs::read_to_string(house.path().join("rain.toml")).unwrap();
    assert_eq!(written, template);
    // Never over a file that is there.
    house.error(&["publish", "rain.csv", "--describe-template", "rain.toml"], 1);
    assert_eq!(house.log_size(), 1, "a template publishes nothing");
}

#[test]
fn a_folder_is_one_dataset_in_path_order() {
    let house = House::new();
    house.file("data/b.bin", [7_u8; 100_000]);
    house.file("data/a/rain.csv", RAIN);
    house.file("data/readme.txt", "what this is");
    let published = house.json(&["publish", "data", "--licence", "CC0-1.0"]);
    assert_eq!(published["files"], 3);
    let shown = house.json(&["show", text(&published, "dataset")]);
    let files = shown["version"]["file_list"].as_array().unwrap();
    let paths: Vec<_> = files.iter().map(|f| text(f, "path").to_owned()).collect();
    let mut sorted = paths.clone();
    sorted.sort();
    assert_eq!(paths, sorted);
    assert!(paths.iter().any(|p| p.ends_with("a/rain.csv")), "{paths:?}");
}

#[test]
fn a_name_that_could_be_another_reference_is_refused_before_anything_is_read() {
    let house = House::new();
    house.file("a.csv", RAIN);
    for name in ["did-x", "run1", "log", "veritrail", "Rain", "9rain", "a b", ""] {
        house.error(&["publish", "a.csv", "--licence", "CC0-1.0", "--name", name], 2);
    }
    assert_eq!(house.log_size(), 1);
}

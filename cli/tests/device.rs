//! `veritrail device` and `--device`: what is there, whether it is right, and that it changes no
//! result.

use serde_json::Value;

use crate::house::{House, Ran, text};

/// Whether this machine has an adapter; it must where VERITRAIL_REQUIRE_GPU is set, as in CI.
fn has_adapter(house: &House) -> bool {
    let listed = house.json(&["device", "list"]);
    let some = !listed["adapters"].as_array().unwrap().is_empty();
    assert!(some || std::env::var_os("VERITRAIL_REQUIRE_GPU").is_none(), "no Vulkan device");
    some
}

/// Runs where no driver can be found.
fn without_drivers(house: &House, args: &[&str]) -> Ran {
    let mut command = house.command(args);
    command.env("VK_DRIVER_FILES", "/nonexistent").env("VK_ICD_FILENAMES", "/nonexistent");
    Ran::from(command.output().unwrap())
}

#[test]
fn every_adapter_is_proven_equal() {
    let house = House::empty();
    if !has_adapter(&house) {
        println!("skipped: no Vulkan device here");
        return;
    }
    let tested = house.json(&["device", "test"]);
    for adapter in tested["adapters"].as_array().unwrap() {
        let kernels = adapter["kernels"].as_array().unwrap();
        assert!(kernels.len() >= 4, "{adapter}");
        for kernel in kernels {
            assert_eq!(kernel["equal"], true, "{adapter}");
            assert!(kernel["passes"].as_u64().unwrap() > kernel["cases"].as_u64().unwrap());
        }
    }
    let table = house.ok(&["device", "test"]);
    assert!(table.contains("exact_sum") && table.contains("equal: "), "{table}");
    assert!(house.ok(&["device", "list"]).contains("--device auto takes: "));
}

#[test]
#[cfg(target_os = "linux")]
fn without_an_adapter_only_a_demand_fails() {
    let house = House::new();
    house.publish_rain("rain");
    let run = ["run", "--sql", "SELECT sum(rain_mm) FROM r", "--input", "r=rain", "--json"];
    let on =
        |device: &'static str| without_drivers(&house, &[&run[..], &["--device", device]].concat());
    for device in ["auto", "cpu"] {
        let ran = on(device);
        assert_eq!(ran.code, 0, "{device}: {}", ran.stderr);
    }
    let ran = on("gpu");
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    let error: Value = serde_json::from_str(ran.stderr.lines().last().unwrap()).unwrap();
    assert!(text(&error, "hint").contains("mesa-vulkan-drivers"), "{error}");
    let tested = without_drivers(&house, &["device", "test"]);
    assert_eq!(tested.code, 1, "{}", tested.stderr);
    assert!(without_drivers(&house, &["device", "list"]).stdout.contains("no graphics adapter"));
}

#[test]
fn no_device_changes_a_result() {
    let house = House::new();
    // More rows than a device is sent at once.
    let mut csv = String::from("x\n");
    for row in 0..150_000 {
        let sign = if row % 2 == 0 { "" } else { "-" };
        csv.push_str(&format!("{sign}{}.{row}e{}\n", row % 97, row % 40));
    }
    house.file("long.csv", csv);
    house.ok(&["publish", "long.csv", "--licence", "CC0-1.0", "--name", "long"]);
    let run = ["run", "--sql", "SELECT sum(x), avg(x), stddev(x) FROM t", "--input", "t=long"];
    let hash = |device: &'static str| {
        let ran = house.json(&[&run[..], &["--device", device]].concat());
        text(&ran, "table_hash").to_owned()
    };
    let cpu = hash("cpu");
    assert_eq!(hash("auto"), cpu);
    if has_adapter(&house) {
        assert_eq!(hash("gpu"), cpu);
    }
    assert_eq!(house.error(&[&run[..], &["--device", "tpu"]].concat(), 2)["kind"], "usage");
}

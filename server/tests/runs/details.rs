//! The details' two forms, pinned.

use veritrail_server::node::run::details::{Details, scanned};

fn golden(name: &str) -> Vec<u8> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/formats/golden");
    std::fs::read(format!("{folder}/{name}")).unwrap()
}

#[test]
fn the_details_are_as_written_down() {
    let bytes = golden("run-details-2.json");
    let details: Details = serde_json::from_slice(&bytes).unwrap();
    assert_eq!((details.v, details.statistics.as_str()), (2, "unused"));
    assert_eq!(serde_json::to_vec(&details).unwrap(), bytes);
    let scans = scanned(&bytes);
    assert_eq!(scans, details.scanned());
    assert_eq!(scans.len(), 3);
    assert_eq!((scans[0].read, scans[0].dropped), (1_629, Some(63)));
    assert_eq!(scans[0].step.as_deref(), Some("cohort"));
    assert_eq!(scans[0].reason.as_deref(), Some("wt82 is null"));
}

#[test]
fn conditions_and_the_limit_are_as_written_down() {
    let bytes = golden("run-details-2-conditions.json");
    let details: Details = serde_json::from_slice(&bytes).unwrap();
    assert_eq!(serde_json::to_vec(&details).unwrap(), bytes);
    assert_eq!(details.steps[0].units.unwrap().limit, 2_147_483_648);
    let [scan] = &scanned(&bytes)[..] else { panic!("one scan") };
    let each: Vec<(u64, &str)> =
        scan.conditions.iter().map(|c| (c.dropped, c.reason.as_str())).collect();
    assert_eq!(each, [(63, "wt82 is null"), (12, "not age > 30")]);
    assert_eq!(scan.dropped, Some(63 + 12));
}

#[test]
fn details_of_version_1_are_read() {
    let scans = scanned(&golden("run-details.json"));
    assert_eq!(scans.iter().map(|scan| scan.read).sum::<u64>(), 1_772);
    assert_eq!((scans[0].dropped, scans[1].dropped), (Some(63), None));
    assert!(scans.iter().all(|scan| scan.step.is_none() && scan.reason.is_none()));
    // Of a version that is not known, nothing is guessed.
    assert_eq!(scanned(b"{\"v\":3,\"scans\":[]}"), []);
    assert_eq!(scanned(b"?"), []);
}

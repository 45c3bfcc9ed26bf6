//! The details' one form, pinned.

use veritrail_server::node::run::details::Details;

#[test]
fn the_details_are_as_written_down() {
    let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/formats/golden/run-details.json");
    let bytes = std::fs::read(golden).unwrap();
    let details: Details = serde_json::from_slice(&bytes).unwrap();
    assert_eq!((details.v, details.read(), details.dropped()), (1, 1_772, 63));
    assert_eq!(details.scans[1].dropped, None);
    assert_eq!(serde_json::to_vec(&details).unwrap(), bytes);
}

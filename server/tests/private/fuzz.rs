//! The text of a version's seed under hostile inputs and mutations (fuzz/harness.rs).

use veritrail_proof::commit::blinds::VersionSeed;
use veritrail_server::node::private::{read_seed_text, seed_text};

use crate::harness::fuzz;

const VERSION: &str = "did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp@3";

#[test]
fn version_seed() {
    let seed = seed_text(VERSION, &VersionSeed::from_bytes([0xa7; 32]));
    fuzz(concat!(module_path!(), "::version_seed"), &[seed.as_bytes().to_vec()], 10_000, |bytes| {
        let Ok(text) = std::str::from_utf8(bytes) else { return false };
        let Ok(seed) = read_seed_text(VERSION, text) else { return false };
        assert_eq!(*seed_text(VERSION, &seed), text);
        true
    });
}

//! Manifests' heads and packs' headers under hostile inputs and mutations (fuzz/harness.rs).

#[path = "../../fuzz/harness.rs"]
mod harness;

use std::io::Read as _;

use veritrail_datasets::manifest::Manifest;
use veritrail_datasets::private::{PackHeader, Unpacking};
use veritrail_storage::private::padded_len;

use harness::fuzz;

fn golden(name: &str) -> Vec<u8> {
    let path = format!("{}/../docs/formats/golden/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(path).unwrap()
}

/// Of public bytes and of private ones, with the head of the layout within it.
#[test]
fn manifest_head() {
    let seeds = [golden("manifest-head.json"), golden("manifest-private.json")];
    fuzz(concat!(module_path!(), "::manifest_head"), &seeds, 10_000, |bytes| {
        let Ok(manifest) = Manifest::decode(bytes) else { return false };
        assert_eq!(manifest.encode().unwrap(), bytes);
        manifest.layout().check_root().unwrap();
        true
    });
}

/// A header and files, which are padded here.
#[test]
fn pack() {
    let seeds = [[&golden("private-pack-header.bin")[..], b"age,group\n41,a\n37,b\nwhat"].concat()];
    fuzz(concat!(module_path!(), "::pack"), &seeds, 5_000, |bytes| {
        let mut padded = bytes.to_vec();
        padded.resize(usize::try_from(padded_len(bytes.len() as u64).unwrap()).unwrap(), 0);
        let Ok(mut unpacking) = Unpacking::begin(&padded[..]) else { return false };
        let header: PackHeader = unpacking.header().clone();
        let again = header.encode().unwrap();
        assert_eq!(*Unpacking::begin(&again[..]).unwrap().header(), header);
        let mut lengths = 0;
        while let Ok(Some((file, mut content))) = unpacking.next_file() {
            let mut read = Vec::new();
            if content.read_to_end(&mut read).is_err() {
                break;
            }
            assert_eq!(read.len() as u64, file.size);
            lengths += file.size;
        }
        assert!(lengths <= padded.len() as u64);
        unpacking.finish().is_ok()
    });
}

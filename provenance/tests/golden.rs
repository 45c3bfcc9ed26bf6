//! The formats' golden files: written here byte for byte, and read back.
//!
//! A file that differs is an error: version 1 of a format does not change. `VERITRAIL_BLESS=1`
//! writes files that are missing, never one that is there.

use std::path::PathBuf;

use veritrail_provenance::hash::ChunkId;
use veritrail_provenance::identity::Document;
use veritrail_provenance::layout::{FileProof, Layout, LayoutHead};
use veritrail_provenance::reference::Reference;
use veritrail_provenance::statement::Statement;

use crate::fixtures::*;

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/formats/golden").join(name)
}

/// The golden file's text, which must equal `made`.
pub fn golden(name: &str, made: &str) -> String {
    let path = path(name);
    let bless = std::env::var("VERITRAIL_BLESS").is_ok_and(|value| value == "1");
    if bless && !path.exists() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, made).unwrap();
    }
    let text = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    assert_eq!(text, made, "{name} is not what version 1 writes");
    text
}

/// Hex in lines of 32 bytes.
pub fn hex_lines(bytes: &[u8]) -> String {
    bytes.chunks(32).map(|line| hex::encode(line) + "\n").collect()
}

pub fn unhex(text: &str) -> Vec<u8> {
    hex::decode(text.split_whitespace().collect::<String>()).unwrap()
}

#[test]
fn statements_of_every_kind() {
    for (draft, signer) in drafts() {
        let statement = Statement::sign(draft, &signer).unwrap();
        let name = format!("statement-{}", statement.kind());
        let envelope = golden(&format!("{name}.hex"), &hex_lines(statement.envelope()));
        let read = Statement::decode(&unhex(&envelope)).unwrap();
        read.verify_did_key().unwrap();
        assert_eq!(read, statement);
        let json = std::str::from_utf8(read.payload_bytes()).unwrap();
        golden(&format!("{name}.json"), json);
        golden(&format!("{name}.id"), &format!("{}\n", read.id()));
    }
}

/// Two files and an empty one in three chunks.
fn layout() -> Layout {
    let files = files(&[("a.csv", 10), ("b/empty", 0), ("b/x.csv", 5)]);
    Layout::new(files, chunks(&[8, 6, 1])).unwrap()
}

#[test]
fn layout_pages_and_head() {
    let layout = layout();
    let pages = layout.pages().unwrap();
    let files = unhex(&golden("layout-files.hex", &hex_lines(&pages.files[0].bytes)));
    let chunks = unhex(&golden("layout-chunks.hex", &hex_lines(&pages.chunks[0].bytes)));
    let json = serde_json::to_string_pretty(layout.head()).unwrap() + "\n";
    let head: LayoutHead = serde_json::from_str(&golden("layout-head.json", &json)).unwrap();
    let read = Layout::assemble(&head, |page| {
        [&files, &chunks]
            .into_iter()
            .find(|bytes| ChunkId::of(bytes) == page.blob)
            .cloned()
            .ok_or(())
    });
    assert_eq!(read.unwrap(), layout);
}

#[test]
fn layout_proofs() {
    let layout = layout();
    let proof = layout.prove_file(&"b/x.csv".parse().unwrap()).unwrap();
    let json = serde_json::to_string_pretty(&proof).unwrap() + "\n";
    let proof: FileProof = serde_json::from_str(&golden("layout-file-proof.json", &json)).unwrap();
    assert_eq!(proof.verify(layout.head(), layout.root()).unwrap().size, 5);
    let proof = layout.prove_chunks(9..15).unwrap();
    let json = serde_json::to_string_pretty(&proof).unwrap() + "\n";
    golden("layout-chunks-proof.json", &json);
}

#[test]
fn identities() {
    let did = did(1);
    let document = Document::of_did_key(&did).unwrap();
    let json = serde_json::to_string_pretty(&document).unwrap() + "\n";
    let read: Document = serde_json::from_str(&golden("identity-document.json", &json)).unwrap();
    assert_eq!(read.id.public_key().unwrap(), did.public_key().unwrap());
    let message =
        veritrail_provenance::statement::proof_message(&did, &origin(), &identity().vkeys);
    golden("identity-proof-message.txt", std::str::from_utf8(&message).unwrap());
}

#[test]
fn references() {
    let text = std::fs::read_to_string(path("references.txt")).unwrap();
    let (mut good, mut bad) = (0, 0);
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with("# ")) {
        let (verdict, reference) = line.split_once(' ').unwrap();
        match (verdict, Reference::parse(reference)) {
            ("ok", Ok(parsed)) => {
                assert_eq!(parsed.to_string(), reference);
                good += 1;
            }
            ("no", Err(_)) => bad += 1,
            (_, parsed) => panic!("{line}: {parsed:?}"),
        }
    }
    assert!(good >= 12 && bad >= 12, "{good} good, {bad} bad");
}

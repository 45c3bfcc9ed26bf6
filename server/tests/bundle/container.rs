//! The container's one form: what we write, any ZIP reader reads; golden bytes.

use std::io::{Cursor, Read as _};

use veritrail_provenance::hash::FileDigest;
use veritrail_server::node::bundle::container::{EntryKind, Listed, Listing, Reader, Writer};

/// Three entries of three kinds, one of them not known to this version.
pub(crate) fn sample() -> Vec<(&'static str, EntryKind, Vec<u8>)> {
    vec![
        ("blobs/one", EntryKind::Manifest, b"{\"v\":1}".to_vec()),
        ("new/thing", EntryKind::Other("hologram".to_owned()), Vec::new()),
        ("output/Werte ä.csv", EntryKind::Output, b"a,b\n1,2\n".repeat(20_000)),
    ]
}

pub(crate) fn listed(parts: &[(&str, EntryKind, Vec<u8>)]) -> Vec<Listed> {
    parts
        .iter()
        .map(|(name, kind, bytes)| Listed {
            name: (*name).to_owned(),
            kind: kind.clone(),
            size: bytes.len() as u64,
            sha256: FileDigest::of(bytes),
        })
        .collect()
}

pub(crate) fn write(parts: &[(&str, EntryKind, Vec<u8>)]) -> Vec<u8> {
    let listing = Listing::new("run:00".to_owned(), listed(parts)).unwrap();
    let mut writer = Writer::begin(Cursor::new(Vec::new()), &listing).unwrap();
    for entry in &listing.entries {
        let (_, _, bytes) = parts.iter().find(|(name, _, _)| *name == entry.name).unwrap();
        writer.entry(&entry.name).unwrap();
        for piece in bytes.chunks(1_000) {
            writer.write(piece).unwrap();
        }
    }
    writer.finish().unwrap().into_inner()
}

#[test]
fn what_is_written_is_read_back() {
    let file = write(&sample());
    let mut reader = Reader::open(Cursor::new(&file)).unwrap();
    assert_eq!(reader.subject(), "run:00");
    let entries = reader.entries().to_vec();
    assert_eq!(entries.len(), 3);
    for (entry, (name, kind, bytes)) in entries.iter().zip(sample()) {
        assert_eq!(entry.listed.name, name);
        assert_eq!(entry.listed.kind, kind);
        assert_eq!(reader.read(entry).unwrap(), bytes);
    }
    assert_eq!(entries[1].listed.kind.to_string(), "hologram");
}

#[test]
fn the_order_of_the_parts_does_not_matter() {
    let mut parts = sample();
    let file = write(&parts);
    parts.reverse();
    assert_eq!(write(&parts), file);
}

#[test]
fn any_zip_reader_reads_it() {
    let mut archive = zip::ZipArchive::new(Cursor::new(write(&sample()))).unwrap();
    assert_eq!(archive.len(), 4);
    assert_eq!(archive.by_index(0).unwrap().name().unwrap(), "veritrail.json");
    for (name, _, bytes) in sample() {
        let mut entry = archive.by_name(name).unwrap();
        assert_eq!(entry.compression(), zip::CompressionMethod::Stored);
        let mut found = Vec::new();
        // Reads to the end, where the checksum is compared.
        entry.read_to_end(&mut found).unwrap();
        assert_eq!(found, bytes);
    }
}

#[test]
fn the_bytes_are_pinned() {
    let parts = [
        ("blobs/one", EntryKind::Manifest, b"{\"v\":1}".to_vec()),
        ("new/thing", EntryKind::Other("hologram".to_owned()), Vec::new()),
    ];
    let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/formats/golden/container.zip");
    if std::env::var_os("VERITRAIL_WRITE_GOLDEN").is_some() {
        std::fs::write(golden, write(&parts)).unwrap();
    }
    assert_eq!(write(&parts), std::fs::read(golden).unwrap());
}

#[test]
fn the_writer_keeps_to_its_listing() {
    let parts = sample();
    let listing = Listing::new("run:00".to_owned(), listed(&parts)).unwrap();
    let begin = || Writer::begin(Cursor::new(Vec::new()), &listing).unwrap();
    assert!(begin().entry("output/Werte ä.csv").is_err(), "out of order");
    assert!(begin().finish().is_err(), "entries missing");
    assert!(begin().write(b"x").is_err(), "no entry started");
    let mut short = begin();
    short.entry("blobs/one").unwrap();
    short.write(b"{").unwrap();
    assert!(short.entry("new/thing").is_err(), "too short");
    let mut long = begin();
    long.entry("blobs/one").unwrap();
    assert!(long.write(b"{\"v\":1} and more").is_err(), "too long");
    let mut other = begin();
    other.entry("blobs/one").unwrap();
    other.write(b"{\"v\":2}").unwrap();
    assert!(other.entry("new/thing").is_err(), "another content");
}

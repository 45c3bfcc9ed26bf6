//! Containers that somebody made to mislead: each is refused, with the place.

use std::io::{Cursor, Seek, Write as _};

use veritrail_server::node::bundle::container::{
    ContainerError, EntryKind, Listing, MAX_BYTES_WITHOUT_DATA, Reader,
};

use super::container::{listed, sample, write};

fn open(file: &[u8]) -> Result<(), ContainerError> {
    Reader::open(Cursor::new(file)).map(|_| ())
}

#[track_caller]
fn refused(file: &[u8], names: &str) {
    let error = open(file).unwrap_err();
    assert!(error.is_forgery(), "{error}");
    assert!(error.to_string().contains(names), "{error} does not name {names}");
}

#[test]
fn every_flipped_bit_is_noticed() {
    let parts = [("blobs/one", EntryKind::Manifest, b"{\"v\":1}".to_vec())];
    let file = write(&parts);
    open(&file).unwrap();
    for at in 0..file.len() {
        for bit in 0..8 {
            let mut altered = file.clone();
            altered[at] ^= 1 << bit;
            assert!(open(&altered).is_err(), "byte {at}, bit {bit}");
        }
    }
}

#[test]
fn every_cut_is_noticed() {
    let file = write(&[("blobs/one", EntryKind::Manifest, b"{\"v\":1}".to_vec())]);
    for length in 0..file.len() {
        assert!(open(&file[..length]).is_err(), "cut to {length}");
    }
}

#[test]
fn bytes_before_between_and_after() {
    let file = write(&sample());
    refused(&[b"x".as_slice(), &file].concat(), "1 bytes stand before");
    refused(&[&file, b"x".as_slice()].concat(), "after its end");
    refused(&[&file, file.as_slice()].concat(), "stand before");
    // Between the content and the directory, with the end record's offset moved along.
    let end = file.len() - 22;
    let offset = u32::from_le_bytes(file[end + 16..end + 20].try_into().unwrap());
    let mut between = file.clone();
    between.splice(offset as usize..offset as usize, *b"hidden");
    let end = between.len() - 22;
    between[end + 16..end + 20].copy_from_slice(&(offset + 6).to_le_bytes());
    refused(&between, "between entries and the directory");
}

#[test]
fn a_comment_is_refused() {
    let mut file = write(&sample());
    let end = file.len() - 22;
    file[end + 20] = 3;
    refused(&file, "comment");
    // A comment of 22 bytes that is itself an end record.
    let mut twice = write(&sample());
    let end = twice[twice.len() - 22..].to_vec();
    let at = twice.len() - 2;
    twice[at] = 22;
    twice.extend(end);
    refused(&twice, "stand before");
}

/// A ZIP by the general-purpose writer, which takes any entry and any order.
fn foreign(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options =
        zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (name, bytes) in entries {
        writer.start_file(*name, options).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

#[test]
fn a_zip_of_another_tool_is_refused() {
    let listing = Listing::new("run:00".to_owned(), Vec::new()).unwrap().encode().unwrap();
    refused(&foreign(&[("veritrail.json", &listing)]), "entry veritrail.json");
}

/// Our own form, but with a listing that does not fit the entries.
fn mislisted(listing: Vec<u8>, parts: &[(&str, EntryKind, Vec<u8>)]) -> Vec<u8> {
    let file = write(parts);
    let mut archive = zip::ZipArchive::new(Cursor::new(&file)).unwrap();
    let first = archive.by_index(0).unwrap();
    let (start, size) = (first.data_start().unwrap() as usize, first.size() as usize);
    drop(first);
    let grown = listing.len() as i64 - size as i64;
    let checksum = crc32fast::hash(&listing);
    let mut out = Cursor::new(Vec::new());
    let mut header = file[..start].to_vec();
    patch(&mut header, 14, checksum, listing.len());
    out.write_all(&header).unwrap();
    out.write_all(&listing).unwrap();
    let end = file.len() - 22;
    let directory = u32::from_le_bytes(file[end + 16..end + 20].try_into().unwrap()) as usize;
    out.write_all(&file[start + size..directory]).unwrap();
    let moved = out.stream_position().unwrap() as u32;
    let mut rest = file[directory..].to_vec();
    patch(&mut rest, 16, checksum, listing.len());
    let mut at = 46 + usize::from(u16::from_le_bytes([rest[28], rest[29]]));
    while rest[at..at + 4] == *b"PK\x01\x02" {
        let offset = u32::from_le_bytes(rest[at + 42..at + 46].try_into().unwrap());
        let shifted = (i64::from(offset) + grown) as u32;
        rest[at + 42..at + 46].copy_from_slice(&shifted.to_le_bytes());
        at += 46 + usize::from(u16::from_le_bytes([rest[at + 28], rest[at + 29]]));
    }
    let end = rest.len() - 22;
    rest[end + 16..end + 20].copy_from_slice(&moved.to_le_bytes());
    out.write_all(&rest).unwrap();
    out.into_inner()
}

fn patch(header: &mut [u8], at: usize, checksum: u32, size: usize) {
    header[at..at + 4].copy_from_slice(&checksum.to_le_bytes());
    header[at + 4..at + 8].copy_from_slice(&(size as u32).to_le_bytes());
    header[at + 8..at + 12].copy_from_slice(&(size as u32).to_le_bytes());
}

#[test]
fn the_listing_names_every_entry_and_no_other() {
    let parts = sample();
    let encode = |parts: &[(&str, EntryKind, Vec<u8>)]| {
        Listing::new("run:00".to_owned(), listed(parts)).unwrap().encode().unwrap()
    };
    open(&mislisted(encode(&parts), &parts)).unwrap();
    refused(&mislisted(encode(&parts[..2]), &parts), "output/Werte ä.csv: veritrail.json does not");
    refused(&mislisted(encode(&parts[1..]), &parts), "blobs/one: veritrail.json does not list it");
    refused(&mislisted(encode(&parts), &parts[..2]), "the file does not hold it");
    refused(&mislisted(encode(&parts), &parts[1..]), "blobs/one: veritrail.json lists it");
    let mut other = parts.clone();
    other[0].2 = b"{\"v\":2}".to_vec();
    refused(&mislisted(encode(&other), &parts), "blobs/one: its SHA-256");
    other[0].2 = b"{\"v\":11}".to_vec();
    refused(&mislisted(encode(&other), &parts), "blobs/one: its size is 7");
}

#[test]
fn the_listing_has_one_form() {
    let parts = sample();
    let good = Listing::new("run:00".to_owned(), listed(&parts)).unwrap().encode().unwrap();
    let text = String::from_utf8(good).unwrap();
    let with = |from: &str, to: &str| {
        assert!(text.contains(from));
        mislisted(text.replacen(from, to, 1).into_bytes(), &parts)
    };
    refused(&with("{\n", "{ \n"), "the one form");
    refused(&with("\"subject\"", "\"subject\": \"x\",\n  \"subject\""), "duplicate field");
    refused(&with("\"bundle\"", "\"bungle\""), "does not call itself a bundle");
    refused(&with("\"kind\"", "\"also\": 1,\n      \"kind\""), "unknown field");
    let newer = open(&with("\"version\": 1", "\"version\": 2")).unwrap_err();
    assert!(matches!(newer, ContainerError::Version(2)), "{newer}");
    assert!(!newer.is_forgery(), "a later bundle is no forgery");
}

#[test]
fn names_that_leave_the_folder() {
    for name in ["../x", "a/../x", "/etc/x", "a\\b", "a//b", "", ".", "a/./b", "a\u{7}", "CON"] {
        let parts = [(name, EntryKind::Output, Vec::new())];
        assert!(Listing::new(String::new(), listed(&parts)).is_err(), "{name:?} was listed");
        // The same in the directory of a file: as long as the harmless name it replaces.
        let long = "n".repeat(name.len().max(1));
        let file = write(&[(long.as_str(), EntryKind::Output, Vec::new())]);
        if name.is_empty() {
            continue;
        }
        let altered = replaced(&file, long.as_bytes(), name.as_bytes());
        assert!(open(&altered).is_err(), "{name:?} was read");
    }
}

/// Every occurrence of the name in headers, not inside the listing's JSON words.
fn replaced(file: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut out = file.to_vec();
    let directory = 46 + "veritrail.json".len();
    let end = file.len() - 22;
    let start = u32::from_le_bytes(file[end + 16..end + 20].try_into().unwrap()) as usize;
    let name = start + directory + 46;
    assert_eq!(&out[name..name + from.len()], from);
    out[name..name + to.len()].copy_from_slice(to);
    let offset = u32::from_le_bytes(out[name - 4..name].try_into().unwrap()) as usize;
    assert_eq!(&out[offset + 30..offset + 30 + from.len()], from);
    out[offset + 30..offset + 30 + to.len()].copy_from_slice(to);
    out
}

#[test]
fn names_that_stand_twice() {
    let twice = [
        ("blobs/one", EntryKind::Manifest, b"1".to_vec()),
        ("blobs/one", EntryKind::Manifest, b"2".to_vec()),
    ];
    assert!(Listing::new(String::new(), listed(&twice)).is_err());
    let file = write(&[
        ("blobs/one", EntryKind::Manifest, b"1".to_vec()),
        ("blobs/two", EntryKind::Manifest, b"2".to_vec()),
    ]);
    // The second one's directory header takes the first one's name.
    let at = file.windows(9).rposition(|w| w == b"blobs/two").unwrap();
    let mut altered = file.clone();
    altered[at..at + 9].copy_from_slice(b"blobs/one");
    refused(&altered, "entry blobs/one: it is out of order or stands twice");
}

#[test]
fn sizes_are_checked_before_anything_is_allocated() {
    // 4 GiB of directory, entries and content, claimed in 22 bytes.
    let mut end = b"PK\x05\x06\0\0\0\0".to_vec();
    for number in [0xfffe_u16, 0xfffe] {
        end.extend(number.to_le_bytes());
    }
    end.extend(0xffff_ff00_u32.to_le_bytes());
    end.extend([0; 4]);
    end.extend([0; 2]);
    refused(&end, "directory");
    let huge = MAX_BYTES_WITHOUT_DATA + 1;
    let mut entries = listed(&sample());
    entries[0].size = huge;
    let error = Listing::new(String::new(), entries.clone()).unwrap_err();
    assert!(error.to_string().contains("without data"), "{error}");
    entries[0].kind = EntryKind::Data;
    Listing::new(String::new(), entries.clone()).unwrap();
    entries[0].size = u64::MAX;
    assert!(Listing::new(String::new(), entries).is_err(), "larger than a bundle");
    // An unknown kind is no way around the limit.
    let mut entries = listed(&sample());
    entries[1].size = huge;
    assert!(Listing::new(String::new(), entries).is_err());
}

#[test]
fn a_compressed_entry_is_refused() {
    let mut file = write(&sample());
    let at = file.windows(4).rposition(|w| w == b"PK\x01\x02").unwrap();
    file[at + 10] = 8;
    refused(&file, "compression");
}

#[test]
fn the_entry_count_fits_the_end_record() {
    let parts = vec![("x", EntryKind::Manifest, Vec::new()); 1];
    let mut entries = listed(&parts);
    let one = entries.remove(0);
    let many = (0..65_534_u32)
        .map(|n| {
            let mut entry = one.clone();
            entry.name = format!("n{n:05}");
            entry
        })
        .collect::<Vec<_>>();
    assert!(Listing::new(String::new(), many.clone()).is_err());
    Listing::new(String::new(), many[1..].to_vec()).unwrap();
}

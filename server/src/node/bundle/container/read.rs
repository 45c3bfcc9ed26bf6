//! Reads a bundle's file strictly: it must be, byte for byte, what the writer makes of its entries.
//!
//! The directory gives names, sizes and checksums; from those every header's bytes and place
//! follow, and are compared. So nothing can stand before, between or after the entries, no entry
//! overlaps another, and no field can say something to another reader that it does not say to us.

use std::io::{Read, Seek, SeekFrom};

use sha2::{Digest as _, Sha256};
use veritrail_provenance::hash::FileDigest;

use super::{
    ContainerError, EntryKind, LISTING_NAME, Listed, Listing, MAX_ENTRIES, MAX_FILE_BYTES,
    MAX_LISTING_BYTES, MAX_NAME_BYTES,
    listing::{check_name, limit},
    records::{self, CENTRAL_BYTES, END_BYTES, LOCAL_BYTES, Record},
};

/// Bytes of the directory that are read into memory.
const MAX_DIRECTORY_BYTES: u64 = 32 << 20;
/// Bytes that are hashed at a time.
const PIECE_BYTES: usize = 64 << 10;

/// An entry whose size, checksum and SHA-256 were checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What the listing says of it, which is true.
    pub listed: Listed,
    /// Where its content starts in the file.
    start: u64,
}

/// An open bundle, of which every byte was checked.
#[derive(Debug)]
pub struct Reader<R> {
    file: R,
    subject: String,
    entries: Vec<Entry>,
}

impl<R: Read + Seek> Reader<R> {
    /// Reads the whole of `file` once, in memory of the directory's size.
    ///
    /// # Errors
    /// The first place where the file is not what our writer makes.
    pub fn open(mut file: R) -> Result<Self, ContainerError> {
        let directory = directory(&mut file)?;
        let mut records = directory.into_iter();
        let Some(first) = records.next() else {
            return Err(ContainerError::NoListing(String::new()));
        };
        if first.name != LISTING_NAME {
            return Err(ContainerError::NoListing(first.name));
        }
        limit("the length of veritrail.json", u64::from(first.size), MAX_LISTING_BYTES)?;
        file.seek(SeekFrom::Start(0))?;
        let mut bytes = Vec::with_capacity(first.size as usize);
        content(&mut file, &first, |piece| bytes.extend_from_slice(piece))?;
        let listing = Listing::decode(&bytes)?;
        let records: Vec<Record> = records.collect();
        compare(&listing, &records)?;

        let mut position = first.span();
        let mut entries = Vec::with_capacity(records.len());
        for (listed, record) in listing.entries.into_iter().zip(&records) {
            let start = position + LOCAL_BYTES + record.name.len() as u64;
            let found = content(&mut file, record, |_| ())?;
            if found != listed.sha256 {
                return Err(ContainerError::altered(&listed, "SHA-256", found, listed.sha256));
            }
            position += record.span();
            entries.push(Entry { listed, start });
        }
        Ok(Self { file, subject: listing.subject, entries })
    }

    /// The REF that the bundle says it is about; only a claim until the evidence is verified.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// Every entry but the listing, in order.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The content of an entry that is not data: at most 64 MiB.
    ///
    /// # Errors
    /// Reading failed, or the file changed since it was opened.
    pub fn read(&mut self, entry: &Entry) -> Result<Vec<u8>, ContainerError> {
        if entry.listed.kind == EntryKind::Data {
            limit("the size of a part", entry.listed.size, super::MAX_BYTES_WITHOUT_DATA)?;
        }
        let mut bytes = Vec::with_capacity(entry.listed.size as usize);
        self.copy(entry, |piece| {
            bytes.extend_from_slice(piece);
            Ok(())
        })?;
        Ok(bytes)
    }

    /// Hands out the content of any entry piece by piece.
    ///
    /// # Errors
    /// As [`Reader::read`], and what `sink` refuses.
    pub fn copy(
        &mut self,
        entry: &Entry,
        mut sink: impl FnMut(&[u8]) -> Result<(), ContainerError>,
    ) -> Result<(), ContainerError> {
        self.file.seek(SeekFrom::Start(entry.start))?;
        let mut sha256 = Sha256::new();
        pieces(&mut self.file, entry.listed.size, |piece| {
            sha256.update(piece);
            sink(piece)
        })?;
        let found = FileDigest::from_bytes(sha256.finalize().into());
        if found != entry.listed.sha256 {
            return Err(ContainerError::altered(
                &entry.listed,
                "SHA-256",
                found,
                entry.listed.sha256,
            ));
        }
        Ok(())
    }
}

/// Reads and checks end record and directory; the records fill the file without a gap.
fn directory<R: Read + Seek>(file: &mut R) -> Result<Vec<Record>, ContainerError> {
    let length = file.seek(SeekFrom::End(0))?;
    limit("the size of the file", length, MAX_FILE_BYTES)?;
    let Some(end_at) = length.checked_sub(END_BYTES) else {
        return Err(ContainerError::End("nothing more stands"));
    };
    let mut end = [0; END_BYTES as usize];
    file.seek(SeekFrom::Start(end_at))?;
    file.read_exact(&mut end)?;
    let (count, size, offset) = records::read_end(&end)?;
    limit("the number of entries", u64::from(count), MAX_ENTRIES as u64)?;
    limit("the directory", u64::from(size), MAX_DIRECTORY_BYTES)?;
    let longest = u64::from(count) * (CENTRAL_BYTES + MAX_NAME_BYTES) as u64;
    limit("the directory of that many entries", u64::from(size), longest)?;
    let stated = u64::from(offset) + u64::from(size) + END_BYTES;
    if stated != length {
        return Err(ContainerError::Surplus(length.abs_diff(stated)));
    }
    file.seek(SeekFrom::Start(u64::from(offset)))?;
    let mut bytes = vec![0; size as usize];
    file.read_exact(&mut bytes)?;
    parse(&bytes, count, u64::from(offset))
}

/// The records of a directory; local headers and contents must end where it begins.
fn parse(mut bytes: &[u8], count: u16, end: u64) -> Result<Vec<Record>, ContainerError> {
    let mut found: Vec<Record> = Vec::with_capacity(usize::from(count));
    let mut position = 0_u64;
    for _ in 0..count {
        let offset = u32::try_from(position).map_err(|_| ContainerError::Surplus(0))?;
        let (record, rest) = records::read_central(bytes, offset)?;
        check_name(&record.name)?;
        // The listing leads; after it the names ascend.
        if found.len() > 1
            && found.last().is_some_and(|last| last.name.as_bytes() >= record.name.as_bytes())
        {
            return Err(ContainerError::Order(record.name));
        }
        position += record.span();
        found.push(record);
        bytes = rest;
    }
    if !bytes.is_empty() || position != end {
        return Err(ContainerError::Surplus(end.abs_diff(position).max(bytes.len() as u64)));
    }
    Ok(found)
}

/// The listing names exactly the entries that are there.
fn compare(listing: &Listing, records: &[Record]) -> Result<(), ContainerError> {
    let mut listed = listing.entries.iter().peekable();
    for record in records {
        match listed.peek() {
            Some(entry) if entry.name == record.name => {
                if entry.size != u64::from(record.size) {
                    return Err(ContainerError::altered(entry, "size", record.size, entry.size));
                }
                listed.next();
            }
            Some(entry) if entry.name.as_bytes() < record.name.as_bytes() => {
                return Err(ContainerError::Absent(entry.name.clone()));
            }
            _ => return Err(ContainerError::Unlisted(record.name.clone())),
        }
    }
    listed.next().map_or(Ok(()), |entry| Err(ContainerError::Absent(entry.name.clone())))
}

/// Checks the local header at the position of `file` and reads the content behind it.
fn content<R: Read>(
    file: &mut R,
    record: &Record,
    mut sink: impl FnMut(&[u8]),
) -> Result<FileDigest, ContainerError> {
    let mut header = vec![0; LOCAL_BYTES as usize + record.name.len()];
    file.read_exact(&mut header)?;
    records::check_local(&header, record)?;
    let (mut checksum, mut sha256) = (crc32fast::Hasher::new(), Sha256::new());
    pieces(file, u64::from(record.size), |piece| {
        checksum.update(piece);
        sha256.update(piece);
        sink(piece);
        Ok(())
    })?;
    if checksum.finalize() != record.checksum {
        return Err(ContainerError::Checksum(record.name.clone()));
    }
    Ok(FileDigest::from_bytes(sha256.finalize().into()))
}

fn pieces<R: Read>(
    file: &mut R,
    mut left: u64,
    mut sink: impl FnMut(&[u8]) -> Result<(), ContainerError>,
) -> Result<(), ContainerError> {
    let mut buffer = vec![0; PIECE_BYTES];
    while left > 0 {
        let take = left.min(PIECE_BYTES as u64) as usize;
        let piece = buffer.get_mut(..take).unwrap_or_default();
        file.read_exact(piece)?;
        sink(piece)?;
        left -= take as u64;
    }
    Ok(())
}

//! Writes a bundle's file: the listing, then every entry in the listing's order.

use std::io::{Seek, SeekFrom, Write};

use sha2::{Digest as _, Sha256};
use veritrail_provenance::hash::FileDigest;

use super::{
    ContainerError, LISTING_NAME, Listed, Listing, MAX_FILE_BYTES,
    listing::limit,
    records::{self, Record},
};

/// Takes the entries of a listing in order, each in as many pieces as its source has, so that data
/// larger than memory can be written.
pub struct Writer<W> {
    out: W,
    expected: std::vec::IntoIter<Listed>,
    open: Option<Open>,
    records: Vec<Record>,
}

/// The entry that is being written.
struct Open {
    listed: Listed,
    start: u64,
    written: u64,
    checksum: crc32fast::Hasher,
    sha256: Sha256,
}

impl<W: Write + Seek> Writer<W> {
    /// Begins the file at the position 0 of `out` with the listing.
    ///
    /// # Errors
    /// Writing failed, or the listing is longer than allowed.
    pub fn begin(out: W, listing: &Listing) -> Result<Self, ContainerError> {
        let bytes = listing.encode()?;
        let mut writer = Self {
            out,
            expected: listing.entries.clone().into_iter(),
            open: None,
            records: Vec::with_capacity(listing.entries.len() + 1),
        };
        writer.start(Listed {
            name: LISTING_NAME.to_owned(),
            kind: super::EntryKind::Other(String::new()),
            size: bytes.len() as u64,
            sha256: FileDigest::of(&bytes),
        })?;
        writer.write(&bytes)?;
        writer.close()?;
        Ok(writer)
    }

    /// Starts the next entry of the listing, which must be `name`.
    ///
    /// # Errors
    /// Out of order, or the entry before has another size or hash than was listed.
    pub fn entry(&mut self, name: &str) -> Result<(), ContainerError> {
        self.close()?;
        match self.expected.next() {
            Some(listed) if listed.name == name => self.start(listed),
            _ => Err(ContainerError::Sequence(name.to_owned())),
        }
    }

    /// Writes a piece of the entry that was started.
    ///
    /// # Errors
    /// No entry was started, or more than its size is written.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), ContainerError> {
        let Some(open) = &mut self.open else {
            return Err(ContainerError::Sequence("?".to_owned()));
        };
        open.written += bytes.len() as u64;
        if open.written > open.listed.size {
            return Err(ContainerError::altered(
                &open.listed,
                "size",
                open.written,
                open.listed.size,
            ));
        }
        open.checksum.update(bytes);
        open.sha256.update(bytes);
        self.out.write_all(bytes)?;
        Ok(())
    }

    /// Writes the directory and the end record; every entry of the listing must have been written.
    ///
    /// # Errors
    /// An entry is missing or differs from the listing.
    pub fn finish(mut self) -> Result<W, ContainerError> {
        self.close()?;
        if let Some(missing) = self.expected.next() {
            return Err(ContainerError::Sequence(missing.name));
        }
        let (mut offset, mut size) = (0_u64, 0_u64);
        for record in &self.records {
            let header = record.central(narrow("an offset", offset)?);
            self.out.write_all(&header)?;
            offset += record.span();
            size += header.len() as u64;
        }
        limit("the size of the file", offset + size + records::END_BYTES, MAX_FILE_BYTES)?;
        let count = u16::try_from(self.records.len()).map_err(|_| ContainerError::Limit {
            what: "the number of entries",
            found: self.records.len() as u64,
            limit: super::MAX_ENTRIES as u64,
        })?;
        let end = records::end(count, narrow("the directory", size)?, narrow("an offset", offset)?);
        self.out.write_all(&end)?;
        self.out.flush()?;
        Ok(self.out)
    }

    fn start(&mut self, listed: Listed) -> Result<(), ContainerError> {
        let start = self.out.stream_position()?;
        // The checksum is known only after the content: written again by `close`.
        let record = Record {
            name: listed.name.clone(),
            size: narrow("an entry's size", listed.size)?,
            checksum: 0,
        };
        self.out.write_all(&record.local())?;
        self.open = Some(Open {
            listed,
            start,
            written: 0,
            checksum: crc32fast::Hasher::new(),
            sha256: Sha256::new(),
        });
        Ok(())
    }

    fn close(&mut self) -> Result<(), ContainerError> {
        let Some(open) = self.open.take() else { return Ok(()) };
        if open.written != open.listed.size {
            return Err(ContainerError::altered(
                &open.listed,
                "size",
                open.written,
                open.listed.size,
            ));
        }
        let found = FileDigest::from_bytes(open.sha256.finalize().into());
        if found != open.listed.sha256 {
            return Err(ContainerError::altered(
                &open.listed,
                "SHA-256",
                found,
                open.listed.sha256,
            ));
        }
        let record = Record {
            name: open.listed.name,
            size: narrow("an entry's size", open.listed.size)?,
            checksum: open.checksum.finalize(),
        };
        let end = self.out.stream_position()?;
        self.out.seek(SeekFrom::Start(open.start))?;
        self.out.write_all(&record.local())?;
        self.out.seek(SeekFrom::Start(end))?;
        self.records.push(record);
        Ok(())
    }
}

fn narrow(what: &'static str, value: u64) -> Result<u32, ContainerError> {
    limit(what, value, MAX_FILE_BYTES)?;
    Ok(value as u32)
}

//! The three ZIP records a bundle has, as bytes (APPNOTE.TXT 6.3.10, sections 4.3.7, 4.3.12,
//! 4.3.16). Every field that a bundle does not need is fixed here.

use super::ContainerError;

/// Length of a local header without its name.
pub(super) const LOCAL_BYTES: u64 = 30;
/// Length of a directory header without its name.
pub(super) const CENTRAL_BYTES: usize = 46;
/// Length of the end record, which has no comment.
pub(super) const END_BYTES: u64 = 22;

const LOCAL: u32 = 0x0403_4b50;
const CENTRAL: u32 = 0x0201_4b50;
const END: u32 = 0x0605_4b50;
/// Names are UTF-8.
const FLAGS: u16 = 1 << 11;
/// Version 2.0 is what stored files in folders need.
const VERSION: u16 = 20;
/// 1980-01-01, the first date a ZIP can say.
const DATE: u16 = 0x0021;

/// What differs between the headers of two entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) name: String,
    pub(super) size: u32,
    pub(super) checksum: u32,
}

impl Record {
    /// The header in front of the content.
    pub(super) fn local(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(LOCAL_BYTES as usize + self.name.len());
        out.extend(LOCAL.to_le_bytes());
        self.common(&mut out);
        out.extend(self.name.as_bytes());
        out
    }

    /// The header in the directory, of an entry whose local header starts at `offset`.
    pub(super) fn central(&self, offset: u32) -> Vec<u8> {
        let mut out = Vec::with_capacity(CENTRAL_BYTES + self.name.len());
        out.extend(CENTRAL.to_le_bytes());
        out.extend(VERSION.to_le_bytes());
        self.common(&mut out);
        // No comment, first disk, no attributes.
        out.extend([0; 10]);
        out.extend(offset.to_le_bytes());
        out.extend(self.name.as_bytes());
        out
    }

    /// Version needed to lengths: the part that both headers share.
    fn common(&self, out: &mut Vec<u8>) {
        out.extend(VERSION.to_le_bytes());
        out.extend(FLAGS.to_le_bytes());
        // Stored, midnight.
        out.extend([0; 4]);
        out.extend(DATE.to_le_bytes());
        out.extend(self.checksum.to_le_bytes());
        out.extend(self.size.to_le_bytes());
        out.extend(self.size.to_le_bytes());
        // Names are bounded far below 65,536 before a record is made.
        out.extend((self.name.len() as u16).to_le_bytes());
        out.extend([0; 2]);
    }

    /// Bytes of local header and content together.
    pub(super) fn span(&self) -> u64 {
        LOCAL_BYTES + self.name.len() as u64 + u64::from(self.size)
    }
}

/// The end record over `entries` headers of `bytes` bytes that start at `offset`.
pub(super) fn end(entries: u16, bytes: u32, offset: u32) -> Vec<u8> {
    let mut out = Vec::with_capacity(END_BYTES as usize);
    out.extend(END.to_le_bytes());
    out.extend([0; 4]);
    out.extend(entries.to_le_bytes());
    out.extend(entries.to_le_bytes());
    out.extend(bytes.to_le_bytes());
    out.extend(offset.to_le_bytes());
    out.extend([0; 2]);
    out
}

/// What an end record says: entries, bytes of the directory, its offset.
pub(super) fn read_end(bytes: &[u8]) -> Result<(u16, u32, u32), ContainerError> {
    if u32_at(bytes, 0) != Some(END) {
        return Err(ContainerError::End("bytes were added"));
    }
    let parts = (u16_at(bytes, 10), u32_at(bytes, 12), u32_at(bytes, 16));
    let (Some(entries), Some(size), Some(offset)) = parts else {
        return Err(ContainerError::End("bytes were added"));
    };
    if bytes != end(entries, size, offset) {
        return Err(ContainerError::End("a comment or another disk is named"));
    }
    Ok((entries, size, offset))
}

/// Reads the directory header at the front of `bytes`; the rest of `bytes` follows it. `offset` is
/// where the entry must start.
pub(super) fn read_central(bytes: &[u8], offset: u32) -> Result<(Record, &[u8]), ContainerError> {
    let cut = |field| ContainerError::Header { name: "?".to_owned(), header: "directory", field };
    if u32_at(bytes, 0) != Some(CENTRAL) {
        return Err(cut("signature"));
    }
    let fixed = (u16_at(bytes, 28), u32_at(bytes, 16), u32_at(bytes, 24));
    let (Some(length), Some(checksum), Some(size)) = fixed else {
        return Err(cut("length"));
    };
    let end = CENTRAL_BYTES + usize::from(length);
    let name = bytes.get(CENTRAL_BYTES..end).ok_or_else(|| cut("name length"))?;
    let name = String::from_utf8(name.to_vec()).map_err(|e| ContainerError::Name {
        name: e.as_bytes().escape_ascii().to_string(),
        reason: "it is not UTF-8".to_owned(),
    })?;
    let record = Record { name, size, checksum };
    let (own, rest) = bytes.split_at(end);
    differing(own, &record.central(offset), CENTRAL_FIELDS).map_or(Ok(()), |field| {
        Err(ContainerError::Header { name: record.name.clone(), header: "directory", field })
    })?;
    Ok((record, rest))
}

/// Checks the local header against the one that the directory implies.
pub(super) fn check_local(found: &[u8], record: &Record) -> Result<(), ContainerError> {
    match differing(found, &record.local(), LOCAL_FIELDS) {
        None => Ok(()),
        Some(field) => {
            Err(ContainerError::Header { name: record.name.clone(), header: "local", field })
        }
    }
}

const LOCAL_FIELDS: &[(usize, &str)] = &[
    (4, "signature"),
    (6, "version needed"),
    (8, "flags"),
    (10, "compression"),
    (14, "time"),
    (18, "checksum"),
    (26, "size"),
    (28, "name length"),
    (30, "extra field"),
    (usize::MAX, "name"),
];

const CENTRAL_FIELDS: &[(usize, &str)] = &[
    (4, "signature"),
    (8, "version"),
    (10, "flags"),
    (12, "compression"),
    (16, "time"),
    (20, "checksum"),
    (28, "size"),
    (30, "name length"),
    (32, "extra field"),
    (34, "comment"),
    (42, "disk or attributes"),
    (46, "offset"),
    (usize::MAX, "name"),
];

/// The field in which the first differing byte lies.
fn differing(
    found: &[u8],
    made: &[u8],
    fields: &'static [(usize, &'static str)],
) -> Option<&'static str> {
    if found == made {
        return None;
    }
    let at = found.iter().zip(made).take_while(|(a, b)| a == b).count();
    fields.iter().find(|(end, _)| at < *end).map(|(_, field)| *field)
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

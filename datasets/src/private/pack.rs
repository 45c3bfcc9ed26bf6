//! The pack: a header that says which files follow, then their bytes, then zeros. It is what is
//! encrypted, so names, sizes, types and dialects are as secret as the rows.

use std::io::{self, Read};

use serde::{Deserialize, Serialize};
use veritrail_provenance::layout::FilePath;
use veritrail_storage::private::padded_len;

use crate::manifest::TableFormat;
use crate::schema::TableSchema;

/// What a pack begins with; the header's length follows, 8 bytes, big-endian.
const MAGIC: &[u8; 16] = b"veritrail-pack/1";
/// Bytes of a header at most.
const HEADER_BYTES_MAX: u64 = 256 << 20;
/// Bytes before the header.
const BEFORE_HEADER: u64 = 24;

/// The header: the files in path order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackHeader {
    /// The files, in the order in which their bytes follow.
    pub files: Vec<PackedFile>,
}

/// One file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackedFile {
    /// Its path.
    pub path: FilePath,
    /// Its length in bytes.
    pub size: u64,
    /// How it is read, if it is a table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table: Option<PackedTable>,
}

/// How a file is read as a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackedTable {
    /// Its rows.
    pub rows: u64,
    /// How it is written.
    pub format: TableFormat,
    /// Its columns.
    pub columns: TableSchema,
}

/// Why bytes are no pack, or none can be made.
#[derive(Debug, thiserror::Error)]
pub enum PackError {
    /// The first bytes are others.
    #[error("what was decrypted is no pack of version 1")]
    NotAPack,
    /// The header is too long, or no JSON of a header.
    #[error("the pack's header cannot be read: {0}")]
    Header(String),
    /// The files together are longer than any file can be.
    #[error("the files are too long together")]
    TooLong,
    /// Padding is not zeros, or of another length.
    #[error("the pack is not padded as it must be")]
    Padding,
    /// Reading, and what age refuses.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl PackHeader {
    /// The bytes that stand before the first file's.
    pub fn encode(&self) -> Result<Vec<u8>, PackError> {
        let json = serde_json::to_vec(self).map_err(|e| PackError::Header(e.to_string()))?;
        if json.len() as u64 > HEADER_BYTES_MAX {
            return Err(PackError::Header(format!("more than {HEADER_BYTES_MAX} bytes")));
        }
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(&(json.len() as u64).to_be_bytes());
        bytes.extend_from_slice(&json);
        Ok(bytes)
    }

    /// Bytes of all files together.
    pub fn file_bytes(&self) -> Result<u64, PackError> {
        let sum = |sum: u64, file: &PackedFile| sum.checked_add(file.size);
        self.files.iter().try_fold(0, sum).ok_or(PackError::TooLong)
    }
}

/// A pack as it is read: the header first, then file after file.
pub struct Unpacking<R> {
    reader: R,
    header: PackHeader,
    next: usize,
    /// Bytes of the current file that were not read yet.
    left: u64,
    length: u64,
}

impl<R: Read> Unpacking<R> {
    /// Reads the header.
    pub fn begin(mut reader: R) -> Result<Self, PackError> {
        let mut before = [0; BEFORE_HEADER as usize];
        reader.read_exact(&mut before)?;
        let (magic, length) = before.split_at(MAGIC.len());
        if magic != MAGIC {
            return Err(PackError::NotAPack);
        }
        let length = u64::from_be_bytes(length.try_into().map_err(|_| PackError::NotAPack)?);
        if length > HEADER_BYTES_MAX {
            return Err(PackError::Header(format!("more than {HEADER_BYTES_MAX} bytes")));
        }
        let mut json = Vec::new();
        (&mut reader).take(length).read_to_end(&mut json)?;
        let header: PackHeader =
            serde_json::from_slice(&json).map_err(|e| PackError::Header(e.to_string()))?;
        let files = header.file_bytes()?;
        let length = (BEFORE_HEADER + length).checked_add(files).ok_or(PackError::TooLong)?;
        Ok(Self { reader, header, next: 0, left: 0, length })
    }

    /// The header.
    pub fn header(&self) -> &PackHeader {
        &self.header
    }

    /// The next file and its bytes; what is left of the one before is passed over.
    pub fn next_file(&mut self) -> Result<Option<(PackedFile, FileBytes<'_, R>)>, PackError> {
        io::copy(
            &mut FileBytes { reader: &mut self.reader, left: &mut self.left },
            &mut io::sink(),
        )?;
        let Some(file) = self.header.files.get(self.next).cloned() else { return Ok(None) };
        self.next += 1;
        self.left = file.size;
        Ok(Some((file, FileBytes { reader: &mut self.reader, left: &mut self.left })))
    }

    /// Reads what is left to the end, which shows that nothing was cut off, and checks the padding.
    pub fn finish(mut self) -> Result<(), PackError> {
        while self.next_file()?.is_some() {}
        let padding = padded_len(self.length).ok_or(PackError::TooLong)? - self.length;
        let (mut found, mut block) = (0_u64, vec![0; 64 << 10]);
        loop {
            let read = match self.reader.read(&mut block) {
                Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
                read => read?,
            };
            let bytes = block.get(..read).unwrap_or_default();
            found += read as u64;
            if found > padding || bytes.iter().any(|byte| *byte != 0) {
                return Err(PackError::Padding);
            }
            if read == 0 {
                return if found == padding { Ok(()) } else { Err(PackError::Padding) };
            }
        }
    }
}

/// The bytes of one file of a pack.
pub struct FileBytes<'a, R> {
    reader: &'a mut R,
    left: &'a mut u64,
}

impl<R: Read> Read for FileBytes<'_, R> {
    fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(*self.left).unwrap_or(usize::MAX).min(space.len());
        if most == 0 {
            return Ok(0);
        }
        let read = self.reader.read(space.get_mut(..most).unwrap_or_default())?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        *self.left -= read as u64;
        Ok(read)
    }
}

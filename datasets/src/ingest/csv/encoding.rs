//! From the file's bytes to UTF-8, so that everything after sees one encoding.

use std::io::{self, Read};

use super::dialect::Encoding;
use super::error::CsvError;

/// What windows-1252 has at 0x80 to 0x9F, by the WHATWG's index; `\0` where it has nothing.
const WINDOWS_1252: [char; 32] = [
    '€', '\0', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\0', 'Ž', '\0', '\0', '‘',
    '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\0', 'ž', 'Ÿ',
];
/// Bytes read at once before they are widened.
const BLOCK_BYTES: usize = 64 * 1_024;

/// The bytes of `input` as UTF-8. UTF-8 itself passes through unchecked: the record reader checks
/// it, since only it can name the line.
pub(super) struct Decoder<R> {
    input: R,
    encoding: Encoding,
    block: Vec<u8>,
    text: Vec<u8>,
    given: usize,
    offset: u64,
}

impl<R: Read> Decoder<R> {
    pub(super) fn new(input: R, encoding: Encoding) -> Self {
        let block = match encoding {
            Encoding::Utf8 => Vec::new(),
            Encoding::Latin1 | Encoding::Windows1252 => vec![0; BLOCK_BYTES],
        };
        Decoder { input, encoding, block, text: Vec::new(), given: 0, offset: 0 }
    }

    /// Reads into `space`; 0 only at the end, or if `space` is empty.
    pub(super) fn read(&mut self, space: &mut [u8]) -> Result<usize, CsvError> {
        if self.encoding == Encoding::Utf8 {
            return Ok(read_some(&mut self.input, space)?);
        }
        if self.given == self.text.len() {
            self.widen()?;
        }
        let ready = self.text.get(self.given..).unwrap_or_default();
        let count = ready.len().min(space.len());
        for (to, from) in space.iter_mut().zip(ready) {
            *to = *from;
        }
        self.given += count;
        Ok(count)
    }

    /// Back to the input, whatever was not read from it yet still in it.
    pub(super) fn into_input(self) -> R {
        self.input
    }

    fn widen(&mut self) -> Result<(), CsvError> {
        let count = read_some(&mut self.input, &mut self.block)?;
        self.text.clear();
        self.given = 0;
        for &byte in self.block.iter().take(count) {
            let character = match (self.encoding, byte) {
                (Encoding::Windows1252, 0x80..=0x9f) => {
                    WINDOWS_1252.get(usize::from(byte - 0x80)).copied().unwrap_or('\0')
                }
                _ => char::from(byte),
            };
            if character == '\0' {
                let offset = self.offset;
                return Err(match byte {
                    0 => CsvError::ZeroByte { offset },
                    byte => CsvError::UndefinedByte { offset, byte },
                });
            }
            self.text.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            self.offset += 1;
        }
        Ok(())
    }
}

/// One read that is tried again when a signal interrupts it.
fn read_some(input: &mut impl Read, space: &mut [u8]) -> io::Result<usize> {
    loop {
        match input.read(space) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}

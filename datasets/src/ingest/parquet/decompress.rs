//! A page's body in a buffer of the size that its header states: a body that holds more is
//! refused when the buffer is full, not after it was unpacked.

use std::io::Read;

use parquet::basic::Compression;

/// Unpacks `body` into exactly `size` bytes. The caller has bounded `size`.
pub(super) fn decompress(codec: Compression, body: &[u8], size: usize) -> Result<Vec<u8>, String> {
    match codec {
        Compression::UNCOMPRESSED => Ok(body.to_vec()),
        Compression::SNAPPY => into_buffer(size, |buffer| {
            let length = snap::raw::decompress_len(body).map_err(|error| error.to_string())?;
            if length != buffer.len() {
                return Ok(length);
            }
            snap::raw::Decoder::new().decompress(body, buffer).map_err(|error| error.to_string())
        }),
        Compression::LZ4_RAW => into_buffer(size, |buffer| {
            lz4_flex::block::decompress_into(body, buffer).map_err(|error| error.to_string())
        }),
        Compression::ZSTD(_) => into_buffer(size, |buffer| {
            zstd::bulk::decompress_to_buffer(body, buffer).map_err(|error| error.to_string())
        }),
        Compression::GZIP(_) => stream(size, flate2::read::MultiGzDecoder::new(body)),
        Compression::BROTLI(_) => stream(size, brotli::Decompressor::new(body, 4_096)),
        Compression::LZ4 | Compression::LZO => Err("its compression is not supported".to_owned()),
    }
}

fn into_buffer(
    size: usize,
    unpack: impl FnOnce(&mut [u8]) -> Result<usize, String>,
) -> Result<Vec<u8>, String> {
    let mut buffer = vec![0; size];
    match unpack(&mut buffer)? {
        found if found == size => Ok(buffer),
        found => Err(format!("it holds {found} bytes, not the {size} of its header")),
    }
}

fn stream(size: usize, input: impl Read) -> Result<Vec<u8>, String> {
    let mut buffer = Vec::with_capacity(size);
    // One byte more than stated shows that there is more.
    let limit = size as u64 + 1;
    let found = input.take(limit).read_to_end(&mut buffer).map_err(|error| error.to_string())?;
    if found == size { Ok(buffer) } else { Err(format!("it does not hold {size} bytes")) }
}

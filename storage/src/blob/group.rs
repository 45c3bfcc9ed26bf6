//! Arithmetic of 16 KiB groups, by which a BLAKE3 tree is served and checked.

/// Bytes a group: iroh-blobs' `IROH_BLOCK_SIZE`, 16 BLAKE3 chunks.
pub const GROUP_LEN: u64 = 16 * 1024;

/// Two chaining values.
pub(super) const PAIR_LEN: u64 = 64;

/// Bytes in the outboard of a blob of `len` bytes: a hash pair for every group but one.
pub fn outboard_len(len: u64) -> u64 {
    (len.div_ceil(GROUP_LEN).max(1) - 1) * PAIR_LEN
}

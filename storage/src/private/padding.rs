//! How long private bytes are made, so that their length says little.
//!
//! Padmé (Nikitin, Barman, Lueks, Underwood, Hubaux, Ford: Reducing Metadata Leakage from Encrypted
//! Files and Communication with PURBs, PoPETs 2019, section 4): of a length of E + 1 bits, all but
//! the first floor(log2 E) + 1 are rounded away. At most 12 % longer, and what is left of the
//! length are O(log log n) bits.

/// The least padded length: small tables all look alike.
pub const PADDED_MIN: u64 = 64 << 10;

/// The length that `len` bytes are padded to; never shorter. None beyond 2^62 bytes.
pub fn padded_len(len: u64) -> Option<u64> {
    let len = len.max(PADDED_MIN);
    if len > 1 << 62 {
        return None;
    }
    let exponent = len.ilog2();
    let kept = exponent.ilog2() + 1;
    let mask = (1_u64 << (exponent - kept)) - 1;
    Some((len + mask) & !mask)
}

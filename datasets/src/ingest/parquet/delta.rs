//! Counts in delta-encoded values, checked before the crate allocates what they ask for
//! (Encodings.md, "Delta Encoding").

/// Values of a block at most; writers use 128.
const MAX_BLOCK: u64 = 1 << 16;

/// Checks the stream at the start of `bytes`: it must claim exactly `values` values. Gives where
/// it ends, since DELTA_BYTE_ARRAY has a second one behind it.
pub(super) fn check(bytes: &[u8], values: usize) -> Result<usize, &'static str> {
    let mut at = 0;
    let block = varint(bytes, &mut at)?;
    let pieces = varint(bytes, &mut at)?;
    let total = varint(bytes, &mut at)?;
    varint(bytes, &mut at)?;
    if total != values as u64 {
        return Err("a delta stream of another number of values");
    }
    let fits = (1..=MAX_BLOCK).contains(&block) && pieces > 0 && block % pieces == 0;
    if !fits || (block / pieces) % 8 != 0 {
        return Err("a delta stream of impossible blocks");
    }
    let per_piece = block / pieces;
    // The first value stands in the header.
    let mut left = total.saturating_sub(1);
    while left > 0 {
        varint(bytes, &mut at)?;
        let widths_at = at;
        at = at.checked_add(pieces as usize).ok_or("a delta stream beyond its page")?;
        let widths = bytes.get(widths_at..at).ok_or("a delta stream beyond its page")?;
        for width in widths {
            if left == 0 {
                break;
            }
            if *width > 64 {
                return Err("deltas wider than 64 bits");
            }
            at += usize::from(*width) * per_piece as usize / 8;
            left = left.saturating_sub(per_piece);
        }
        if at > bytes.len() {
            return Err("a delta stream beyond its page");
        }
    }
    Ok(at)
}

fn varint(bytes: &[u8], at: &mut usize) -> Result<u64, &'static str> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let byte = *bytes.get(*at).ok_or("a delta stream that ends early")?;
        *at += 1;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Ok(value);
        }
    }
    Err("a number beyond 64 bits")
}

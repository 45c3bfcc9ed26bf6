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

/// The bytes that `values` texts take once each is written out, from the stream of what they
/// share with their predecessor and the one of what they add (DELTA_BYTE_ARRAY). Both must have
/// passed [`check`]; `second` is where the first one ends.
pub(super) fn written_out(bytes: &[u8], second: usize, values: usize) -> Result<u64, &'static str> {
    let suffixes = bytes.get(second..).ok_or("a delta stream beyond its page")?;
    Ok(sum(bytes, values)?.saturating_add(sum(suffixes, values)?))
}

/// The sum of the lengths in a stream that has passed [`check`]. Lengths are 32 bits, and wrap as
/// the decoder's do.
fn sum(bytes: &[u8], values: usize) -> Result<u64, &'static str> {
    if values == 0 {
        return Ok(0);
    }
    let mut at = 0;
    let block = varint(bytes, &mut at)?;
    let pieces = varint(bytes, &mut at)?;
    varint(bytes, &mut at)?;
    let per_piece = (block / pieces.max(1)) as usize;
    let mut length = zigzag(varint(bytes, &mut at)?);
    let mut sum = positive(length)?;
    let mut left = values - 1;
    while left > 0 {
        let least = zigzag(varint(bytes, &mut at)?);
        let widths = bytes.get(at..at + pieces as usize).ok_or("a delta stream beyond its page")?;
        at += widths.len();
        for width in widths.iter().map(|width| usize::from(*width)) {
            let taken = per_piece.min(left);
            let packed = bytes.get(at..).unwrap_or_default();
            for number in 0..taken {
                let delta = bits(packed, number * width, width) as i32;
                length = length.wrapping_add(least).wrapping_add(delta);
                sum = sum.saturating_add(positive(length)?);
            }
            left -= taken;
            if left == 0 {
                break;
            }
            at += width * per_piece / 8;
        }
    }
    Ok(sum)
}

/// `width` bits (64 at most) from bit `from` on, least significant first; zeros beyond the end.
fn bits(bytes: &[u8], from: usize, width: usize) -> u64 {
    let taken = bytes.iter().skip(from / 8).take((from % 8 + width).div_ceil(8));
    let wide = taken.rev().fold(0u128, |wide, byte| wide << 8 | u128::from(*byte));
    (wide >> (from % 8) & ((1u128 << width) - 1)) as u64
}

fn zigzag(raw: u64) -> i32 {
    ((raw >> 1) as i64 ^ -((raw & 1) as i64)) as i32
}

fn positive(length: i32) -> Result<u64, &'static str> {
    u64::try_from(length).map_err(|_| "a delta stream with a negative length")
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

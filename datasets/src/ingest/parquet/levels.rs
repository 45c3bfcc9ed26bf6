//! Definition levels of flat columns: one bit a row, 1 for a value and 0 for a null, in the
//! hybrid of runs and bit packing (Encodings.md, "RLE/Bit-Packing Hybrid").

/// Counts the values (bits that are 1) among the first `rows` levels of `bytes`. The levels must
/// be there in full: a decoder that runs out of them would make rows disappear.
pub(super) fn count_values(bytes: &[u8], rows: usize) -> Result<usize, &'static str> {
    let mut at = 0;
    let (mut seen, mut values) = (0, 0);
    while seen < rows {
        let header = varint(bytes, &mut at)?;
        let count = usize::try_from(header >> 1).map_err(|_| "a run beyond 64 bits")?;
        if count == 0 {
            return Err("an empty run of levels");
        }
        if header & 1 == 0 {
            let level = bytes.get(at).ok_or("the levels end within a run")?;
            at += 1;
            let taken = count.min(rows - seen);
            match level {
                0 => {}
                1 => values += taken,
                _ => return Err("a level above 1 in a flat column"),
            }
            seen += taken;
        } else {
            // `count` groups of eight levels, a byte each at one bit a level.
            let left = bytes.len().saturating_sub(at);
            let wanted = (rows - seen).div_ceil(8).min(count);
            if wanted > left {
                return Err("the levels end within packed bits");
            }
            for byte in bytes.iter().skip(at).take(wanted) {
                let taken = (rows - seen).min(8);
                let mask = if taken == 8 { 0xff } else { (1u8 << taken) - 1 };
                values += (byte & mask).count_ones() as usize;
                seen += taken;
            }
            at += count.min(left);
        }
    }
    if at == bytes.len() { Ok(values) } else { Err("bytes behind the last level") }
}

/// Checks that `bytes` are `count` numbers of `width` bits in the same hybrid, and nothing else.
/// What the numbers are is for the decoder; that all of them are there is not.
pub(super) fn check_hybrid(bytes: &[u8], width: u8, count: usize) -> Result<(), &'static str> {
    if width > 32 {
        return Err("numbers wider than 32 bits");
    }
    let width = usize::from(width);
    let mut at = 0;
    let mut seen = 0usize;
    while seen < count {
        let header = varint(bytes, &mut at)?;
        let run = usize::try_from(header >> 1).map_err(|_| "a run beyond 64 bits")?;
        if run == 0 {
            return Err("an empty run");
        }
        let (numbers, size) = match header & 1 {
            0 => (run, width.div_ceil(8)),
            _ => (run.saturating_mul(8), run.saturating_mul(width)),
        };
        seen = seen.saturating_add(numbers);
        let left = bytes.len() - at;
        if size <= left {
            at += size;
        } else if header & 1 == 1 && seen >= count {
            // Old writers cut the last group of packed bits where its numbers end.
            let needed = (numbers - (seen - count)).saturating_mul(width).div_ceil(8);
            if needed > left {
                return Err("the numbers end early");
            }
            at = bytes.len();
        } else {
            return Err("the numbers end early");
        }
    }
    if at == bytes.len() { Ok(()) } else { Err("bytes behind the last number") }
}

fn varint(bytes: &[u8], at: &mut usize) -> Result<u64, &'static str> {
    let mut value = 0;
    for shift in (0..63).step_by(7) {
        let byte = *bytes.get(*at).ok_or("the levels end early")?;
        *at += 1;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Ok(value);
        }
    }
    Err("a run beyond 64 bits")
}

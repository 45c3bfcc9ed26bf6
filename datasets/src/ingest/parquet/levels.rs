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
    Ok(values)
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

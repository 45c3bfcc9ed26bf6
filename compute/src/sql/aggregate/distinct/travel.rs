//! A group's values between the phases: each as its length and its bytes, in order.

use datafusion::common::{DataFusionError, Result};

use super::Values;
use super::seen::{Keys, Seen};

/// Appends one value.
pub(super) fn write<V: Values>(
    values: &V,
    key: &<V::Keys as Keys>::Key,
    encoded: &mut Vec<u8>,
) -> Result<()> {
    let start = encoded.len();
    encoded.extend_from_slice(&[0; 4]);
    values.write(key, encoded);
    let length = u32::try_from(encoded.len() - start - 4).map_err(|_| {
        DataFusionError::Execution("a value of 4 GiB in a DISTINCT aggregate".to_owned())
    })?;
    encoded[start..start + 4].copy_from_slice(&length.to_le_bytes());
    Ok(())
}

/// Adds a group's values; refuses what is not in order, or there twice.
pub(super) fn merge<V: Values>(
    values: &V,
    encoded: &[u8],
    group: usize,
    seen: &mut Seen<V::Keys>,
) -> Result<()> {
    let odd = || DataFusionError::Internal("a DISTINCT state is odd".to_owned());
    let (mut rest, mut last) = (encoded, None);
    while let Some((length, after)) = rest.split_first_chunk::<4>() {
        let length = u32::from_le_bytes(*length) as usize;
        let (value, after) = after.split_at_checked(length).ok_or_else(odd)?;
        if last.is_some_and(|last| last >= value) {
            return Err(odd());
        }
        values.read(value, |key| seen.insert(group, key)).ok_or_else(odd)??;
        (rest, last) = (after, Some(value));
    }
    if rest.is_empty() { Ok(()) } else { Err(odd()) }
}

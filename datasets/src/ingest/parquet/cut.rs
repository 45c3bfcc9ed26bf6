//! Where a Parquet file wants to be cut, so that one column of one row group is a few chunks of
//! its own.

use super::RangeReader;
use super::error::ParquetRefused;
use super::footer;
use super::inspect::footer_range;

/// Bytes of a piece between two cuts at least: a wide table of small row groups would else be
/// more chunks than data.
pub const MIN_PIECE_BYTES: u64 = 64 << 10;

/// Offsets within the file, ascending, at borders of column chunks and before the footer, with
/// pieces of [`MIN_PIECE_BYTES`] at least. Empty for a file whose footer is odd in any way: then
/// content alone decides where to cut.
pub fn cut_points(file: &impl RangeReader) -> Vec<u64> {
    borders(file).unwrap_or_default()
}

fn borders(file: &impl RangeReader) -> Result<Vec<u64>, ParquetRefused> {
    let length = file.length()?;
    let range = footer_range(file, length)?;
    let metadata = footer::decode(&file.read_range(range.clone())?)?;
    footer::check(&metadata, range.start)?;
    let mut borders = vec![range.start];
    for (group, row_group) in metadata.row_groups().iter().enumerate() {
        for column in row_group.columns() {
            let chunk = footer::range(group, column)?;
            borders.extend([chunk.start, chunk.end]);
        }
    }
    borders.sort_unstable();
    let mut kept = Vec::new();
    let mut last = 0;
    for border in borders {
        if border - last >= MIN_PIECE_BYTES && length - border >= MIN_PIECE_BYTES {
            kept.push(border);
            last = border;
        }
    }
    Ok(kept)
}

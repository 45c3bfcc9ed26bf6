//! Paths of a log's files: written in one form, and read in that form alone.

use std::fmt;
use std::str::FromStr;

use super::{CHECKPOINT_PATH, EntriesPath, TILE_WIDTH, TileError, TilePath};

/// Any file of a log, by the path it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LogPath {
    /// The signed head.
    Checkpoint,
    /// A tile of hashes.
    Tile(TilePath),
    /// A bundle of entries.
    Entries(EntriesPath),
}

impl fmt::Display for LogPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LogPath::Checkpoint => f.write_str(CHECKPOINT_PATH),
            LogPath::Tile(tile) => f.write_str(&tile.path()),
            LogPath::Entries(entries) => f.write_str(&entries.path()),
        }
    }
}

impl FromStr for LogPath {
    type Err = TileError;

    /// Reads a path strictly: each file has one path, so anything that would not be printed again
    /// as it stands is refused.
    fn from_str(path: &str) -> Result<Self, TileError> {
        let refuse = |reason| TileError::Path { path: path.chars().take(128).collect(), reason };
        if path == CHECKPOINT_PATH {
            return Ok(LogPath::Checkpoint);
        }
        let rest = path.strip_prefix("tile/").ok_or(refuse("it must start with tile/"))?;
        let (level, rest) = rest.split_once('/').ok_or(refuse("it has no index"))?;
        let (index, width) = parse_index(rest).map_err(refuse)?;
        let parsed = if level == "entries" {
            LogPath::Entries(EntriesPath::new(index, width)?)
        } else {
            let level = level.parse::<u8>().map_err(|_| refuse("its level is not a number"))?;
            LogPath::Tile(TilePath::new(level, index, width)?)
        };
        if parsed.to_string() == path {
            Ok(parsed)
        } else {
            Err(refuse("it is not in its one form"))
        }
    }
}

/// `x001/x234/067`, and `.p/W` behind it where the width is not full.
pub(super) fn index_path(index: u64, width: u16) -> String {
    let mut path = format!("{:03}", index % 1000);
    let mut rest = index / 1000;
    while rest > 0 {
        path = format!("x{:03}/{path}", rest % 1000);
        rest /= 1000;
    }
    if width < TILE_WIDTH {
        path.push_str(&format!(".p/{width}"));
    }
    path
}

fn parse_index(text: &str) -> Result<(u64, u16), &'static str> {
    let (digits, width) = match text.split_once(".p/") {
        None => (text, TILE_WIDTH),
        Some((digits, width)) => {
            let width = width.parse::<u16>().map_err(|_| "its width is not a number")?;
            if !(1..TILE_WIDTH).contains(&width) {
                return Err("a partial width is 1 to 255");
            }
            (digits, width)
        }
    };
    let mut index = 0u64;
    for group in digits.split('/') {
        let group = group.strip_prefix('x').unwrap_or(group);
        if group.len() != 3 || !group.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err("an index is groups of three digits");
        }
        let group = group.parse::<u64>().map_err(|_| "an index is groups of three digits")?;
        index = index
            .checked_mul(1000)
            .and_then(|index| index.checked_add(group))
            .ok_or("its index is too large")?;
    }
    Ok((index, width))
}

//! What survives a power loss, decided by a seed.

use super::tree::Write;

/// One way for the power to go. The same crash of the same disk gives the same result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Crash {
    /// Nothing that was not synced survives.
    LoseAll,
    /// All names survive, no unsynced bytes: files that were renamed before they were synced are
    /// empty.
    KeepNames,
    /// All bytes survive, no unsynced names.
    KeepBytes,
    /// Each name and each written sector survives or not, and the last one may tear, by this seed.
    Random(u64),
}

impl Crash {
    /// Number `n` of a series: the three systematic ways first, random ones after.
    pub fn nth(n: u64) -> Self {
        match n {
            0 => Self::LoseAll,
            1 => Self::KeepNames,
            2 => Self::KeepBytes,
            seed => Self::Random(seed),
        }
    }
}

const SECTOR: usize = 512;

/// Draws from the seed (splitmix64, public domain, Vigna 2015).
pub(super) struct Dice {
    crash: Crash,
    state: u64,
}

impl Dice {
    pub(super) fn new(crash: Crash) -> Self {
        let state = match crash {
            Crash::Random(seed) => seed,
            _ => 0,
        };
        Self { crash, state }
    }

    pub(super) fn keeps_name(&mut self) -> bool {
        match self.crash {
            Crash::LoseAll | Crash::KeepBytes => false,
            Crash::KeepNames => true,
            Crash::Random(_) => self.draw().is_multiple_of(2),
        }
    }

    /// Applies what survives of one write.
    pub(super) fn tear(&mut self, write: &Write, file: &mut Vec<u8>) {
        match self.crash {
            Crash::LoseAll | Crash::KeepNames => {}
            Crash::KeepBytes => write.apply(file),
            Crash::Random(_) => match self.draw() % 5 {
                0 => {}
                1 => write.apply(file),
                2 => self.prefix(write).apply(file),
                3 => {
                    // The length arrived, the bytes did not.
                    let zeros = Write { offset: write.offset, bytes: vec![0; write.bytes.len()] };
                    zeros.apply(file);
                }
                _ => self.sectors(write, file),
            },
        }
    }

    fn prefix(&mut self, write: &Write) -> Write {
        let len = usize::try_from(self.draw() % (write.bytes.len() as u64 + 1)).unwrap_or(0);
        let bytes = write.bytes.iter().take(len).copied().collect();
        Write { offset: write.offset, bytes }
    }

    fn sectors(&mut self, write: &Write, file: &mut Vec<u8>) {
        for (n, sector) in write.bytes.chunks(SECTOR).enumerate() {
            if self.draw().is_multiple_of(2) {
                let offset = write.offset + n * SECTOR;
                Write { offset, bytes: sector.to_vec() }.apply(file);
            }
        }
    }

    fn draw(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

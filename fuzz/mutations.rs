//! What is done to good bytes to make bad ones: the same in every run, from a number.
//!
//! Not random bytes, which a decoder refuses at its first field, but seeds with a few things wrong:
//! bits, lengths at their extremes, parts cut off, doubled, left out, or taken from another.

use std::ops::Range;

/// The most bytes of a mutation.
const BYTES_MAX: usize = 1 << 17;
/// What fields are set to, cut to their width: ends of ranges, and just beside them.
const EXTREMES: [u128; 12] = [
    0,
    1,
    2,
    0x7f,
    0xff,
    0x7fff,
    0xffff,
    0x7fff_ffff,
    0xffff_ffff,
    i64::MAX as u128,
    u64::MAX as u128,
    u128::MAX,
];
/// What numbers in a text become.
const NUMBERS: [&str; 9] = [
    "0",
    "-1",
    "9",
    "4294967296",
    "18446744073709551615",
    "1e9",
    "00",
    "0.5",
    "99999999999999999999",
];

/// Numbers that look random and are the same in every run.
pub struct Dice(u64);

impl Dice {
    /// The dice of one case of one target.
    pub fn of(target: &str, case: u64) -> Self {
        let name = target.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        let mut dice = Self(name ^ case.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        for _ in 0..4 {
            dice.next();
        }
        dice
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 >> 11
    }

    /// A number below the bound, which is not 0.
    pub fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    fn of_all<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }

    /// A part of so many bytes, up to half of them.
    fn part(&mut self, length: usize) -> Range<usize> {
        let start = self.below(length + 1);
        let most = (length - start).min(1 + length / 2);
        start..start + self.below(most + 1)
    }
}

/// One of a corpus, which begins with `seeds` good ones and mostly one of those, with one to four
/// things wrong.
pub fn mutated(dice: &mut Dice, corpus: &[Vec<u8>], seeds: usize) -> Vec<u8> {
    let from = if dice.below(4) == 0 { corpus } else { &corpus[..seeds] };
    let mut bytes = dice.of_all(from).clone();
    for _ in 0..=dice.below(4) {
        change(dice, &mut bytes, corpus);
        bytes.truncate(BYTES_MAX);
    }
    bytes
}

fn change(dice: &mut Dice, bytes: &mut Vec<u8>, corpus: &[Vec<u8>]) {
    let length = bytes.len();
    match dice.below(11) {
        0 | 1 if length > 0 => bytes[dice.below(length)] ^= 1 << dice.below(8),
        2 if length > 0 => bytes[dice.below(length)] = dice.next() as u8,
        3 | 4 if length > 0 => extreme(dice, bytes),
        5 => bytes.truncate(dice.below(length + 1)),
        6 => {
            let more = dice.below(65);
            bytes.extend((0..more).map(|_| dice.next() as u8));
        }
        // Doubled, or left out.
        7 => {
            let part = bytes[dice.part(length)].to_vec();
            let at = dice.below(length + 1);
            bytes.splice(at..at, part);
        }
        8 => drop(bytes.drain(dice.part(length))),
        // A part of another, put between or in a part's place.
        9 => {
            let other = dice.of_all(corpus);
            let part = other[dice.part(other.len())].to_vec();
            let place = dice.part(length);
            let place = if dice.below(2) == 0 { place.start..place.start } else { place };
            bytes.splice(place, part);
        }
        _ => number(dice, bytes),
    }
}

/// An integer of 1 to 16 bytes, of either byte order, at one of its ends, or about as large as the
/// bytes are many.
fn extreme(dice: &mut Dice, bytes: &mut [u8]) {
    let near = (bytes.len() + 2).saturating_sub(dice.below(5)) as u128;
    let value = if dice.below(4) == 0 { near } else { *dice.of_all(&EXTREMES) };
    let width = (1 << dice.below(5)).min(bytes.len());
    let mut field = value.to_le_bytes();
    if dice.below(2) == 0 {
        field[..width].reverse();
    }
    let at = dice.below(bytes.len() - width + 1);
    bytes[at..at + width].copy_from_slice(&field[..width]);
}

/// A number in a text, where there is one, becomes another.
fn number(dice: &mut Dice, bytes: &mut Vec<u8>) {
    if bytes.is_empty() {
        return;
    }
    let from = dice.below(bytes.len());
    let Some(start) = bytes[from..].iter().position(u8::is_ascii_digit) else { return };
    let start = from + start;
    let digits = bytes[start..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    bytes.splice(start..start + digits, dice.of_all(&NUMBERS).bytes());
}

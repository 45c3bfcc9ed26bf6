//! The integer that a column is added into: as many words as its values need, no more.
//!
//! A value's place is fixed (word `k` counts units of 2^(64k)), but only the words between the
//! lowest and the highest touched are kept: a column of ordinary measurements takes three or four
//! of the 34 words that the range of `f64` spans, and a group's memory stays moderate.

use super::round::Sign;

/// A signed integer of any size, kept as a window of two's complement words.
///
/// Unlike a big number that is normalised after every step, adding touches three words and
/// whatever the carry reaches.
#[derive(Clone, Debug, Default)]
pub struct Wide {
    /// Place of `words[0]`.
    low: u32,
    /// Little-endian two's complement. The top word is always 0 or all ones, so one addition
    /// can never overflow.
    words: Vec<u64>,
}

/// A [`Wide`] taken apart: the same for equal numbers, whatever their history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Magnitude {
    /// The sign; zero is positive.
    pub sign: Sign,
    /// Place of the lowest kept word: the magnitude is `words · 2^(64 · low)`.
    pub low: u32,
    /// Little-endian, no zero word at either end; empty for zero.
    pub words: Vec<u64>,
}

impl Magnitude {
    /// All words from place 0 on.
    #[must_use]
    pub fn whole(&self) -> Vec<u64> {
        let mut words = vec![0; self.low as usize];
        words.extend_from_slice(&self.words);
        words
    }

    /// Whether this is zero.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        self.words.is_empty()
    }

    /// The number as `i128`, where it fits.
    #[must_use]
    pub fn to_i128(&self) -> Option<i128> {
        let words = self.whole();
        if words.len() > 2 {
            return None;
        }
        let word = |at: usize| u128::from(words.get(at).copied().unwrap_or(0));
        let size = word(0) | (word(1) << 64);
        match self.sign {
            Sign::Positive => i128::try_from(size).ok(),
            Sign::Negative => 0i128.checked_sub_unsigned(size),
        }
    }
}

impl Wide {
    /// Adds `± magnitude · 2^shift`.
    pub fn add(&mut self, sign: Sign, magnitude: u128, shift: u32) {
        if magnitude == 0 {
            return;
        }
        let bits = shift % 64;
        let (low, high) = (magnitude as u64, (magnitude >> 64) as u64);
        let words = if bits == 0 {
            [low, high, 0]
        } else {
            let carried = 64 - bits;
            [low << bits, (high << bits) | (low >> carried), high >> carried]
        };
        self.add_words(sign, shift / 64, &words);
    }

    /// Adds `± words · 2^(64 · place)`, `words` little-endian.
    pub fn add_words(&mut self, sign: Sign, place: u32, words: &[u64]) {
        let skipped = words.iter().take_while(|&&word| word == 0).count();
        let kept = words.iter().rposition(|&word| word != 0).map_or(skipped, |top| top + 1);
        let (place, words) = (place + skipped as u32, &words[skipped..kept]);
        if words.is_empty() {
            return;
        }
        self.cover(place, words.len());
        let start = (place - self.low) as usize;
        match sign {
            Sign::Positive => carry_up(&mut self.words[start..], words),
            Sign::Negative => borrow_up(&mut self.words[start..], words),
        }
        if let Some(&top) = self.words.last()
            && top != 0
            && top != u64::MAX
        {
            self.words.push(((top as i64) >> 63) as u64);
        }
    }

    /// Adds another number. Order never matters: this is addition of integers.
    pub fn merge(&mut self, other: &Self) {
        let other = other.magnitude();
        self.add_words(other.sign, other.low, &other.words);
    }

    /// The number taken apart, in the one form that equal numbers share.
    #[must_use]
    pub fn magnitude(&self) -> Magnitude {
        let sign =
            if self.words.last() == Some(&u64::MAX) { Sign::Negative } else { Sign::Positive };
        let mut words = self.words.clone();
        if sign == Sign::Negative {
            let mut carry = true;
            for word in &mut words {
                (*word, carry) = (!*word).overflowing_add(u64::from(carry));
            }
        }
        super::natural::trim(&mut words);
        let zeros = words.iter().take_while(|&&word| word == 0).count();
        if words.is_empty() {
            return Magnitude { sign: Sign::Positive, low: 0, words };
        }
        words.drain(..zeros);
        Magnitude { sign, low: self.low + zeros as u32, words }
    }

    /// Bytes held beyond the struct itself.
    #[must_use]
    pub fn heap_size(&self) -> usize {
        self.words.capacity() * size_of::<u64>()
    }

    /// Widens the window to the `count` words from `place` on, and one more for the sign.
    fn cover(&mut self, place: u32, count: usize) {
        if self.words.is_empty() {
            self.low = place;
        }
        if place < self.low {
            let below = (self.low - place) as usize;
            self.words.splice(0..0, std::iter::repeat_n(0, below));
            self.low = place;
        }
        let needed = (place - self.low) as usize + count + 1;
        if needed > self.words.len() {
            let fill = if self.words.last() == Some(&u64::MAX) { u64::MAX } else { 0 };
            self.words.resize(needed, fill);
        }
    }
}

impl PartialEq for Wide {
    fn eq(&self, other: &Self) -> bool {
        self.magnitude() == other.magnitude()
    }
}

impl Eq for Wide {}

impl From<&Magnitude> for Wide {
    fn from(magnitude: &Magnitude) -> Self {
        let mut wide = Self::default();
        wide.add_words(magnitude.sign, magnitude.low, &magnitude.words);
        wide
    }
}

fn carry_up(target: &mut [u64], words: &[u64]) {
    let mut carry = false;
    for (at, word) in target.iter_mut().enumerate() {
        if at >= words.len() && !carry {
            return;
        }
        let (sum, first) = word.overflowing_add(words.get(at).copied().unwrap_or(0));
        let (sum, second) = sum.overflowing_add(u64::from(carry));
        *word = sum;
        carry = first || second;
    }
}

fn borrow_up(target: &mut [u64], words: &[u64]) {
    let mut borrow = false;
    for (at, word) in target.iter_mut().enumerate() {
        if at >= words.len() && !borrow {
            return;
        }
        let (less, first) = word.overflowing_sub(words.get(at).copied().unwrap_or(0));
        let (less, second) = less.overflowing_sub(u64::from(borrow));
        *word = less;
        borrow = first || second;
    }
}

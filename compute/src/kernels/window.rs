//! What the kernels over whole columns share: values taken apart, and a window of 256 bits that
//! a workgroup adds them into. The twin of `window.wgsl` and `product.wgsl`, word for word.
//!
//! A window is eleven *digits* of 24 bits, each kept as a signed number in a `u32`: a thread adds
//! 64 values at most, so a digit stays below 64 · 2^24 = 2^30 and nothing is carried until the
//! thread is done. Source of the idea: Collange, Defour, Graillat, Iakymchuk, *Numerical
//! reproducibility for the parallel reduction on multi- and many-core architectures* (2015),
//! whose superaccumulator this is a window of.

use super::Shader;

/// Digits of a window.
pub const DIGITS: usize = 11;
/// Bits of a digit.
pub const DIGIT_BITS: u32 = 24;
/// The bits of one digit.
pub const DIGIT_MASK: u32 = 0x00ff_ffff;
/// Threads of a workgroup.
pub const THREADS: usize = 64;
/// Values that one thread adds at most.
pub const STEPS: usize = 64;
/// Rows that one workgroup reduces to one record.
pub const WORKGROUP_ROWS: usize = THREADS * STEPS;
/// Words of a record: the digits, four counts, four words of seen blocks, one of padding.
pub const RECORD_WORDS: usize = 20;
/// Places (powers of two) in a block, the grain of a window.
pub const BLOCK_PLACES: u32 = 32;

/// What a workgroup writes: digits 0 to 9 in 0 .. 2^24 and digit 10 signed; how many values are
/// finite, NaN, +∞, −∞; a bit for each block of places in which a finite value other than zero
/// was seen, inside the window or not.
pub type Record = [u32; RECORD_WORDS];

/// A kernel that reduces whole columns to one [`Record`] per workgroup.
#[derive(Clone, Copy)]
pub struct WindowKernel {
    /// The shader.
    pub shader: Shader,
    /// Columns that it reads.
    pub columns: usize,
    /// Blocks of places that one window covers at most, so that its top digit holds the rest.
    pub window_blocks: u32,
    /// Blocks of places that there are.
    pub blocks: u32,
    /// The place of what a row adds, or `None` where it adds nothing to the sum.
    pub place: fn(columns: &[&[f64]], row: usize) -> Option<u32>,
    /// One workgroup of the shader, on the CPU.
    pub twin: fn(columns: &[&[f64]], pass: Pass, workgroup: u32) -> Record,
}

impl std::fmt::Debug for WindowKernel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("WindowKernel").field(&self.shader.name).finish()
    }
}

/// The parameters of one pass over a tile, as the shader reads them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pass {
    /// Rows of the tile.
    pub rows: u32,
    /// The place at which the window begins.
    pub base: u32,
    /// Places that it covers.
    pub span: u32,
    /// Where this pass's records begin, in records.
    pub first_record: u32,
}

impl Pass {
    /// The words of the uniform buffer.
    #[must_use]
    pub fn words(self) -> [u32; 4] {
        [self.rows, self.base, self.span, self.first_record]
    }

    /// Runs a workgroup's threads over their rows, one after the other, and reduces them as the
    /// shader does.
    pub(super) fn workgroup(
        self,
        workgroup: u32,
        mut take: impl FnMut(usize, &mut Column),
    ) -> Record {
        let first = workgroup as usize * WORKGROUP_ROWS;
        let mut columns = vec![Column::default(); THREADS];
        for (thread, column) in columns.iter_mut().enumerate() {
            (0..STEPS)
                .map(|step| first + step * THREADS + thread)
                .take_while(|&row| row < self.rows as usize)
                .for_each(|row| take(row, column));
            column.carry_up();
        }
        let mut half = THREADS / 2;
        while half > 0 {
            let (left, right) = columns.split_at_mut(half);
            left.iter_mut().zip(right.iter()).for_each(|(a, b)| a.merge(b));
            half /= 2;
        }
        columns[0].carry_up();
        columns[0].record()
    }
}

/// The sort of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// It has a place on the number line.
    Finite,
    /// Not a number.
    Nan,
    /// +∞.
    PositiveInfinite,
    /// −∞.
    NegativeInfinite,
}

/// One thread's digits and counts.
#[derive(Clone, Debug, Default)]
pub(super) struct Column {
    lanes: [u32; DIGITS],
    sorts: [u32; 4],
    blocks: [u32; 4],
}

impl Column {
    pub(super) fn count(&mut self, sort: Sort) {
        self.sorts[sort as usize] += 1;
    }

    pub(super) fn see(&mut self, place: u32) {
        let block = place / BLOCK_PLACES;
        self.blocks[(block / 32) as usize] |= 1 << (block % 32);
    }

    /// Adds digits from one place on, or their negatives where `negative` is 1.
    pub(super) fn add<const N: usize>(&mut self, at: u32, digits: [u32; N], negative: u32) {
        for (lane, digit) in self.lanes[at as usize..].iter_mut().zip(digits) {
            let signed = (digit ^ 0u32.wrapping_sub(negative)).wrapping_add(negative);
            *lane = lane.wrapping_add(signed);
        }
    }

    /// Brings all lanes but the last into 0 .. 2^24; the last keeps the sign.
    fn carry_up(&mut self) {
        let mut carry = 0u32;
        for lane in &mut self.lanes[..DIGITS - 1] {
            let sum = lane.wrapping_add(carry);
            *lane = sum & DIGIT_MASK;
            carry = ((sum as i32) >> DIGIT_BITS) as u32;
        }
        self.lanes[DIGITS - 1] = self.lanes[DIGITS - 1].wrapping_add(carry);
    }

    fn merge(&mut self, other: &Self) {
        for (a, b) in self.lanes.iter_mut().zip(other.lanes) {
            *a = a.wrapping_add(b);
        }
        for at in 0..4 {
            self.sorts[at] += other.sorts[at];
            self.blocks[at] |= other.blocks[at];
        }
    }

    fn record(&self) -> Record {
        let mut record = [0; RECORD_WORDS];
        record[..DIGITS].copy_from_slice(&self.lanes);
        record[DIGITS..DIGITS + 4].copy_from_slice(&self.sorts);
        record[DIGITS + 4..DIGITS + 8].copy_from_slice(&self.blocks);
        record
    }
}

/// The place of a finite value's last bit, in powers of two above 2^−1074; `None` for a value
/// that adds nothing: zero, NaN, an infinity.
#[must_use]
pub fn place(value: f64) -> Option<u32> {
    let value = Value::of(value);
    (value.is_finite() && !value.is_zero()).then(|| value.place())
}

/// An `f64` as the shader sees it: its low and its high word.
#[derive(Clone, Copy, Debug)]
pub(super) struct Value {
    low: u32,
    high: u32,
}

impl Value {
    pub(super) fn of(value: f64) -> Self {
        let bits = value.to_bits();
        Self { low: bits as u32, high: (bits >> 32) as u32 }
    }

    fn exponent(self) -> u32 {
        (self.high >> 20) & 0x7ff
    }

    pub(super) fn is_finite(self) -> bool {
        self.exponent() != 0x7ff
    }

    pub(super) fn is_zero(self) -> bool {
        ((self.high & 0x7fff_ffff) | self.low) == 0
    }

    pub(super) fn negative(self) -> u32 {
        self.high >> 31
    }

    pub(super) fn place(self) -> u32 {
        self.exponent().max(1) - 1
    }

    pub(super) fn mantissa(self) -> [u32; 2] {
        [self.low, (self.high & 0x000f_ffff) | (u32::from(self.exponent() != 0) << 20)]
    }

    pub(super) fn sort(self) -> Sort {
        match (self.is_finite(), (self.high & 0x000f_ffff) | self.low, self.negative()) {
            (true, ..) => Sort::Finite,
            (false, 0, 0) => Sort::PositiveInfinite,
            (false, 0, _) => Sort::NegativeInfinite,
            _ => Sort::Nan,
        }
    }
}

/// The product of two mantissas: four words, the last of ten bits.
pub(super) fn product(a: Value, b: Value) -> [u32; 4] {
    let whole = |value: Value| {
        let [low, high] = value.mantissa();
        u128::from(low) | (u128::from(high) << 32)
    };
    let product = whole(a) * whole(b);
    [product as u32, (product >> 32) as u32, (product >> 64) as u32, (product >> 96) as u32]
}

/// Adds a product of 106 bits, shifted to its place in the window: six digits.
pub(super) fn deposit_product(column: &mut Column, product: [u32; 4], negative: u32, shift: u32) {
    let (digit, bits) = (shift / 24, shift % 24);
    let [w0, w1, w2, w3] = product;
    let over = |word: u32| (word >> 1) >> (31 - bits);
    let q = [
        w0 << bits,
        (w1 << bits) | over(w0),
        (w2 << bits) | over(w1),
        (w3 << bits) | over(w2),
        over(w3),
    ];
    let digits = [
        q[0] & DIGIT_MASK,
        ((q[0] >> 24) | (q[1] << 8)) & DIGIT_MASK,
        ((q[1] >> 16) | (q[2] << 16)) & DIGIT_MASK,
        q[2] >> 8,
        q[3] & DIGIT_MASK,
        (q[3] >> 24) | (q[4] << 8),
    ];
    column.add(digit, digits, negative);
}

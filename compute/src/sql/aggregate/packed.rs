//! Rows of fixed width as whole numbers: one comparison tells them apart, and they order as the
//! row format of Arrow does, which is what they travel as. DISTINCT keeps its values so, `min` and
//! `max` the one of a group.

use std::fmt::Debug;
use std::marker::PhantomData;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray, BooleanArray, PrimitiveArray};
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Float64Type, Int64Type, TimeUnit,
    TimestampNanosecondType, UInt64Type,
};
use datafusion::common::{DataFusionError, Result};

use crate::exact::round::canonical;

/// Columns of fixed width, of so many bytes together as fit a word.
#[derive(Debug)]
pub(super) struct Packed<W> {
    fields: Vec<Field>,
    zeros: Zeros,
    word: PhantomData<fn() -> W>,
}

/// Whether the zeros of floats are told apart. NaNs never are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Zeros {
    /// −0 is +0, as GROUP BY has it.
    One,
    /// −0 comes before +0.
    Two,
}

/// One column, and the bytes that its values take.
#[derive(Clone, Debug)]
struct Field {
    kind: DataType,
    bytes: usize,
    /// Bits of the columns behind it.
    shift: usize,
}

/// A whole number that rows are packed in.
pub(super) trait Word: Copy + Ord + Debug + Default + Send + Sync + 'static {
    fn of(bits: u64) -> Self;
    fn of_long(bits: u128) -> Self;
    /// Puts a column's bits behind those of the columns before.
    fn join(self, shift: usize, bits: Self) -> Self;
    fn bits_from(self, shift: usize) -> u128;
}

macro_rules! word {
    ($word:ty) => {
        impl Word for $word {
            #[inline(always)]
            fn of(bits: u64) -> Self {
                bits.into()
            }
            #[inline(always)]
            fn of_long(bits: u128) -> Self {
                bits as $word
            }
            #[inline(always)]
            fn join(self, shift: usize, bits: Self) -> Self {
                self | (bits << shift)
            }
            #[inline(always)]
            fn bits_from(self, shift: usize) -> u128 {
                (self >> shift).into()
            }
        }
    };
}

word!(u64);
word!(u128);

const TOP: u64 = 1 << 63;
const TOP_SHORT: u32 = 1 << 31;
const TOP_LONG: u128 = 1 << 127;

/// The bytes of a type's values, where all take as many.
fn width(kind: &DataType) -> Option<usize> {
    Some(match kind {
        DataType::Boolean => 1,
        DataType::Date32 => 4,
        DataType::Int64 | DataType::UInt64 | DataType::Float64 => 8,
        DataType::Timestamp(TimeUnit::Nanosecond, _) => 8,
        DataType::Decimal128(..) => 16,
        _ => return None,
    })
}

impl<W: Word> Packed<W> {
    /// `None` where the rows have no fixed width, or too large a one.
    pub(super) fn new(kinds: &[DataType], zeros: Zeros) -> Option<Self> {
        let widths = kinds.iter().map(width).collect::<Option<Vec<_>>>()?;
        let mut behind: usize = widths.iter().sum();
        if behind > size_of::<W>() {
            return None;
        }
        let fields = kinds.iter().zip(widths).map(|(kind, bytes)| {
            behind -= bytes;
            Field { kind: kind.clone(), bytes, shift: 8 * behind }
        });
        Some(Self { fields: fields.collect(), zeros, word: PhantomData })
    }

    /// The keys of all rows; those of rows with a null say nothing.
    pub(super) fn keys(&self, columns: &[ArrayRef]) -> Result<Vec<W>> {
        let mut keys = vec![W::default(); columns.first().map_or(0, |column| column.len())];
        for (field, column) in self.fields.iter().zip(columns) {
            field.encode(column, self.zeros, &mut keys)?;
        }
        Ok(keys)
    }

    /// The rows that keys stand for.
    pub(super) fn columns(&self, keys: &[W]) -> Result<Vec<ArrayRef>> {
        self.fields.iter().map(|field| field.decode(keys)).collect()
    }

    /// Appends a key's bytes in Arrow's row format, which order as keys do.
    pub(super) fn write(&self, key: W, bytes: &mut Vec<u8>) {
        for field in &self.fields {
            bytes.push(1);
            let bits = key.bits_from(field.shift).to_be_bytes();
            bytes.extend_from_slice(&bits[16 - field.bytes..]);
        }
    }

    /// The key that [`Self::write`] made of some bytes.
    pub(super) fn read(&self, mut bytes: &[u8]) -> Option<W> {
        let mut key = W::default();
        for field in &self.fields {
            let (own, rest) = bytes.split_at_checked(1 + field.bytes)?;
            let [1, own @ ..] = own else { return None };
            let bits = own.iter().fold(0, |bits, byte| bits << 8 | u128::from(*byte));
            key = key.join(field.shift, W::of_long(bits));
            bytes = rest;
        }
        bytes.is_empty().then_some(key)
    }
}

impl Field {
    fn encode<W: Word>(&self, column: &ArrayRef, zeros: Zeros, keys: &mut [W]) -> Result<()> {
        macro_rules! each {
            ($kind:ty, $bits:expr) => {{
                let (values, bits) = (column.as_primitive::<$kind>().values(), $bits);
                for (key, &value) in keys.iter_mut().zip(values) {
                    *key = key.join(self.shift, bits(value));
                }
            }};
        }
        match &self.kind {
            DataType::Boolean => {
                for (key, value) in keys.iter_mut().zip(column.as_boolean().values()) {
                    *key = key.join(self.shift, W::of(value.into()));
                }
            }
            DataType::Date32 => {
                each!(Date32Type, |value: i32| W::of((value as u32 ^ TOP_SHORT).into()))
            }
            DataType::Int64 => each!(Int64Type, |value: i64| W::of(value as u64 ^ TOP)),
            DataType::UInt64 => each!(UInt64Type, W::of),
            DataType::Float64 if zeros == Zeros::One => {
                // Adding +0 turns −0 into +0 and changes nothing else.
                each!(Float64Type, |value: f64| W::of(of_float(value + 0.0)))
            }
            DataType::Float64 => each!(Float64Type, |value: f64| W::of(of_float(value))),
            DataType::Timestamp(..) => {
                each!(TimestampNanosecondType, |value: i64| W::of(value as u64 ^ TOP))
            }
            DataType::Decimal128(..) => {
                each!(Decimal128Type, |value: i128| W::of_long(value as u128 ^ TOP_LONG))
            }
            other => return Err(not_fixed(other)),
        }
        Ok(())
    }

    fn decode<W: Word>(&self, keys: &[W]) -> Result<ArrayRef> {
        fn primitive<T: ArrowPrimitiveType>(
            kind: &DataType,
            values: impl Iterator<Item = T::Native>,
        ) -> ArrayRef {
            Arc::new(PrimitiveArray::<T>::from_iter_values(values).with_data_type(kind.clone()))
        }
        let kind = &self.kind;
        let long = keys.iter().map(|key| key.bits_from(self.shift));
        let bits = keys.iter().map(|key| key.bits_from(self.shift) as u64);
        Ok(match kind {
            DataType::Boolean => {
                Arc::new(bits.map(|bits| Some(bits & 1 == 1)).collect::<BooleanArray>())
            }
            DataType::Date32 => {
                primitive::<Date32Type>(kind, bits.map(|bits| (bits as u32 ^ TOP_SHORT) as i32))
            }
            DataType::Int64 => primitive::<Int64Type>(kind, bits.map(|bits| (bits ^ TOP) as i64)),
            DataType::UInt64 => primitive::<UInt64Type>(kind, bits),
            DataType::Float64 => primitive::<Float64Type>(kind, bits.map(to_float)),
            DataType::Timestamp(..) => {
                primitive::<TimestampNanosecondType>(kind, bits.map(|bits| (bits ^ TOP) as i64))
            }
            DataType::Decimal128(..) => {
                primitive::<Decimal128Type>(kind, long.map(|bits| (bits ^ TOP_LONG) as i128))
            }
            other => return Err(not_fixed(other)),
        })
    }
}

/// The bits of a float in an order of whole numbers; one NaN, one zero.
#[inline(always)]
fn of_float(value: f64) -> u64 {
    let bits = canonical(value).to_bits();
    if bits & TOP == 0 { bits | TOP } else { !bits }
}

fn to_float(bits: u64) -> f64 {
    f64::from_bits(if bits & TOP == 0 { !bits } else { bits ^ TOP })
}

fn not_fixed(kind: &DataType) -> DataFusionError {
    DataFusionError::Internal(format!("{kind} has no fixed width"))
}

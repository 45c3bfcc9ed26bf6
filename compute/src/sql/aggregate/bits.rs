//! `bool_and`, `bool_or`, `bit_and`, `bit_or`, `bit_xor`: no order can change them.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Int64Array, UInt64Array};
use arrow::datatypes::{DataType, Int64Type, UInt64Type};
use datafusion::common::{DataFusionError, Result};

use super::definition::{Call, Definition, refused, widened_inputs};
use super::driver::Driver;
use super::kernel::{Kernel, Rows};

/// How two values become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Join {
    And,
    Or,
    Xor,
}

/// One of the five.
#[derive(Debug)]
pub(super) struct Bits {
    names: &'static [&'static str],
    join: Join,
    /// Whether it takes truth values, rather than integers.
    truth: bool,
}

pub(super) static BOOL_AND: Bits = Bits { names: &["bool_and"], join: Join::And, truth: true };
pub(super) static BOOL_OR: Bits = Bits { names: &["bool_or"], join: Join::Or, truth: true };
pub(super) static BIT_AND: Bits = Bits { names: &["bit_and"], join: Join::And, truth: false };
pub(super) static BIT_OR: Bits = Bits { names: &["bit_or"], join: Join::Or, truth: false };
pub(super) static BIT_XOR: Bits = Bits { names: &["bit_xor"], join: Join::Xor, truth: false };

impl Definition for Bits {
    fn names(&self) -> &'static [&'static str] {
        self.names
    }

    fn inputs(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        let name = self.names[0];
        let [kind] = widened_inputs::<1>(name, given)?;
        match (&kind, self.truth) {
            (DataType::Boolean, true) | (DataType::Int64 | DataType::UInt64, false) => {
                Ok(vec![kind])
            }
            _ if given[0] == DataType::Null => Ok(vec![DataType::Boolean]),
            (_, true) => Err(refused(name, &given[0], "it takes truth values; compare first")),
            (_, false) => Err(refused(name, &given[0], "it takes integers; CAST to bigint")),
        }
    }

    fn result(&self, inputs: &[DataType]) -> DataType {
        inputs[0].clone()
    }

    fn driver(&self, call: &Call<'_>) -> Result<Box<dyn Driver>> {
        call.drive(BitsKernel { join: self.join, kind: call.kinds[0].clone() })
    }
}

#[derive(Debug)]
struct BitsKernel {
    join: Join,
    kind: DataType,
}

impl BitsKernel {
    fn join(&self, state: &mut Option<u64>, value: u64) {
        *state = Some(match (*state, self.join) {
            (None, _) => value,
            (Some(kept), Join::And) => kept & value,
            (Some(kept), Join::Or) => kept | value,
            (Some(kept), Join::Xor) => kept ^ value,
        });
    }

    fn each(
        &self,
        columns: &[ArrayRef],
        rows: &Rows<'_>,
        states: &mut [Option<u64>],
        read: impl Fn(usize) -> u64,
    ) {
        for (row, group) in rows.of(columns) {
            self.join(&mut states[group], read(row));
        }
    }
}

impl Kernel for BitsKernel {
    type State = Option<u64>;

    fn empty(&self) -> Option<u64> {
        None
    }

    fn add(
        &self,
        columns: &[ArrayRef],
        rows: &Rows<'_>,
        states: &mut [Option<u64>],
    ) -> Result<usize> {
        let column = &columns[0];
        match column.data_type() {
            DataType::Boolean => {
                let values = column.as_boolean().values();
                self.each(columns, rows, states, |row| u64::from(values.value(row)));
            }
            DataType::Int64 => {
                let values = column.as_primitive::<Int64Type>().values();
                self.each(columns, rows, states, |row| values[row] as u64);
            }
            _ => {
                let values = column.as_primitive::<UInt64Type>().values();
                self.each(columns, rows, states, |row| values[row]);
            }
        }
        Ok(0)
    }

    fn merge(&self, state: &mut Option<u64>, encoded: &[u8]) -> Result<usize> {
        match encoded.split_first() {
            Some((0, [])) => {}
            Some((1, value)) if let Ok(value) = value.try_into() => {
                self.join(state, u64::from_le_bytes(value));
            }
            _ => return Err(DataFusionError::Internal("a state of bits is odd".to_owned())),
        }
        Ok(0)
    }

    fn encode(&self, state: &Option<u64>) -> Result<Vec<u8>> {
        Ok(match state {
            None => vec![0],
            Some(value) => [&[1], value.to_le_bytes().as_slice()].concat(),
        })
    }

    fn finish(&self, states: &[Option<u64>]) -> Result<ArrayRef> {
        let values = states.iter();
        Ok(match self.kind {
            DataType::Boolean => {
                Arc::new(values.map(|value| value.map(|v| v != 0)).collect::<BooleanArray>())
            }
            DataType::Int64 => {
                Arc::new(values.map(|value| value.map(|v| v as i64)).collect::<Int64Array>())
            }
            _ => Arc::new(values.copied().collect::<UInt64Array>()),
        })
    }

    fn heap_size(&self, _state: &Option<u64>) -> usize {
        0
    }
}

//! `string_agg`: texts joined in the order that the call says, or in their own.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StringBuilder};
use arrow::datatypes::DataType;
use datafusion::common::{DataFusionError, Result, ScalarValue};

use super::definition::{Call, Definition};
use super::driver::Driver;
use super::kernel::{Kernel, Rows};
use super::keyed::{Keyed, keyed_inputs, odd, passing};
use super::quantile::constant;

/// Bytes that one joined text may have.
const JOINED_BYTES_MAX: usize = 256 << 20;

/// Joins the texts of a group that are not null.
#[derive(Debug)]
pub(super) struct StringAgg;

impl Definition for StringAgg {
    fn names(&self) -> &'static [&'static str] {
        &["string_agg"]
    }

    fn inputs(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        if given.len() < 2 {
            let message = "string_agg takes a text and a separator".to_owned();
            return Err(DataFusionError::Plan(message));
        }
        let mut inputs = keyed_inputs("string_agg", 2, given)?;
        inputs[0] = DataType::Utf8;
        Ok(inputs)
    }

    fn result(&self, _inputs: &[DataType]) -> DataType {
        DataType::Utf8
    }

    fn ordered(&self) -> bool {
        true
    }

    fn driver(&self, call: &Call<'_>) -> Result<Box<dyn Driver>> {
        if call.distinct && call.kinds.len() > 2 {
            let message = "string_agg(DISTINCT …) joins in the order of the texts: leave out its \
                           ORDER BY, or select DISTINCT rows in a subquery";
            return Err(DataFusionError::Plan(message.to_owned()));
        }
        let separator = match call.arguments.get(1).map(constant).transpose()? {
            Some(ScalarValue::Utf8(separator)) => separator.unwrap_or_default(),
            _ => {
                let message = "string_agg takes a constant text as its separator".to_owned();
                return Err(DataFusionError::Plan(message));
            }
        };
        call.drive(TextKernel { keyed: Keyed::new(call, 2)?, separator })
    }
}

#[derive(Debug)]
struct TextKernel {
    keyed: Keyed,
    separator: String,
}

/// The texts of one group, each behind its keys.
#[derive(Clone, Debug, Default)]
struct Texts {
    rows: Vec<Box<[u8]>>,
    heap: usize,
}

impl Texts {
    /// Returns the heap bytes grown.
    fn push(&mut self, row: &[u8]) -> usize {
        self.rows.push(row.into());
        let grown = row.len() + 2 * size_of::<Box<[u8]>>();
        self.heap += grown;
        grown
    }
}

impl Kernel for TextKernel {
    type State = Texts;

    fn empty(&self) -> Texts {
        Texts::default()
    }

    fn add(&self, columns: &[ArrayRef], rows: &Rows<'_>, states: &mut [Texts]) -> Result<usize> {
        let encoded = self.keyed.encode(columns)?;
        Ok(passing(*rows, columns)
            .filter(|(row, _)| columns[0].is_valid(*row))
            .map(|(row, group)| states[group].push(encoded.row(row).as_ref()))
            .sum())
    }

    fn merge(&self, state: &mut Texts, encoded: &[u8]) -> Result<usize> {
        let (mut rest, mut grown) = (encoded, 0);
        while let Some((length, after)) = rest.split_first_chunk::<4>() {
            let length = u32::from_le_bytes(*length) as usize;
            let (row, after) = after.split_at_checked(length).ok_or_else(odd)?;
            grown += state.push(row);
            rest = after;
        }
        if rest.is_empty() { Ok(grown) } else { Err(odd()) }
    }

    fn encode(&self, state: &Texts) -> Result<Vec<u8>> {
        let mut rows: Vec<&[u8]> = state.rows.iter().map(AsRef::as_ref).collect();
        rows.sort_unstable();
        let mut encoded = Vec::with_capacity(rows.iter().map(|row| row.len() + 4).sum());
        for row in rows {
            let length = u32::try_from(row.len())
                .map_err(|_| DataFusionError::Execution("a text of 4 GiB".to_owned()))?;
            encoded.extend_from_slice(&length.to_le_bytes());
            encoded.extend_from_slice(row);
        }
        Ok(encoded)
    }

    fn finish(&self, states: &[Texts]) -> Result<ArrayRef> {
        let mut joined = StringBuilder::new();
        for state in states {
            if state.rows.is_empty() {
                joined.append_null();
                continue;
            }
            let mut rows: Vec<&[u8]> = state.rows.iter().map(AsRef::as_ref).collect();
            rows.sort_unstable();
            let texts = self.keyed.values(rows.into_iter())?;
            let texts: Vec<&str> = texts.as_string::<i32>().iter().flatten().collect();
            let bytes = texts.iter().map(|text| text.len() + self.separator.len()).sum::<usize>();
            if bytes > JOINED_BYTES_MAX {
                return Err(DataFusionError::Execution(format!(
                    "string_agg would join more than {JOINED_BYTES_MAX} bytes into one text"
                )));
            }
            joined.append_value(texts.join(&self.separator));
        }
        Ok(Arc::new(joined.finish()))
    }

    fn heap_size(&self, state: &Texts) -> usize {
        state.heap
    }
}

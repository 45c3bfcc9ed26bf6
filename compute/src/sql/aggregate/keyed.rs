//! Rows as bytes that order as an ORDER BY inside a call says, for aggregates that follow it.
//!
//! A call `f(x ORDER BY k DESC, …)` reaches its definition as `f(x, flags, k, …)`, with two
//! letters for each key: `a` or `d` (ascending, descending), `f` or `l` (nulls first, last). Ties
//! are broken by the values themselves, ascending, nulls first; rows that still tie add the same.

use arrow::array::ArrayRef;
use arrow::compute::SortOptions;
use arrow::datatypes::DataType;
use arrow::row::{RowConverter, Rows as Encoded, SortField};
use datafusion::common::{DataFusionError, Result, ScalarValue};

use super::definition::{Call, refused};
use super::kernel::Rows;
use super::quantile::constant;
use crate::columns::{canonical_floats, widened};

/// Encodes the keys of a call, then its value.
#[derive(Debug)]
pub(super) struct Keyed {
    /// Where in the arguments the keys begin.
    first: usize,
    converter: RowConverter,
}

impl Keyed {
    /// For a call whose flags, if there are any, are argument number `flags`.
    pub(super) fn new(call: &Call<'_>, flags: usize) -> Result<Self> {
        let letters = match call.arguments.get(flags).map(constant).transpose()? {
            Some(ScalarValue::Utf8(Some(letters))) => letters.into_bytes(),
            _ => Vec::new(),
        };
        let keys = call.kinds.get(flags + 1..).unwrap_or(&[]);
        let mut fields = Vec::with_capacity(keys.len() + 1);
        for (kind, letters) in keys.iter().zip(letters.chunks(2)) {
            let options = SortOptions {
                descending: letters.first() == Some(&b'd'),
                nulls_first: letters.last() == Some(&b'f'),
            };
            fields.push(SortField::new_with_options(kind.clone(), options));
        }
        fields.push(SortField::new(call.kinds[0].clone()));
        Ok(Self { first: flags + 1, converter: RowConverter::new(fields)? })
    }

    /// All rows of a batch, nulls too.
    pub(super) fn encode(&self, columns: &[ArrayRef]) -> Result<Encoded> {
        let keys = columns.get(self.first..).unwrap_or(&[]);
        let columns: Vec<ArrayRef> =
            keys.iter().chain(&columns[..1]).map(canonical_floats).collect();
        Ok(self.converter.convert_columns(&columns)?)
    }

    /// The values of encoded rows.
    pub(super) fn values<'a>(&self, rows: impl Iterator<Item = &'a [u8]>) -> Result<ArrayRef> {
        let parser = self.converter.parser();
        let columns = self.converter.convert_rows(rows.map(|row| parser.parse(row)))?;
        columns.into_iter().next_back().ok_or_else(odd)
    }
}

/// The (row, group) pairs that pass the filter, whether or not a column is null there.
pub(super) fn passing(
    rows: Rows<'_>,
    columns: &[ArrayRef],
) -> impl Iterator<Item = (usize, usize)> {
    let length = columns.first().map_or(0, |column| column.len());
    let passes = rows.selected(&[]);
    (0..length)
        .filter(move |&row| passes.as_ref().is_none_or(|passes| passes.value(row)))
        .map(move |row| (row, rows.groups.map_or(0, |groups| groups[row])))
}

/// The types of a call's value and keys, widened, and of its other arguments as they are.
pub(super) fn keyed_inputs(name: &str, flags: usize, given: &[DataType]) -> Result<Vec<DataType>> {
    let wide = |(at, kind): (usize, &DataType)| match kind {
        DataType::Null if at == 0 || at > flags => Ok(DataType::Int64),
        kind if at == 0 || at > flags => widened(kind)
            .ok_or_else(|| refused(name, kind, "CAST it to one of the types a table may have")),
        _ => Ok(DataType::Utf8),
    };
    given.iter().enumerate().map(wide).collect()
}

pub(super) fn odd() -> DataFusionError {
    DataFusionError::Internal("the state of an ordered aggregate is odd".to_owned())
}

//! Executes a kernel step over its table.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Float64Array, Int64Array, RecordBatch};
use arrow::compute::{concat, take};
use arrow::datatypes::{DataType, Field, Schema};
use arrow::error::ArrowError;
use arrow::row::{RowConverter, SortField};
use futures::TryStreamExt;

use super::columns::{floats, places};
use super::groups::{Groups, Place, State};
use super::{Kernel, KernelCall};
use crate::columns::{canonical_floats, instants_in_utc, one_zero, widen};
use crate::exact::round::{CANONICAL_NAN, ratio};
use crate::exact::sum::Counts;
use crate::exact::wide::Magnitude;
use crate::exact::{Moments, StateError, Sum, Variance};
use crate::run::canonical::sort_rows;
use crate::sql::aggregate::AggregateUse;
use crate::sql::{Options, ScanCount, SqlError, TableSource};

/// What a kernel step made.
#[derive(Debug)]
pub(in crate::run) struct Reduced {
    /// One row, or one per group in the order of the group's values.
    pub(in crate::run) table: RecordBatch,
    /// What was read, and what had nulls.
    pub(in crate::run) scan: ScanCount,
    /// What computed it.
    pub(in crate::run) used: AggregateUse,
}

/// Reduces the columns of a table. A row counts where none of the kernel's columns is null; a null
/// in the group column is a group, as it is in SQL.
///
/// # Errors
/// When a column is not there or holds no numbers, the table cannot be read, the groups do not fit
/// into memory, or the caller asked to stop.
pub(in crate::run) async fn reduce(
    call: &KernelCall,
    source: &Arc<dyn TableSource>,
    options: &Options,
) -> Result<Reduced, SqlError> {
    let schema = source.schema();
    let places = places(call, &schema)?;
    let mut work = Work::new(call, &places, &schema, options)?;
    let parts = source.partitions(1).max(1);
    for part in 0..parts {
        let mut batches = source.open(part, parts, &places);
        while let Some(batch) = batches.try_next().await? {
            if options.cancel.as_ref().is_some_and(|cancel| *cancel.borrow()) {
                return Err(SqlError::Cancelled);
            }
            work.add(&batch)?;
        }
    }
    work.finish()
}

/// A step on its way through the table.
struct Work<'a> {
    call: &'a KernelCall,
    groups: Groups,
    place: Place,
    /// Turns values of the group column into keys.
    converter: Option<RowConverter>,
    /// The first value of each group, in the order of the groups.
    keys: Vec<ArrayRef>,
    key_type: Option<DataType>,
    read: u64,
    counted: u64,
}

impl<'a> Work<'a> {
    fn new(
        call: &'a KernelCall,
        places: &[usize],
        schema: &Schema,
        options: &Options,
    ) -> Result<Self, SqlError> {
        let mut groups = Groups::new(call.kernel, options.memory_bytes);
        let mut key_type = None;
        let converter = match &call.group {
            None => {
                groups.single();
                None
            }
            Some(group) => {
                let at = call.reads().iter().position(|name| name == group).unwrap_or_default();
                let field = schema.field(places.get(at).copied().unwrap_or_default());
                let field = crate::columns::widened_field(field)
                    .map_err(|unsupported| SqlError::Plan(unsupported.to_string()))?;
                key_type = Some(field.data_type().clone());
                let sort = SortField::new(field.data_type().clone());
                Some(RowConverter::new(vec![sort]).map_err(failed)?)
            }
        };
        let place = Place::new(call, options.device.as_ref());
        Ok(Self { call, groups, place, converter, keys: Vec::new(), key_type, read: 0, counted: 0 })
    }

    fn add(&mut self, batch: &RecordBatch) -> Result<(), SqlError> {
        let reads = self.call.reads();
        let column = |name: &str| -> Result<ArrayRef, SqlError> {
            let at = reads.iter().position(|read| *read == name).unwrap_or_default();
            let wide = widen(batch.column(at)).map_err(failed)?;
            Ok(canonical_floats(&wide))
        };
        let columns: Vec<ArrayRef> =
            self.call.columns.iter().map(|name| column(name)).collect::<Result<_, _>>()?;
        let values: Vec<Vec<f64>> = self
            .call
            .columns
            .iter()
            .zip(&columns)
            .map(|(name, column)| floats(name, column))
            .collect::<Result<_, _>>()?;
        let groups = match &self.call.group {
            Some(name) => Some(self.groups_of(&one_zero(&column(name)?))?),
            None => None,
        };
        self.read += batch.num_rows() as u64;
        for row in 0..batch.num_rows() {
            if columns.iter().any(|column| column.is_null(row)) {
                continue;
            }
            self.counted += 1;
            let group = groups.as_ref().and_then(|groups| groups.get(row)).copied().unwrap_or(0);
            let of_row = values.iter().filter_map(|column| column.get(row)).copied();
            self.groups.add(group, of_row, &mut self.place)?;
        }
        Ok(())
    }

    /// The group of each row; new ones are made as they are met.
    fn groups_of(&mut self, column: &ArrayRef) -> Result<Vec<usize>, SqlError> {
        let Some(converter) = &mut self.converter else { return Ok(Vec::new()) };
        let rows = converter.convert_columns(std::slice::from_ref(column)).map_err(failed)?;
        let (mut groups, mut first) = (Vec::with_capacity(column.len()), Vec::new());
        for (at, row) in rows.iter().enumerate() {
            let (group, new) = self.groups.at(row.owned());
            groups.push(group);
            if new {
                first.push(at as u64);
            }
        }
        if !first.is_empty() {
            let places = arrow::array::UInt64Array::from(first);
            self.keys.push(take(column, &places, None).map_err(failed)?);
        }
        Ok(groups)
    }

    fn finish(self) -> Result<Reduced, SqlError> {
        let Self { call, groups, mut place, keys, key_type, read, counted, .. } = self;
        let states = groups.finish(&mut place)?;
        let (mut fields, mut columns) = (Vec::new(), Vec::new());
        if let (Some(name), Some(kind)) = (&call.group, key_type) {
            let parts: Vec<&dyn Array> = keys.iter().map(AsRef::as_ref).collect();
            let column = match parts.is_empty() {
                true => arrow::array::new_empty_array(&kind),
                false => concat(&parts).map_err(failed)?,
            };
            fields.push(Field::new(name, kind, true));
            columns.push(column);
        }
        let rows = states.iter().map(|state| results(call.kernel, state));
        let rows: Vec<(u64, Vec<Option<f64>>)> = rows
            .collect::<Result<_, StateError>>()
            .map_err(|e| SqlError::Execution(e.to_string()))?;
        let counts = rows.iter().map(|(n, _)| *n as i64);
        fields.push(Field::new("n", DataType::Int64, true));
        columns.push(Arc::new(Int64Array::from_iter_values(counts)) as ArrayRef);
        for (at, name) in call.kernel.results().iter().skip(1).enumerate() {
            let values = rows.iter().map(|(_, values)| values.get(at).copied().flatten());
            fields.push(Field::new(*name, DataType::Float64, true));
            columns.push(Arc::new(Float64Array::from_iter(values)));
        }
        let table = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).map_err(failed)?;
        let table = sort_rows(&instants_in_utc(&table).map_err(failed)?).map_err(failed)?;
        let scan = ScanCount {
            table: call.table.clone(),
            read,
            dropped: Some(read - counted),
            reason: Some(call.dropped()),
            conditions: Vec::new(),
        };
        Ok(Reduced { table, scan, used: place.used() })
    }
}

fn failed(error: ArrowError) -> SqlError {
    SqlError::Execution(error.to_string())
}

/// How many rows were counted, and the sums that the kernel's result shows after that.
fn results(kernel: Kernel, state: &State) -> Result<(u64, Vec<Option<f64>>), StateError> {
    Ok(match state {
        State::Sum(sum) => (counted(sum), vec![sum.value(), sum.mean()]),
        State::Moments(moments) => {
            let sum = moments.sum();
            let (variance, deviation) =
                (moments.variance(Variance::Sample)?, moments.deviation(Variance::Sample)?);
            (counted(sum), vec![sum.value(), sum.mean(), variance, deviation])
        }
        State::Products(products) => {
            let (x, y) = (products.x(), products.y());
            let odd = [x, y].iter().any(|of| of.counts().special().is_some());
            // Which factors met is not kept, so a product that is not finite has no sign.
            let cross = product(&products.cross_total(), x, odd.then_some(CANONICAL_NAN));
            let n = counted(x.sum());
            if kernel == Kernel::Dot {
                return Ok((n, vec![cross]));
            }
            let squares = |of: &Moments| {
                let Counts { nan, .. } = of.counts();
                let square = if nan > 0 { CANONICAL_NAN } else { f64::INFINITY };
                product(&of.squares_total(), of, of.counts().special().map(|_| square))
            };
            (n, vec![x.sum().value(), y.sum().value(), squares(x), squares(y), cross])
        }
    })
}

/// All rows that were counted, finite or not.
fn counted(sum: &Sum) -> u64 {
    u64::try_from(sum.counts().total()).unwrap_or(u64::MAX)
}

/// A sum of products of floats, whose unit is 2^−2148, rounded once; null of no rows, `special`
/// where a factor is NaN or infinite.
fn product(total: &Magnitude, rows: &Moments, special: Option<f64>) -> Option<f64> {
    if rows.counts().total() == 0 {
        return None;
    }
    special.or_else(|| ratio(total.sign, &total.words, &[1], -2 * 1074 + 64 * i64::from(total.low)))
}

//! A CSV as record batches, by the dialect and the schema that its manifest holds.

use std::io::Read;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanBuilder, Date32Builder, Decimal128Builder, Float64Builder, Int64Builder,
    RecordBatch, RecordBatchOptions, StringBuilder, TimestampNanosecondBuilder, UInt64Builder,
};
use arrow::datatypes::{DataType, Field as ArrowField, Schema, SchemaRef};

use super::civil;
use super::column_guess::trim;
use super::dialect::{CsvDialect, DecimalMark};
use super::error::CsvError;
use super::marks::Mark;
use super::records::{Field, Quoting, Records};
use super::value;
use crate::ingest::bytes::{Digesting, Seen};
use crate::schema::{Column, ColumnType, TableSchema};

/// Rows of a batch; the last one may have fewer, and a batch of long texts too.
pub const BATCH_ROWS: usize = 8_192;
/// Bytes of records after which a batch ends early.
const BATCH_BYTES: usize = 32 << 20;

/// An iterator over a CSV's rows as batches of the schema's Arrow types, in file order. After an
/// error it ends. Memory: one batch and one row.
pub struct Scan<R> {
    records: Records<Digesting<R>>,
    dialect: CsvDialect,
    schema: TableSchema,
    projection: Vec<usize>,
    arrow: SchemaRef,
    values: Values,
    state: State,
}

/// What the batches hold.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Values {
    Typed,
    AsWritten,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Header,
    Rows,
    Ended,
}

impl<R: Read> Scan<R> {
    /// A scan of all columns.
    pub fn new(input: R, dialect: &CsvDialect, schema: &TableSchema) -> Result<Self, CsvError> {
        let all: Vec<usize> = (0..schema.columns().len()).collect();
        Scan::of_columns(input, dialect, schema, &all)
    }

    /// A scan that builds only the columns at `projection` (positions in `schema`, in the order
    /// wanted; positions beyond it are left out). Every row is still split and counted, but the
    /// other columns' fields are not parsed. An empty projection gives batches that have only a
    /// number of rows.
    pub fn of_columns(
        input: R,
        dialect: &CsvDialect,
        schema: &TableSchema,
        projection: &[usize],
    ) -> Result<Self, CsvError> {
        check(dialect, schema)?;
        let records = Records::new(Digesting::new(input), dialect)?;
        Self::over(records, State::Header, dialect, schema, projection)
    }

    /// As [`Scan::of_columns`], with every value as it is written: each column is text, null
    /// where its declared type has a null, with the decimal mark as a point. So a decimal is read
    /// exactly, whatever type was found for it.
    pub fn as_written(
        input: R,
        dialect: &CsvDialect,
        schema: &TableSchema,
        projection: &[usize],
    ) -> Result<Self, CsvError> {
        let mut scan = Self::of_columns(input, dialect, schema, projection)?;
        let fields = scan.arrow.fields().iter();
        let text = |field: &Arc<ArrowField>| ArrowField::new(field.name(), DataType::Utf8, true);
        scan.arrow = Arc::new(Schema::new(fields.map(text).collect::<Vec<_>>()));
        scan.values = Values::AsWritten;
        Ok(scan)
    }

    /// As [`Scan::of_columns`], of the rows alone that begin at `mark`: `input` begins there too,
    /// and ends at another mark or with the file.
    pub fn resumed(
        input: R,
        dialect: &CsvDialect,
        schema: &TableSchema,
        projection: &[usize],
        mark: Mark,
    ) -> Result<Self, CsvError> {
        check(dialect, schema)?;
        let records = Records::resumed(Digesting::new(input), dialect, mark);
        Self::over(records, State::Rows, dialect, schema, projection)
    }

    fn over(
        records: Records<Digesting<R>>,
        state: State,
        dialect: &CsvDialect,
        schema: &TableSchema,
        projection: &[usize],
    ) -> Result<Self, CsvError> {
        let width = schema.columns().len();
        let projection: Vec<usize> =
            projection.iter().copied().filter(|&index| index < width).collect();
        let arrow = Arc::new(schema.arrow().project(&projection)?);
        let (dialect, schema) = (dialect.clone(), schema.clone());
        let values = Values::Typed;
        Ok(Scan { records, dialect, schema, projection, arrow, values, state })
    }

    /// The Arrow schema of every batch.
    pub fn arrow_schema(&self) -> SchemaRef {
        Arc::clone(&self.arrow)
    }

    /// Reads what is left without parsing it, and says what bytes were seen in all.
    pub fn finish(self) -> Result<Seen, CsvError> {
        Ok(self.records.into_input().finish()?)
    }

    fn skip_header(&mut self) -> Result<(), CsvError> {
        let (rows, lines) = (self.dialect.header_rows, self.dialect.skip_lines);
        let expected = self.schema.columns().len();
        for _ in 0..rows {
            let header = self.records.next()?.ok_or(CsvError::NoHeader { rows, lines })?;
            let (line, found) = (header.line, header.len());
            if found != expected {
                return Err(CsvError::HeaderDiffers { line, expected, found });
            }
        }
        Ok(())
    }

    fn batch(&mut self) -> Result<Option<RecordBatch>, CsvError> {
        if self.state == State::Header {
            self.skip_header()?;
            self.state = State::Rows;
        }
        let expected = self.schema.columns().len();
        let mut builders: Vec<(usize, &Column, Builder)> = self
            .projection
            .iter()
            .filter_map(|&index| Some((index, self.schema.columns().get(index)?)))
            .map(|(index, column)| (index, column, Builder::new(&column.column_type, self.values)))
            .collect();
        let (mut rows, mut bytes) = (0, 0);
        while rows < BATCH_ROWS && bytes < BATCH_BYTES {
            let Some(record) = self.records.next()? else { break };
            let (line, found) = (record.line, record.len());
            if found != expected {
                return Err(CsvError::Ragged { line, expected, found });
            }
            for (index, column, builder) in &mut builders {
                let Some(field) = record.field(*index) else { continue };
                if builder.push(field, &self.dialect) == Fit::Misfit {
                    let (text, expected) = (field.text(), &column.column_type);
                    return Err(CsvError::value(line, &column.name, &text, expected));
                }
            }
            rows += 1;
            bytes += record.bytes();
        }
        if rows == 0 {
            return Ok(None);
        }
        let columns = builders.into_iter().map(|(_, _, builder)| builder.finish()).collect();
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        Ok(Some(RecordBatch::try_new_with_options(self.arrow_schema(), columns, &options)?))
    }
}

fn check(dialect: &CsvDialect, schema: &TableSchema) -> Result<(), CsvError> {
    dialect.check()?;
    let mut columns = schema.columns().iter();
    match columns.find(|column| column.column_type == ColumnType::Binary) {
        Some(binary) => Err(CsvError::BinaryColumn { column: binary.name.clone() }),
        None => Ok(()),
    }
}

impl<R: Read> Iterator for Scan<R> {
    type Item = Result<RecordBatch, CsvError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.state == State::Ended {
            return None;
        }
        let batch = self.batch();
        if !matches!(batch, Ok(Some(_))) {
            self.state = State::Ended;
        }
        batch.transpose()
    }
}

/// Whether a field was a value of the column's type.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fit {
    Fits,
    Misfit,
}

/// The values of one column, as they come.
enum Builder {
    Bool(BooleanBuilder),
    Int64(Int64Builder),
    UInt64(UInt64Builder),
    Float64(Float64Builder),
    Decimal(Decimal128Builder, u8, u8),
    Text(StringBuilder),
    /// A value of another type than text, as it is written.
    Written(StringBuilder),
    Date32(Date32Builder),
    Timestamp(TimestampNanosecondBuilder, Option<String>),
}

impl Builder {
    fn new(column_type: &ColumnType, values: Values) -> Self {
        match column_type {
            // A scan of binary columns was refused before.
            ColumnType::Text | ColumnType::Binary => Builder::Text(StringBuilder::new()),
            _ if values == Values::AsWritten => Builder::Written(StringBuilder::new()),
            ColumnType::Bool => Builder::Bool(BooleanBuilder::new()),
            ColumnType::Int64 => Builder::Int64(Int64Builder::new()),
            ColumnType::UInt64 => Builder::UInt64(UInt64Builder::new()),
            ColumnType::Float64 => Builder::Float64(Float64Builder::new()),
            ColumnType::Decimal { precision, scale } => {
                let builder = Decimal128Builder::new().with_data_type(column_type.arrow());
                Builder::Decimal(builder, *precision, *scale)
            }
            ColumnType::Date32 => Builder::Date32(Date32Builder::new()),
            ColumnType::Timestamp { zone } => {
                let builder = TimestampNanosecondBuilder::new().with_data_type(column_type.arrow());
                Builder::Timestamp(builder, zone.clone())
            }
        }
    }

    /// Appends one field. Null is what the dialect says, unquoted; in a column that is not text
    /// also a field of nothing but spaces, and the quoted empty field.
    fn push(&mut self, field: Field<'_>, dialect: &CsvDialect) -> Fit {
        let text = field.text();
        let bare = field.quoting() == Quoting::Bare;
        if let Builder::Text(builder) = self {
            match bare && dialect.is_null(&text) {
                true => builder.append_null(),
                false => builder.append_value(&text),
            }
            return Fit::Fits;
        }
        let text = trim(&text);
        if text.is_empty() || (bare && dialect.is_null(text)) {
            self.push_null();
            return Fit::Fits;
        }
        match self.push_value(text, dialect) {
            Some(()) => Fit::Fits,
            None => Fit::Misfit,
        }
    }

    fn push_value(&mut self, text: &str, dialect: &CsvDialect) -> Option<()> {
        let mark = dialect.decimal;
        match self {
            Builder::Bool(builder) => builder.append_value(value::boolean(text)?),
            Builder::Int64(builder) => builder.append_value(value::int64(text)?),
            Builder::UInt64(builder) => builder.append_value(value::uint64(text)?),
            Builder::Float64(builder) => builder.append_value(value::float64(text, mark)?),
            Builder::Decimal(builder, precision, scale) => {
                builder.append_value(value::decimal(text, mark, *precision, *scale)?);
            }
            Builder::Text(builder) => builder.append_value(text),
            Builder::Written(builder) => match mark {
                DecimalMark::Comma => builder.append_value(text.replace(',', ".")),
                DecimalMark::Point => builder.append_value(text),
            },
            Builder::Date32(builder) => builder.append_value(civil::date(text)?),
            Builder::Timestamp(builder, zone) => {
                builder.append_value(value::nanoseconds(text, zone.as_deref())?);
            }
        }
        Some(())
    }

    fn push_null(&mut self) {
        match self {
            Builder::Bool(builder) => builder.append_null(),
            Builder::Int64(builder) => builder.append_null(),
            Builder::UInt64(builder) => builder.append_null(),
            Builder::Float64(builder) => builder.append_null(),
            Builder::Decimal(builder, _, _) => builder.append_null(),
            Builder::Text(builder) | Builder::Written(builder) => builder.append_null(),
            Builder::Date32(builder) => builder.append_null(),
            Builder::Timestamp(builder, _) => builder.append_null(),
        }
    }

    fn finish(self) -> ArrayRef {
        match self {
            Builder::Bool(mut builder) => Arc::new(builder.finish()),
            Builder::Int64(mut builder) => Arc::new(builder.finish()),
            Builder::UInt64(mut builder) => Arc::new(builder.finish()),
            Builder::Float64(mut builder) => Arc::new(builder.finish()),
            Builder::Decimal(mut builder, _, _) => Arc::new(builder.finish()),
            Builder::Text(mut builder) | Builder::Written(mut builder) => {
                Arc::new(builder.finish())
            }
            Builder::Date32(mut builder) => Arc::new(builder.finish()),
            Builder::Timestamp(mut builder, _) => Arc::new(builder.finish()),
        }
    }
}

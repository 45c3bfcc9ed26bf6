//! What a Parquet file holds, once its footer was checked.

use std::ops::Range;
use std::sync::Arc;

use parquet::arrow::parquet_to_arrow_schema;
use parquet::basic::Type as Physical;
use parquet::file::metadata::{ParquetMetaData, RowGroupMetaData};
use parquet::schema::types::SchemaDescriptor;

use super::RangeReader;
use super::border::guarded;
use super::canonical::may_not_fit;
use super::error::ParquetRefused;
use super::footer::{self, TAIL_BYTES};
use super::group::GroupRows;
use crate::describe::FileDescription;
use crate::schema::{FromArrowError, MAX_COLUMNS, SchemaError, TableSchema, is_hidden};

/// Bytes of a fixed-width value at most: what a batch of nulls of it may cost is bounded so.
const MAX_FIXED_BYTES: i32 = 4_096;

/// A Parquet file whose footer was checked: schema, row groups, and where each column's bytes
/// are. Cheap to clone. Whether the pages hold what the footer says is checked when they are
/// read.
#[derive(Clone, Debug)]
pub struct Inspection {
    pub(super) metadata: Arc<ParquetMetaData>,
    schema: TableSchema,
    /// Columns whose values may have no place in the column's type.
    doubtful: Vec<usize>,
    file_bytes: u64,
}

/// Reads and checks a file's footer. Cost: three reads, of 4 and 8 bytes and the footer.
pub fn inspect(file: &impl RangeReader) -> Result<Inspection, ParquetRefused> {
    let length = file.length()?;
    let footer = footer_range(file, length)?;
    Inspection::of_footer(&file.read_range(footer.clone())?, footer)
}

/// Where the footer is, and that the file begins as Parquet does.
pub(super) fn footer_range(
    file: &impl RangeReader,
    length: u64,
) -> Result<Range<u64>, ParquetRefused> {
    let tail = file.read_range(length.saturating_sub(TAIL_BYTES)..length)?;
    let footer = footer::locate(&tail, length)?;
    footer::check_head(&file.read_range(0..4)?)?;
    Ok(footer)
}

impl Inspection {
    /// Checks a footer that stands at `range` of its file.
    pub(super) fn of_footer(bytes: &[u8], range: Range<u64>) -> Result<Self, ParquetRefused> {
        let metadata = footer::decode(bytes)?;
        let descriptor = metadata.file_metadata().schema_descr();
        check_columns(descriptor)?;
        footer::check(&metadata, range.start)?;
        let arrow = guarded(
            || "schema".to_owned(),
            // Without the file's key-value metadata: an Arrow schema hidden there is one more
            // thing that may contradict the file.
            || parquet_to_arrow_schema(descriptor, None),
        )?;
        let schema = TableSchema::from_arrow(&arrow)?;
        let fields = arrow.fields().iter().enumerate();
        let doubtful = fields.filter(|(_, field)| may_not_fit(field.data_type()));
        let doubtful = doubtful.map(|(index, _)| index).collect();
        let file_bytes = range.end + TAIL_BYTES;
        Ok(Inspection { schema, metadata, doubtful, file_bytes })
    }

    /// The columns, widened to the closed list of types.
    pub fn schema(&self) -> &TableSchema {
        &self.schema
    }

    /// The file's length in bytes.
    pub fn file_bytes(&self) -> u64 {
        self.file_bytes
    }

    /// Rows of the whole file, as the footer says; reading checks it.
    pub fn rows(&self) -> u64 {
        self.metadata.row_groups().iter().map(|group| group.num_rows().unsigned_abs()).sum()
    }

    /// Row groups of the file.
    pub fn row_groups(&self) -> usize {
        self.metadata.num_row_groups()
    }

    /// Rows of row group `group`, as the footer says; reading checks it.
    pub fn group_rows(&self, group: usize) -> Option<u64> {
        Some(self.row_group(group).ok()?.num_rows().unsigned_abs())
    }

    /// The columns with what is said about them: units and descriptions. A type that is said must
    /// be the one that the file has, since Parquet states its types; names must be readable, since
    /// queries are written with them.
    pub fn described(&self, said: &FileDescription) -> Result<TableSchema, ParquetRefused> {
        let mut columns = self.schema.columns().to_vec();
        for column in &columns {
            if let Some(character) = column.name.chars().find(|c| is_hidden(*c)) {
                let column = column.name.chars().take(80).collect();
                return Err(ParquetRefused::HiddenCharacter { column, character });
            }
        }
        for (name, said) in &said.columns {
            let column = columns.iter_mut().find(|column| &column.name == name);
            let column = column.ok_or_else(|| ParquetRefused::UnknownColumn(name.clone()))?;
            if let Some(wanted) = &said.column_type
                && *wanted != column.column_type
            {
                let (found, wanted) = (column.column_type.clone(), wanted.clone());
                return Err(ParquetRefused::OtherType { column: name.clone(), wanted, found });
            }
            column.unit = said.unit.clone();
            column.description = said.description.clone();
        }
        Ok(TableSchema::new(columns).map_err(FromArrowError::from)?)
    }

    /// Refuses the first value that its column's type cannot hold, with its place: who publishes
    /// can mend it, who queries cannot. Such can stand only in columns of timestamps in units
    /// coarser than nanoseconds; those are read in full, one of one row group at a time, and
    /// nothing of the others.
    pub fn check_values(&self, file: &impl RangeReader) -> Result<(), ParquetRefused> {
        for group in 0..self.row_groups() {
            for column in &self.doubtful {
                for batch in self.read(file, group, &[*column])? {
                    batch?;
                }
            }
        }
        Ok(())
    }

    /// Reads `columns` (positions in the schema) of row group `group`, and nothing else of the
    /// file.
    pub fn read(
        &self,
        file: &impl RangeReader,
        group: usize,
        columns: &[usize],
    ) -> Result<GroupRows, ParquetRefused> {
        let ranges = self.ranges(group, columns)?;
        let chunks = ranges.into_iter().map(|range| file.read_range(range));
        self.decode(group, columns, chunks.collect::<Result<_, _>>()?)
    }

    pub(super) fn row_group(&self, group: usize) -> Result<&RowGroupMetaData, ParquetRefused> {
        self.metadata.row_groups().get(group).ok_or(ParquetRefused::NoSuchPart { group })
    }
}

/// Refuses columns that are not flat, or of a physical type without an exact place in the list.
fn check_columns(descriptor: &SchemaDescriptor) -> Result<(), ParquetRefused> {
    let count = descriptor.num_columns();
    if count > MAX_COLUMNS {
        return Err(FromArrowError::from(SchemaError::TooManyColumns { count }).into());
    }
    for column in descriptor.columns() {
        let flat = column.path().parts().len() == 1
            && column.max_rep_level() == 0
            && column.max_def_level() <= 1;
        if !flat {
            let parts = column.path().parts();
            let name = parts.first().map(|part| part.chars().take(80).collect());
            return Err(ParquetRefused::Nested(name.unwrap_or_default()));
        }
        let name = || column.name().chars().take(80).collect::<String>();
        match column.physical_type() {
            Physical::INT96 => return Err(ParquetRefused::Int96(name())),
            Physical::FIXED_LEN_BYTE_ARRAY => {
                let bytes = column.type_length();
                if !(1..=MAX_FIXED_BYTES).contains(&bytes) {
                    let (column, bytes) = (name(), i64::from(bytes));
                    return Err(ParquetRefused::FixedWidth { column, bytes });
                }
            }
            _ => {}
        }
    }
    Ok(())
}

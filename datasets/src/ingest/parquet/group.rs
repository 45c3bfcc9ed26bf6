//! The rows of one row group.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow::datatypes::SchemaRef;
use bytes::Bytes;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, RowGroups};
use parquet::arrow::{ProjectionMask, parquet_to_arrow_field_levels};
use parquet::column::page::PageIterator;
use parquet::errors::{ParquetError, Result as ParquetResult};
use parquet::file::metadata::{ParquetMetaData, RowGroupMetaData};

use super::batch::batch_rows;
use super::border::guarded;
use super::canonical::{Misfit, canonical};
use super::chunk::Chunk;
use super::column::{OneChunk, Refusal};
use super::error::ParquetRefused;
use super::footer;
use super::inspect::Inspection;
use crate::schema::Column;

/// Bytes of one row group's wanted columns at most, as they stand in the file.
const MAX_GROUP_BYTES: u64 = 4 << 30;
/// Bytes that the wanted columns' dictionaries and largest pages may have, unpacked.
const MAX_UNPACKED_BYTES: u64 = 4 << 30;

impl Inspection {
    /// The byte ranges that [`Inspection::decode`] needs for `columns` (positions in the schema)
    /// of row group `group`, in their order. Without columns it is the smallest column's range:
    /// rows are counted by decoding something, never by what the footer says.
    pub fn ranges(
        &self,
        group: usize,
        columns: &[usize],
    ) -> Result<Vec<Range<u64>>, ParquetRefused> {
        let row_group = self.row_group(group)?;
        let mut ranges = Vec::new();
        let mut bytes = 0u64;
        for index in self.needed(group, columns)? {
            let column = row_group.columns().get(index);
            let range = footer::range(group, column.ok_or(ParquetRefused::NoSuchPart { group })?)?;
            bytes = bytes.saturating_add(range.end - range.start);
            ranges.push(range);
        }
        if bytes > MAX_GROUP_BYTES {
            return Err(ParquetRefused::GroupTooLarge { group, bytes, limit: MAX_GROUP_BYTES });
        }
        Ok(ranges)
    }

    /// The rows of row group `group` with `columns` in the order wanted, from the bytes of
    /// [`Inspection::ranges`]. Pages are walked and counted here, unpacked as rows are asked for.
    pub fn decode(
        &self,
        group: usize,
        columns: &[usize],
        chunks: Vec<Bytes>,
    ) -> Result<GroupRows, ParquetRefused> {
        let row_group = self.row_group(group)?;
        let needed = self.needed(group, columns)?;
        let mut walked: Vec<Option<Arc<Chunk>>> = vec![None; row_group.num_columns()];
        let mut unpacked = 0u64;
        if needed.len() != chunks.len() {
            return Err(ParquetRefused::NoSuchPart { group });
        }
        for (index, bytes) in needed.iter().zip(chunks) {
            let column = row_group.columns().get(*index);
            let column = column.ok_or(ParquetRefused::NoSuchPart { group })?;
            let range = footer::range(group, column)?;
            if range.end - range.start != bytes.len() as u64 {
                return Err(ParquetRefused::NoSuchPart { group });
            }
            let chunk = Chunk::walk(group, column.clone(), bytes, row_group.num_rows())?;
            unpacked = unpacked.saturating_add(chunk.unpacked_bytes());
            if let Some(place) = walked.get_mut(*index) {
                *place = Some(Arc::new(chunk));
            }
        }
        if unpacked > MAX_UNPACKED_BYTES {
            let (bytes, limit) = (unpacked, MAX_UNPACKED_BYTES);
            return Err(ParquetRefused::GroupTooLarge { group, bytes, limit });
        }
        let wanted = Wanted::new(self, group, columns, &needed)?;
        let batch_rows = batch_rows(walked.iter().flatten().map(Arc::as_ref))?;
        let (metadata, refusal) = (Arc::clone(&self.metadata), Refusal::default());
        let pages = GroupPages { metadata, group, chunks: walked, refusal };
        let rows = row_group.num_rows();
        GroupRows::start(wanted, &pages, &needed, rows, batch_rows)
    }

    /// `columns`, each once and in the file's order, or the smallest if there are none.
    fn needed(&self, group: usize, columns: &[usize]) -> Result<Vec<usize>, ParquetRefused> {
        let row_group = self.row_group(group)?;
        let mut needed = columns.to_vec();
        needed.sort_unstable();
        needed.dedup();
        if needed.is_empty() {
            let size = |index: &usize| row_group.columns().get(*index).map(|c| c.compressed_size());
            needed.extend((0..row_group.num_columns()).min_by_key(size));
        }
        match needed.last() {
            Some(last) if *last < row_group.num_columns() => Ok(needed),
            _ => Err(ParquetRefused::NoSuchPart { group }),
        }
    }
}

/// What the caller asked for, and where it stands among what is decoded.
struct Wanted {
    group: usize,
    /// Position among the decoded columns, and the column.
    columns: Vec<(usize, Column)>,
    arrow: SchemaRef,
}

impl Wanted {
    fn new(
        file: &Inspection,
        group: usize,
        columns: &[usize],
        needed: &[usize],
    ) -> Result<Self, ParquetRefused> {
        let missing = ParquetRefused::NoSuchPart { group };
        let placed: Option<Vec<(usize, Column)>> = columns
            .iter()
            .map(|index| {
                let place = needed.binary_search(index).ok()?;
                Some((place, file.schema().columns().get(*index)?.clone()))
            })
            .collect();
        let arrow = match file.schema().arrow().project(columns) {
            Ok(arrow) => Arc::new(arrow),
            Err(_) => return Err(missing),
        };
        Ok(Wanted { group, columns: placed.ok_or(missing)?, arrow })
    }

    /// A decoded batch, whose first row is `first` of the row group, as it was asked for, in
    /// canonical types.
    fn batch(&self, decoded: &RecordBatch, first: u64) -> Result<RecordBatch, ParquetRefused> {
        let mut arrays: Vec<ArrayRef> = Vec::with_capacity(self.columns.len());
        for (place, column) in &self.columns {
            let array = decoded.columns().get(*place);
            let array = array.ok_or(ParquetRefused::NoSuchPart { group: self.group })?;
            let fitted = canonical(array, &column.column_type).map_err(|misfit| {
                let Misfit { row, reason } = misfit;
                let (group, column) = (self.group, column.name.clone());
                let row = row.map(|row| first + row as u64);
                ParquetRefused::Value { group, column, row, reason }
            })?;
            arrays.push(fitted);
        }
        let options = RecordBatchOptions::new().with_row_count(Some(decoded.num_rows()));
        RecordBatch::try_new_with_options(Arc::clone(&self.arrow), arrays, &options).map_err(
            |error| ParquetRefused::Undecodable {
                place: format!("row group {}", self.group),
                reason: error.to_string(),
            },
        )
    }
}

/// An iterator over a row group's rows as batches of canonical types, in file order. It ends with
/// a refusal if the rows are not as many as the row group claims, and after any refusal.
pub struct GroupRows {
    wanted: Wanted,
    reader: Option<ParquetRecordBatchReader>,
    refusal: Refusal,
    /// Rows the row group claims.
    claimed: i64,
    found: i64,
}

impl GroupRows {
    fn start(
        wanted: Wanted,
        pages: &GroupPages,
        needed: &[usize],
        claimed: i64,
        batch_rows: usize,
    ) -> Result<Self, ParquetRefused> {
        let descriptor = pages.metadata.file_metadata().schema_descr();
        let reader = guarded(
            || format!("row group {}", wanted.group),
            || {
                let mask = ProjectionMask::leaves(descriptor, needed.iter().copied());
                let levels = parquet_to_arrow_field_levels(descriptor, mask, None)?;
                ParquetRecordBatchReader::try_new_with_row_groups(&levels, pages, batch_rows, None)
            },
        )?;
        let refusal = Arc::clone(&pages.refusal);
        Ok(GroupRows { wanted, reader: Some(reader), refusal, claimed, found: 0 })
    }

    /// The Arrow schema of every batch.
    pub fn arrow_schema(&self) -> SchemaRef {
        Arc::clone(&self.wanted.arrow)
    }

    fn batch(&mut self) -> Result<Option<RecordBatch>, ParquetRefused> {
        let Some(reader) = &mut self.reader else {
            return Ok(None);
        };
        let place = || format!("row group {}", self.wanted.group);
        let decoded = guarded(place, || reader.next().transpose());
        let decoded = decoded.map_err(|error| {
            let refusal = self.refusal.lock().ok().and_then(|mut refusal| refusal.take());
            refusal.unwrap_or(error)
        })?;
        let Some(decoded) = decoded else {
            self.reader = None;
            let (claimed, found) = (self.claimed, self.found);
            return match claimed == found {
                true => Ok(None),
                false => {
                    let what = "num_rows";
                    Err(ParquetRefused::Count { place: place(), what, claimed, found })
                }
            };
        };
        let first = self.found.unsigned_abs();
        self.found += decoded.num_rows() as i64;
        self.wanted.batch(&decoded, first).map(Some)
    }
}

impl Iterator for GroupRows {
    type Item = Result<RecordBatch, ParquetRefused>;

    fn next(&mut self) -> Option<Self::Item> {
        let batch = self.batch();
        if batch.is_err() {
            self.reader = None;
        }
        batch.transpose()
    }
}

/// Checked column chunks, as the crate asks for them.
struct GroupPages {
    metadata: Arc<ParquetMetaData>,
    group: usize,
    chunks: Vec<Option<Arc<Chunk>>>,
    refusal: Refusal,
}

impl RowGroups for GroupPages {
    fn num_rows(&self) -> usize {
        let rows = self.metadata.row_groups().get(self.group).map_or(0, |group| group.num_rows());
        usize::try_from(rows).unwrap_or(0)
    }

    fn column_chunks(&self, index: usize) -> ParquetResult<Box<dyn PageIterator>> {
        match self.chunks.get(index) {
            Some(Some(chunk)) => {
                Ok(Box::new(OneChunk::new(Arc::clone(chunk), Arc::clone(&self.refusal))))
            }
            _ => Err(ParquetError::General("a column that was not asked for".to_owned())),
        }
    }

    fn row_groups(&self) -> Box<dyn Iterator<Item = &RowGroupMetaData> + '_> {
        Box::new(self.metadata.row_groups().get(self.group).into_iter())
    }

    fn metadata(&self) -> &ParquetMetaData {
        &self.metadata
    }
}

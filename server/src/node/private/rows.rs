//! Rows of a file as the declared columns, whatever it is written in.

use std::{fmt::Display, io::Read};

use arrow::array::RecordBatch;
use veritrail_datasets::{
    ingest::{csv::Scan, parquet},
    manifest::TableFormat,
    private::{CommitError, Committing, PackedTable, positions},
};
use veritrail_proof::schema::Schema;

use crate::{
    error::{NodeError, Result},
    stop::Stop,
};

/// Reads rows into what is committed. The file's name is for the holder's eyes, as its rows are.
pub(in crate::node) struct Rows<'a, 'c> {
    pub(in crate::node) schema: &'a Schema,
    pub(in crate::node) committing: &'c mut Committing<'a>,
    pub(in crate::node) stop: Stop,
}

impl Rows<'_, '_> {
    /// The rows of a CSV. All of `input` is read.
    pub(in crate::node) fn csv(
        &mut self,
        input: impl Read,
        table: &PackedTable,
        place: &dyn Display,
    ) -> Result<()> {
        let TableFormat::Csv(dialect) = &table.format else { return Err(other_format(place)) };
        let positions = self.positions(table, place)?;
        let unread = |e: &dyn Display| NodeError::failed(e.to_string()).at(place);
        let mut scan =
            Scan::as_written(input, dialect, &table.columns, &positions).map_err(|e| unread(&e))?;
        self.committing.begin_file();
        for batch in scan.by_ref() {
            self.take(&batch.map_err(|e| unread(&e))?, place)?;
        }
        scan.finish().map(drop).map_err(|e| unread(&e))
    }

    /// The rows of a Parquet file.
    pub(in crate::node) fn parquet(
        &mut self,
        file: &impl parquet::RangeReader,
        table: &PackedTable,
        place: &dyn Display,
    ) -> Result<()> {
        let mut positions = self.positions(table, place)?;
        let unread = |e: &dyn Display| NodeError::failed(e.to_string()).at(place);
        positions.sort_unstable();
        positions.dedup();
        let found = parquet::inspect(file).map_err(|e| unread(&e))?;
        self.committing.begin_file();
        for group in 0..found.row_groups() {
            for batch in found.read(file, group, &positions).map_err(|e| unread(&e))? {
                let batch = self.ordered(&batch.map_err(|e| unread(&e))?, place)?;
                self.take(&batch, place)?;
            }
        }
        Ok(())
    }

    fn take(&mut self, batch: &RecordBatch, place: &dyn Display) -> Result<()> {
        self.stop.check()?;
        self.committing.take(batch).map_err(|e| misfit(&e, place))
    }

    fn positions(&self, table: &PackedTable, place: &dyn Display) -> Result<Vec<usize>> {
        positions(self.schema, &table.columns).map_err(|e| misfit(&e, place))
    }

    /// The batch with its columns in the order of their declaration.
    fn ordered(&self, batch: &RecordBatch, place: &dyn Display) -> Result<RecordBatch> {
        let unread = |e: &dyn Display| NodeError::failed(e.to_string()).at(place);
        let schema = batch.schema();
        let columns = self.schema.columns().iter();
        let order: Result<Vec<usize>, _> =
            columns.map(|column| schema.index_of(&column.name)).collect();
        batch.project(&order.map_err(|e| unread(&e))?).map_err(|e| unread(&e))
    }
}

fn other_format(place: &dyn Display) -> NodeError {
    NodeError::failed("it is no CSV").at(place)
}

fn misfit(error: &CommitError, place: &dyn Display) -> NodeError {
    NodeError::usage(error.to_string()).at(place).hint(
        "declare what the column holds (--commit), or correct the file; `?` allows nulls. Nothing \
         was published, and this message is for you alone: it says something of a row",
    )
}

//! The physical type that each column chunk repeats. The crate parquet passes over it; a file
//! whose schema says another type than its chunks do is two files in one.

use super::error::ParquetRefused;
use super::thrift::{Reader, Wire};

/// The physical types of all column chunks of a footer, row group after row group, as numbers of
/// parquet.thrift. The footer's structure was walked before.
pub(super) fn of_chunks(footer: &[u8]) -> Result<Vec<i32>, ParquetRefused> {
    let mut reader = Reader::new(footer);
    let mut types = Vec::new();
    // FileMetaData 4 row_groups, RowGroup 1 columns, ColumnChunk 3 meta_data, ColumnMetaData 1 type.
    elements(&mut reader, 4, &mut |group| {
        elements(group, 1, &mut |chunk| {
            let mut found = None;
            fields(chunk, &mut |metadata, id, wire| match (id, wire) {
                (3, Wire::Struct) => fields(metadata, &mut |value, id, wire| match (id, wire) {
                    (1, Wire::Int) => {
                        found = Some(value.int32()?);
                        Ok(())
                    }
                    (_, wire) => value.skip(wire),
                }),
                (_, wire) => metadata.skip(wire),
            })?;
            types.push(found.unwrap_or(-1));
            Ok(())
        })
    })?;
    Ok(types)
}

type Visit<'v, 'a> = dyn FnMut(&mut Reader<'a>) -> Result<(), ParquetRefused> + 'v;
type VisitField<'v, 'a> = dyn FnMut(&mut Reader<'a>, i16, Wire) -> Result<(), ParquetRefused> + 'v;

/// Visits the fields of the struct that begins here; each visit must pass over its value.
fn fields<'a>(
    reader: &mut Reader<'a>,
    visit: &mut VisitField<'_, 'a>,
) -> Result<(), ParquetRefused> {
    let mut previous = 0;
    while let Some((id, wire)) = reader.field(previous)? {
        visit(reader, id, wire)?;
        previous = id;
    }
    Ok(())
}

/// Visits the structs in the list that is field `wanted` of the struct that begins here.
fn elements<'a>(
    reader: &mut Reader<'a>,
    wanted: i16,
    visit: &mut Visit<'_, 'a>,
) -> Result<(), ParquetRefused> {
    fields(reader, &mut |reader, id, wire| {
        if id != wanted || wire != Wire::List {
            return reader.skip(wire);
        }
        match reader.list()? {
            Some((size, Wire::Struct)) => (0..size).try_for_each(|_| visit(reader)),
            Some((size, wire)) => (0..size).try_for_each(|_| reader.skip_element(wire)),
            None => Ok(()),
        }
    })
}

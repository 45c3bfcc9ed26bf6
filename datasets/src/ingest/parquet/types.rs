//! The physical type that each column chunk repeats, and whether it is encrypted. The crate parquet
//! passes over both; a file whose schema says another type than its chunks do is two files in one.

use super::error::ParquetRefused;
use super::thrift::{Reader, Wire};

/// What a column chunk says of itself that the crate passes over.
pub(super) struct Stated {
    /// Its physical type, as parquet.thrift numbers it; −1 if it states none.
    pub(super) physical: i32,
    /// Whether its pages are encrypted under a footer that is not.
    pub(super) encrypted: bool,
}

/// What all column chunks of a footer say, row group after row group. The footer's structure was
/// walked before.
pub(super) fn of_chunks(footer: &[u8]) -> Result<Vec<Stated>, ParquetRefused> {
    let mut reader = Reader::new(footer);
    let mut types = Vec::new();
    // FileMetaData 4 row_groups, RowGroup 1 columns, ColumnChunk 3 meta_data and 8
    // crypto_metadata, ColumnMetaData 1 type.
    elements(&mut reader, 4, &mut |group| {
        elements(group, 1, &mut |chunk| {
            let (mut found, mut encrypted) = (None, false);
            fields(chunk, &mut |metadata, id, wire| match (id, wire) {
                (8, Wire::Struct) => {
                    encrypted = true;
                    metadata.skip(wire)
                }
                (3, Wire::Struct) => fields(metadata, &mut |value, id, wire| match (id, wire) {
                    (1, Wire::Int) => {
                        found = Some(value.int32()?);
                        Ok(())
                    }
                    (_, wire) => value.skip(wire),
                }),
                (_, wire) => metadata.skip(wire),
            })?;
            types.push(Stated { physical: found.unwrap_or(-1), encrypted });
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

//! A statement's bytes: the fixed layout that is absorbed, and that proofs are stored with.

use super::{
    CONDITIONS_MAX, Condition, GRAM_MAX, GROUPS_MAX, MEASURES_MAX, Measure, PRESENT_MAX, Quantity,
    Statement, StatementError,
};
use crate::wire::{Reader, WireError, Writer};

/// The version of the layout.
const VERSION: u8 = 1;

impl Statement {
    /// The bytes that are absorbed.
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.u8(VERSION);
        writer.u8(self.conditions.len() as u8);
        for condition in &self.conditions {
            let (tag, column, level) = match condition {
                Condition::Level(column, level) => (0, *column, *level),
                Condition::True(column) => (1, *column, 0),
                Condition::False(column) => (2, *column, 0),
                Condition::AtLeast(column, at) => (4, *column, *at),
                Condition::Below(column, at) => (5, *column, *at),
            };
            write_place(&mut writer, tag, column, level);
        }
        writer.u8(self.groups.len() as u8);
        self.groups.iter().for_each(|group| writer.u16(*group));
        writer.u8(self.measures.len() as u8);
        for measure in &self.measures {
            match measure {
                Measure::Count => writer.u8(0),
                Measure::Sum(quantity) => {
                    writer.u8(1);
                    write_quantity(&mut writer, quantity);
                }
                Measure::Gram(quantities) => {
                    writer.u8(2);
                    writer.u8(quantities.len() as u8);
                    quantities.iter().for_each(|quantity| write_quantity(&mut writer, quantity));
                }
                Measure::Present(columns) => {
                    writer.u8(3);
                    writer.u8(columns.len() as u8);
                    columns.iter().for_each(|column| writer.u16(*column));
                }
            }
        }
        writer.u16(self.withheld.len() as u16);
        self.withheld.iter().for_each(|cell| writer.u16(*cell));
        writer.finish()
    }

    /// Reads a statement's bytes.
    ///
    /// # Errors
    /// When they are not what [`Statement::encode`] writes.
    pub fn decode(bytes: &[u8]) -> Result<Self, StatementError> {
        let mut reader = Reader::new(bytes);
        if reader.u8()? != VERSION {
            return Err(WireError::Value("version 1 of a statement").into());
        }
        let conditions = read_list(&mut reader, CONDITIONS_MAX, read_condition)?;
        let groups = read_list(&mut reader, GROUPS_MAX, |reader| Ok(reader.u16()?))?;
        let measures = read_list(&mut reader, MEASURES_MAX, read_measure)?;
        let withheld = usize::from(reader.u16()?);
        let mut withheld = Reader::new(reader.take(2 * withheld)?);
        reader.end()?;
        let mut cells = Vec::new();
        while !withheld.is_empty() {
            cells.push(withheld.u16()?);
        }
        Ok(Self { conditions, groups, measures, withheld: cells })
    }
}

fn write_place(writer: &mut Writer, tag: u8, column: u16, level: u8) {
    writer.u8(tag);
    writer.u16(column);
    writer.u8(level);
}

fn write_quantity(writer: &mut Writer, quantity: &Quantity) {
    let (tag, column, level) = match quantity {
        Quantity::Value(column) => (3, *column, 0),
        Quantity::Level(column, level) => (0, *column, *level),
        Quantity::True(column) => (1, *column, 0),
    };
    write_place(writer, tag, column, level);
}

fn read_list<T>(
    reader: &mut Reader<'_>,
    most: usize,
    read: impl Fn(&mut Reader<'_>) -> Result<T, StatementError>,
) -> Result<Vec<T>, StatementError> {
    let count = usize::from(reader.u8()?);
    if count > most {
        return Err(StatementError::Shape);
    }
    (0..count).map(|_| read(reader)).collect()
}

fn read_place(reader: &mut Reader<'_>) -> Result<(u8, u16, u8), WireError> {
    Ok((reader.u8()?, reader.u16()?, reader.u8()?))
}

fn read_condition(reader: &mut Reader<'_>) -> Result<Condition, StatementError> {
    match read_place(reader)? {
        (0, column, level) => Ok(Condition::Level(column, level)),
        (1, column, 0) => Ok(Condition::True(column)),
        (2, column, 0) => Ok(Condition::False(column)),
        (4, column, at) => Ok(Condition::AtLeast(column, at)),
        (5, column, at) => Ok(Condition::Below(column, at)),
        _ => Err(WireError::Value("a condition").into()),
    }
}

fn read_quantity(reader: &mut Reader<'_>) -> Result<Quantity, StatementError> {
    match read_place(reader)? {
        (3, column, 0) => Ok(Quantity::Value(column)),
        (0, column, level) => Ok(Quantity::Level(column, level)),
        (1, column, 0) => Ok(Quantity::True(column)),
        _ => Err(WireError::Value("a quantity").into()),
    }
}

fn read_measure(reader: &mut Reader<'_>) -> Result<Measure, StatementError> {
    match reader.u8()? {
        0 => Ok(Measure::Count),
        1 => Ok(Measure::Sum(read_quantity(reader)?)),
        2 => Ok(Measure::Gram(read_list(reader, GRAM_MAX, read_quantity)?)),
        3 => Ok(Measure::Present(read_list(reader, PRESENT_MAX, |reader| Ok(reader.u16()?))?)),
        _ => Err(WireError::Value("a measure").into()),
    }
}

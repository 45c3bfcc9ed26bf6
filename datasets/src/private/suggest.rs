//! A guess of what could be declared, from the rows themselves: for the holder's eyes alone, since
//! ranges and levels found in the data say what is in them. Ranges are widened to round numbers.

use std::collections::BTreeSet;

use arrow::array::RecordBatch;
use veritrail_proof::decimal;
use veritrail_proof::schema::{Column, Kind, LEVELS_MAX, Schema};

use super::cells::{Value, Values};
use crate::schema::TableSchema;

/// Levels that are suggested at most; more are names rather than groups.
const SUGGESTED_LEVELS_MAX: usize = 16;
/// Decimal places that are looked for.
const PLACES_MAX: u8 = 6;

/// Looks at rows.
pub struct Suggesting {
    columns: Vec<Guess>,
}

struct Guess {
    name: String,
    nullable: bool,
    /// Least and greatest value times 10^[`PLACES_MAX`]; None once a value was no number.
    range: Option<(i64, i64)>,
    places: u8,
    levels: BTreeSet<String>,
    rows: u64,
}

impl Suggesting {
    /// Nothing was seen yet of a table.
    pub fn new(table: &TableSchema) -> Self {
        let guess = |name: &str| Guess {
            name: name.to_owned(),
            nullable: false,
            range: Some((i64::MAX, i64::MIN)),
            places: 0,
            levels: BTreeSet::new(),
            rows: 0,
        };
        Self { columns: table.columns().iter().map(|column| guess(&column.name)).collect() }
    }

    /// Looks at rows of all columns.
    pub fn see(&mut self, batch: &RecordBatch) {
        for (guess, array) in self.columns.iter_mut().zip(batch.columns()) {
            let values = Values::of(array.as_ref());
            (0..array.len()).for_each(|row| guess.see(&values.get(row)));
        }
    }

    /// The guess as `--commit` takes it, and the columns that nothing can be suggested for.
    pub fn finish(self) -> (Option<Schema>, Vec<String>) {
        let (mut columns, mut others) = (Vec::new(), Vec::new());
        for guess in self.columns {
            let name = guess.name.clone();
            match guess.column() {
                Some(column) if Schema::new(vec![column.clone()]).is_ok() => columns.push(column),
                _ => others.push(name),
            }
        }
        (Schema::new(columns).ok(), others)
    }
}

impl Guess {
    fn see(&mut self, value: &Value<'_>) {
        let text = match value {
            Value::Null => {
                self.nullable = true;
                return;
            }
            Value::Text(text) => text.to_string(),
            Value::Float(float) => float.to_string(),
            Value::Integer(integer) => integer.to_string(),
            Value::Boolean(bit) => bit.to_string(),
            Value::Other => {
                self.range = None;
                self.levels.extend((0..=LEVELS_MAX).map(|at| at.to_string()));
                return;
            }
        };
        self.rows += 1;
        self.see_number(&text);
        if self.levels.len() <= SUGGESTED_LEVELS_MAX {
            self.levels.insert(text);
        }
    }

    fn see_number(&mut self, text: &str) {
        let Some((least, greatest)) = self.range else { return };
        self.range = decimal::parse(text, PLACES_MAX)
            .ok()
            .map(|number| (least.min(number), greatest.max(number)));
        let exact = |places: u8| decimal::parse(text, places).ok();
        let factor = |places: u8| 10_i64.pow(u32::from(PLACES_MAX - places));
        let full = exact(PLACES_MAX);
        let fits =
            |places: &u8| exact(*places).and_then(|n| n.checked_mul(factor(*places))) == full;
        self.places = (self.places..=PLACES_MAX).find(fits).unwrap_or(PLACES_MAX);
    }

    fn column(self) -> Option<Column> {
        let Self { name, nullable, range, places, levels, rows } = self;
        if rows == 0 || name.chars().any(|c| ":,()|[]{}?".contains(c)) {
            return None;
        }
        let kind = match range {
            // Few integers of many rows are codes of groups rather than quantities.
            Some(_) if places == 0 && levels.len() <= 2 && rows > 4 => category(&levels)?,
            Some((least, greatest)) => {
                let unit = 10_i64.pow(u32::from(PLACES_MAX - places));
                let lo = if least >= 0 { 0 } else { -round_up(-(least / unit) + 1) };
                let hi = round_up(greatest / unit + 1).max(lo + 1);
                Kind::Number { places, lo, hi, thresholds: Vec::new() }
            }
            None if levels.iter().all(|level| level == "true" || level == "false") => Kind::Boolean,
            None => category(&levels)?,
        };
        Some(Column { name, kind, nullable })
    }
}

fn category(levels: &BTreeSet<String>) -> Option<Kind> {
    let plain =
        |level: &String| !level.is_empty() && !level.chars().any(|c| ":,()|[]{}?".contains(c));
    let few = (2..=SUGGESTED_LEVELS_MAX).contains(&levels.len());
    (few && levels.iter().all(plain))
        .then(|| Kind::Category { levels: levels.iter().cloned().collect() })
}

/// The next of 1, 2, 5, 10, 20, … that is not below.
fn round_up(number: i64) -> i64 {
    let mut power = 1_i64;
    loop {
        for step in [1, 2, 5] {
            match power.checked_mul(step) {
                Some(round) if round >= number => return round,
                Some(_) => {}
                None => return i64::MAX,
            }
        }
        match power.checked_mul(10) {
            Some(next) => power = next,
            None => return i64::MAX,
        }
    }
}

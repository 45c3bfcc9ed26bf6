//! The schema as a person writes it: `age:int[0..127]{40,65},weight:fixed(2)?[-200..200],sex:category(f|m)`.

use std::fmt;
use std::str::FromStr;

use super::{Column, Kind, Schema, SchemaError};
use crate::decimal;

/// What ends a name or a level.
const RESERVED: &[char] = &[':', ',', '(', ')', '|', '[', ']', '?'];

impl FromStr for Schema {
    type Err = SchemaError;

    fn from_str(text: &str) -> Result<Self, SchemaError> {
        let mut parser = Parser { text, at: 0 };
        let mut columns = vec![parser.column()?];
        while parser.take(",") {
            columns.push(parser.column()?);
        }
        if parser.at < text.len() {
            return Err(parser.expected("a comma or the end"));
        }
        Self::new(columns)
    }
}

impl fmt::Display for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, column) in self.columns().iter().enumerate() {
            let comma = if at == 0 { "" } else { "," };
            write!(f, "{comma}{column}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let null = if self.nullable { "?" } else { "" };
        write!(f, "{}:", self.name)?;
        match &self.kind {
            Kind::Number { places, lo, hi, thresholds } => {
                let text = |number: &i64| decimal::text(*number, *places);
                match places {
                    0 => write!(f, "int{null}[{lo}..{hi}]")?,
                    _ => write!(f, "fixed({places}){null}[{}..{}]", text(lo), text(hi))?,
                }
                if thresholds.is_empty() {
                    return Ok(());
                }
                write!(f, "{{{}}}", thresholds.iter().map(text).collect::<Vec<_>>().join(","))
            }
            Kind::Category { levels } => write!(f, "category({}){null}", levels.join("|")),
            Kind::Boolean => write!(f, "bool{null}"),
        }
    }
}

/// A number that was multiplied by 10^places, as a decimal without trailing zeros.
struct Parser<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Parser<'a> {
    fn expected(&self, what: &'static str) -> SchemaError {
        SchemaError::Text(self.at, what)
    }

    fn take(&mut self, token: &str) -> bool {
        let here = self.text[self.at..].starts_with(token);
        self.at += if here { token.len() } else { 0 };
        here
    }

    fn need(&mut self, token: &'static str) -> Result<(), SchemaError> {
        if self.take(token) { Ok(()) } else { Err(self.expected(token)) }
    }

    /// Everything up to one of the ends, which must come.
    fn until(&mut self, ends: &[char], what: &'static str) -> Result<&'a str, SchemaError> {
        let rest = &self.text[self.at..];
        let length = rest.find(ends).unwrap_or(rest.len());
        if length == 0 {
            return Err(self.expected(what));
        }
        self.at += length;
        Ok(&rest[..length])
    }

    fn column(&mut self) -> Result<Column, SchemaError> {
        let name = self.until(RESERVED, "a column's name")?.to_owned();
        self.need(":")?;
        let kind_at = self.at;
        match self.until(RESERVED, "int, fixed, category or bool")? {
            "int" => self.number(name, 0),
            "fixed" => {
                self.need("(")?;
                let places_at = self.at;
                let places = self.until(RESERVED, "decimal places")?;
                let places = places
                    .parse::<u8>()
                    .ok()
                    .filter(|places| (1..=decimal::PLACES_MAX).contains(places))
                    .ok_or(SchemaError::Text(places_at, "1 to 9 decimal places"))?;
                self.need(")")?;
                self.number(name, places)
            }
            "category" => {
                self.need("(")?;
                let mut levels = vec![self.until(RESERVED, "a level")?.to_owned()];
                while self.take("|") {
                    levels.push(self.until(RESERVED, "a level")?.to_owned());
                }
                self.need(")")?;
                let nullable = self.take("?");
                Ok(Column { name, kind: Kind::Category { levels }, nullable })
            }
            "bool" => {
                let nullable = self.take("?");
                Ok(Column { name, kind: Kind::Boolean, nullable })
            }
            _ => Err(SchemaError::Text(kind_at, "int, fixed, category or bool")),
        }
    }

    fn number(&mut self, name: String, places: u8) -> Result<Column, SchemaError> {
        let nullable = self.take("?");
        self.need("[")?;
        let lo = self.bound(places, &["..", "]"])?;
        self.need("..")?;
        let hi = self.bound(places, &["..", "]"])?;
        self.need("]")?;
        let mut thresholds = Vec::new();
        if self.take("{") {
            thresholds.push(self.bound(places, &[",", "}"])?);
            while self.take(",") {
                thresholds.push(self.bound(places, &[",", "}"])?);
            }
            self.need("}")?;
        }
        Ok(Column { name, kind: Kind::Number { places, lo, hi, thresholds }, nullable })
    }

    /// A bound or threshold must be exact at the column's decimal places: it is never rounded.
    fn bound(&mut self, places: u8, ends: &[&str]) -> Result<i64, SchemaError> {
        let at = self.at;
        let rest = &self.text[at..];
        let length = ends.iter().filter_map(|end| rest.find(end)).min().unwrap_or(rest.len());
        self.at += length;
        let text = &rest[..length];
        decimal::parse_exact(text, places).ok_or_else(|| {
            SchemaError::Text(
                at,
                match decimal::parse_exact(text, decimal::PLACES_MAX) {
                    Some(_) => "a bound with no more decimal places than declared",
                    None => "a number, as in [18..99] or {40,65}",
                },
            )
        })
    }
}

//! Typed values for the `$name` placeholders of a query.

use datafusion::common::ScalarValue;

use crate::exact::round::canonical;

/// A value bound to a `$name`: its TOML type decides its SQL type, never its use in the query.
#[derive(Clone, Debug)]
pub enum Parameter {
    /// A TOML boolean.
    Bool(bool),
    /// A TOML integer: int64.
    Int64(i64),
    /// A TOML float: float64.
    Float64(f64),
    /// A TOML string.
    Text(String),
    /// A TOML local date, as days since 1970-01-01.
    Date(i32),
}

impl PartialEq for Parameter {
    /// Floats by their bits, so that a spec equals itself even where it holds a NaN.
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Int64(a), Self::Int64(b)) => a == b,
            (Self::Float64(a), Self::Float64(b)) => a.to_bits() == b.to_bits(),
            (Self::Text(a), Self::Text(b)) => a == b,
            (Self::Date(a), Self::Date(b)) => a == b,
            _ => false,
        }
    }
}

impl Eq for Parameter {}

impl Parameter {
    /// The parameter that a TOML value stands for.
    ///
    /// # Errors
    /// For arrays, tables, times and dates with times: says what to write instead.
    pub fn from_toml(value: &toml::Value) -> Result<Self, String> {
        Ok(match value {
            toml::Value::Boolean(x) => Self::Bool(*x),
            toml::Value::Integer(x) => Self::Int64(*x),
            toml::Value::Float(x) => Self::Float64(canonical(*x)),
            toml::Value::String(x) => Self::Text(x.clone()),
            toml::Value::Datetime(at) => match (at.date, at.time, at.offset) {
                (Some(date), None, None) => Self::Date(days_from_civil(
                    i32::from(date.year),
                    i32::from(date.month),
                    i32::from(date.day),
                )),
                _ => return Err("write a moment as text and CAST it to timestamp".to_owned()),
            },
            toml::Value::Array(_) | toml::Value::Table(_) => {
                return Err("must be a boolean, an integer, a float, a text or a date".to_owned());
            }
        })
    }

    /// The TOML value that [`Self::from_toml`] reads as this parameter.
    #[must_use]
    pub fn to_toml(&self) -> toml::Value {
        match self {
            Self::Bool(x) => toml::Value::Boolean(*x),
            Self::Int64(x) => toml::Value::Integer(*x),
            Self::Float64(x) => toml::Value::Float(*x),
            Self::Text(x) => toml::Value::String(x.clone()),
            Self::Date(days) => {
                let (year, month, day) = civil_from_days(*days);
                toml::Value::Datetime(toml::value::Datetime {
                    date: Some(toml::value::Date { year, month, day }),
                    time: None,
                    offset: None,
                })
            }
        }
    }

    /// The typed literal that replaces the placeholder.
    #[must_use]
    pub fn to_scalar(&self) -> ScalarValue {
        match self {
            Self::Bool(x) => ScalarValue::Boolean(Some(*x)),
            Self::Int64(x) => ScalarValue::Int64(Some(*x)),
            Self::Float64(x) => ScalarValue::Float64(Some(*x)),
            Self::Text(x) => ScalarValue::Utf8(Some(x.clone())),
            Self::Date(days) => ScalarValue::Date32(Some(*days)),
        }
    }
}

/// Days since 1970-01-01 of a date of the proleptic Gregorian calendar (years 0–9999).
fn days_from_civil(year: i32, month: i32, day: i32) -> i32 {
    // Years from March, so that the leap day is a year's last.
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// Whether a day lies in the years 0 to 9999, which is what TOML can write.
pub(super) fn is_writable(days: i32) -> bool {
    (DAYS.0..=DAYS.1).contains(&days)
}

/// 0000-01-01 and 9999-12-31.
const DAYS: (i32, i32) = (-719_528, 2_932_896);

/// The reverse of [`days_from_civil`], for writable days.
fn civil_from_days(days: i32) -> (u16, u8, u8) {
    let days = days.clamp(DAYS.0, DAYS.1) + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year + era * 400 + i32::from(month <= 2);
    (year as u16, month as u8, day as u8)
}

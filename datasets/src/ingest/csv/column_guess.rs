//! What one column may be, narrowed field by field over the whole file.

use super::dialect::DecimalMark;
use super::doubt::Doubt;
use super::error::CsvError;
use super::records::Quoting;
use super::value::{self, kind};
use crate::schema::{ColumnType, MAX_PRECISION};

/// Words that files write for a missing value. They become null tokens only if some column is
/// all numbers, truth values or times but for them.
pub(super) const USUAL_NULLS: [&str; 8] =
    ["NA", "N/A", "n/a", "#N/A", "NULL", "Null", "null", "None"];

/// Digits behind the decimal mark that numbers have at most which somebody wrote down.
const MAX_WRITTEN_SCALE: u8 = 9;

/// What was seen of a column so far.
#[derive(Clone, Debug)]
pub(super) struct ColumnGuess {
    declared: Option<ColumnType>,
    /// Types that hold every field so far.
    kinds: u8,
    /// Fields that say something about the type: no nulls, no blanks.
    telling: u64,
    /// Of them, those that are no NaN and no infinity.
    finite: u64,
    /// Which of the usual nulls stood there, as bits.
    usual_nulls: u8,
    /// A comma with other than three digits behind it: no grouping of thousands.
    comma_proven: bool,
    /// Why there is no type but text, where a person would wonder.
    doubt: Option<Doubt>,
    /// The most digits before and behind the decimal mark, while all numbers are written plainly.
    digits: Option<(usize, usize)>,
    /// The first field that the declared type does not hold, with a point and with a comma.
    misfits: [Option<Misfit>; 2],
}

#[derive(Clone, Debug)]
struct Misfit {
    line: u64,
    value: String,
}

impl ColumnGuess {
    pub(super) fn new(declared: Option<ColumnType>) -> Self {
        ColumnGuess {
            declared,
            kinds: kind::ALL,
            telling: 0,
            finite: 0,
            usual_nulls: 0,
            comma_proven: false,
            doubt: None,
            digits: Some((0, 0)),
            misfits: [None, None],
        }
    }

    /// Takes one field that is not null by the dialect. `usual` says whether the usual nulls may
    /// yet become null tokens.
    pub(super) fn see(&mut self, text: &str, quoting: Quoting, line: u64, usual: UsualNulls) {
        match self.declared {
            Some(ColumnType::Text) => return,
            None if self.kinds == 0 => return,
            _ => {}
        }
        let trimmed = trim(text);
        if trimmed.is_empty() {
            return;
        }
        if usual == UsualNulls::MayBecome
            && quoting == Quoting::Bare
            && let Some(bit) = usual_null(trimmed)
        {
            self.usual_nulls |= bit;
            return;
        }
        self.telling += 1;
        match self.declared.clone() {
            Some(declared) => self.check(trimmed, line, &declared),
            None => {
                let kinds = self.kinds & value::kinds(trimmed);
                if kinds == 0 {
                    self.doubt = Doubt::of(trimmed, line, self.kinds, self.telling - 1);
                }
                self.kinds = kinds;
                self.see_digits(trimmed);
                self.finite += u64::from(!value::is_not_finite(trimmed));
                self.comma_proven |= comma_is_decimal(trimmed);
            }
        }
    }

    /// Whether this column alone shows that numbers have a decimal comma (`Some(true)`) or a
    /// point (`Some(false)`).
    pub(super) fn needs_comma(&self) -> Option<bool> {
        match (&self.declared, self.kinds & (kind::INT | kind::FLOAT)) {
            (None, kind::FLOAT_COMMA) => Some(self.comma_proven).filter(|proven| *proven),
            (None, kind::FLOAT_POINT) => Some(false),
            (Some(_), _) => match &self.misfits {
                [Some(_), None] => Some(true),
                [None, Some(_)] => Some(false),
                _ => None,
            },
            _ => None,
        }
    }

    /// Usual nulls that this column needs as null tokens, to be no text.
    pub(super) fn needed_nulls(&self, decimal: DecimalMark) -> impl Iterator<Item = &'static str> {
        let needed = self.telling > 0 && self.column_type(decimal) != ColumnType::Text;
        let bits = if needed { self.usual_nulls } else { 0 };
        USUAL_NULLS
            .into_iter()
            .enumerate()
            .filter_map(move |(index, word)| (bits >> index & 1 == 1).then_some(word))
    }

    /// The type: the declared one, else the narrowest that holds every field.
    pub(super) fn column_type(&self, decimal: DecimalMark) -> ColumnType {
        if let Some(declared) = &self.declared {
            return declared.clone();
        }
        let float = match decimal {
            DecimalMark::Point => kind::FLOAT_POINT,
            DecimalMark::Comma => kind::FLOAT_COMMA,
        };
        let has = |bit: u8| self.kinds & bit != 0;
        match () {
            () if self.telling == 0 => ColumnType::Text,
            () if has(kind::INT) => ColumnType::Int64,
            () if has(float) && self.finite > 0 => ColumnType::Float64,
            () if has(kind::BOOL) => ColumnType::Bool,
            () if has(kind::DATE) => ColumnType::Date32,
            () if has(kind::INSTANT) => ColumnType::Timestamp { zone: Some("UTC".to_owned()) },
            () if has(kind::LOCAL) => ColumnType::Timestamp { zone: None },
            () => ColumnType::Text,
        }
    }

    /// The decimal type that would hold every field exactly, if numbers with a fraction were taken
    /// for floats. None where there are so many digits that the numbers were computed as floats.
    pub(super) fn exact_type(&self, decimal: DecimalMark) -> Option<ColumnType> {
        let (whole, part) = self.digits?;
        let inferred = self.declared.is_none() && self.column_type(decimal) == ColumnType::Float64;
        let precision = u8::try_from(whole + part).ok().filter(|&p| p <= MAX_PRECISION)?;
        let scale =
            u8::try_from(part).ok().filter(|scale| (1..=MAX_WRITTEN_SCALE).contains(scale))?;
        inferred.then_some(ColumnType::Decimal { precision, scale })
    }

    /// Why the column is text, if that would surprise who wrote it.
    pub(super) fn doubt(&self, decimal: DecimalMark) -> Option<Doubt> {
        let commas = self.kinds & kind::FLOAT == kind::FLOAT_COMMA && self.kinds & kind::INT == 0;
        match self.declared.is_none() && self.column_type(decimal) == ColumnType::Text {
            true if commas && self.telling > 0 => Some(Doubt::Commas),
            true => self.doubt.clone(),
            false => None,
        }
    }

    /// Whether a type had to be guessed from nothing but nulls and blanks. Fields of a declared
    /// text are not looked at, so nothing is said of them.
    pub(super) fn is_blank(&self) -> bool {
        self.declared.is_none() && self.telling == 0
    }

    /// Refuses the first field that the declared type does not hold.
    pub(super) fn declared_holds(&self, name: &str, decimal: DecimalMark) -> Result<(), CsvError> {
        let [point, comma] = &self.misfits;
        let misfit = match decimal {
            DecimalMark::Point => point,
            DecimalMark::Comma => comma,
        };
        match (misfit, &self.declared) {
            (Some(misfit), Some(declared)) => {
                Err(CsvError::value(misfit.line, name, &misfit.value, declared))
            }
            _ => Ok(()),
        }
    }

    fn see_digits(&mut self, text: &str) {
        if let Some((whole, part)) = self.digits {
            let seen = if self.kinds & kind::FLOAT == 0 { None } else { value::digits(text) };
            self.digits = seen.map(|(w, p)| (whole.max(w), part.max(p)));
        }
    }

    fn check(&mut self, text: &str, line: u64, declared: &ColumnType) {
        for (mark, misfit) in
            [DecimalMark::Point, DecimalMark::Comma].into_iter().zip(&mut self.misfits)
        {
            if misfit.is_none() && !value::fits(text, declared, mark) {
                *misfit = Some(Misfit { line, value: text.to_owned() });
            }
        }
    }
}

/// Whether the usual nulls may become null tokens: not if the dialect's nulls were declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum UsualNulls {
    /// They may.
    MayBecome,
    /// They are what they are.
    AreText,
}

/// `text` without the spaces and tabs around it, which mean nothing but in text.
pub(super) fn trim(text: &str) -> &str {
    match (text.as_bytes().first(), text.as_bytes().last()) {
        (Some(b' ' | b'\t'), _) | (_, Some(b' ' | b'\t')) => text.trim_matches([' ', '\t']),
        _ => text,
    }
}

fn usual_null(text: &str) -> Option<u8> {
    if text.len() > 4 {
        return None;
    }
    USUAL_NULLS.iter().position(|&word| word == text).map(|index| 1 << index)
}

/// Whether the comma in `text` must be a decimal mark: `1,5` must, `1,500` may group thousands.
fn comma_is_decimal(text: &str) -> bool {
    text.split_once(',').is_some_and(|(_, part)| part.len() != 3)
}

//! CSV: how it is found out, and how it is scanned (docs/formats/csv.md).
//!
//! [`infer`] reads the whole file once and says dialect, schema and row count; [`Scan`] reads it
//! again by what the manifest holds. Both go through one tokenizer (RFC 4180, strict where a
//! guess could change a value) in bounded memory.

mod civil;
mod column_guess;
mod dialect;
mod doubt;
mod encoding;
mod error;
mod header;
mod infer;
mod marks;
mod note;
mod records;
mod scan;
mod sniff;
mod tokenize;
mod value;

pub use dialect::{
    CsvDialect, DEFAULT_NULLS, DecimalMark, Delimiter, DialectError, Encoding, MAX_HEADER_ROWS,
    MAX_NULL_TOKENS, MAX_SKIP_LINES,
};
pub use doubt::Doubt;
pub use error::CsvError;
pub use header::Renamed;
pub use infer::{Inference, infer};
pub use marks::{Mark, marks};
pub use note::Note;
pub use records::MAX_ROW_BYTES;
pub use scan::{BATCH_ROWS, Scan};
pub use value::boolean;

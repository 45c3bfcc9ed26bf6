//! SQL that keeps arithmetic exact: one SELECT over handed-in tables.
//!
//! A query passes `parse` (syntax, by name), `admit` (the plan, by an allow-list), a rule that
//! makes arithmetic checked, and a session whose every function, aggregate and optimizer rule is
//! on an explicit list. Its result is then the same bits over any partitions, batches and order
//! of rows.
//!
//! Floats have one NaN, which equals itself and is greater than every number. In comparisons,
//! IN, CASE, joins, GROUP BY, DISTINCT and UNION, −0 and +0 are one value, and a group shows +0.
//! Where a place in an order must be found (ORDER BY, min, max, the rows of a result), −0 comes
//! before +0.

mod admit;
pub mod aggregate;
mod arithmetic;
mod attempt;
mod bounded;
mod bounded_dialect;
mod collect;
mod count;
mod dropped;
mod error;
mod execute;
mod exhausted;
mod files;
mod functions;
mod guards;
mod keep;
mod literals;
mod math;
mod memory;
mod merge;
mod names;
mod order;
mod parse;
mod read;
mod reasons;
mod relations;
mod scan;
mod session;
mod spread;
mod table;
mod terms;
pub mod unit;
mod width;
mod windows;
mod written;

/// The parser's own types, for who reads a query by [`with_query`].
pub use datafusion::sql::sqlparser;
pub use error::{Position, SqlError};
pub use execute::{Answer, Dropped, Options, ScanCount, UNIT_ROWS, execute, plan};
pub use files::FileTable;
pub use functions::allowed_functions;
pub use memory::Spill;
pub use names::{QueryNames, query_names};
pub use order::RowOrder;
pub use parse::{QUERY_BYTES_MAX, QUERY_DEPTH_MAX, QUERY_TOKENS_MAX};
pub use read::with_query;
pub use reasons::reason;
pub use table::{BatchStream, MemoryTable, ReadError, TableRange, TableSource};
pub use windows::allowed_windows;

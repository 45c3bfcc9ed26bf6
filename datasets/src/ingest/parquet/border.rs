//! The one place where the crate parquet is called on bytes of strangers.
//!
//! It panics on some of them (indexing, unwrapping, asserting), and a panic in a server is a way
//! to stop it. What could exhaust memory is checked before; this catches the rest. Nothing that a
//! panicking call touched is used again.

use std::any::Any;
use std::fmt::Display;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::error::ParquetRefused;

/// Runs `call`, and turns its error or panic into a refusal that names `place`.
pub(super) fn guarded<T, E: Display>(
    place: impl Fn() -> String,
    call: impl FnOnce() -> Result<T, E>,
) -> Result<T, ParquetRefused> {
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(ParquetRefused::Undecodable {
            place: place(),
            reason: shortened(&error.to_string()),
        }),
        Err(panic) => {
            Err(ParquetRefused::Panicked { place: place(), reason: shortened(&message(&*panic)) })
        }
    }
}

fn message(panic: &(dyn Any + Send)) -> String {
    match (panic.downcast_ref::<&str>(), panic.downcast_ref::<String>()) {
        (Some(text), _) => (*text).to_owned(),
        (None, Some(text)) => text.clone(),
        (None, None) => "no message".to_owned(),
    }
}

/// A message may quote the file: a person needs its head, on one line.
fn shortened(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(200).collect()
}

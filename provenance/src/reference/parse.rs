//! The grammar of references, one function a form.

use super::{HexPrefix, LocalName, Reference, ReferenceError, TICKET_CHARS_MAX};
use crate::statement::Origin;

const TICKET_KIND: &str = "veritrail";

pub(super) fn reference(text: &str) -> Result<Reference, ReferenceError> {
    match reference_and_path(text)? {
        (reference, None) => Ok(reference),
        (_, Some(path)) => Err(ReferenceError::Path(path.to_owned())),
    }
}

pub(super) fn reference_and_path(text: &str) -> Result<(Reference, Option<&str>), ReferenceError> {
    if text.is_empty() {
        return Err(ReferenceError::Empty);
    }
    // An origin may look like anything, but '#' stands in no other form before a path begins.
    if let Some((origin, index)) = log_entry(text) {
        return Ok((log(origin, index)?, None));
    }
    if let Some(rest) = text.strip_prefix("run:") {
        return run(rest);
    }
    let (head, path) = split_path(text)?;
    let reference = if head.starts_with("did:") {
        dataset(head)?
    } else if let Some(index) = head.strip_prefix("log:") {
        if let Some(path) = path {
            return Err(ReferenceError::Path(path.to_owned()));
        }
        Reference::OwnLog(number(index)?)
    } else if head.starts_with(TICKET_KIND) {
        ticket(head)?
    } else {
        name(head)?
    };
    Ok((reference, path))
}

/// `ORIGIN#N` at the end of the text, unless the `#` belongs to the path behind a REF: paths are
/// asked for with `parse_with_path` alone, and `DID/notes#1` names a file there.
fn log_entry(text: &str) -> Option<(&str, &str)> {
    let (origin, index) = text.rsplit_once('#')?;
    let is_number = !index.is_empty() && index.bytes().all(|b| b.is_ascii_digit());
    let before = origin.split('/').next().unwrap_or_default();
    let has_path = origin.contains('/') && is_file_reference(before);
    (is_number && !has_path).then_some((origin, index))
}

/// Whether a path may follow this: a dataset, a run or a name, each of which an origin such as
/// `example.org/log` could be taken for only if it were written just so.
fn is_file_reference(text: &str) -> bool {
    text.starts_with("did:") || text.starts_with("run:")
}

fn log(origin: &str, index: &str) -> Result<Reference, ReferenceError> {
    let parsed: Origin = origin
        .parse()
        .map_err(|cause| ReferenceError::Origin { text: origin.to_owned(), cause })?;
    Ok(Reference::Log(parsed, number(index)?))
}

fn run(rest: &str) -> Result<(Reference, Option<&str>), ReferenceError> {
    let (digits, behind) = match rest.split_once('/') {
        Some((digits, behind)) => (digits, Some(behind)),
        None => (rest, None),
    };
    let prefix: HexPrefix = digits.parse()?;
    match behind {
        None => Ok((Reference::Run(prefix), None)),
        Some("output") => Ok((Reference::RunOutput(prefix), None)),
        Some(behind) => match behind.strip_prefix("output/") {
            Some(path) if !path.is_empty() => Ok((Reference::RunOutput(prefix), Some(path))),
            _ => Err(ReferenceError::RunPart(format!("/{behind}"))),
        },
    }
}

fn dataset(text: &str) -> Result<Reference, ReferenceError> {
    let (did, version) = match text.split_once('@') {
        Some((did, version)) => (did, Some(version)),
        None => (text, None),
    };
    let parsed =
        did.parse().map_err(|cause| ReferenceError::Did { text: did.to_owned(), cause })?;
    match version {
        None => Ok(Reference::Dataset(parsed)),
        Some(version) => match version.strip_prefix("r:") {
            Some(prefix) => Ok(Reference::DatasetRoot(parsed, prefix.parse()?)),
            None => Ok(Reference::DatasetNumber(parsed, version_number(version)?)),
        },
    }
}

fn ticket(text: &str) -> Result<Reference, ReferenceError> {
    let data = text.strip_prefix(TICKET_KIND).unwrap_or_default();
    let is_base32 = |b: u8| b.is_ascii_lowercase() || matches!(b, b'2'..=b'7');
    if data.is_empty() || text.len() > TICKET_CHARS_MAX || !data.bytes().all(is_base32) {
        return Err(ReferenceError::Ticket);
    }
    Ok(Reference::Ticket(text.to_owned()))
}

fn name(text: &str) -> Result<Reference, ReferenceError> {
    match text.split_once('@') {
        None => Ok(Reference::Name(text.parse::<LocalName>()?)),
        Some((name, number)) => Ok(Reference::NameNumber(name.parse()?, version_number(number)?)),
    }
}

fn split_path(text: &str) -> Result<(&str, Option<&str>), ReferenceError> {
    match text.split_once('/') {
        None => Ok((text, None)),
        Some((_, "")) => Err(ReferenceError::Path("/".to_owned())),
        Some((head, path)) => Ok((head, Some(path))),
    }
}

fn version_number(text: &str) -> Result<u64, ReferenceError> {
    match number(text)? {
        0 => Err(ReferenceError::VersionZero),
        number => Ok(number),
    }
}

/// Digits without a leading zero, so that a reference has one text.
fn number(text: &str) -> Result<u64, ReferenceError> {
    let is_plain =
        text.bytes().all(|b| b.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    match text.parse() {
        Ok(number) if is_plain => Ok(number),
        _ => Err(ReferenceError::Number(text.to_owned())),
    }
}

//! A ticket is one long word; where one is taken, the name of a file that holds it does as well.

use std::{fs::File, io::Read as _, path::Path};

/// What every ticket begins with.
const PREFIX: &str = "veritrail";

/// Bytes that a file with a ticket has at most.
const FILE_BYTES_MAX: u64 = 64 << 10;

/// The ticket in the file that `word` names, where it names one; else the word itself.
pub(crate) fn word_or_file(word: String) -> String {
    held(Path::new(&word)).unwrap_or(word)
}

fn held(path: &Path) -> Option<String> {
    // A pipe or a device would have to be waited for.
    if !path.metadata().ok()?.is_file() {
        return None;
    }
    let mut text = String::new();
    File::open(path).ok()?.take(FILE_BYTES_MAX).read_to_string(&mut text).ok()?;
    let word = text.trim();
    let one = word.starts_with(PREFIX) && word.bytes().all(|b| b.is_ascii_alphanumeric());
    one.then(|| word.to_owned())
}

//! What goes to stdout: text for a person or, with `--json`, one object (one a line for lists),
//! each with its `schema`.

use std::io::Write as _;

use serde::Serialize;
use veritrail_server::error::{NodeError, Result};

/// Which of the two faces a command shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Output {
    /// Sentences and tables for a person.
    Text,
    /// Objects for a program.
    Json,
}

impl Output {
    /// Writes a sentence that belongs to no result to stderr: as it is, or as an object.
    pub(crate) fn note(self, sentence: &str) {
        match self {
            Self::Text => tell(sentence),
            Self::Json => {
                let note = serde_json::json!({ "schema": "veritrail.note/1", "message": sentence });
                tell(&note.to_string());
            }
        }
    }

    /// Prints `value` as text by `text`, or as one object with `"schema": "veritrail.<name>/1"`.
    pub(crate) fn show<T: Serialize>(
        self,
        name: &str,
        value: &T,
        text: impl FnOnce(&T) -> String,
    ) -> Result<()> {
        match self {
            Self::Text => line(&text(value)),
            Self::Json => line(&object(name, value)?),
        }
    }
}

/// Writes a line to stderr. Whoever closed it wants to hear nothing, and the work goes on:
/// `eprintln!` would end the program there.
pub(crate) fn tell(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// One object on one line, its schema first.
fn object<T: Serialize>(name: &str, value: &T) -> Result<String> {
    #[derive(Serialize)]
    struct Named<'a, T> {
        schema: String,
        #[serde(flatten)]
        value: &'a T,
    }
    serde_json::to_string(&Named { schema: format!("veritrail.{name}/1"), value })
        .map_err(|e| NodeError::failed(format!("cannot write the result as JSON: {e}")))
}

/// Writes a line to stdout; a reader who went away (`| head`) is no failure.
pub(crate) fn line(text: &str) -> Result<()> {
    let mut stdout = std::io::stdout().lock();
    let text = text.trim_end_matches('\n');
    match writeln!(stdout, "{text}").and_then(|()| stdout.flush()) {
        Err(e) if e.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(NodeError::failed(format!("cannot write the result: {e}")).at("stdout").hint(
                "what was asked for is done, only its answer was not written; what stands in the \
                 log: veritrail log show",
            ))
        }
        _ => Ok(()),
    }
}

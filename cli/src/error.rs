//! How a failure leaves the program: a sentence with place and remedy for a person, one object
//! for a program, and the exit code.

use std::process::ExitCode;

use veritrail_server::error::NodeError;

use crate::output::Output;

/// Writes the error to stderr and gives its exit code.
pub(crate) fn report(error: &NodeError, output: Output) -> ExitCode {
    match output {
        Output::Json => {
            let object = serde_json::json!({
                "schema": "veritrail.error/1",
                "kind": error.kind.as_str(),
                "message": error.message,
                "place": error.place,
                "hint": error.hint,
            });
            eprintln!("{object}");
        }
        Output::Text => {
            eprintln!("error: {error}");
            if let Some(hint) = &error.hint {
                eprintln!("  hint: {hint}");
            }
        }
    }
    ExitCode::from(error.kind.exit_code())
}

/// Shows clap's own words: help and version are no errors (0), the rest is usage (2). A refusal
/// is an object where `--json` was asked for, which clap could not tell us.
pub(crate) fn usage(refusal: &clap::Error) -> ExitCode {
    let json = std::env::args_os().any(|arg| arg == "--json");
    if refusal.use_stderr() && json {
        let words = refusal.render().to_string();
        let (message, hint) = words.split_once("\n\n").unwrap_or((&words, ""));
        let message = message.trim_start_matches("error: ").trim().to_owned();
        return report(&NodeError::usage(message).hint(hint.trim()), Output::Json);
    }
    // Printing fails only where nobody listens.
    let _ = refusal.print();
    ExitCode::from(if refusal.use_stderr() { 2 } else { 0 })
}

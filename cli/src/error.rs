//! How a failure leaves the program: a sentence with place and remedy for a person, one object
//! for a program, and the exit code.

use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use veritrail_server::error::{Kind, NodeError};

use crate::{
    output::{Output, tell},
    words::printable,
};

/// Writes the error to stderr and gives its exit code. Kind, place and hint are never missing.
pub(crate) fn report(error: &NodeError, output: Output) -> ExitCode {
    let hint = said(error.hint.as_deref()).unwrap_or(remedy(error.kind));
    match output {
        Output::Json => {
            let object = serde_json::json!({
                "schema": "veritrail.error/1",
                "kind": error.kind.as_str(),
                "message": error.message,
                "place": said(error.place.as_deref()).unwrap_or("the command"),
                "hint": hint,
            });
            tell(&object.to_string());
        }
        Output::Text => tell(&safe(&format!("error: {error}\n  hint: {hint}"))),
    }
    ExitCode::from(error.kind.exit_code())
}

/// Shows clap's own words: help and version are no errors (0), the rest is usage (2). A refusal
/// is an object where `--json` was asked for, which clap could not tell us.
pub(crate) fn usage(refusal: &clap::Error) -> ExitCode {
    let json = std::env::args_os().any(|arg| arg == "--json");
    if refusal.use_stderr() && json {
        return report(&refused(refusal), Output::Json);
    }
    // Printing fails only where nobody listens.
    let _ = refusal.print();
    ExitCode::from(if refusal.use_stderr() { 2 } else { 0 })
}

fn refused(refusal: &clap::Error) -> NodeError {
    if refusal.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        let missing = NodeError::usage("a command is missing");
        return missing.at("the command line").hint("veritrail --help lists the commands");
    }
    let words = refusal.render().to_string();
    let (message, hint) = words.split_once("\n\n").unwrap_or((&words, ""));
    let message = message.trim_start_matches("error: ").trim();
    NodeError::usage(message).at(argument(refusal)).hint(hint.trim())
}

/// What the refusal is about: an argument, several, or a command.
fn argument(refusal: &clap::Error) -> String {
    let about =
        [ContextKind::InvalidArg, ContextKind::InvalidSubcommand, ContextKind::InvalidValue];
    let found = about.iter().find_map(|kind| match refusal.get(*kind)? {
        ContextValue::String(one) => Some(one.clone()),
        ContextValue::Strings(several) => Some(several.join(", ")),
        _ => None,
    });
    found.filter(|found| !found.is_empty()).unwrap_or_else(|| "the command line".to_owned())
}

/// Of files that strangers send, errors name what stands in them: nothing of it steers the terminal,
/// and no line of it looks like one of ours.
fn safe(words: &str) -> String {
    let lines: Vec<String> = words.split('\n').map(printable).collect();
    let further = lines.iter().skip(1).map(|line| match line.starts_with("  ") {
        true => line.clone(),
        false => format!("  {line}"),
    });
    lines.first().cloned().into_iter().chain(further).collect::<Vec<_>>().join("\n")
}

fn said(words: Option<&str>) -> Option<&str> {
    words.filter(|words| !words.trim().is_empty())
}

/// What helps with any failure of this kind, where the failure itself says nothing better.
fn remedy(kind: Kind) -> &'static str {
    match kind {
        Kind::Failed => "put right what is said here, then run the same command again",
        Kind::CouldNotCheck => "get what is missing, or a newer version, then check again",
        Kind::Usage => "see how it is written: veritrail COMMAND --help",
        Kind::VerificationFailed => "do not rely on it; ask whoever gave it to you",
        Kind::NotAuthorised => "see whose keys this home has: veritrail id show",
        Kind::NotFound => "check its spelling; what this home holds: veritrail log show",
        Kind::Conflict => "choose another name, or take away what stands in the way",
        Kind::Interrupted => "run the same command again",
    }
}

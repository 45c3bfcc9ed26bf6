//! `veritrail init`: makes a home with three keys and a log whose entry 0 binds them.

use std::{
    io::{BufRead as _, IsTerminal as _},
    process::ExitCode,
};

use veritrail_server::{
    error::{NodeError, Result},
    node::{
        Node,
        init::{InitOptions, Initialised, Phrase},
    },
};

use crate::{context::Context, output::Output, words};

/// Make a home: your key, the node's, the log's, and entry 0 that binds them
///
/// On a terminal the recovery phrase of your key is shown, this one time: 24 words on paper bring
/// your identity back with `init --recover`. It is never written to a pipe or as JSON.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Your name as others shall see it, such as "Ada, Lab X"
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// The log's name, fixed for good [default: made from the log's key]
    #[arg(long, value_name = "ORIGIN")]
    origin: Option<String>,
    /// Bring your key back from its recovery phrase, which is asked for without echo
    #[arg(long)]
    recover: bool,
}

/// Runs the command.
pub(crate) async fn run(args: Args, context: &Context) -> Result<ExitCode> {
    let recover = if args.recover { Some(ask_phrase()?) } else { None };
    let recovered = recover.is_some();
    let options = InitOptions { name: args.name, origin: args.origin, recover };
    let (_node, made) = Node::init(&context.home, options)?;
    context.output.show("init", &made, |made| text(made, recovered))?;
    show_phrase(made.phrase.as_ref(), context.output);
    Ok(ExitCode::SUCCESS)
}

fn text(made: &Initialised, recovered: bool) -> String {
    let title =
        if recovered { "your key is back, with a new node and a new log" } else { "a new home" };
    let mut rows = vec![("home", made.home.display().to_string())];
    rows.extend(made.name.clone().map(|name| ("name", name)));
    rows.extend([
        ("you", made.did.to_string()),
        ("node", made.node.to_string()),
        ("log", made.origin.to_string()),
        ("vkey", made.vkey.clone()),
    ]);
    format!("{title}\n{}next: veritrail publish FILE --licence CC-BY-4.0", words::table(&rows))
}

/// The phrase goes to a terminal or nowhere.
pub(crate) fn show_phrase(phrase: Option<&Phrase>, output: Output) {
    let Some(phrase) = phrase else { return };
    if output == Output::Json || !std::io::stdout().is_terminal() {
        output.note(
            "the recovery phrase is not shown here: it goes only to a terminal, once. Keep a \
             copy of the folder keys/ instead.",
        );
        return;
    }
    println!("\nRecovery phrase: write it down now, it is not shown again.");
    for (line, words) in phrase.words().chunks(6).enumerate() {
        let numbered: Vec<String> = words
            .iter()
            .enumerate()
            .map(|(i, word)| format!("{:>2} {word:<10}", line * 6 + i + 1))
            .collect();
        println!("  {}", numbered.join(" "));
    }
}

/// Asks on the terminal without echo; where stdin is no terminal, one line of it.
fn ask_phrase() -> Result<Phrase> {
    let unread = |e: std::io::Error| {
        NodeError::failed(format!("cannot read the recovery phrase: {e}"))
            .hint("run init --recover on a terminal, or give the 24 words on stdin")
    };
    let words = if std::io::stdin().is_terminal() {
        rpassword::prompt_password("Recovery phrase (24 words, not shown): ").map_err(unread)?
    } else {
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line).map_err(unread)?;
        line
    };
    Ok(Phrase::new(words))
}

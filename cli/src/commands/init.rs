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

use crate::{
    context::Context,
    output::{Output, line},
    words,
};

/// Make a home: your key, the node's, the log's, and entry 0 that binds them
///
/// On a terminal the recovery phrase of your key is shown, this one time: 24 words on paper bring
/// your identity back with `init --recover`. It is never written to a pipe or as JSON. Without a
/// home, --recover begins a new log; in a home that has lost keys, it makes those anew and goes on
/// with the log that is there.
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
    let (_node, made) = Node::init(context.home()?, options)?;
    context.output.show("init", &made, |made| text(made, recovered))?;
    show_phrase(made.phrase.as_ref(), context.output);
    Ok(ExitCode::SUCCESS)
}

fn text(made: &Initialised, recovered: bool) -> String {
    let title = match (recovered, made.index) {
        (true, 0) if made.keys.len() == 3 => "your key is back, with a new node and a new log",
        (true, _) => "this home has its keys again",
        (false, _) => "a new home",
    };
    let mut rows = vec![("home", made.home.display().to_string())];
    rows.extend(made.name.clone().map(|name| ("name", name)));
    rows.extend([
        ("you", made.did.to_string()),
        ("node", made.node.to_string()),
        ("log", made.origin.to_string()),
        ("vkey", made.vkey.clone()),
    ]);
    if made.index == 0 && made.keys.len() == 3 {
        let table = words::table(&rows);
        return format!("{title}\n{table}next: veritrail publish FILE --licence CC-BY-4.0");
    }
    rows.push(("keys", made.keys.join(", ")));
    rows.push(("bound by", format!("log:{}", made.index)));
    format!("{title}\n{}{}", words::table(&rows), after_recovery(made))
}

/// What else follows from new keys.
fn after_recovery(made: &Initialised) -> String {
    let mut text = String::new();
    if made.keys.iter().any(|key| key == "node") {
        text.push_str(
            "the node is another one: tickets made before lead nowhere, so make new ones, and \
             start veritrail serve again\n",
        );
    }
    text + "if this home was put back from a copy, and the log had grown since the copy was made, do \
            not go on with it: others have seen more of it. Begin another one: veritrail init \
            --recover --home DIR"
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
    // A terminal that went away is told nothing, and the home is made.
    drop(line("\nRecovery phrase: write it down now, it is not shown again."));
    for (row, words) in phrase.words().chunks(6).enumerate() {
        let numbered: Vec<String> = words
            .iter()
            .enumerate()
            .map(|(i, word)| format!("{:>2} {word:<10}", row * 6 + i + 1))
            .collect();
        drop(line(&format!("  {}", numbered.join(" "))));
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

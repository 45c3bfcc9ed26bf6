//! `veritrail verify`: checks a reference, a bundle or a file, and says what it relied on.

use std::{path::PathBuf, process::ExitCode};

use veritrail_server::{
    error::{Kind, NodeError, Result},
    node::{
        Node,
        bundle::verify::{BundleCheck, verify_bundle},
        report::Verification,
        verify::{Thing, thing},
    },
};

use crate::{context::Context, words};

/// Verify a reference, a bundle or a file, from what you trust
///
/// Three answers apart: is it consistent, which log holds it, who signed it. Exit 0 needs every
/// signer in the lineage to be named by you (`id trust`, or --trust here).
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A reference, a bundle, or any file that a known version may hold
    #[arg(value_name = "REF|BUNDLE|FILE")]
    what: String,
    /// Trust this DID, vkey or file like trust.toml for this one check; `any` trusts every signer
    #[arg(long, value_name = "DID|VKEY|FILE|any")]
    trust: Vec<String>,
    /// With a bundle: check these files and folders of yours against what it lists
    #[arg(long, value_name = "PATH")]
    data: Vec<PathBuf>,
}

/// Runs the command.
pub(crate) async fn run(args: Args, context: &Context) -> Result<ExitCode> {
    let progress = &context.progress;
    let known = context.known()?;
    let thing = thing(&args.what, known.as_ref())?;
    if !args.data.is_empty() && !matches!(thing, Thing::Bundle(_)) {
        return Err(NodeError::usage("--data belongs to a bundle")
            .at(&args.what)
            .hint("verify the file itself: veritrail verify FILE"));
    }
    let done = match thing {
        Thing::Reference(reference) => Node::open(context.home()?)?
            .verify(&reference, &args.trust, progress)
            .await
            .map_err(|e| or_a_file(e, &reference))?,
        Thing::File(path) => {
            Node::open(context.home()?)?.verify_file(&path, &args.trust, progress).await?
        }
        Thing::Bundle(bundle) => {
            // A bundle needs no home: one that is there adds what it trusts and remembers.
            let check = BundleCheck { bundle, trust: args.trust, data: args.data };
            tokio::task::block_in_place(|| verify_bundle(known.as_ref(), &check, progress))?
        }
    };
    context.output.show("verify", &done, text)?;
    Ok(ExitCode::from(done.exit_code()))
}

/// What is no known reference may have been meant as a file.
fn or_a_file(error: NodeError, word: &str) -> NodeError {
    if error.kind != Kind::NotFound || word.starts_with("did:") {
        return error;
    }
    let hint = error.hint.clone().unwrap_or_default();
    error.hint(format!("there is no file {word} either; {hint}"))
}

/// The three answers; bundles are shown the same way.
pub(crate) fn text(done: &Verification) -> String {
    let mut rows: Vec<(&str, String)> = Vec::new();
    rows.push(("consistent", done.consistent.words.clone()));
    for log in &done.logged_by {
        let size = words::plural(log.size, "entry");
        rows.push(("logged by", format!("{} ({size}): {}", log.origin, log.known)));
    }
    for signer in &done.signed_by {
        let name = signer.name.as_ref().map(|n| format!(" {n:?}")).unwrap_or_default();
        rows.push(("signed by", format!("{}{name}: {}", signer.did, signer.known)));
    }
    for verdict in &done.verdicts {
        rows.push(("verdict", verdict.clone()));
    }
    if let Some(data) = &done.data {
        rows.push(("data", data.words.clone()));
    }
    for file in &done.files {
        rows.push(("file", file.clone()));
    }
    for finding in &done.findings {
        rows.push(("FAILED", finding.clone()));
    }
    for missing in &done.missing {
        rows.push(("not checked", missing.clone()));
    }
    rows.push(("trust", done.trust.clone()));
    let mut text = format!("{}\n{}", words::printable(&done.headline()), words::table(&rows));
    for did in &done.unnamed {
        text.push_str(&format!("name a signer you know: veritrail id trust {did}\n"));
    }
    text.push_str("not claimed: that no other log of this name exists; witnesses will add that");
    text
}

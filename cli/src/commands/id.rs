//! `veritrail id`: the persons of this home, what a DID stands for, and whom the reader trusts.

use std::process::ExitCode;

use clap::Subcommand;
use veritrail_server::{
    error::Result,
    node::{
        Node,
        identity::{Person, Persons, ResolvedDid},
        trust::Trusted,
    },
};

use super::init::show_phrase;
use crate::{context::Context, words};

/// Persons: make one, show them, resolve a DID, say whom you trust
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Make a further person of this home and append its identity to the log
    New {
        /// The person's name as others shall see it
        #[arg(long, value_name = "NAME")]
        name: Option<String>,
    },
    /// Show the persons of this home, its node and its log
    Show,
    /// Show the keys that a DID stands for, and where that is known from
    Resolve {
        /// A did:key, or another DID that an identity in a known log binds
        did: String,
    },
    /// Name a signer or a log that you trust; `verify` starts from these
    Trust {
        /// A DID (a signer), a vkey (a log) or a file like trust.toml
        #[arg(value_name = "DID|VKEY|FILE")]
        root: String,
        /// Trust the DID only together with this genesis (a statement id, 64 hex digits)
        #[arg(long, value_name = "HEX")]
        genesis: Option<String>,
    },
}

/// Runs the command.
pub(crate) async fn run(args: Args, context: &Context) -> Result<ExitCode> {
    let node = Node::open(context.home()?)?;
    let output = context.output;
    match args.what {
        What::New { name } => {
            let person = node.new_person(name)?;
            output.show("id.new", &person, person_text)?;
            show_phrase(person.phrase.as_ref(), output);
        }
        What::Show => output.show("id", &node.persons()?, persons_text)?,
        What::Resolve { did } => {
            output.show("id.resolve", &node.resolve_did(&did)?, resolved_text)?
        }
        What::Trust { root, genesis } => {
            output.show("id.trust", &node.trust(&root, genesis.as_deref())?, trusted_text)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn person_text(person: &Person) -> String {
    let mut rows = vec![("did", person.did.to_string())];
    rows.extend(person.name.clone().map(|name| ("name", name)));
    rows.push(("role", person.role.clone()));
    rows.extend(person.index.map(|index| ("entry", index.to_string())));
    words::table(&rows)
}

fn persons_text(persons: &Persons) -> String {
    let mut text = String::new();
    for person in &persons.persons {
        text.push_str(&person_text(person));
        text.push('\n');
    }
    text.push_str(&words::table(&[
        ("node", persons.node.to_string()),
        ("log", persons.origin.to_string()),
        ("vkey", persons.vkeys.join("\n        ")),
        ("fingerprint", persons.fingerprint.clone()),
    ]));
    text
}

fn resolved_text(resolved: &ResolvedDid) -> String {
    let document =
        serde_json::to_string_pretty(&resolved.document).unwrap_or_else(|e| e.to_string());
    format!("{document}\n\nknown from: {}", words::printable(&resolved.known_from))
}

fn trusted_text(trusted: &Trusted) -> String {
    let mut text = String::new();
    for root in &trusted.added {
        text.push_str(&format!("trusted: {}\n", words::printable(root)));
    }
    for root in &trusted.already {
        text.push_str(&format!("trusted already: {}\n", words::printable(root)));
    }
    text.push_str(&format!("written in {}", trusted.file.display()));
    text
}

//! `veritrail log`: the home's log, its proofs, and the audit of any log laid out as files.

use std::{io::Write as _, path::PathBuf, process::ExitCode};

use clap::Subcommand;
use veritrail_server::{
    error::{NodeError, Result},
    node::{
        Node,
        audit::{self, Audit},
        log::{Consistency, EntryLine, Head, Proof},
    },
};

use super::show::entry_text;
use crate::{context::Context, words};

/// Look into the log: its head, its entries, proofs about them, audits
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Show the newest checkpoint: a signed statement of size and root
    Head,
    /// Show all entries, or entry N
    Show {
        /// The entry's index, counted from 0
        index: Option<u64>,
        /// Write the entry's bytes as they stand in the log
        #[arg(long, requires = "index", conflicts_with = "json")]
        raw: bool,
    },
    /// Prove that entry N is in the log: a tlog-proof that any such checker reads
    Prove {
        /// The entry's index, counted from 0
        index: u64,
    },
    /// Prove that the log of size B holds all of the log of size A, unchanged
    Consistency {
        /// The earlier size
        old: u64,
        /// The later size
        new: u64,
    },
    /// Check every tile, entry, signature and the checkpoint of a log laid out as files
    ///
    /// The log may be another implementation's (c2sp.org/tlog-tiles): its entries are opaque.
    Audit {
        /// The folder that holds `checkpoint` and `tile/`
        dir: PathBuf,
        /// A key that the checkpoint must be signed with [default: the keys that trust.toml or
        /// the log's own entry 0 name]
        #[arg(long)]
        vkey: Vec<String>,
    },
}

/// Runs the command.
pub(crate) async fn run(args: Args, context: &Context) -> Result<ExitCode> {
    let output = context.output;
    match args.what {
        What::Audit { dir, vkey } => return run_audit(dir, vkey, context).await,
        What::Head => output.show("log.head", &open(context)?.log_head()?, head_text)?,
        What::Show { index: None, .. } => {
            let node = open(context)?;
            for line in node.log_lines()? {
                output.show("log.entries", &line?, line_text)?;
            }
        }
        What::Show { index: Some(index), raw: true } => {
            let bytes = open(context)?.log_bytes(index)?;
            std::io::stdout()
                .write_all(&bytes)
                .map_err(|e| NodeError::failed(format!("cannot write: {e}")).at("stdout"))?;
        }
        What::Show { index: Some(index), raw: false } => {
            output.show("log.entry", &open(context)?.log_entry(index)?, entry_text)?;
        }
        What::Prove { index } => {
            output.show("log.proof", &open(context)?.log_prove(index)?, proof_text)?;
        }
        What::Consistency { old, new } => {
            let proof = open(context)?.log_consistency(old, new)?;
            output.show("log.consistency", &proof, consistency_text)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn open(context: &Context) -> Result<Node> {
    Node::open(context.home()?)
}

async fn run_audit(dir: PathBuf, vkeys: Vec<String>, context: &Context) -> Result<ExitCode> {
    let known = context.known()?;
    let audit = audit::audit(&dir, &vkeys, known.as_ref(), &context.progress)?;
    context.output.show("log.audit", &audit, audit_text)?;
    Ok(ExitCode::from(audit.exit_code()))
}

fn head_text(head: &Head) -> String {
    // The note as it stands: it can be piped to any checker of signed notes.
    match std::io::IsTerminal::is_terminal(&std::io::stdout()) {
        false => head.note.clone(),
        true => format!(
            "{}\n{}",
            words::table(&[
                ("log", head.origin.to_string()),
                ("size", words::grouped(head.size)),
                ("root", head.root.to_string()),
                ("vkey", head.vkey.clone()),
            ]),
            head.note
        ),
    }
}

fn line_text(line: &EntryLine) -> String {
    format!(
        "{:>6}  {}  {:<16} {}",
        line.index,
        line.time.map_or_else(|| " ".repeat(20), words::time),
        words::printable(&line.kind),
        words::printable(&line.about)
    )
}

fn proof_text(proof: &Proof) -> String {
    proof.text.clone()
}

fn consistency_text(proof: &Consistency) -> String {
    let mut text = format!(
        "the log of size {} holds the log of size {} unchanged\n  old root  {}\n  new root  {}\n",
        proof.new_size, proof.old_size, proof.old_root, proof.new_root
    );
    for hash in &proof.proof {
        text.push_str(&format!("  {hash}\n"));
    }
    text
}

fn audit_text(audit: &Audit) -> String {
    let signers = match audit.signed_by.is_empty() {
        true => "nobody whose key is known".to_owned(),
        false => format!("{} ({})", audit.signed_by.join(", "), audit.keys_from),
    };
    let mut text = format!("{}\n", audit.conclusion);
    text.push_str(&words::table(&[
        ("log", audit.origin.clone()),
        ("size", words::grouped(audit.size)),
        ("root", audit.root.clone()),
        ("signed by", signers),
        ("tiles", words::grouped(audit.tiles)),
        (
            "entries",
            format!(
                "{} statements, {} opaque",
                words::grouped(audit.statements),
                words::grouped(audit.opaque)
            ),
        ),
    ]));
    for finding in &audit.findings {
        text.push_str(&format!("  FAILED    {}\n", words::printable(finding)));
    }
    for remark in &audit.remarks {
        text.push_str(&format!("  remark    {}\n", words::printable(remark)));
    }
    text
}

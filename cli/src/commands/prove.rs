//! `veritrail prove`: proves a statistic of a private version, and releases the proof in the log.

use std::{path::PathBuf, process::ExitCode};

use veritrail_server::{
    claims,
    error::Result,
    node::{
        Node,
        prove::{ClaimSource, ProveRequest, Proved},
    },
};

use crate::{context::Context, words};

/// Prove a statistic of a private version, and release the proof
///
/// The claim is one SELECT of aggregates over one table, such as "select grp, avg(x), count(*) from
/// t group by grp"; what cannot be proven is refused with the nearest form that can. The table's
/// name means nothing. The proof file is for whoever should check it (veritrail check); the log
/// names it by its hash, after all that were released of this version before. A result that the
/// release policy forbids is refused (4), and the log hears nothing of it.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    claim: ClaimArgs,
    /// The proof file to write; one that exists is kept
    #[arg(short, long, value_name = "FILE")]
    out: PathBuf,
    /// Prove it to this person, who sent a nonce: it then shows that it was made after the question
    #[arg(long = "for", value_name = "DID", requires = "nonce")]
    audience: Option<String>,
    /// The nonce: 32 random bytes as hex
    #[arg(long, value_name = "HEX", requires = "audience")]
    nonce: Option<String>,
    /// Leave out groups too small to be told, and as few others as hide which of them is small
    #[arg(long)]
    withhold: bool,
    /// Sign the release as this person of the home [default: the operator]
    #[arg(long = "as", value_name = "DID")]
    signer: Option<String>,
}

/// Which claim, about which version.
#[derive(Debug, clap::Args)]
pub(super) struct ClaimArgs {
    /// The claim in a file: version = 1, sql, perhaps dataset; for prove also audience and nonce
    #[arg(value_name = "CLAIM.toml", required_unless_present = "sql", conflicts_with = "sql")]
    claim: Option<PathBuf>,
    /// The claim itself
    #[arg(long, value_name = "SELECT", requires = "of")]
    sql: Option<String>,
    /// The version: its DID, DID@N or local name [default: the dataset that the file names]
    #[arg(long, value_name = "REF")]
    of: Option<String>,
}

impl ClaimArgs {
    pub(super) fn source(self) -> (ClaimSource, Option<String>) {
        let claim = match (self.claim, self.sql) {
            (Some(file), _) => ClaimSource::File(file),
            (None, sql) => ClaimSource::Sql(sql.unwrap_or_default()),
        };
        (claim, self.of)
    }
}

/// Runs the command.
pub(crate) async fn run(args: Args, context: &Context) -> Result<ExitCode> {
    let node = Node::open(context.home()?)?;
    let (claim, of) = args.claim.source();
    let request = ProveRequest {
        claim,
        of,
        audience: args.audience.zip(args.nonce),
        out: args.out,
        withhold: args.withhold,
        signer: args.signer,
    };
    let proved = node.prove(&request, &context.progress).await?;
    context.output.show("prove", &proved, text)?;
    Ok(ExitCode::SUCCESS)
}

fn text(proved: &Proved) -> String {
    let file = proved.file.display();
    let compared = match proved.earlier {
        0 => "none: it is the version's first proof without noise".to_owned(),
        before => format!("{} of {before} earlier proofs of the version", proved.compared),
    };
    let rows = [
        ("size", words::bytes(proved.bytes)),
        ("BLAKE3", proved.proof.to_string()),
        ("released", format!("proof {} of this version, {}", proved.number, proved.log)),
        ("compared with", compared),
    ];
    format!(
        "wrote {file}\n{}{}check it wherever the version is known: veritrail check {file}",
        words::table(&rows),
        claims::words(&proved.shown)
    )
}

//! `veritrail prove`: proves a statistic of a private version, and releases the proof in the log.

use std::{path::PathBuf, process::ExitCode};

use veritrail_server::{
    claims::WrittenClaim,
    error::{NodeError, Result},
    node::{Node, prove::{ProveRequest, Proved}},
};

use crate::{context::Context, words};

/// Prove a statistic of a private version, and release the proof
///
/// The claim is one SELECT of aggregates over one table (docs/formats/claim.md), such as
/// "select grp, avg(x), count(*) from t where grp is not null group by grp". What cannot be proven
/// is refused with the nearest form that can. The proof file is for whoever should check it; the
/// log names it by its hash. A result that the release policy forbids is refused (4), and the log
/// hears nothing of it.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The claim, as a file
    #[arg(value_name = "CLAIM.toml", required_unless_present = "sql", conflicts_with = "sql")]
    claim: Option<PathBuf>,
    /// The claim itself
    #[arg(long, value_name = "SELECT", requires = "of")]
    sql: Option<String>,
    /// The version: its DID, DID@N or local name [default: the one that the file names]
    #[arg(long, value_name = "REF")]
    of: Option<String>,
    /// The proof file to write
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Sign the release as this person of the home [default: the operator]
    #[arg(long = "as", value_name = "DID")]
    signer: Option<String>,
}

/// The longest CLAIM.toml.
const CLAIM_FILE_BYTES_MAX: u64 = 64 << 10;

/// Runs the command.
pub(crate) async fn run(args: Args, context: &Context) -> Result<ExitCode> {
    let node = Node::open(&context.home)?;
    let written = match (&args.claim, args.sql) {
        (Some(path), _) => read(path)?,
        (None, sql) => {
            WrittenClaim { dataset: None, sql: sql.unwrap_or_default(), audience: None }
        }
    };
    let reference = args.of.or(written.dataset).ok_or_else(|| {
        NodeError::usage("nobody says which version the claim is about")
            .at("the claim")
            .hint("name it in the file (dataset = \"REF\") or here: --of REF")
    })?;
    let signer = args.signer.map(|did| parse_person(&did)).transpose()?;
    let request = ProveRequest {
        reference,
        sql: written.sql,
        audience: written.audience,
        out: args.out,
        signer,
    };
    let proved = node.prove(&request, &context.progress).await?;
    context.output.show("prove", &proved, text)?;
    Ok(ExitCode::SUCCESS)
}

fn text(proved: &Proved) -> String {
    let rows = [
        ("proof", format!("{} ({})", proved.file.display(), words::plural(proved.bytes, "byte"))),
        ("BLAKE3", proved.proof.to_string()),
        ("released", proved.log.clone()),
    ];
    format!("{}\n{}", words::table(&rows), veritrail_server::claims::words(&proved.shown))
}

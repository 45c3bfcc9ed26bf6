//! `veritrail noise`: statistics with noise that nobody chose, in four steps between two people.

use std::{path::PathBuf, process::ExitCode};

use clap::Subcommand;
use veritrail_server::{
    claims,
    error::Result,
    node::{
        Node,
        noise::{AskRequest, Asked, RevealRequest, Revealed},
        prove::noise::{Answered, CommittedTo, NoiseAnswer, NoiseCommit},
    },
};

use super::prove::ClaimArgs;
use crate::{context::Context, words};

/// Tell statistics of a private version with noise that hides every single row
///
/// Four steps: who wants to know asks (ask) and sends the question; the holder commits to secret
/// bits and logs them (commit); then who asked tells the nonce (reveal); and the holder answers
/// (answer). The noise is made of bits and nonce, so neither of them could choose it. The answer is
/// a proof file like any other: veritrail check.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    step: Step,
}

#[derive(Debug, Subcommand)]
enum Step {
    Ask(AskArgs),
    Commit(CommitArgs),
    Reveal(RevealArgs),
    Answer(AnswerArgs),
}

/// Ask about a version: write a question to send, and a nonce to keep
#[derive(Debug, clap::Args)]
struct AskArgs {
    /// The version: its DID, DID@N or local name; fetched before (veritrail get TICKET)
    #[arg(value_name = "REF")]
    of: String,
    /// The question to write, for the holder; the nonce is written beside it, as FILE.nonce
    #[arg(short, long, value_name = "FILE")]
    out: PathBuf,
    /// Ask as this person of the home [default: the operator]
    #[arg(long = "as", value_name = "DID")]
    signer: Option<String>,
}

/// Commit to the noise of a claim that somebody asked about, and log that
///
/// With noise can be told: count, sum and avg, with WHERE and GROUP BY as for veritrail prove.
/// Nothing is told of the rows yet. Each question is asked once and answered once.
#[derive(Debug, clap::Args)]
struct CommitArgs {
    #[command(flatten)]
    claim: ClaimArgs,
    /// The question that was sent
    #[arg(long, value_name = "FILE")]
    question: PathBuf,
    /// How much may be lost of any row's privacy: 0.01 to 2, the smaller the more noise
    #[arg(long, value_name = "NUMBER", allow_hyphen_values = true)]
    epsilon: String,
    /// With which probability more may be lost: 1e-15 to 1e-6 [default: a tenth of one row, 1e-6 at
    /// most]
    #[arg(long, value_name = "1e-N")]
    delta: Option<String>,
    /// The noise file to write, for who asked; one that exists is kept
    #[arg(short, long, value_name = "FILE")]
    out: PathBuf,
    /// Sign the release as this person of the home [default: the operator]
    #[arg(long = "as", value_name = "DID")]
    signer: Option<String>,
}

/// Tell the nonce of a question, once noise was logged for it
///
/// The log that is known here must have the noise (veritrail get TICKET fetches it anew): before
/// that the holder could choose it.
#[derive(Debug, clap::Args)]
struct RevealArgs {
    /// The noise file that the holder sent
    #[arg(value_name = "NOISE")]
    file: PathBuf,
    /// The nonce that was kept
    #[arg(long, value_name = "FILE")]
    nonce: PathBuf,
    /// Trust this DID, vkey or file like trust.toml for this; `any` trusts every signer
    #[arg(long, value_name = "DID|VKEY|FILE|any")]
    trust: Vec<String>,
}

/// Answer a claim with the noise that was logged, and release the proof
#[derive(Debug, clap::Args)]
struct AnswerArgs {
    /// The noise file that was logged
    #[arg(value_name = "NOISE")]
    file: PathBuf,
    /// The nonce that who asked has told
    #[arg(long, value_name = "HEX")]
    nonce: String,
    /// The proof file to write; one that exists is kept
    #[arg(short, long, value_name = "FILE")]
    out: PathBuf,
    /// Sign the release as this person of the home [default: the operator]
    #[arg(long = "as", value_name = "DID")]
    signer: Option<String>,
}

/// Runs the command.
pub(crate) async fn run(args: Args, context: &Context) -> Result<ExitCode> {
    let node = Node::open(context.home()?)?;
    let progress = &context.progress;
    match args.step {
        Step::Ask(AskArgs { of, out, signer }) => {
            let asked = node.ask_for_noise(&AskRequest { of, out, signer }).await?;
            context.output.show("noise.ask", &asked, asked_text)?;
        }
        Step::Commit(args) => {
            let committed = node.commit_to_noise(&commit(args), progress).await?;
            context.output.show("noise.commit", &committed, committed_text)?;
        }
        Step::Reveal(RevealArgs { file, nonce, trust }) => {
            let request = RevealRequest { file, nonce, trust };
            let revealed = node.reveal_nonce(&request, progress).await?;
            context.output.show("noise.reveal", &revealed, revealed_text)?;
        }
        Step::Answer(AnswerArgs { file, nonce, out, signer }) => {
            let request = NoiseAnswer { file, nonce, out, signer };
            let answered = node.answer_with_noise(&request, progress).await?;
            context.output.show("noise.answer", &answered, answered_text)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn commit(args: CommitArgs) -> NoiseCommit {
    let CommitArgs { claim, question, epsilon, delta, out, signer } = args;
    let (claim, of) = claim.source();
    NoiseCommit { claim, of, question, epsilon, delta, out, signer }
}

fn asked_text(asked: &Asked) -> String {
    let rows = [
        ("send", asked.question.display().to_string()),
        ("keep", format!("{} (yours alone until the noise is logged)", asked.nonce.display())),
        ("about", asked.version.clone()),
        ("asked by", asked.audience.clone()),
    ];
    format!("wrote a question\n{}", words::table(&rows))
}

fn committed_text(committed: &CommittedTo) -> String {
    let CommittedTo { epsilon, delta, epsilon_of_version, .. } = committed;
    let rows = [
        ("claim", committed.claim.clone()),
        ("size", words::bytes(committed.bytes)),
        ("BLAKE3", committed.proof.to_string()),
        (
            "noise",
            format!("epsilon {epsilon}, delta {delta}; of the version so far {epsilon_of_version}"),
        ),
        ("logged", format!("proof {} of this version, {}", committed.number, committed.log)),
        ("for", committed.audience.clone()),
    ];
    let file = committed.file.display();
    format!(
        "wrote {file}, which commits to noise and tells nothing yet\n{}send it to who asked: they fetch \
         the log anew (veritrail get TICKET), then veritrail noise reveal {file} --nonce FILE",
        words::table(&rows)
    )
}

/// Of a log that a stranger may have made up.
const UNNAMED: &str = "you have not named all of them: see veritrail verify, id trust";

fn revealed_text(revealed: &Revealed) -> String {
    let rows = [
        ("nonce", revealed.nonce.clone()),
        ("claim", revealed.claim.clone()),
        ("about", revealed.version.clone()),
        ("noise", format!("epsilon {}, delta {}", revealed.epsilon, revealed.delta)),
        ("logged", revealed.log.clone()),
        ("signers", if revealed.verified { "named by you" } else { UNNAMED }.to_owned()),
    ];
    format!(
        "the noise was logged: the nonce may be told\n{}send the nonce to the holder, who answers: \
         veritrail noise answer NOISE --nonce HEX -o PROOF",
        words::table(&rows)
    )
}

fn answered_text(answered: &Answered) -> String {
    let file = answered.file.display();
    let rows = [
        ("size", words::bytes(answered.bytes)),
        ("BLAKE3", answered.proof.to_string()),
        ("released", format!("proof {} of this version, {}", answered.number, answered.log)),
    ];
    format!(
        "wrote {file}\n{}{}check it wherever the version is known: veritrail check {file}",
        words::table(&rows),
        claims::words(&answered.shown)
    )
}

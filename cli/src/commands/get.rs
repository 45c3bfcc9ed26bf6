//! `veritrail get`: fetches and verifies what a ticket or a reference names.

use std::{path::PathBuf, process::ExitCode};

use veritrail_server::{
    error::Result,
    node::{
        Node,
        get::{GetRequest, Got},
        peering::Relay,
        private::Committed,
    },
};

use crate::{context::Context, ticket, words};

/// Fetch what a ticket names from the node that made it, and verify it on the way
///
/// The evidence is verified before any data is asked for; each chunk is verified as it arrives.
/// A fetch that was cut short goes on where it was.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A ticket, a file that holds one, or a reference to something that this home already knows
    #[arg(value_name = "TICKET|FILE|REF")]
    reference: String,
    /// Write the files beneath DIR as well; existing files are kept. DIR may be a link to a folder;
    /// no link beneath it is followed
    #[arg(short, long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Refuse if there is more to fetch or write than this, e.g. 500MB or 2GiB
    #[arg(long, value_name = "SIZE", value_parser = size)]
    max_size: Option<u64>,
    /// Also try to reach the other node through public relays (n0) [default: its addresses only]
    #[arg(long, value_name = "RELAY")]
    relay: Option<Relay>,
}

/// Runs the command.
pub(crate) async fn run(args: Args, context: &Context) -> Result<ExitCode> {
    let node = Node::open(&context.home)?;
    let request = GetRequest {
        reference: ticket::word_or_file(args.reference),
        out: args.out,
        max_bytes: args.max_size,
        relay: args.relay.unwrap_or_default(),
    };
    let got = node.get(request, &context.progress).await?;
    context.output.show("get", &got, text)?;
    Ok(ExitCode::SUCCESS)
}

/// Bytes, with a unit of thousands (kB, MB, GB, TB) or of 1,024 (KiB, MiB, GiB, TiB).
pub(crate) fn size(text: &str) -> std::result::Result<u64, String> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let factor: u64 = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kb" => 1_000,
        "m" | "mb" => 1_000_000,
        "g" | "gb" => 1_000_000_000,
        "t" | "tb" => 1_000_000_000_000,
        "kib" => 1 << 10,
        "mib" => 1 << 20,
        "gib" => 1 << 30,
        "tib" => 1 << 40,
        _ => return Err("write a whole number with B, kB, MB, GB, TB, KiB, MiB, GiB or TiB".into()),
    };
    if number.is_empty() {
        return Err("write a whole number first".to_owned());
    }
    let bytes = number.parse::<u64>().ok().and_then(|number| number.checked_mul(factor));
    bytes.ok_or_else(|| "this is more than 16 EiB, which nothing is".to_owned())
}

fn fetched(got: &Got) -> String {
    if got.received_bytes == 0 {
        return "nothing: all of it was here".to_owned();
    }
    format!(
        "{} in {}, {} received in all",
        words::bytes(got.fetched_bytes),
        words::plural(got.fetched_blobs, "blob"),
        words::bytes(got.received_bytes)
    )
}

/// What was got of a private version.
fn private_text(got: &Got, committed: &Committed) -> String {
    let title = words::printable(got.title.as_deref().unwrap_or_default());
    let mut rows = vec![("what", got.subject.clone())];
    rows.extend(got.dataset.as_ref().map(|did| ("dataset", did.to_string())));
    rows.extend([("root", got.root.to_string()), ("log", got.log.clone())]);
    rows.extend(words::committed(committed));
    rows.push(("fetched", fetched(got)));
    let head =
        format!("{title:?} is private: its commitments are here and every ingest proof holds");
    format!(
        "{head}\nno bytes of it were fetched: they are given to nobody\n{}",
        words::table(&rows)
    )
}

fn text(got: &Got) -> String {
    if let Some(committed) = &got.committed {
        return private_text(got, committed);
    }
    let mut rows = vec![("what", got.subject.clone())];
    rows.extend(got.dataset.as_ref().map(|did| ("dataset", did.to_string())));
    rows.extend([
        ("root", got.root.to_string()),
        ("log", got.log.clone()),
        ("content", format!("{}, {}", words::plural(got.files, "file"), words::bytes(got.bytes))),
        ("fetched", fetched(got)),
    ]);
    if let Some(out) = &got.out {
        let written = words::plural(got.written, "file");
        rows.push(("written", format!("{written} beneath {}", out.display())));
        if got.kept > 0 {
            rows.push(("kept", format!("{} already there, same", words::plural(got.kept, "file"))));
        }
    }
    format!(
        "{}\n{}",
        got.title.as_ref().map_or_else(
            || "got it, every byte verified".to_owned(),
            |title| format!("got {:?}, every byte verified", words::printable(title)),
        ),
        words::table(&rows)
    )
}

//! `veritrail publish`: makes files a version of a dataset, signed, logged and public.

use std::{path::PathBuf, process::ExitCode, sync::Arc};

use veritrail_server::{
    error::{NodeError, Result},
    node::{
        Node,
        publish::{Outcome, PrivateRequest, PublishRequest, Published, suggest},
    },
};

use super::{serve, show::table_words};
use crate::{context::Context, words};

/// Publish files as a version of a dataset: cut, hash, sign, log
///
/// Everything published is public, unless --private: whoever asks this node gets the bytes. A
/// version is final; to correct it, publish the next one under the same --name.
///
/// With --private the bytes are encrypted and given to nobody. Public are then the title, the
/// licence, what --commit declares, the number of rows, the padded size, and commitments by which
/// statistics of the rows can be proven. What opens the bytes stays in this home, wrapped to your
/// recovery key: without person.key and your 24 words nobody opens them any more.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Files or folders to publish, or a run (run:HEX) to give it a dataset of its own
    #[arg(required_unless_present = "describe_template", value_name = "PATH|RUN")]
    paths: Vec<PathBuf>,
    /// A local name; publishing under a name that is ours makes the next version
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// What the dataset is called [default: the file's name]
    #[arg(long)]
    title: Option<String>,
    /// An SPDX expression such as CC-BY-4.0, or LicenseRef-… with --licence-text
    #[arg(long, visible_alias = "license", value_name = "SPDX")]
    licence: Option<String>,
    /// The text of a LicenseRef-… licence
    #[arg(long, visible_alias = "license-text", value_name = "FILE", requires = "licence")]
    licence_text: Option<PathBuf>,
    /// Title, creators, licence, keywords, dialects, types and units, from a file
    #[arg(long, value_name = "FILE.toml")]
    describe: Option<PathBuf>,
    /// Write such a file to TOML with what was inferred from the paths, and publish nothing;
    /// without paths, infer from this path and write to stdout
    #[arg(long, value_name = "TOML|PATH", conflicts_with_all = ["describe", "name"])]
    describe_template: Option<PathBuf>,
    /// Encrypt the bytes, commit to the columns that --commit declares, and publish the commitments
    #[arg(long, conflicts_with_all = ["describe_template", "suggest"])]
    private: bool,
    /// The columns to commit to, with ranges and levels that are declared and never inferred;
    /// `?` allows nulls: 'age:int[0..127],weight:fixed(2)?[-200..200],sex:category(f|m),a:bool'
    #[arg(long, value_name = "COLUMNS", requires = "private")]
    commit: Option<String>,
    /// The least number of rows that a count released of it may have [default: 10]
    #[arg(long, value_name = "ROWS", requires = "private")]
    minimum_cell: Option<u32>,
    /// Print a guess for --commit made from the rows, for your eyes alone: ranges and levels that
    /// are found in the data say what is in them. Nothing is written or published
    #[arg(long, conflicts_with_all = ["describe_template", "name", "share"])]
    suggest: bool,
    /// Sign as this person of the home [default: the operator]
    #[arg(long = "as", value_name = "DID")]
    signer: Option<String>,
    /// Serve it until interrupted
    #[arg(long)]
    share: bool,
}

/// Runs the command.
pub(crate) async fn run(args: Args, context: &Context) -> Result<ExitCode> {
    if let Some(target) = args.describe_template {
        return template(args.paths, target, context).await;
    }
    if args.suggest {
        return guess(&args, context).await;
    }
    let node = Arc::new(Node::open(&context.home)?);
    let (commit, minimum_cell) = (args.commit, args.minimum_cell);
    let private = args.private.then_some(PrivateRequest { commit, minimum_cell });
    let request = PublishRequest {
        paths: args.paths,
        name: args.name,
        title: args.title,
        licence: args.licence,
        licence_text: args.licence_text,
        describe: args.describe,
        signer: args.signer,
        private,
    };
    let mut published = node.publish(request, &context.progress).await?;
    let serving = if args.share { Some(serve::share(&node).await?) } else { None };
    if serving.is_some() {
        // A ticket states where the node is served, which is known from now on.
        let reference = format!("{}@r:{}", published.dataset, published.root);
        published.ticket = Some(node.ticket(&reference)?.ticket);
    }
    context.output.show("publish", &published, text)?;
    serve::wait(serving).await;
    Ok(ExitCode::SUCCESS)
}

/// Prints what could be committed to, from the rows.
async fn guess(args: &Args, context: &Context) -> Result<ExitCode> {
    let found = suggest(&args.paths, args.describe.as_deref(), &context.progress).await?;
    context.output.note(
        "made from the rows, so for your eyes alone: what you declare is public for good. Take \
         ranges and levels from what the columns mean, not from what is in them",
    );
    let files = serde_json::json!({ "files": found });
    context.output.show("suggestion", &files, |_| {
        let mut text = String::new();
        for file in &found {
            let commit = file.commit.as_deref().unwrap_or("nothing");
            text.push_str(&words::printable(&format!("{}: {commit}", file.path)));
            text.push('\n');
            if !file.others.is_empty() {
                let others = format!("  nothing is suggested for {}", file.others.join(", "));
                text.push_str(&words::printable(&others));
                text.push('\n');
            }
        }
        text
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Writes what was inferred as a file to edit; never over one that is there.
async fn template(paths: Vec<PathBuf>, target: PathBuf, context: &Context) -> Result<ExitCode> {
    let (sources, file) =
        if paths.is_empty() { (vec![target], None) } else { (paths, Some(target)) };
    let text = veritrail_server::node::publish::template(&sources, &context.progress).await?;
    let Some(file) = file else {
        let template = serde_json::json!({ "template": text });
        context.output.show("template", &template, |_| text)?;
        return Ok(ExitCode::SUCCESS);
    };
    let written = std::fs::File::create_new(&file)
        .and_then(|mut to| std::io::Write::write_all(&mut to, text.as_bytes()));
    written.map_err(|e| {
        NodeError::failed(format!("cannot write the template: {e}"))
            .at(file.display())
            .hint("name a file that does not exist yet")
    })?;
    let written = serde_json::json!({ "file": file, "template": text });
    context.output.show("template", &written, |_| {
        format!("written; edit it, then publish with --describe {}", file.display())
    })?;
    Ok(ExitCode::SUCCESS)
}

fn text(published: &Published) -> String {
    let title = words::printable(&published.title);
    let head = match published.outcome {
        Outcome::Published => format!("published {title:?} version {}", published.number),
        Outcome::Existing => {
            format!("nothing new: the same content is {title:?} version {}", published.number)
        }
    };
    let mut rows = vec![("dataset", published.dataset.to_string())];
    rows.extend(published.name.clone().map(|name| ("name", name)));
    rows.extend([
        ("root", published.root.to_string()),
        ("log", format!("{}#{}", published.origin, published.index)),
        (
            "content",
            format!(
                "{}, {}, {}",
                words::plural(published.files, "file"),
                words::bytes(published.bytes),
                words::plural(published.chunks, "chunk")
            ),
        ),
        ("licence", published.licence.clone()),
    ]);
    if let Some(committed) = &published.committed {
        rows.push(("access", "private: encrypted bytes, given to nobody".to_owned()));
        rows.extend(words::committed(committed));
    }
    for table in &published.tables {
        rows.push(("table", table_words(table)));
    }
    rows.extend(published.ticket.clone().map(|ticket| ("ticket", ticket)));
    format!("{head}\n{}", words::table(&rows))
}

//! `veritrail publish`: makes files a version of a dataset, signed, logged and public.

use std::{path::PathBuf, process::ExitCode, sync::Arc};

use veritrail_server::{
    error::{NodeError, Result},
    node::{
        Node,
        publish::{Outcome, PublishRequest, Published},
    },
};

use super::{serve, show::table_words};
use crate::{context::Context, words};

/// Publish files as a version of a dataset: cut, hash, sign, log
///
/// Everything published is public: whoever asks this node gets the bytes. A version is final; to
/// correct it, publish the next one under the same --name.
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
    let node = Arc::new(Node::open(&context.home)?);
    let request = PublishRequest {
        paths: args.paths,
        name: args.name,
        title: args.title,
        licence: args.licence,
        licence_text: args.licence_text,
        describe: args.describe,
        signer: args.signer,
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
    for table in &published.tables {
        rows.push(("table", table_words(table)));
    }
    rows.extend(published.ticket.clone().map(|ticket| ("ticket", ticket)));
    format!("{head}\n{}", words::table(&rows))
}

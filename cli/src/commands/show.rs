//! `veritrail show`: what a reference names: a dataset's version, a run, an output, an entry.

use std::process::ExitCode;

use veritrail_server::{
    error::Result,
    node::{
        Node,
        show::{Shown, ShownDataset, ShownEntry, ShownOutput, ShownRun, ShownTable},
    },
};

use crate::{context::Context, words};

/// Show what a reference names: a dataset, a run with its verdicts, a log entry
///
/// A reference is a DID (its newest version), DID@N, DID@r:HEX, run:HEX, run:HEX/output, log:N,
/// ORIGIN#N, a ticket or a local name.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// What to show
    #[arg(value_name = "REF")]
    reference: String,
    /// Print a ticket by which others can fetch it while this home is served: who has it, where,
    /// what, and the keys of its log, in one long word. `> FILE` keeps it; get takes the file
    #[arg(long)]
    ticket: bool,
}

/// Runs the command.
pub(crate) async fn run(args: Args, context: &Context) -> Result<ExitCode> {
    let node = Node::open(context.home()?)?;
    if args.ticket {
        let ticket = node.ticket(&args.reference)?;
        context.output.show("ticket", &ticket, |ticket| ticket.ticket.clone())?;
        return Ok(ExitCode::SUCCESS);
    }
    let shown = node.show(&args.reference).await?;
    context.output.show("show", &shown, text)?;
    Ok(ExitCode::SUCCESS)
}

fn text(shown: &Shown) -> String {
    match shown {
        Shown::Dataset(dataset) => dataset_text(dataset),
        Shown::Run(run) => run_text(run),
        Shown::Output(output) => output_text(output),
        Shown::Entry(entry) => entry_text(entry),
    }
}

fn dataset_text(dataset: &ShownDataset) -> String {
    let version = &dataset.version;
    let mut rows = vec![("dataset", dataset.dataset.to_string())];
    rows.extend(dataset.name.clone().map(|name| ("name", name)));
    rows.extend([
        ("root", version.root.to_string()),
        ("log", format!("{}#{}", dataset.origin, version.index)),
        ("signed by", version.signer.to_string()),
        ("stated time", words::time(version.time)),
        ("licence", version.licence.clone()),
        ("access", version.access.clone()),
        (
            "content",
            format!(
                "{}, {} ({} held here)",
                words::plural(version.files, "file"),
                words::bytes(version.bytes),
                words::bytes(version.held_bytes)
            ),
        ),
    ]);
    if let Some(committed) = &version.committed {
        rows.extend(words::committed(committed));
    }
    if let Some(can_open) = version.can_open {
        let words = if can_open { "yes, with its keys" } else { "no" };
        rows.push(("opens here", words.to_owned()));
    }
    for release in &version.releases {
        let entry = format!("{}#{}", dataset.origin, release.index);
        let noise = match (&release.commits_to_epsilon, &release.answers) {
            (Some(epsilon), _) => format!(", commits to noise of epsilon {epsilon}"),
            (None, Some(_)) => ", with noise".to_owned(),
            (None, None) => String::new(),
        };
        let (number, proof) = (release.number, release.proof);
        let proof = format!("proof {number}: {entry}, BLAKE3 {proof}{noise}");
        rows.push(("released", proof));
    }
    for creator in &version.creators {
        rows.push(("creator", creator.clone()));
    }
    if !version.keywords.is_empty() {
        rows.push(("keywords", version.keywords.join(", ")));
    }
    rows.extend(version.run.clone().map(|run| ("made by", run)));
    let title = words::printable(&version.title);
    let mut text = format!("{title:?} version {}\n{}", version.number, words::table(&rows));
    for table in &version.tables {
        text.push_str(&table_text(table));
    }
    if dataset.versions.len() > 1 {
        text.push_str("versions\n");
    }
    for line in dataset.versions.iter().filter(|_| dataset.versions.len() > 1) {
        text.push_str(&format!(
            "  {:>4}  {}  r:{}  {}\n",
            line.number,
            words::time(line.time),
            words::short(line.root),
            words::printable(&line.title)
        ));
    }
    for warning in &dataset.warnings {
        text.push_str(&format!("warning: {}\n", words::printable(warning)));
    }
    text
}

fn table_text(table: &ShownTable) -> String {
    let mut text = format!("table {}\n", words::printable(&table_words(table)));
    let width = table.columns.iter().map(|c| c.name.chars().count()).max().unwrap_or(0).min(40);
    for column in &table.columns {
        let unit = column.unit.as_ref().map(|unit| format!(" [{unit}]")).unwrap_or_default();
        let more = column.description.as_ref().map(|d| format!("  {d}")).unwrap_or_default();
        let line = format!("  {:<width$}  {}{unit}{more}", column.name, column.kind);
        text.push_str(&words::printable(&line));
        text.push('\n');
    }
    text
}

/// `rain.csv (csv, 6 columns, 1,461 rows)`.
pub(crate) fn table_words(table: &ShownTable) -> String {
    let more = match table.files {
        1 => String::new(),
        files => format!(" and {} more", words::plural(files - 1, "file")),
    };
    format!(
        "{}{more} ({}, {}, {})",
        table.path,
        table.format,
        words::plural(table.columns.len() as u64, "column"),
        words::plural(table.rows, "row")
    )
}

fn run_text(run: &ShownRun) -> String {
    let mut rows = vec![
        ("run", format!("run:{}", run.run)),
        ("log", format!("{}#{}", run.origin, run.index)),
        ("signed by", run.signer.to_string()),
        ("stated time", words::time(run.time)),
    ];
    for executor in &run.executors {
        rows.push(("executed on", executor.to_string()));
    }
    for input in &run.inputs {
        rows.push(("input", input.clone()));
    }
    rows.extend([
        ("spec", run.spec.to_string()),
        ("table hash", run.table_hash.to_string()),
        ("output", format!("{} ({})", run.output_root, words::plural(run.rows, "row"))),
    ]);
    rows.extend(run.outputs.iter().map(|output| ("output of", output.clone())));
    rows.extend(run.scans.iter().map(|scan| ("read", words::scan(scan))));
    let mut text = format!("a run\n{}", words::table(&rows));
    if let Some(sql) = &run.sql_text {
        text.push_str("query\n");
        text.push_str(&indented(sql));
    }
    for step in &run.steps {
        text.push_str(&format!("step {}\n", step.name));
        for what in step.sql.iter().chain(&step.kernel) {
            text.push_str(&indented(what));
        }
    }
    text.push_str(&format!(
        "verdicts: {}, of which {} independent (by others than the run's signer)\n",
        words::grouped(run.verdicts.len() as u64),
        words::grouped(run.independent)
    ));
    for verdict in &run.verdicts {
        let by = if verdict.independent { "" } else { " (the run's own signer)" };
        text.push_str(&format!(
            "  {}  by {}{by} on {}  {}#{}\n",
            verdict.outcome, verdict.signer, verdict.node, verdict.origin, verdict.index
        ));
        for detail in &verdict.details {
            text.push_str(&format!("      {}\n", words::printable(detail)));
        }
    }
    text
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("  {}\n", words::printable(line))).collect()
}

fn output_text(output: &ShownOutput) -> String {
    let mut text = format!(
        "the output of a run\n{}",
        words::table(&[
            ("run", format!("run:{}", output.run)),
            ("root", output.root.to_string()),
            ("table hash", output.table_hash.to_string()),
            ("rows", words::grouped(output.rows)),
        ])
    );
    for table in &output.tables {
        text.push_str(&table_text(table));
    }
    text
}

/// An entry in full; `log show N` shows the same.
pub(crate) fn entry_text(entry: &ShownEntry) -> String {
    let mut rows = vec![
        ("entry", format!("{}#{}", entry.origin, entry.index)),
        ("kind", entry.kind.clone()),
        ("leaf hash", entry.leaf.to_string()),
        ("size", words::bytes(entry.bytes)),
    ];
    if let Some(statement) = &entry.statement {
        rows.extend([
            ("statement", statement.id.to_string()),
            ("signed by", statement.signer.to_string()),
            ("about", statement.about.clone()),
            ("stated time", words::time(statement.time)),
        ]);
    }
    rows.push(("standing", entry.standing.clone()));
    let mut text = words::table(&rows);
    if let Some(statement) = &entry.statement {
        let payload = serde_json::to_string_pretty(&statement.payload);
        text.push_str(&payload.unwrap_or_else(|e| e.to_string()));
    }
    text
}

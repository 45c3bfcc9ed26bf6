//! `veritrail run`: a query over published data, with a signed receipt.

use std::{path::PathBuf, process::ExitCode, sync::Arc};

use clap::Args as ClapArgs;
use veritrail_server::{
    error::{NodeError, Result},
    node::{
        Node,
        run::{
            Preview, Ran, RunRequest, Task, UnitsRan,
            means::{Results, Work},
            plan::RunPlan,
        },
    },
};

use super::{device::DeviceArgs, serve};
use crate::{context::Context, words};

/// Run a query over published data: the same bits everywhere, and a receipt that proves it
///
/// The result does not depend on the machine, on threads or on order. The receipt names inputs by
/// root, the query and the result by hash; anybody can run it again with `reproduce`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Args {
    /// The run as a file: one query, or steps that read each other (docs/formats/run-spec.md)
    #[arg(value_name = "SPEC.toml")]
    spec: Option<PathBuf>,
    /// The query, one SELECT
    #[arg(long, value_name = "QUERY", requires = "input")]
    sql: Option<String>,
    /// A table of the query: NAME=REF, or NAME=REF/path or glob where the dataset has more files
    #[arg(long, value_name = "NAME=REF[/PATH]")]
    input: Vec<String>,
    /// The value of $NAME in the query, written as in TOML: 3, 2.5, "text", true, 2024-01-31
    #[arg(long, value_name = "NAME=VALUE")]
    param: Vec<String>,
    /// How far a column may be off and still agree: COLUMN=0.01 absolute, COLUMN=1% relative
    #[arg(long, value_name = "COLUMN=BOUND")]
    tolerance: Vec<String>,
    #[command(flatten)]
    device: DeviceArgs,
    /// Write the run down as a SPEC.toml too
    #[arg(long, value_name = "FILE")]
    write_spec: Option<PathBuf>,
    /// Sign as this person of the home [default: the operator]
    #[arg(long = "as", value_name = "DID")]
    signer: Option<String>,
    /// Memory that the query may take, such as 512MiB; what sorts and groups need beyond goes to disk [default: 2GiB]
    #[arg(long, value_name = "SIZE", value_parser = words::parse_bytes)]
    memory: Option<u64>,
    /// Compute everything: use no results of units kept from earlier runs, and keep none
    #[arg(long)]
    no_cache: bool,
    /// Say what would be done (units, rows, bytes, time), and do nothing
    #[arg(long, conflicts_with_all = ["write_spec", "share"])]
    dry_run: bool,
    /// Serve the run and its output until interrupted
    #[arg(long)]
    share: bool,
}

/// Runs the command.
pub(crate) async fn run(args: Args, context: &Context) -> Result<ExitCode> {
    let typed = args.sql.is_some()
        || [&args.input, &args.param, &args.tolerance].iter().any(|given| !given.is_empty());
    if let (Some(spec), true) = (&args.spec, typed) {
        return Err(NodeError::usage("a SPEC.toml holds query, inputs and bounds itself")
            .at(spec.display())
            .hint("a query is typed behind --sql; a file stands alone: veritrail run SPEC.toml"));
    }
    args.device.choose()?;
    let node = Arc::new(Node::open(context.home()?)?);
    let task = match (args.spec, args.sql) {
        (Some(file), _) => Task::File(file),
        (None, Some(sql)) => Task::Query {
            sql,
            inputs: args.input,
            parameters: args.param,
            tolerance: args.tolerance,
        },
        (None, None) => {
            return Err(NodeError::usage("what is to be run was not said").at("--sql").hint(
                "veritrail run --sql \"SELECT …\" --input NAME=REF, or veritrail run SPEC.toml",
            ));
        }
    };
    let results = if args.no_cache { Results::Computed } else { Results::Kept };
    let work = Work { memory_bytes: args.memory, results };
    let request = RunRequest { task, write_spec: args.write_spec, signer: args.signer, work };
    if args.dry_run {
        context.output.show("run-plan", &node.plan_run(&request).await?, planned)?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut ran = node.run(request, &context.progress).await?;
    let serving = if args.share { Some(serve::share(&node).await?) } else { None };
    if serving.is_some() {
        // A ticket states where the node is served, which is known from now on.
        ran.ticket = node.ticket(&ran.reference)?.ticket;
    }
    context.output.show("run", &ran, text)?;
    serve::wait(serving).await;
    Ok(ExitCode::SUCCESS)
}

fn text(ran: &Ran) -> String {
    let mut rows = vec![("run", ran.reference.clone()), ("log", ran.log.clone())];
    for input in &ran.inputs {
        rows.push(("input", input.clone()));
    }
    let result = format!("{} in the result", words::grouped(ran.rows));
    match ran.scans.as_slice() {
        [one] => rows.push(("rows", format!("{}; {result}", words::read_and_dropped(one)))),
        several => {
            let (read, dropped) = (words::grouped(ran.rows_read), words::grouped(ran.rows_dropped));
            rows.push(("rows", format!("{read} read, {dropped} dropped, {result}")));
            rows.extend(several.iter().map(|scan| ("", words::scan(scan))));
        }
    }
    rows.extend([
        ("units", units(&ran.units)),
        ("table hash", ran.table_hash.to_string()),
        ("output", format!("{}/output, {}", ran.reference, words::bytes(ran.output_bytes))),
        ("ticket", ran.ticket.clone()),
    ]);
    format!("{}\n{}", previews(ran), words::table(&rows))
}

/// The first rows of each output, under its name where there are several.
fn previews(ran: &Ran) -> String {
    match ran.outputs.as_slice() {
        [one] => preview(&one.preview),
        several => several
            .iter()
            .map(|output| {
                let rows = words::plural(output.rows, "row");
                format!("{} ({rows})\n{}", output.name, preview(&output.preview))
            })
            .collect(),
    }
}

/// `12, 4 of them kept from an earlier run`.
fn units(units: &UnitsRan) -> String {
    let mut text = words::grouped(units.planned);
    if units.kept > 0 {
        text.push_str(&format!(", {} kept from an earlier run", words::grouped(units.kept)));
    }
    if units.spilled_bytes > 0 {
        text.push_str(&format!(", {} went to disk", words::bytes(units.spilled_bytes)));
    }
    text
}

/// What would be done, scan by scan.
fn planned(plan: &RunPlan) -> String {
    let mut rows: Vec<(&str, String)> =
        plan.inputs.iter().map(|input| ("input", input.clone())).collect();
    for scan in plan.steps.iter().flat_map(|step| &step.scans) {
        let how = match scan.units {
            Some(units) => format!("in {}", words::plural(units, "unit")),
            None => "as one piece".to_owned(),
        };
        let count = scan.rows.map(|count| format!("{}, ", words::plural(count, "row")));
        let bytes = scan.bytes.map(|bytes| format!(", {}", words::bytes(bytes)));
        let (count, bytes) = (count.unwrap_or_default(), bytes.unwrap_or_default());
        rows.push(("read", format!("{}: {count}{how}{bytes}", scan.table)));
    }
    rows.push(("units", words::grouped(plan.units)));
    rows.push(("bytes", words::bytes(plan.bytes)));
    rows.push((
        "time",
        match plan.seconds {
            Some(seconds) => format!("about {seconds:.1} s, by the last run on this machine"),
            None => "not known: no run here has read enough to tell".to_owned(),
        },
    ));
    format!("nothing was run or logged\n{}", words::table(&rows))
}

/// The first rows, columns aligned.
fn preview(preview: &Preview) -> String {
    let mut widths: Vec<usize> = preview.columns.iter().map(|c| c.chars().count()).collect();
    let cells: Vec<Vec<String>> = preview
        .rows
        .iter()
        .map(|row| row.iter().map(|cell| words::printable(cell)).collect())
        .collect();
    for row in &cells {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let line = |row: &[String]| {
        let padded = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:>width$}"));
        format!("  {}\n", padded.collect::<Vec<_>>().join("  "))
    };
    let columns: Vec<String> = preview.columns.iter().map(|c| words::printable(c)).collect();
    let mut text = line(&columns);
    text.extend(cells.iter().map(|row| line(row)));
    if preview.more > 0 {
        text.push_str(&format!("  … {} more\n", words::plural(preview.more, "row")));
    }
    text
}

//! `veritrail lineage`: everything a version or a run rests on, as far as this home knows it.

use std::process::ExitCode;

use veritrail_server::{
    error::Result,
    node::{
        Node,
        lineage::{Lineage, Step},
    },
};

use crate::{context::Context, words};

/// Show what a reference rests on: runs, their inputs, the statements behind each
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Where to start
    #[arg(value_name = "REF")]
    reference: String,
}

/// Runs the command.
pub(crate) async fn run(args: Args, context: &Context) -> Result<ExitCode> {
    let lineage = Node::open(context.home()?)?.lineage(&args.reference)?;
    context.output.show("lineage", &lineage, text)?;
    Ok(ExitCode::SUCCESS)
}

fn text(lineage: &Lineage) -> String {
    let mut text: String = lineage.steps.iter().map(step_text).collect();
    text.push_str(&format!(
        "{} in {}\n",
        words::plural(lineage.statements.len() as u64, "statement"),
        words::plural(lineage.logs.len() as u64, "log")
    ));
    for missing in &lineage.missing {
        text.push_str(&format!("not known here: {}\n", words::printable(missing)));
    }
    for warning in &lineage.warnings {
        text.push_str(&format!("warning: {}\n", words::printable(warning)));
    }
    text
}

fn step_text(step: &Step) -> String {
    let indent = "  ".repeat(step.depth as usize);
    let place = step.place.as_ref().map(|place| format!("  {place}")).unwrap_or_default();
    words::printable(&format!("{indent}{} {}{place}", step.relation, step.what)) + "\n"
}

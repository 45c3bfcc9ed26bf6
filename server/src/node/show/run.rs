//! A run as a person reads it: what it used, what it made, and who else says that it is so.

use std::collections::BTreeSet;

use veritrail_compute::run::{Step, Work, resolved::ResolvedSpec};
use veritrail_provenance::{
    identity::Did,
    ledger::{
        queries,
        rows::{InLog, RunRow, VerdictRow},
    },
    statement::{Outcome, RunInput},
};

use super::{ShownOutput, ShownRun, ShownStep, ShownVerdict, dataset::tables};
use crate::{
    error::{OrKind as _, Result},
    node::{Node, lineage::outcome_word, run::details::scanned},
};

impl Node {
    pub(super) async fn shown_run(&self, run: &InLog<RunRow>) -> Result<ShownRun> {
        let (row, receipt) = (&run.row, &run.row.payload);
        let verdicts: Vec<ShownVerdict> = queries::verdicts(self.view(), &row.at.id)
            .or_failed()?
            .iter()
            .map(|verdict| verdict_shown(verdict, &row.iss))
            .collect();
        let spec = self.held(&receipt.spec_blob).await?;
        let details = self.held(&receipt.details).await?;
        Ok(ShownRun {
            run: row.at.id,
            origin: run.origin.clone(),
            index: row.at.index,
            signer: row.iss.clone(),
            executors: receipt.executors.clone(),
            time: row.iat,
            inputs: receipt.inputs.iter().map(input).collect(),
            spec: receipt.spec,
            sql: receipt.sql,
            sql_text: spec.as_deref().and_then(sql_of),
            steps: spec.as_deref().map(steps_of).unwrap_or_default(),
            outputs: spec.as_deref().map(outputs_of).unwrap_or_default(),
            scans: details.as_deref().map(scanned).unwrap_or_default(),
            table_hash: receipt.output.table_hash,
            output_root: receipt.output.root,
            rows: receipt.output.rows,
            details: details.as_deref().and_then(|bytes| serde_json::from_slice(bytes).ok()),
            independent: independent(&verdicts),
            verdicts,
        })
    }

    pub(super) async fn shown_output(&self, run: &InLog<RunRow>) -> Result<ShownOutput> {
        let output = &run.row.payload.output;
        let tables = match self.manifest(&output.manifest).await? {
            Some(manifest) => tables(&manifest, self.layout(&manifest).await?.as_ref()),
            None => Vec::new(),
        };
        Ok(ShownOutput {
            run: run.row.at.id,
            root: output.root,
            table_hash: output.table_hash,
            rows: output.rows,
            manifest: output.manifest,
            tables,
        })
    }
}

/// Different others than the run's signer who say that the run reproduces: one voice each, however
/// many verdicts they signed.
fn independent(verdicts: &[ShownVerdict]) -> u64 {
    let agree = [outcome_word(Outcome::Identical), outcome_word(Outcome::WithinTolerance)];
    let voices: BTreeSet<&Did> = verdicts
        .iter()
        .filter(|v| v.independent && agree.contains(&v.outcome.as_str()))
        .map(|v| &v.signer)
        .collect();
    voices.len() as u64
}

fn verdict_shown(verdict: &InLog<VerdictRow>, signer_of_run: &Did) -> ShownVerdict {
    let (row, payload) = (&verdict.row, &verdict.row.payload);
    let difference = payload.difference.as_ref().map(|d| {
        format!(
            "first difference: column {}, row {}: {} expected, {} found",
            d.column, d.row, d.expected, d.found
        )
    });
    let missing = payload.missing.as_ref().map(|missing| format!("missing: {missing}"));
    ShownVerdict {
        outcome: outcome_word(payload.outcome).to_owned(),
        signer: row.iss.clone(),
        node: payload.node.clone(),
        binary: payload.binary.to_hex(),
        fresh: payload.fresh,
        independent: row.iss != *signer_of_run,
        origin: verdict.origin.clone(),
        index: row.at.index,
        details: difference.into_iter().chain(missing).collect(),
    }
}

fn input(input: &RunInput) -> String {
    let select = input.select.as_ref().map(|select| format!("/{select}")).unwrap_or_default();
    let version = input.version.as_ref().map(|v| format!(" ({v})")).unwrap_or_default();
    format!("{} = r:{}{select}{version}", input.name, input.root)
}

/// The query in a resolved spec; a spec that does not read is shown by its hash alone.
fn sql_of(spec: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(spec).ok()?;
    let from_json = serde_json::from_str::<serde_json::Value>(text).ok();
    let from_toml = || text.parse::<toml::Table>().ok().and_then(|t| serde_json::to_value(t).ok());
    let spec = from_json.or_else(from_toml)?;
    Some(spec.get("sql")?.as_str()?.to_owned())
}

/// The steps of a resolved spec of version 2, in the order of execution where it can be told.
fn steps_of(spec: &[u8]) -> Vec<ShownStep> {
    let Ok(spec) = ResolvedSpec::from_bytes(spec) else { return Vec::new() };
    let Work::Steps(work) = &spec.work else { return Vec::new() };
    let ordered = spec.plan().map(|plan| {
        plan.steps.into_iter().filter_map(|one| Some((one.name?, one.step))).collect::<Vec<_>>()
    });
    let by_name = |_| work.steps.clone().into_iter().collect();
    ordered
        .unwrap_or_else(by_name)
        .into_iter()
        .map(|(name, step)| match step {
            Step::Sql(sql) => ShownStep { name, sql: Some(sql), kernel: None },
            Step::Kernel(call) => {
                let group = call.group.map(|group| format!(" by {group}")).unwrap_or_default();
                let (kernel, columns) = (call.kernel.name(), call.columns.join(", "));
                let words = format!("{kernel} of {columns} from {}{group}", call.table);
                ShownStep { name, sql: None, kernel: Some(words) }
            }
        })
        .collect()
}

/// The outputs of a resolved spec of version 2, `name = step` each.
fn outputs_of(spec: &[u8]) -> Vec<String> {
    match ResolvedSpec::from_bytes(spec).map(|spec| spec.work) {
        Ok(Work::Steps(work)) => {
            work.outputs.iter().map(|(name, output)| format!("{name} = {}", output.from)).collect()
        }
        _ => Vec::new(),
    }
}

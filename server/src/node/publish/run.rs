//! Publishing the output of a run: its bytes are here already, so a manifest with a description
//! and the statements are all that is new. The version names the run's receipt.

use veritrail_datasets::manifest::TableFile;
use veritrail_provenance::{
    identity::Did,
    ledger::rows::{InLog, RunRow},
    reference::{LocalName, Reference},
    statement::StatementRef,
};

use super::{PublishRequest, Published, declare::Declared, written};
use crate::{
    error::{NodeError, Result},
    node::{Node, private, resolve::Resolved},
    progress::Progress,
};

impl PublishRequest {
    /// The run that is to be published, if the one path is no file and reads as `run:HEX`.
    pub(super) fn run(&self) -> Option<Reference> {
        let [path] = self.paths.as_slice() else { return None };
        let reference = path.to_str().filter(|_| !path.exists()).map(Reference::parse)?.ok()?;
        matches!(reference, Reference::Run(_) | Reference::RunOutput(_)).then_some(reference)
    }
}

impl Node {
    /// Gives the output of a run a dataset of its own.
    pub(super) async fn publish_run(
        &self,
        run: &Reference,
        declared: Declared,
        name: Option<&LocalName>,
        signer: Option<&Did>,
        progress: &dyn Progress,
    ) -> Result<Published> {
        let (Resolved::Run(run) | Resolved::Output(run)) = self.resolve_reference(run)? else {
            return Err(NodeError::usage("this is no run").at(run));
        };
        for input in &run.row.payload.inputs {
            self.refuse_root(&input.root, "what a run made of it is not published")?;
        }
        let InLog { origin, row: RunRow { at, payload: receipt, .. } } = *run;
        let place = format!("run:{}/output", at.id);
        let missing = || {
            NodeError::not_found("not all of its bytes are held here")
                .at(&place)
                .hint("fetch it from whoever has it: veritrail get TICKET")
        };
        let manifest = self.manifest(&receipt.output.manifest).await?.ok_or_else(missing)?;
        private::refuse(&manifest, "its bytes are not published again", &place)?;
        let layout = self.layout(&manifest).await?.ok_or_else(missing)?;
        if self.held_bytes(&layout).await? < layout.bytes() {
            return Err(missing());
        }
        // An output is one file, so a table's rows are its file's.
        let files = manifest.tables().iter().flat_map(|table| {
            table.files(&layout).map(|file| TableFile {
                path: file.path.clone(),
                rows: table.rows(),
                format: table.format().clone(),
                schema: table.schema().clone(),
            })
        });
        let files = files.collect();
        let mut about = declared.about(&[]);
        if about.title.is_empty() {
            let id = at.id.to_hex();
            about.title = format!("Output of run:{}", id.get(..16).unwrap_or(&id));
        }
        let made_by = StatementRef { origin, index: at.index, id: at.id };
        let writing = self.writing(&progress.stop()).await?;
        let recorded = tokio::task::block_in_place(|| {
            let stored = self.store_manifest(layout, files, about, writing.batch())?;
            self.record_made_by(stored, name, signer, Some(made_by))
        });
        written(writing, recorded).await
    }
}

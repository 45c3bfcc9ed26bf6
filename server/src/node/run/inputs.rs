//! The inputs of a run: from `NAME=REF[/path-or-glob]` to roots whose bytes are held here.

use std::{collections::BTreeMap, sync::Arc};

use veritrail_compute::run::{resolved::ResolvedInput, spec::Spec};
use veritrail_provenance::{reference::Reference, statement::RunInput};

use crate::{
    error::{NodeError, Result},
    node::{Node, private, resolve::Bytes, tables::Opened},
};

/// One input.
#[derive(Debug)]
pub(super) struct Input {
    name: String,
    /// What it was resolved from, in portable form.
    portable: String,
    select: Option<String>,
    bytes: Bytes,
    opened: Opened,
}

impl Input {
    /// As the receipt states it.
    pub(super) fn stated(&self) -> RunInput {
        RunInput {
            name: self.name.clone(),
            root: self.bytes.root,
            version: self.bytes.version.clone(),
            select: self.select.clone(),
            manifest: self.bytes.manifest,
        }
    }

    /// `NAME = REF/path`, for a person.
    pub(super) fn shown(&self) -> String {
        match &self.select {
            Some(select) => format!("{} = {}/{select}", self.name, self.portable),
            None => format!("{} = {}", self.name, self.portable),
        }
    }
}

/// What the resolved spec names.
pub(super) fn roots(inputs: &[Input]) -> BTreeMap<String, ResolvedInput> {
    let root = |input: &Input| {
        let resolved = ResolvedInput { root: input.bytes.root, select: input.select.clone() };
        (input.name.clone(), resolved)
    };
    inputs.iter().map(root).collect()
}

/// The datasets by the tables' names.
pub(super) fn opened(inputs: &[Input]) -> BTreeMap<String, Opened> {
    inputs.iter().map(|input| (input.name.clone(), input.opened.clone())).collect()
}

impl Node {
    /// Resolves every input of a spec and opens its dataset.
    pub(super) async fn inputs(&self, spec: &Spec) -> Result<Vec<Input>> {
        let mut inputs = Vec::new();
        for (name, text) in &spec.inputs {
            let input = self.input(name, text).await.map_err(|mut e| {
                let place = e.place.map(|place| format!(", {place}")).unwrap_or_default();
                e.place = Some(format!("input {name}{place}"));
                e
            })?;
            inputs.push(input);
        }
        Ok(inputs)
    }

    async fn input(&self, name: &str, text: &str) -> Result<Input> {
        let (reference, select) = Reference::parse_with_path(text).map_err(|e| {
            NodeError::usage(format!("this is no reference: {e}")).at(text).hint(
                "write NAME=REF or NAME=REF/path, where REF is a DID, DID@N, a local name or \
                 run:HEX/output",
            )
        })?;
        let resolved = self.resolve_reference(&reference)?;
        let portable = resolved.portable();
        let Some(bytes) = resolved.bytes() else {
            return Err(NodeError::usage("this names no dataset and no output")
                .at(text)
                .hint("the output of a run is run:HEX/output"));
        };
        let missing = |what: &str| {
            NodeError::not_found(format!("{what} not held here")).at(&portable).hint(format!(
                "fetch it first, from whoever has it: veritrail get TICKET ({portable})"
            ))
        };
        let manifest =
            self.manifest(&bytes.manifest).await?.ok_or_else(|| missing("its manifest is"))?;
        if manifest.layout().root != bytes.root {
            return Err(NodeError::refused("its manifest is of another root").at(&portable));
        }
        private::refuse(&manifest, "no run reads its rows", &portable)?;
        let layout = self.layout(&manifest).await?.ok_or_else(|| missing("its file list is"))?;
        if self.held_bytes(&layout).await? < layout.bytes() {
            return Err(missing("not all of its bytes are"));
        }
        let opened =
            Opened { blobs: self.blobs(), manifest: Arc::new(manifest), layout: Arc::new(layout) };
        let select = select.map(str::to_owned);
        Ok(Input { name: name.to_owned(), portable, select, bytes, opened })
    }
}

//! Local names: what this home calls datasets. They mean nothing elsewhere, and nothing
//! verifiable depends on them.

use veritrail_provenance::{identity::Did, ledger::queries, reference::LocalName};

use super::Node;
use crate::error::{OrKind as _, Result};

impl Node {
    /// The dataset that a name was given to, known or not.
    pub fn own_name(&self, name: &str) -> Result<Option<Did>> {
        let Ok(name) = name.parse::<LocalName>() else { return Ok(None) };
        self.settings().name(&name).or_failed()
    }

    /// Gives a dataset a name, taking it from whatever had it.
    pub fn set_name(&self, name: &LocalName, did: &Did) -> Result<()> {
        self.settings().set_name(name, did).map(drop).or_failed()
    }

    /// The name that a dataset has here, the first by the alphabet if it has several.
    pub fn name_of(&self, did: &Did) -> Result<Option<String>> {
        let names = self.settings().names().or_failed()?;
        Ok(names.into_iter().find(|(_, named)| named == did).map(|(name, _)| name.to_string()))
    }

    /// All names of datasets that are known here.
    pub fn names(&self) -> Result<Vec<String>> {
        let mut known = Vec::new();
        for (name, did) in self.settings().names().or_failed()? {
            if !queries::datasets(self.view(), &did).or_failed()?.is_empty() {
                known.push(name.to_string());
            }
        }
        Ok(known)
    }
}

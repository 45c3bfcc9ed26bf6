//! A dataset as a person reads it: one version in full, all versions in a list.

use veritrail_datasets::{
    manifest::{Manifest, Table, TableFormat},
    schema::Column,
};
use veritrail_provenance::{
    layout::{FileEntry, Layout},
    ledger::{queries, rows::ReleaseRow},
    statement::{Access, Creator},
};

use super::{
    FILES_SHOWN_MAX, ShownColumn, ShownDataset, ShownFile, ShownRelease, ShownTable, ShownVersion,
    VersionLine,
};
use crate::{
    claims::report::thousandths,
    error::{OrKind as _, Result},
    node::{
        Node,
        private::{self, Committed},
        resolve::FoundVersion,
        shelf::Shelf,
    },
};

impl Node {
    pub(super) async fn shown_dataset(&self, found: &FoundVersion) -> Result<ShownDataset> {
        let rows = queries::versions(self.view(), &found.origin, &found.did).or_failed()?;
        let versions = rows
            .into_iter()
            .map(|row| VersionLine {
                number: row.payload.number,
                root: row.payload.root,
                title: row.payload.title,
                index: row.at.index,
                time: row.iat,
            })
            .collect();
        Ok(ShownDataset {
            dataset: found.did.clone(),
            name: self.name_of(&found.did)?,
            origin: found.origin.clone(),
            controllers: found.dataset.controllers.clone(),
            version: self.shown_version(found).await?,
            versions,
            warnings: self.dataset_warnings(found)?,
        })
    }

    async fn shown_version(&self, found: &FoundVersion) -> Result<ShownVersion> {
        let (row, payload) = (&found.row, &found.row.payload);
        let mut version = ShownVersion {
            number: payload.number,
            root: payload.root,
            content: payload.content,
            manifest: payload.manifest,
            statement: row.at.id,
            index: row.at.index,
            signer: row.iss.clone(),
            time: row.iat,
            title: payload.title.clone(),
            creators: payload.creators.iter().map(creator).collect(),
            licence: payload.licence.clone(),
            keywords: payload.keywords.clone(),
            access: access(&payload.access),
            files: payload.files,
            bytes: payload.bytes,
            held_bytes: 0,
            run: payload.run.as_ref().map(|run| format!("run:{} ({run})", run.id)),
            committed: None,
            can_open: None,
            releases: self.shown_releases(found)?,
            tables: Vec::new(),
            file_list: Vec::new(),
        };
        if let Some(manifest) = self.manifest(&payload.manifest).await? {
            let layout = self.layout(&manifest).await?;
            version.tables = tables(&manifest, layout.as_ref());
            if let Some(layout) = layout {
                version.held_bytes = self.held_bytes(&layout).await?;
                version.file_list = files(&layout);
            }
            if let Some(private) = manifest.private() {
                let named = &private.commitments;
                if let Some(held) = Shelf(self.blobs()).commitments(named).await? {
                    let body = private::parse(&held, &found.did, payload.number)?;
                    version.committed = Some(Committed::of(&body, named.bytes));
                }
                version.can_open = Some(self.has_identity(&private.recipient)?);
            }
        }
        Ok(version)
    }

    fn shown_releases(&self, found: &FoundVersion) -> Result<Vec<ShownRelease>> {
        let number = found.row.payload.number;
        let rows = queries::releases(self.view(), &found.origin, &found.did, number).or_failed()?;
        let shown = |row: ReleaseRow| ShownRelease {
            number: row.payload.number,
            statement: row.at.id,
            index: row.at.index,
            signer: row.iss,
            time: row.iat,
            proof: row.payload.proof,
            bytes: row.payload.bytes,
            commits_to_epsilon: row.payload.noise.map(|it| thousandths(it.epsilon_thousandths)),
            answers: row.payload.answers,
        };
        Ok(rows.into_iter().map(shown).collect())
    }

    /// What a reader must know beside the version itself.
    fn dataset_warnings(&self, found: &FoundVersion) -> Result<Vec<String>> {
        let (view, origin, did) = (self.view(), &found.origin, &found.did);
        let mut warnings = Vec::new();
        for fork in &found.dataset.forks {
            let index = fork.index;
            warnings.push(format!(
                "a fork: a second genesis of this dataset stands at {origin}#{index}"
            ));
        }
        for conflict in queries::conflicts(view, origin, did).or_failed()? {
            warnings.push(format!(
                "{origin}#{} also claims to be version {}; the first in the log, #{}, counts",
                conflict.at.index, conflict.number, conflict.with.index
            ));
        }
        for newer in queries::newer(view, origin, did.as_str()).or_failed()? {
            warnings.push(format!(
                "{origin}#{} ({}) is newer than this program: {}",
                newer.at.index, newer.kind, newer.reason
            ));
        }
        Ok(warnings)
    }
}

/// The tables that a manifest declares, with the names of their files where the layout is held.
pub(in crate::node) fn tables(manifest: &Manifest, layout: Option<&Layout>) -> Vec<ShownTable> {
    let shown = |table: &Table| {
        let first = layout.and_then(|layout| table.files(layout).next());
        ShownTable {
            path: first.map_or_else(String::new, |file| file.path.to_string()),
            files: table.ranges().iter().map(|range| range.to - range.from).sum(),
            rows: table.rows(),
            format: match table.format() {
                TableFormat::Csv(_) => "csv".to_owned(),
                TableFormat::Parquet => "parquet".to_owned(),
            },
            columns: table.schema().columns().iter().map(column).collect(),
        }
    };
    manifest.tables().iter().map(shown).collect()
}

fn column(column: &Column) -> ShownColumn {
    ShownColumn {
        name: column.name.clone(),
        kind: column.column_type.to_string(),
        unit: column.unit.clone(),
        description: column.description.clone(),
    }
}

fn files(layout: &Layout) -> Vec<ShownFile> {
    let shown = |file: &FileEntry| ShownFile {
        path: file.path.to_string(),
        bytes: file.size,
        sha256: file.sha256.to_hex(),
    };
    layout.files().iter().take(FILES_SHOWN_MAX).map(shown).collect()
}

fn creator(creator: &Creator) -> String {
    match &creator.did {
        Some(did) => format!("{} ({did})", creator.name),
        None => creator.name.clone(),
    }
}

fn access(access: &Access) -> String {
    match access {
        Access::Public => "public".to_owned(),
        Access::Private => {
            "private: its bytes are encrypted and given to nobody; what is listed of them is \
             ciphertext"
                .to_owned()
        }
        Access::Other(other) => format!("{other} (not understood here, so not served)"),
    }
}

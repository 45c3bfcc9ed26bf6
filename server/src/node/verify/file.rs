//! Verifying a file that a person has: which known version or output lists it, by its hash.

use std::{collections::BTreeSet, path::Path};

use veritrail_datasets::ingest::bytes::{Digesting, Seen};
use veritrail_provenance::{
    identity::Did,
    ledger::{queries, rows::Standing},
    statement::{Kind as StatementKind, Origin},
};

use crate::{
    error::{NodeError, OrKind as _, Result},
    node::{
        Node,
        check::meant_for,
        plain_file,
        report::{Conclusion, Verification},
        resolve::{FoundVersion, Resolved},
    },
    progress::Progress,
};

/// Places at which one file is verified; further ones are only listed.
const VERIFIED_MAX: usize = 16;

impl Node {
    /// Finds the file by its SHA-256 among all known versions and outputs, and verifies one that
    /// lists it: the first that can be verified. The file's own bytes are what is checked.
    ///
    /// Cost: one pass over the file, and a look at each known list of files.
    pub async fn verify_file(
        &self,
        path: &Path,
        trust: &[String],
        progress: &dyn Progress,
    ) -> Result<Verification> {
        let roots = self.trust_roots(trust)?;
        let seen = tokio::task::block_in_place(|| digest(path, progress))?;
        let (matches, unread) = self.listing(&seen).await?;
        let mut best: Option<Verification> = None;
        for (resolved, _) in matches.iter().take(VERIFIED_MAX) {
            let done = self.verify_resolved(resolved, &roots, progress).await?;
            if best.as_ref().is_none_or(|best| done.conclusion < best.conclusion) {
                best = Some(done);
            }
            if best.as_ref().is_some_and(|best| best.conclusion == Conclusion::Verified) {
                break;
            }
        }
        match best {
            Some(mut best) => {
                best.files = matches
                    .into_iter()
                    .map(|(found, file)| {
                        format!("{file} in {}, {}", found.portable(), found.entry())
                    })
                    .collect();
                Ok(best)
            }
            None => Err(not_known(path, &seen, unread)),
        }
    }

    /// Everything that lists a file of this hash, with the file's path in it, and how many lists
    /// are not held here.
    async fn listing(&self, seen: &Seen) -> Result<(Vec<(Resolved, String)>, u64)> {
        let (mut matches, mut unread) = (Vec::new(), 0);
        for resolved in self.all_with_bytes()? {
            let Some(bytes) = resolved.bytes() else { continue };
            let layout = match self.manifest(&bytes.manifest).await? {
                Some(manifest) => self.layout(&manifest).await?,
                None => None,
            };
            let Some(layout) = layout.filter(|layout| *layout.root() == bytes.root) else {
                unread += 1;
                continue;
            };
            let mut files = layout.files().iter();
            let listed = files.find(|file| file.sha256 == seen.sha256 && file.size == seen.bytes);
            matches.extend(listed.map(|file| (resolved, file.path.to_string())));
        }
        Ok((matches, unread))
    }

    /// All known versions, the newest first within a dataset, then all outputs of runs.
    pub(in crate::node) fn all_with_bytes(&self) -> Result<Vec<Resolved>> {
        let view = self.view();
        let (mut datasets, mut runs) = (BTreeSet::<(Origin, Did)>::new(), Vec::new());
        for log in queries::logs(view).or_failed()? {
            for (_, entry) in queries::entries(view, &log.origin).or_failed()? {
                let Some(claims) = entry.claims.filter(|_| entry.standing == Standing::Folded)
                else {
                    continue;
                };
                if claims.kind == StatementKind::DatasetVersion.name() {
                    let did: Option<Did> = claims.sub.parse().ok();
                    datasets.extend(did.map(|did| (log.origin.clone(), did)));
                } else if claims.kind == StatementKind::RunReceipt.name() {
                    runs.extend(queries::run(view, &claims.id).or_failed()?);
                }
            }
        }
        let mut all = Vec::new();
        for (origin, did) in datasets {
            let Some(dataset) = queries::dataset(view, &origin, &did).or_failed()? else {
                continue;
            };
            for row in queries::versions(view, &origin, &did).or_failed()?.into_iter().rev() {
                let (did, origin, dataset) = (did.clone(), origin.clone(), dataset.clone());
                all.push(Resolved::Version(Box::new(FoundVersion { did, origin, dataset, row })));
            }
        }
        all.extend(runs.into_iter().map(|run| Resolved::Output(Box::new(run))));
        Ok(all)
    }
}

fn digest(path: &Path, progress: &dyn Progress) -> Result<Seen> {
    progress.begin("hashing", None);
    let seen = plain_file::open(path).and_then(|file| Digesting::new(file).finish());
    progress.end();
    seen.map_err(|e| {
        NodeError::failed(e.to_string()).at(path.display()).hint("name a file that can be read")
    })
}

fn not_known(path: &Path, seen: &Seen, unread: u64) -> NodeError {
    let lists = match unread {
        0 => String::new(),
        n => format!("; lists of files that are not held here, so not looked at: {n}"),
    };
    let error = NodeError::not_found(format!(
        "no known version holds a file of SHA-256 {}{lists}",
        seen.sha256
    ));
    let error = error.at(path.display());
    let else_do =
        "fetch the dataset's trail (veritrail get TICKET), or verify a bundle with --data";
    error.hint(meant_for(path).unwrap_or_else(|| else_do.to_owned()))
}

//! Verifying a bundle: with nothing but the file, what the reader trusts, and files that the reader
//! already has.

mod commitments;
mod files;
mod layouts;
mod opened;
mod outputs;
mod own_files;
mod own_log;
mod table;

use std::{
    io::{ErrorKind, Read as _, Seek as _, SeekFrom},
    path::{Path, PathBuf},
};

use veritrail_provenance::{
    evidence::{self, Evidence, KnownHead, Report},
    lineage::{LineageError, Pick, Subject, walk},
    reference::Reference,
    trust::TrustRoots,
};

use self::{commitments::Inside, layouts::Layouts, opened::Opened};
use super::{
    container::{ContainerError, LISTING_NAME},
    contents::EVIDENCE_NAME,
};
use crate::{
    error::{Kind, NodeError, Result},
    node::{
        Node, claims, plain_file,
        report::{Conclusion, Verification},
        trust::command_line_roots,
    },
    progress::Progress,
};

/// Bytes at either end of a file in which a bundle's first name is looked for.
const LOOK_BYTES: u64 = 64 << 10;

/// What to verify, and by what.
#[derive(Debug, Clone, Default)]
pub struct BundleCheck {
    /// The bundle.
    pub bundle: PathBuf,
    /// DIDs, vkeys, files or `any`, trusted for this check.
    pub trust: Vec<String>,
    /// Files and folders that the reader already has: checked against what the bundle lists.
    pub data: Vec<PathBuf>,
}

/// Verifies a bundle. A home is only needed for what it trusts and remembers. Blocks.
///
/// # Errors
/// The file is no bundle, was altered, or is newer than this program. What is wrong with its
/// content stands in the answer.
pub fn verify_bundle(
    home: Option<&Node>,
    check: &BundleCheck,
    progress: &dyn Progress,
) -> Result<Verification> {
    judge(home, check, progress).map(|judged| judged.verification)
}

/// A bundle that was verified, and what else rests on it.
pub(in crate::node) struct Judged {
    /// The answer.
    pub(in crate::node) verification: Verification,
    /// What its evidence folds to; not to be relied on where the answer is that it failed.
    pub(in crate::node) report: Report,
    /// The commitments of private versions inside.
    pub(in crate::node) committed: Vec<Inside>,
}

/// As [`verify_bundle`], for those who go on with what is inside.
pub(in crate::node) fn judge(
    home: Option<&Node>,
    check: &BundleCheck,
    progress: &dyn Progress,
) -> Result<Judged> {
    let roots = match home {
        Some(node) => node.trust_roots(&check.trust)?,
        None => command_line_roots(&check.trust)?,
    };
    let failed = |e: ContainerError| refused(&e, &check.bundle);
    let file = plain_file::open(&check.bundle).map_err(|e| failed(e.into()))?;
    progress.begin("check the bundle", file.metadata().map(|m| m.len()).ok());
    let opened = Opened::read(file);
    progress.end();
    let mut opened = opened.map_err(failed)?;
    let subject = subject(&opened.subject, &roots).map_err(|e| e.at(check.bundle.display()))?;
    let evidence = opened.evidence().map_err(|mut e| {
        e.place = Some(format!("{}, {}", check.bundle.display(), e.place.unwrap_or_default()));
        e
    })?;
    let known = match home {
        Some(node) => known_heads(node, &evidence)?,
        None => Vec::new(),
    };
    let report = evidence::verify(&evidence, &roots, &known, &subject);
    let mut done = Verification::of(opened.subject.clone(), &report);
    if is_of_another(&report, &subject) {
        done.add_finding(format!(
            "{EVIDENCE_NAME}: it is evidence of something else, it does not hold {}",
            opened.subject
        ));
    }
    for finding in std::mem::take(&mut opened.findings) {
        done.add_finding(finding);
    }
    if let Some(node) = home {
        own_log::check(node, &report, &mut done)?;
        for place in node.contradictions(&evidence)? {
            done.add_finding(format!("{place}: this home keeps another entry of this index"));
        }
    }
    claims::check(&evidence, &report, &mut done);
    let layouts = Layouts::of(&opened, &mut done);
    let committed = commitments::check(&opened, &evidence, &report, &mut done);
    files::check(&mut opened, &layouts, &report, &mut done).map_err(failed)?;
    if !check.data.is_empty() {
        own_files::check(&check.data, &layouts, &mut done, progress)?;
    }
    for entry in &opened.not_understood {
        done.missing.push(format!("not understood: {entry}"));
    }
    Ok(Judged { verification: done, report, committed })
}

/// Whether a file is meant to be a bundle: by its name, or by the name of the first entry in a ZIP
/// header near its start or end. Wider than what is accepted, so that a damaged bundle is judged
/// as one.
pub fn is_meant(path: &Path) -> bool {
    if path.extension().is_some_and(|e| e == "veritrail") {
        return true;
    }
    let ends = plain_file::open(path).and_then(|mut file| {
        let length = file.metadata()?.len();
        let mut bytes = Vec::new();
        (&mut file).take(LOOK_BYTES).read_to_end(&mut bytes)?;
        file.seek(SeekFrom::Start(length.saturating_sub(LOOK_BYTES)))?;
        (&mut file).take(LOOK_BYTES).read_to_end(&mut bytes)?;
        Ok(bytes)
    });
    let name = LISTING_NAME.as_bytes();
    ends.is_ok_and(|bytes| {
        bytes.windows(4).enumerate().any(|(at, signature)| {
            let header = match signature {
                b"PK\x03\x04" => 30,
                b"PK\x01\x02" => 46,
                _ => return false,
            };
            bytes.get(at + header..).is_some_and(|rest| rest.starts_with(name))
        })
    })
}

/// True if the evidence is whole and understood, and the statement that the bundle says it is of is
/// not in it.
fn is_of_another(report: &Report, subject: &Subject) -> bool {
    let whole = report.failures.is_empty() && report.open.iter().all(|open| open.place.is_none());
    whole && matches!(walk(&report.state, subject), Err(LineageError::NotFound(_)))
}

/// What the bundle claims to be about, as the subject of a lineage.
fn subject(text: &str, roots: &TrustRoots) -> Result<Subject> {
    let unknown = || {
        NodeError::could_not_check(format!("its subject {text:?} is of no kind known here"))
            .hint("a newer version of this program may read it")
    };
    match Reference::parse(text) {
        Ok(Reference::DatasetRoot(did, prefix)) => {
            let root = prefix.as_str().parse().map_err(|_| unknown())?;
            let genesis = roots.signers(&did).find_map(|signer| signer.genesis);
            Ok(Subject::Dataset { dataset: did, version: Pick::Root(root), genesis })
        }
        Ok(Reference::Run(prefix) | Reference::RunOutput(prefix)) => {
            Ok(Subject::Run(prefix.as_str().parse().map_err(|_| unknown())?))
        }
        _ => Err(unknown()),
    }
}

/// The heads that this home remembers of the bundle's logs: a log that contradicts one of them has
/// shown different people different things.
fn known_heads(node: &Node, evidence: &Evidence) -> Result<Vec<KnownHead>> {
    let mut known = Vec::new();
    for log in &evidence.logs {
        known.extend(node.known_head(&log.origin)?);
    }
    Ok(known)
}

fn refused(error: &ContainerError, bundle: &Path) -> NodeError {
    let kind = match error {
        ContainerError::Io(e) if e.kind() == ErrorKind::NotFound => {
            return NodeError::not_found("no such file")
                .at(bundle.display())
                .hint("name the bundle that you were given");
        }
        ContainerError::Io(_) => Kind::Failed,
        ContainerError::Version(_) => Kind::CouldNotCheck,
        _ => Kind::VerificationFailed,
    };
    let hint = match kind {
        Kind::CouldNotCheck => "a newer version of this program may read it",
        Kind::Failed => "is it readable?",
        _ => "it was cut, altered, or made by another program: ask for it again",
    };
    NodeError::new(kind, error.to_string()).at(bundle.display()).hint(hint)
}

/// Whether what was found so far still allows an answer.
fn stands(done: &Verification) -> bool {
    done.conclusion < Conclusion::Failed
}

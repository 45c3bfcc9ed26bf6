//! The three answers of a verification, in the words that people and programs read: is it
//! consistent, which log holds it, who signed it.

use serde::Serialize;
use veritrail_provenance::{
    evidence::{
        self, Consistency, LogKnown, LogReport, Report, SignerKnown, SignerReport, VerdictReport,
    },
    hash::LogHash,
    identity::Did,
    statement::Origin,
    trust::TrustSource,
};

use super::lineage::outcome_word;

/// What came out, the worse the later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Conclusion {
    /// Everything is right and every signer is named by the reader.
    Verified,
    /// Everything fits together, but somebody signed whom the reader has not named.
    ConsistentButUnnamed,
    /// Something needed is missing, or newer than this program.
    CouldNotCheck,
    /// Something is not what it must be.
    Failed,
}

/// The outcome of a verification.
#[derive(Debug, Clone, Serialize)]
pub struct Verification {
    /// What was verified, in portable form.
    pub subject: String,
    /// The answer in one word.
    pub conclusion: Conclusion,
    /// First answer: do statements, proofs and hashes fit together?
    pub consistent: Consistent,
    /// Second answer: which logs hold the statements?
    pub logged_by: Vec<LoggedBy>,
    /// Third answer: who signed, and how the reader knows them?
    pub signed_by: Vec<SignedBy>,
    /// Verdicts about runs of the lineage: opinions, on which the answer does not rest.
    pub verdicts: Vec<String>,
    /// Whom the reader would have to name: signers, and operators of logs.
    pub unnamed: Vec<Did>,
    /// The bytes that were checked, where bytes were at hand.
    pub data: Option<DataCheck>,
    /// Files that matched, `path in DID@N`.
    pub files: Vec<String>,
    /// What is wrong, each with its place.
    pub findings: Vec<String>,
    /// What could not be checked, each with its reason.
    pub missing: Vec<String>,
    /// What the answers start from: the home's own keys, trust.toml, `--trust`.
    pub trust: String,
    /// True if `--trust any` was given: then signers prove nothing.
    pub trusts_any: bool,
}

/// Whether everything fits together.
#[derive(Debug, Clone, Serialize)]
pub struct Consistent {
    /// The answer.
    pub holds: bool,
    /// How many statements were checked.
    pub statements: u64,
    /// The answer as a sentence.
    pub words: String,
}

/// One log that holds statements of the lineage.
#[derive(Debug, Clone, Serialize)]
pub struct LoggedBy {
    /// Its name.
    pub origin: Origin,
    /// The checkpoint's size.
    pub size: u64,
    /// The checkpoint's root.
    pub root: LogHash,
    /// How the reader knows the key that signed the checkpoint.
    pub known: String,
}

/// One signer of the lineage.
#[derive(Debug, Clone, Serialize)]
pub struct SignedBy {
    /// Who.
    pub did: Did,
    /// The name they give themselves.
    pub name: Option<String>,
    /// How the reader knows them, or that they do not.
    pub known: String,
    /// True if the reader named them.
    pub named: bool,
    /// What they signed, with its place.
    pub statements: Vec<String>,
}

/// The bytes that were checked.
#[derive(Debug, Clone, Serialize)]
pub struct DataCheck {
    /// Bytes whose hashes were checked.
    pub checked_bytes: u64,
    /// Bytes of the version in all.
    pub bytes: u64,
    /// The answer as a sentence.
    pub words: String,
}

impl Verification {
    /// The answers of `report` about `subject`, in words.
    pub fn of(subject: String, report: &Report) -> Self {
        let conclusion = match report.conclusion() {
            evidence::Conclusion::Verified => Conclusion::Verified,
            evidence::Conclusion::ConsistentButUnnamed { .. } => Conclusion::ConsistentButUnnamed,
            evidence::Conclusion::CouldNotCheck { .. } => Conclusion::CouldNotCheck,
            evidence::Conclusion::Failed { .. } => Conclusion::Failed,
        };
        let open = report.open.iter().map(|open| match &open.place {
            Some(place) => format!("{place}: {}", open.reason),
            None => open.reason.clone(),
        });
        let blobs = report.missing_blobs.iter().map(|blob| {
            format!("{}: the {} that it names is not here ({})", blob.named_by, blob.what, blob.id)
        });
        let findings = report.failures.iter().map(|f| format!("{}: {}", f.place, f.reason));
        Self {
            subject,
            conclusion,
            consistent: consistent(report),
            logged_by: report.logs.iter().map(logged_by).collect(),
            signed_by: report.signers.iter().map(signed_by).collect(),
            verdicts: report.verdicts.iter().map(verdict).collect(),
            unnamed: unnamed(report),
            data: None,
            files: Vec::new(),
            findings: findings.collect(),
            missing: open.chain(blobs).collect(),
            trust: trust_words(report),
            trusts_any: report.any,
        }
    }

    /// More bytes that were at hand and are right, beside those that were told before.
    pub(crate) fn add_data(&mut self, checked_bytes: u64, bytes: u64, words: String) {
        self.data = Some(match self.data.take() {
            None => DataCheck { checked_bytes, bytes, words },
            Some(told) => DataCheck {
                checked_bytes: told.checked_bytes + checked_bytes,
                bytes: told.bytes + bytes,
                words: format!("{}; {words}", told.words),
            },
        });
    }

    /// Something that is wrong and was found beside the evidence.
    pub fn add_finding(&mut self, finding: String) {
        self.conclusion = Conclusion::Failed;
        self.findings.push(finding);
    }

    /// Something needed that is newer than this program, found beside the evidence.
    pub fn add_open(&mut self, reason: String) {
        self.conclusion = self.conclusion.max(Conclusion::CouldNotCheck);
        self.missing.push(reason);
    }

    /// 0 verified, 3 something is wrong, 1 anything else.
    pub fn exit_code(&self) -> u8 {
        match self.conclusion {
            Conclusion::Verified => 0,
            Conclusion::ConsistentButUnnamed | Conclusion::CouldNotCheck => 1,
            Conclusion::Failed => 3,
        }
    }

    /// The answer as one line.
    pub fn headline(&self) -> String {
        let subject = &self.subject;
        match self.conclusion {
            Conclusion::Verified if self.trusts_any => {
                format!("consistent, with any signer trusted (--trust any): {subject}")
            }
            Conclusion::Verified => format!("verified: {subject}"),
            Conclusion::ConsistentButUnnamed => {
                format!("consistent, but signed by parties you have not named: {subject}")
            }
            Conclusion::CouldNotCheck => format!("could not check: {subject}"),
            Conclusion::Failed => format!("verification FAILED: {subject}"),
        }
    }
}

fn consistent(report: &Report) -> Consistent {
    let statements = report.logs.iter().map(|log| log.entries as u64).sum();
    let logs = report.logs.len();
    let words = match report.consistent() {
        true => format!(
            "yes: {statements} statements of {logs} {} fit together, with proofs and signatures",
            if logs == 1 { "log" } else { "logs" }
        ),
        false => "no".to_owned(),
    };
    Consistent { holds: report.consistent(), statements, words }
}

fn logged_by(log: &LogReport) -> LoggedBy {
    let known = match &log.known {
        LogKnown::Key { source: TrustSource::OwnKey, .. } => "this home's own log".to_owned(),
        LogKnown::Key { source, .. } => format!("you named its key ({})", source_words(*source)),
        LogKnown::Signer { did, source: TrustSource::OwnKey } => {
            format!("its key is bound by this home's own {did}")
        }
        LogKnown::Signer { did, source } => {
            format!("its key is bound by {did}, whom you named ({})", source_words(*source))
        }
        LogKnown::Any => "anybody is trusted (--trust any)".to_owned(),
        LogKnown::Unnamed => "you have not named it".to_owned(),
    };
    let history = match log.consistency {
        Consistency::FirstContact | Consistency::Same => String::new(),
        Consistency::Extends { old_size } => {
            format!("; extends the {old_size} entries seen before")
        }
        Consistency::Older { known_size } => {
            format!("; older than the {known_size} entries seen before")
        }
        Consistency::NotShown { old_size } => {
            format!("; NOT shown to extend the {old_size} entries seen before, so kept apart")
        }
        Consistency::Inconsistent { old_size } => {
            format!("; CONTRADICTS the {old_size} entries seen before")
        }
    };
    LoggedBy { origin: log.origin.clone(), size: log.size, root: log.root, known: known + &history }
}

fn signed_by(signer: &SignerReport) -> SignedBy {
    SignedBy {
        did: signer.did.clone(),
        name: signer.name.clone(),
        known: signer_words(&signer.known),
        named: signer.known.is_known(),
        statements: signer.signed.iter().map(ToString::to_string).collect(),
    }
}

fn signer_words(known: &SignerKnown) -> String {
    match known {
        SignerKnown::Named { source: TrustSource::OwnKey } => "this home's own key".to_owned(),
        SignerKnown::Named { source } => format!("you named them ({})", source_words(*source)),
        SignerKnown::Dataset { signer } => format!("the dataset's own key, for {signer}"),
        SignerKnown::OtherGenesis => "you named another genesis of this DID".to_owned(),
        SignerKnown::Any => "anybody is trusted (--trust any)".to_owned(),
        SignerKnown::Unnamed => "you have not named them".to_owned(),
    }
}

fn verdict(verdict: &VerdictReport) -> String {
    let independent = if verdict.independent { "" } else { ", the run's own signer" };
    format!(
        "{} says {}{independent} ({}; {})",
        verdict.signer,
        outcome_word(verdict.outcome),
        verdict.place,
        signer_words(&verdict.known)
    )
}

fn unnamed(report: &Report) -> Vec<Did> {
    let mut dids: Vec<Did> = Vec::new();
    for party in report.unnamed() {
        let did = match party {
            evidence::Unnamed::Signer { did } => Some(did),
            evidence::Unnamed::Log { operator, .. } => operator,
        };
        dids.extend(did.filter(|did| !dids.contains(did)));
    }
    dids
}

fn trust_words(report: &Report) -> String {
    if report.any {
        return "--trust any: the signatures prove nothing about who".to_owned();
    }
    let mut sources: Vec<TrustSource> = Vec::new();
    for signer in &report.signers {
        if let SignerKnown::Named { source } = signer.known {
            sources.push(source);
        }
    }
    for log in &report.logs {
        if let LogKnown::Key { source, .. } | LogKnown::Signer { source, .. } = log.known {
            sources.push(source);
        }
    }
    sources.sort();
    sources.dedup();
    match sources.is_empty() {
        true => "nobody that you named".to_owned(),
        false => {
            let words: Vec<&str> = sources.into_iter().map(source_words).collect();
            words.join(", ")
        }
    }
}

fn source_words(source: TrustSource) -> &'static str {
    match source {
        TrustSource::OwnKey => "this home's own keys",
        TrustSource::TrustFile => "trust.toml",
        TrustSource::CommandLine => "--trust",
    }
}

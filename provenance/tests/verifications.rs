//! Verification: what an honest trail comes to, and that every forgery is caught and named.

use veritrail_provenance::evidence::*;
use veritrail_provenance::hash::StatementId;
use veritrail_provenance::lineage::{Pick, Subject, walk};
use veritrail_provenance::statement::*;
use veritrail_provenance::trust::{TrustRoots, TrustSource};

use crate::fixtures::Envelope;
use crate::trails::{DETAILS, Data, Log, SPEC, did, folded, needed, receipt, signer, verdict};

const LAB: &str = "example.org/lab";

struct Story {
    lab: Log,
    user: Log,
    reviewer: Log,
    blobs: Vec<Vec<u8>>,
    version: StatementRef,
    run: StatementRef,
}

/// A lab publishes, a user runs, a reviewer judges: three logs of three people.
fn story() -> Story {
    let (mut lab, mut user) = (Log::new(LAB, 1), Log::new("user", 2));
    let mut reviewer = Log::new("reviewer", 3);
    let (data, output) = (Data::new(b"data"), Data::new(b"output"));
    lab.genesis(4, &[1]);
    let version = lab.version(1, 4, data.version(1, None));
    let run = user.receipt(2, receipt(2, &data, Some(version.clone()), &output));
    reviewer.verdict(3, verdict(3, &run));
    let blobs = vec![data.manifest, output.manifest, SPEC.to_vec(), DETAILS.to_vec()];
    Story { lab, user, reviewer, blobs, version, run }
}

impl Story {
    fn subject(&self) -> Subject {
        Subject::Run(self.run.id)
    }

    fn evidence(&self) -> Evidence {
        let logs = [&self.lab, &self.user, &self.reviewer];
        needed(&walk(&folded(&logs), &self.subject()).unwrap(), &logs, &self.blobs)
    }
}

fn named(people: &[u8]) -> TrustRoots {
    let add =
        |roots: TrustRoots, n: &u8| roots.with_signer(did(*n), None, TrustSource::CommandLine);
    people.iter().fold(TrustRoots::none(), add)
}

fn failures(report: &Report) -> Vec<String> {
    report.failures.iter().map(|f| format!("{}: {}", f.place, f.reason)).collect()
}

/// The evidence fails at a place and for a reason.
#[track_caller]
fn fails(evidence: &Evidence, subject: &Subject, place: &str, reason: &str) {
    let report = verify(evidence, &named(&[1, 2, 3]), &[], subject);
    assert!(matches!(report.conclusion(), Conclusion::Failed { .. }), "{:?}", report.conclusion());
    let found = failures(&report);
    let matches = |line: &String| line.starts_with(place) && line.contains(reason);
    assert!(found.iter().any(matches), "{place}, {reason} not in {found:#?}");
}

#[test]
fn an_honest_trail_is_verified_when_all_its_signers_are_named() {
    let story = story();
    let evidence = Evidence::decode(&story.evidence().encode().unwrap()).unwrap();
    let report = verify(&evidence, &named(&[1, 2]), &[], &story.subject());
    assert_eq!(report.conclusion(), Conclusion::Verified, "{report:#?}");
    assert!(report.consistent());
    let logs: Vec<_> =
        report.logs.iter().map(|l| (l.origin.as_str(), &l.known, l.needed)).collect();
    let source = TrustSource::CommandLine;
    assert_eq!(
        logs,
        [
            (LAB, &LogKnown::Signer { did: did(1), source }, true),
            ("reviewer", &LogKnown::Unnamed, false),
            ("user", &LogKnown::Signer { did: did(2), source }, true),
        ]
    );
    assert_eq!(report.logs[0].signed_by, [story.lab.vkey()]);
    assert_eq!((report.logs[0].size, report.logs[0].entries), (3, 3));
    assert_eq!(report.logs[0].consistency, Consistency::FirstContact);
    let signers: Vec<_> = report.signers.iter().map(|s| (&s.did, s.name.as_deref())).collect();
    let (ada, bob) = (did(1), did(2));
    let mut due = vec![(&ada, Some("person 1")), (&bob, Some("person 2"))];
    due.sort();
    assert_eq!(signers, due);
    // A verdict by somebody unknown is told, and nothing rests on it.
    let [verdict] = &report.verdicts[..] else { panic!("{report:#?}") };
    assert!(verdict.independent && verdict.known == SignerKnown::Unnamed);
    assert_eq!((verdict.outcome, &verdict.signer), (Outcome::Identical, &did(3)));
    assert!(report.missing_blobs.is_empty());
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["logs"][0]["known"]["by"], "signer");
    assert_eq!(json["signers"][0]["known"]["source"], "command-line");
}

#[test]
fn who_is_not_named_is_listed() {
    let story = story();
    let evidence = story.evidence();
    let unnamed =
        |trust: &TrustRoots| match verify(&evidence, trust, &[], &story.subject()).conclusion() {
            Conclusion::ConsistentButUnnamed { parties } => parties,
            other => panic!("{other:?}"),
        };
    let signer = |n| Unnamed::Signer { did: did(n) };
    let log =
        |origin: &str, n| Unnamed::Log { origin: origin.parse().unwrap(), operator: Some(did(n)) };
    assert_eq!(unnamed(&named(&[1])), [signer(2), log("user", 2)]);
    assert_eq!(unnamed(&named(&[2])), [signer(1), log(LAB, 1)]);
    assert_eq!(unnamed(&TrustRoots::none()).len(), 4);
    // A log's key answers "logged by" and nothing else.
    let by_key = TrustRoots::none()
        .with_vkey(story.lab.vkey(), TrustSource::TrustFile)
        .unwrap()
        .with(named(&[2]));
    assert_eq!(unnamed(&by_key), [signer(1)]);
    let report = verify(&evidence, &by_key, &[], &story.subject());
    let known = LogKnown::Key { vkey: story.lab.vkey(), source: TrustSource::TrustFile };
    assert_eq!(report.logs[0].known, known);
}

#[test]
fn a_named_member_covers_the_log_whose_key_the_member_binds() {
    let mut lab = Log::new(LAB, 1);
    lab.identity(7, Role::Member);
    lab.genesis(4, &[7]);
    let data = Data::new(b"data");
    lab.version(7, 4, data.version(1, None));
    let subject = Subject::Dataset { dataset: did(4), version: Pick::Newest, genesis: None };
    let show = |lab: &Log| {
        let logs = [lab];
        let lineage = walk(&folded(&logs), &subject).unwrap();
        needed(&lineage, &logs, std::slice::from_ref(&data.manifest))
    };
    let report = verify(&show(&lab), &named(&[7]), &[], &subject);
    assert_eq!(report.conclusion(), Conclusion::Verified);
    let source = TrustSource::CommandLine;
    assert_eq!(report.logs[0].known, LogKnown::Signer { did: did(7), source });
    // The operator changes the log's key: the member has not vouched for the new one.
    lab.key = 77;
    lab.identity(1, Role::Operator);
    let report = verify(&show(&lab), &named(&[7]), &[], &subject);
    let Conclusion::ConsistentButUnnamed { parties } = report.conclusion() else {
        panic!("{:?}", report.conclusion())
    };
    assert!(matches!(&parties[..], [Unnamed::Log { .. }]), "{parties:?}");
    // The old key is no longer the log's.
    lab.key = 101;
    let report = verify(&show(&lab), &named(&[1, 7]), &[], &subject);
    assert!(matches!(report.conclusion(), Conclusion::Failed { .. }));
}

#[test]
fn anybody_will_do_only_when_that_is_said_and_it_is_written_down() {
    let story = story();
    let any = TrustRoots { any: true, ..named(&[1]) };
    let report = verify(&story.evidence(), &any, &[], &story.subject());
    assert_eq!(report.conclusion(), Conclusion::Verified);
    assert!(report.any);
    assert!(report.signers.iter().any(|signer| signer.known == SignerKnown::Any));
    assert!(report.logs.iter().any(|log| log.known == LogKnown::Any));
    assert_eq!(serde_json::to_value(&report).unwrap()["any"], true);
    let mut altered = story.evidence();
    altered.logs[0].entries[1].bytes[50] ^= 1;
    let report = verify(&altered, &any, &[], &story.subject());
    assert!(matches!(report.conclusion(), Conclusion::Failed { .. }));
}

#[test]
fn a_whole_trail_forged_with_other_keys_is_consistent_and_unnamed() {
    let (mut lab, mut user) = (Log::new(LAB, 21), Log::new("user", 22));
    let (data, output) = (Data::new(b"forged"), Data::new(b"forged output"));
    lab.genesis(24, &[21]);
    let version = lab.version(21, 24, data.version(1, None));
    let run = user.receipt(22, receipt(22, &data, Some(version), &output));
    let subject = Subject::Run(run.id);
    let logs = [&lab, &user];
    let blobs = [data.manifest, output.manifest, SPEC.to_vec(), DETAILS.to_vec()];
    let evidence = needed(&walk(&folded(&logs), &subject).unwrap(), &logs, &blobs);
    let honest = story();
    let trust = named(&[1, 2, 3]).with_vkey(honest.lab.vkey(), TrustSource::TrustFile).unwrap();
    let report = verify(&evidence, &trust, &[], &subject);
    assert!(report.consistent());
    let Conclusion::ConsistentButUnnamed { parties } = report.conclusion() else {
        panic!("{:?}", report.conclusion())
    };
    assert_eq!(parties.len(), 4);
    assert!(report.logs.iter().all(|log| log.known == LogKnown::Unnamed));
}

#[test]
fn genuine_statements_in_a_forgers_log_are_not_logged_by_anybody_named() {
    let story = story();
    // The forger's log bears the lab's name and holds the lab's own statements.
    let mut forged = Log::new(LAB, 21);
    forged.entries.extend(story.lab.entries.iter().cloned());
    let subject = Subject::Dataset { dataset: did(4), version: Pick::Newest, genesis: None };
    let logs = [&forged];
    let data = Data::new(b"data");
    let evidence = needed(&walk(&folded(&logs), &subject).unwrap(), &logs, &[data.manifest]);
    let report = verify(&evidence, &named(&[1]), &[], &subject);
    let Conclusion::ConsistentButUnnamed { parties } = report.conclusion() else {
        panic!("{:?}", report.conclusion())
    };
    let [Unnamed::Log { operator, .. }] = &parties[..] else { panic!("{parties:?}") };
    assert_eq!(operator, &Some(did(21)));
}

#[test]
fn every_altered_entry_proof_checkpoint_or_blob_is_named() {
    let story = story();
    let subject = story.subject();
    let good = story.evidence();
    let mut altered = good.clone();
    altered.logs[0].entries[2].bytes[100] ^= 1;
    fails(&altered, &subject, "example.org/lab#2, proof", "another root");

    let mut altered = good.clone();
    let proof = &mut altered.logs[0].entries[1].proof;
    let mut hash = *proof[0].as_bytes();
    hash[0] ^= 1;
    proof[0] = veritrail_provenance::hash::LogHash::from_bytes(hash);
    fails(&altered, &subject, "example.org/lab#1, proof", "another root");

    let mut altered = good.clone();
    altered.logs[0].entries[1].proof.clear();
    fails(&altered, &subject, "example.org/lab#1, proof", "hashes");

    let note = String::from_utf8(good.logs[0].checkpoint.clone()).unwrap();
    let mut altered = good.clone();
    altered.logs[0].checkpoint = note.replace("\n3\n", "\n4\n").into_bytes();
    fails(&altered, &subject, "log example.org/lab, checkpoint", "does not verify");

    let mut altered = good.clone();
    altered.logs[0].checkpoint = note.replace(LAB, "example.org/lob").into_bytes();
    fails(&altered, &subject, "log example.org/lab, checkpoint", "example.org/lob");

    let mut altered = good.clone();
    altered.logs[0].checkpoint.truncate(60);
    fails(&altered, &subject, "log example.org/lab, checkpoint", "note");

    for at in 0..good.blobs.len() {
        let mut altered = good.clone();
        altered.blobs[at].bytes[0] ^= 1;
        let place = format!("blob {}", good.blobs[at].id);
        fails(&altered, &subject, &place, "altered");
        // The same with an id that fits: then nothing names it.
        let bytes = altered.blobs[at].bytes.clone();
        altered.blobs[at] = Blob::new(bytes);
        altered.blobs.sort_by_key(|a| a.id);
        fails(&altered, &subject, "blob ", "names it");
    }
    assert_eq!(good.blobs.len(), 4);
}

#[test]
fn no_bit_of_evidence_can_be_flipped_unseen() {
    let story = story();
    let (subject, trust) = (story.subject(), named(&[1, 2]));
    let encoded = story.evidence().encode().unwrap();
    let mut tried = 0;
    for bit in (0..encoded.len() * 8).step_by(97) {
        let mut wrong = encoded.clone();
        wrong[bit / 8] ^= 1 << (bit % 8);
        let Ok(evidence) = Evidence::decode(&wrong) else { continue };
        let report = verify(&evidence, &trust, &[], &subject);
        assert_ne!(report.conclusion(), Conclusion::Verified, "bit {bit}");
        tried += 1;
    }
    assert!(tried > 150, "only {tried}");
}

#[test]
fn a_checkpoint_signed_by_a_stranger_is_refused() {
    let mut story = story();
    story.lab.key = 99;
    let mut evidence = story.evidence();
    fails(&evidence, &story.subject(), "log example.org/lab, checkpoint", "no signature");
    // Even with the stranger's key in the note's name, only the log's own keys count.
    evidence.logs[0].checkpoint = story.user.note(2);
    fails(&evidence, &story.subject(), "log example.org/lab, checkpoint", "of log user");
}

#[test]
fn statements_that_break_a_rule_are_named() {
    let mut story = story();
    let thief = story.reviewer.entries[1].clone();
    story.user.entries.push(thief);
    story.user.entries.push(b"garbage".to_vec());
    let mut evidence = story.evidence();
    evidence.logs[2] = story.user.evidence(0..4, &[]);
    fails(&evidence, &story.subject(), "user#2, statement", "meant for log reviewer");
    fails(&evidence, &story.subject(), "user#3, statement", "no statement");
}

#[test]
fn what_is_missing_could_not_be_checked() {
    let story = story();
    let open = |evidence: &Evidence, subject: &Subject| match verify(
        evidence,
        &named(&[1, 2, 3]),
        &[],
        subject,
    )
    .conclusion()
    {
        Conclusion::CouldNotCheck { open } => {
            open.into_iter().map(|open| open.reason).collect::<Vec<_>>().join("; ")
        }
        other => panic!("{other:?}"),
    };
    let mut without_lab = story.evidence();
    without_lab.logs.remove(0);
    let reasons = open(&without_lab, &story.subject());
    assert!(reasons.contains(&story.version.id.to_string()), "{reasons}");
    let mut without_genesis = story.evidence();
    without_genesis.logs[0].entries.remove(1);
    let reasons = open(&without_genesis, &story.subject());
    assert!(reasons.contains("no genesis"), "{reasons}");
    let other = Subject::Run(StatementId::from_bytes([0; 32]));
    assert!(open(&story.evidence(), &other).contains("does not hold it"));
    let mut without_blob = story.evidence();
    let gone = without_blob.blobs.remove(0);
    assert!(open(&without_blob, &story.subject()).contains(&gone.id.to_string()));
    let report = verify(&without_blob, &named(&[1, 2]), &[], &story.subject());
    assert_eq!(report.missing_blobs.len(), 1);
    assert!(report.consistent());
}

#[test]
fn a_newer_statement_about_the_subject_keeps_the_answer_open() {
    for about in [did(4), did(1)] {
        let mut story = story();
        let envelope = Envelope::of("dataset.withdrawal", r#"{"v":1}"#);
        story.lab.entries.push(envelope.claim(2, about.as_str()).sign());
        let report = verify(&story.evidence(), &named(&[1, 2, 3]), &[], &story.subject());
        let Conclusion::CouldNotCheck { open } = report.conclusion() else {
            panic!("{:?}", report.conclusion())
        };
        assert!(open[0].reason.contains("newer statement"), "{open:?}");
        assert_eq!(open[0].place.as_ref().unwrap().to_string(), "example.org/lab#3, statement");
    }
    // What a signer says of itself elsewhere counts, what a stranger says of it does not.
    for (author, counts) in [(1, true), (9, false)] {
        let mut story = story();
        let mut elsewhere = Log::new("example.org/elsewhere", author);
        elsewhere.entries.push(newer_by(author, did(1).as_str(), &elsewhere.origin));
        let logs = [&story.lab, &story.user, &elsewhere];
        let lineage = walk(&folded(&logs), &story.subject()).unwrap();
        assert_eq!(lineage.newer.len(), usize::from(counts));
        let mut evidence = needed(&lineage, &logs, &story.blobs);
        if !counts {
            story.reviewer = elsewhere;
            evidence.logs.push(story.reviewer.evidence(0..2, &[]));
            evidence.logs.sort_by(|a, b| a.origin.cmp(&b.origin));
        }
        let report = verify(&evidence, &named(&[1, 2]), &[], &story.subject());
        assert_eq!(report.conclusion() == Conclusion::Verified, !counts, "{report:#?}");
    }
    // About something else it changes nothing.
    let mut story = story();
    let envelope = Envelope::of("dataset.withdrawal", r#"{"v":1}"#);
    story.lab.entries.push(envelope.claim(2, did(9).as_str()).sign());
    let mut evidence = story.evidence();
    evidence.logs[0] = story.lab.evidence(0..4, &[]);
    let report = verify(&evidence, &named(&[1, 2, 3]), &[], &story.subject());
    assert_eq!(report.conclusion(), Conclusion::Verified);
}

/// A statement of an unknown kind by any person in any log.
fn newer_by(person: u8, sub: &str, origin: &Origin) -> Vec<u8> {
    let iss = did(person);
    let envelope = Envelope {
        kid: iss.as_str().as_bytes().to_vec(),
        ..Envelope::of("identity.revocation", r#"{"v":1}"#)
    };
    let envelope = envelope.claim(1, iss.as_str()).claim(2, sub).claim(3, origin.as_str());
    envelope.sign_by(&signer(person))
}

#[test]
fn a_second_genesis_is_a_fork_and_a_broken_pin_too() {
    let mut story = story();
    let genesis = Statement::decode(&story.lab.entries[1]).unwrap();
    let pin = |id| TrustRoots::none().with_signer(did(4), Some(id), TrustSource::TrustFile);
    let trust = named(&[1, 2]).with(pin(*genesis.id()));
    let report = verify(&story.evidence(), &trust, &[], &story.subject());
    assert_eq!(report.conclusion(), Conclusion::Verified);
    let trust = named(&[1, 2]).with(pin(StatementId::from_bytes([1; 32])));
    let report = verify(&story.evidence(), &trust, &[], &story.subject());
    assert!(failures(&report)[0].starts_with("example.org/lab#1"), "{:?}", failures(&report));
    story.lab.genesis(4, &[1, 2]);
    fails(&story.evidence(), &story.subject(), "example.org/lab#3, statement", "fork");
}

#[test]
fn a_signer_with_a_pinned_beginning_counts_only_with_it() {
    let story = story();
    let begun = Statement::decode(&story.lab.entries[0]).unwrap();
    let pinned = |id| named(&[2]).with_signer(did(1), Some(id), TrustSource::TrustFile);
    let report = verify(&story.evidence(), &pinned(*begun.id()), &[], &story.subject());
    assert_eq!(report.conclusion(), Conclusion::Verified);
    let other = pinned(StatementId::from_bytes([1; 32]));
    let report = verify(&story.evidence(), &other, &[], &story.subject());
    assert!(report.signers.iter().any(|s| s.known == SignerKnown::OtherGenesis));
    assert!(matches!(report.conclusion(), Conclusion::ConsistentButUnnamed { .. }));
}

#[test]
fn blobs_must_contain_what_the_statements_say() {
    let (mut lab, data) = (Log::new(LAB, 1), Data::new(b"data"));
    lab.genesis(4, &[1]);
    let mut version = data.version(1, None);
    version.files = 7;
    lab.version(1, 4, version);
    let subject = Subject::Dataset { dataset: did(4), version: Pick::Newest, genesis: None };
    let show = |lab: &Log, blob: &[u8]| {
        let logs = [lab];
        needed(&walk(&folded(&logs), &subject).unwrap(), &logs, &[blob.to_vec()])
    };
    let place = format!("blob {}", data.manifest_id());
    fails(&show(&lab, &data.manifest), &subject, &place, "files and bytes");

    let other = Data::new(b"other");
    for (manifest, reason) in [
        (other.manifest.clone(), "its root is"),
        (b"not json".to_vec(), "no head of a manifest"),
        (
            String::from_utf8(data.manifest.clone())
                .unwrap()
                .replace("\"files\":1", "\"files\":2")
                .into_bytes(),
            "refused",
        ),
    ] {
        let mut lab = Log::new(LAB, 1);
        lab.genesis(4, &[1]);
        let mut version = data.version(1, None);
        version.manifest = veritrail_provenance::hash::ChunkId::of(&manifest);
        lab.version(1, 4, version);
        fails(&show(&lab, &manifest), &subject, "blob ", reason);
    }
}

#[test]
fn an_input_that_no_log_names_is_told() {
    let mut user = Log::new("user", 2);
    let (data, output) = (Data::new(b"data"), Data::new(b"output"));
    let run = user.receipt(2, receipt(2, &data, None, &output));
    let blobs = [data.manifest.clone(), output.manifest, SPEC.to_vec(), DETAILS.to_vec()];
    let logs = [&user];
    let subject = Subject::Run(run.id);
    let evidence = needed(&walk(&folded(&logs), &subject).unwrap(), &logs, &blobs);
    let report = verify(&evidence, &named(&[2]), &[], &subject);
    assert_eq!(report.conclusion(), Conclusion::Verified);
    let [input] = &report.unlogged[..] else { panic!("{report:#?}") };
    assert_eq!((input.name.as_str(), input.root), ("rain", data.root()));
    assert_eq!(input.run.to_string(), "user#1, statement");
}

#[test]
fn a_spec_must_be_the_text_that_the_receipt_names() {
    let mut user = Log::new("user", 2);
    let (data, output) = (Data::new(b"data"), Data::new(b"output"));
    let mut run = receipt(2, &data, None, &output);
    run.spec = veritrail_provenance::hash::TextHash::of(b"another text");
    let run = user.receipt(2, run);
    let blobs = [data.manifest, output.manifest, SPEC.to_vec(), DETAILS.to_vec()];
    let logs = [&user];
    let subject = Subject::Run(run.id);
    let evidence = needed(&walk(&folded(&logs), &subject).unwrap(), &logs, &blobs);
    fails(&evidence, &subject, "blob ", "SHA-256");
}

#[test]
fn a_remembered_head_is_extended_or_the_difference_is_told() {
    let mut story = story();
    let head = story.lab.head(2);
    let subject = story.subject();
    let report = |evidence: &Evidence, known: &[KnownHead]| {
        verify(evidence, &named(&[1, 2]), known, &subject)
    };
    let mut evidence = story.evidence();
    assert_eq!(
        report(&evidence, std::slice::from_ref(&head)).logs[0].consistency,
        Consistency::NotShown { old_size: 2 }
    );
    evidence.logs[0] = story.lab.evidence(0..3, &[2]);
    let shown = report(&evidence, std::slice::from_ref(&head));
    assert_eq!(shown.logs[0].consistency, Consistency::Extends { old_size: 2 });
    assert_eq!(shown.conclusion(), Conclusion::Verified);
    let same = report(&evidence, &[story.lab.head(3)]);
    assert_eq!(same.logs[0].consistency, Consistency::Same);
    story.lab.identity(8, Role::Member);
    let older = report(&evidence, &[story.lab.head(4), head]);
    assert_eq!(older.logs[0].consistency, Consistency::Older { known_size: 4 });
    evidence.logs[0].consistency[0].old_size = 1;
    let broken = report(&evidence, &[]);
    assert!(failures(&broken)[0].contains("consistency"), "{:?}", failures(&broken));
}

#[test]
fn two_heads_that_exclude_each_other_convict_the_log() {
    let story = story();
    let keys = [story.lab.vkey()];
    // The same log, rewritten: entry 1 is another one, the sizes are 3 and 2.
    let mut rewritten = Log::new(LAB, 1);
    rewritten.identity(7, Role::Member);
    rewritten.identity(8, Role::Member);
    let mut evidence = story.evidence();
    for (known, link) in [(rewritten.head(3), false), (rewritten.head(2), true)] {
        evidence.logs[0] = story.lab.evidence(0..3, &[2]);
        let report =
            verify(&evidence, &named(&[1, 2]), std::slice::from_ref(&known), &story.subject());
        assert!(matches!(report.conclusion(), Conclusion::Failed { .. }));
        assert!(failures(&report)[0].contains("contradicts"), "{:?}", failures(&report));
        let [pair] = &report.inconsistent[..] else { panic!("no proof was kept") };
        assert_eq!(pair.link.is_some(), link);
        let again = InconsistentPair::decode(&pair.encode()).unwrap();
        assert_eq!(again, *pair);
        again.check(&keys).unwrap();
        // It convicts nobody under another key, when the heads agree, or with a false link.
        assert!(again.check(&[story.user.vkey()]).is_err());
        let agreed = InconsistentPair { first: story.lab.note(3), link: None, ..again.clone() };
        assert_eq!(agreed.check(&keys), Err(PairError::Consistent));
        if let Some(mut link) = again.link.clone() {
            link.proof.clear();
            let unproven = InconsistentPair { link: Some(link), ..again.clone() };
            assert!(matches!(unproven.check(&keys), Err(PairError::Link(_))));
        }
        let encoded = pair.encode();
        for cut in 0..encoded.len() {
            assert!(InconsistentPair::decode(&encoded[..cut]).is_err());
        }
    }
}

#[test]
fn a_whole_import_is_checked_without_a_subject() {
    let story = story();
    let report = check(&story.evidence(), &named(&[1, 2, 3]), &[]);
    assert_eq!(report.conclusion(), Conclusion::Verified, "{report:#?}");
    let genesis = report.signers.iter().find(|signer| signer.did == did(4)).unwrap();
    assert_eq!(genesis.known, SignerKnown::Dataset { signer: did(1) });
    let report = check(&story.evidence(), &named(&[1, 2]), &[]);
    assert!(matches!(report.conclusion(), Conclusion::ConsistentButUnnamed { .. }));
    // A statement whose signature cannot be checked counts for nobody.
    let mut story = story;
    let envelope = Envelope {
        kid: b"did:web:example.org".to_vec(),
        ..Envelope::of("dataset.withdrawal", r#"{"v":1}"#)
    };
    story.lab.entries.push(envelope.claim(1, "did:web:example.org").sign());
    let mut evidence = story.evidence();
    evidence.logs[0] = story.lab.evidence(0..4, &[]);
    let web = "did:web:example.org".parse().unwrap();
    let trust = named(&[1, 2, 3]).with_signer(web, None, TrustSource::TrustFile);
    let report = check(&evidence, &trust, &[]);
    assert!(matches!(report.conclusion(), Conclusion::CouldNotCheck { .. }), "{report:#?}");
    assert!(report.signers.iter().all(|signer| signer.did.method() == "key"));
}

#[test]
fn an_odd_origin_is_a_name_like_any_other() {
    let mut log = Log::new("../../x", 1);
    let data = Data::new(b"data");
    log.genesis(4, &[1]);
    log.version(1, 4, data.version(1, None));
    let logs = [&log];
    let subject = Subject::Dataset { dataset: did(4), version: Pick::Newest, genesis: None };
    let evidence = needed(
        &walk(&folded(&logs), &subject).unwrap(),
        &logs,
        std::slice::from_ref(&data.manifest),
    );
    let evidence = Evidence::decode(&evidence.encode().unwrap()).unwrap();
    let report = verify(&evidence, &named(&[1]), &[], &subject);
    assert_eq!(report.conclusion(), Conclusion::Verified);
    let folder = evidence.logs[0].origin.trail_folder();
    assert!(folder.len() == 64 && folder.bytes().all(|byte| byte.is_ascii_hexdigit()));
}

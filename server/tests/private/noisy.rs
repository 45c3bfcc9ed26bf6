//! Noise between two nodes: who may do what when, and that nobody can do it twice.

use veritrail_server::{
    claims::{NoiseFile, ProofFile, answers::Value},
    error::{Kind, NodeError},
    node::{
        Node,
        bundle::{BundleRequest, DataInside},
        check::check_offline,
        noise::{AskRequest, Asked, RevealRequest, Revealed},
        prove::{
            ClaimSource,
            noise::{Answered, CommittedTo, NoiseAnswer, NoiseCommit},
        },
    },
    progress::Silent,
};

use super::{
    proofs::{check, check_of, forged, get, prove},
    wards::{CANARIES, leaks, patients, publish},
};
use crate::labs::Lab;

const COUNTS: &str = r#"select "group", count(*), avg(age) from t group by "group""#;

/// A holder, and a reader who has fetched what is public.
async fn wards() -> (Lab, Lab) {
    let (ada, ben) = (Lab::new("Ada"), Lab::new("Ben"));
    publish(&ada, &patients(400)).await;
    fetch(&ada, &ben).await;
    (ada, ben)
}

async fn fetch(ada: &Lab, ben: &Lab) {
    let serving = ada.serve().await;
    get(ben, &ada.ticket("trial")).await;
    serving.stop().await;
}

async fn ask(ada: &Lab, ben: &Lab, name: &str) -> Asked {
    ask_about(&super::wards::version(ada, "trial").portable(), ben, name).await
}

async fn ask_about(of: &str, ben: &Lab, name: &str) -> Asked {
    let of = of.to_owned();
    let request = AskRequest { of, out: ben.path(name), signer: None };
    ben.node.ask_for_noise(&request).await.unwrap()
}

fn committing(ada: &Lab, asked: &Asked, epsilon: &str, out: &str) -> NoiseCommit {
    NoiseCommit {
        claim: ClaimSource::Sql(COUNTS.to_owned()),
        of: Some("trial".to_owned()),
        question: asked.question.clone(),
        epsilon: epsilon.to_owned(),
        delta: None,
        out: ada.path(out),
        signer: None,
    }
}

async fn commit(ada: &Lab, asked: &Asked, out: &str) -> CommittedTo {
    ada.node.commit_to_noise(&committing(ada, asked, "1.5", out), &Silent).await.unwrap()
}

/// Tries to commit; whatever fails must leave neither file nor statement.
async fn not_committed(ada: &Lab, request: &NoiseCommit) -> NodeError {
    let (size, there) = (ada.node.log_head().unwrap().size, request.out.exists());
    let error = ada.node.commit_to_noise(request, &Silent).await.unwrap_err();
    assert_eq!((request.out.exists(), ada.node.log_head().unwrap().size), (there, size), "{error}");
    assert!(error.hint.is_some(), "{error:?}");
    error
}

async fn reveal(ben: &Lab, committed: &CommittedTo, asked: &Asked) -> Result<Revealed, NodeError> {
    let (file, nonce) = (committed.file.clone(), asked.nonce.clone());
    let request = RevealRequest { file, nonce, trust: vec![] };
    ben.node.reveal_nonce(&request, &Silent).await
}

async fn answer(
    ada: &Lab,
    committed: &CommittedTo,
    nonce: &str,
    out: &str,
) -> Result<Answered, NodeError> {
    let (file, nonce) = (committed.file.clone(), nonce.to_owned());
    let request = NoiseAnswer { file, nonce, out: ada.path(out), signer: None };
    ada.node.answer_with_noise(&request, &Silent).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_is_answered_with_noise_that_nobody_chose() {
    let (ada, ben) = wards().await;
    let asked = ask(&ada, &ben, "counts.question").await;
    let committed = commit(&ada, &asked, "counts.noise").await;
    assert_eq!((committed.number, &committed.epsilon_of_version[..]), (1, "1.5"));
    assert_eq!((&committed.audience, &committed.delta[..]), (&ben.did(), "1e-6"));

    // Before the log that Ben knows has it, the nonce is not told.
    let error = reveal(&ben, &committed, &asked).await.unwrap_err();
    assert_eq!(error.kind, Kind::CouldNotCheck, "{error}");
    assert!(error.hint.unwrap().contains("veritrail get"));
    fetch(&ada, &ben).await;
    let revealed = reveal(&ben, &committed, &asked).await.unwrap();
    assert_eq!((&revealed.log, revealed.release), (&committed.log, committed.statement));

    let answered = answer(&ada, &committed, &revealed.nonce, "counts.proof").await.unwrap();
    assert_eq!(answered.number, 2);
    let noise = answered.shown.noise.as_ref().unwrap();
    assert_eq!(noise.committed.as_ref(), Some(&committed.log));
    let account = noise.account.as_ref().unwrap();
    assert_eq!((account.committed, account.unanswered, &account.epsilon[..]), (1, 0, "1.5"));

    // Ben knows of the commitment, and of the answer when he has fetched it.
    let done = check(&ben, &answered.file, &[&ada.did()]).await.unwrap();
    assert_eq!(done.exit_code(), 0, "{done:?}");
    assert_eq!(done.shown.as_ref().unwrap().released, None);
    fetch(&ada, &ben).await;
    let done = check(&ben, &answered.file, &[&ada.did()]).await.unwrap();
    assert_eq!((done.exit_code(), done.shown.as_ref()), (0, Some(&answered.shown)));
    for group in &answered.shown.results {
        let (count, noise) = (&group.answers[0], group.answers[0].noise);
        let off = number(count.value) - 200.0;
        assert!(off.abs() < 6.0 * number(noise.unwrap()), "{group:?}");
    }

    // Whoever was not asked has it with the log, or with a bundle.
    ada.node.bundle(bundle_of(&ada), &Silent).await.unwrap();
    let request = check_of(&answered.file, &[&ada.did()]);
    let offline = check_offline(None, &request, &ada.path("trial.veritrail"), &Silent).unwrap();
    assert_eq!((offline.exit_code(), offline.shown.as_ref()), (0, Some(&answered.shown)));
    for lab in [ben.path("home"), ada.path("home").join("log")] {
        assert_eq!(leaks(&lab, &CANARIES, &[]), [] as [&str; 0]);
    }
    assert_eq!(ada.fsck().await.findings, [] as [String; 0]);
}

fn number(value: Value) -> f64 {
    value.to_string().parse().unwrap()
}

fn bundle_of(ada: &Lab) -> BundleRequest {
    let (reference, out) = ("trial".to_owned(), ada.path("trial.veritrail"));
    BundleRequest { reference, out, data: DataInside::OutputsOnly }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_done_twice() {
    let (ada, ben) = wards().await;
    let asked = ask(&ada, &ben, "counts.question").await;
    let committed = commit(&ada, &asked, "counts.noise").await;
    // The same question again, before and after its nonce is known.
    let again = committing(&ada, &asked, "1.5", "again.noise");
    let error = not_committed(&ada, &again).await;
    assert_eq!(error.kind, Kind::Conflict, "{error}");
    fetch(&ada, &ben).await;
    let revealed = reveal(&ben, &committed, &asked).await.unwrap();
    assert_eq!(not_committed(&ada, &again).await.kind, Kind::Conflict);
    let answered = answer(&ada, &committed, &revealed.nonce, "counts.proof").await.unwrap();
    let size = ada.node.log_head().unwrap().size;
    let error = answer(&ada, &committed, &revealed.nonce, "other.proof").await.unwrap_err();
    assert_eq!(error.kind, Kind::Conflict, "{error}");
    assert!(!ada.path("other.proof").exists());
    assert_eq!(ada.node.log_head().unwrap().size, size);

    // One never answered stays visible, and what was told with noise is nothing to compare with.
    let second = ask(&ada, &ben, "second.question").await;
    let unanswered = commit(&ada, &second, "second.noise").await;
    assert_eq!(unanswered.epsilon_of_version, "3");
    let exact = prove(&ada, "select avg(age) from t", "exact.proof").await;
    assert_eq!((exact.number, exact.compared), (4, 0));
    let done = check(&ada, &answered.file, &[]).await.unwrap();
    let account = done.shown.unwrap().noise.unwrap().account.unwrap();
    assert_eq!((account.committed, account.unanswered, &account.delta[..]), (2, 1, "2e-6"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_loses_no_more_than_it_may() {
    let (ada, ben) = wards().await;
    for at in 0..5 {
        let asked = ask(&ada, &ben, &format!("{at}.question")).await;
        let request = committing(&ada, &asked, "2", &format!("{at}.noise"));
        ada.node.commit_to_noise(&request, &Silent).await.unwrap();
    }
    let asked = ask(&ada, &ben, "last.question").await;
    let error = not_committed(&ada, &committing(&ada, &asked, "1", "last.noise")).await;
    assert_eq!(error.kind, Kind::NotAuthorised, "{error}");
    assert!(error.message.contains("epsilon of 11"), "{error}");
    assert!(error.hint.unwrap().contains("nothing is left"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_fit_is_refused_before_anything_is_told() {
    let (ada, ben) = wards().await;
    let asked = ask(&ada, &ben, "counts.question").await;
    let base = committing(&ada, &asked, "1", "new.noise");
    let of = |sql: &str| NoiseCommit { claim: ClaimSource::Sql(sql.to_owned()), ..base.clone() };
    let epsilon = |text: &str| NoiseCommit { epsilon: text.to_owned(), ..base.clone() };
    let delta = |text: &str| NoiseCommit { delta: Some(text.to_owned()), ..base.clone() };
    for (request, kind, words) in [
        (of("select var_samp(age) from t"), Kind::Usage, "var_samp"),
        (of("select max(age) from t"), Kind::Usage, "max"),
        (of("select count(*) from t"), Kind::Usage, "published without a proof"),
        (epsilon("0.001"), Kind::Usage, "epsilon"),
        (epsilon("2.5"), Kind::Usage, "epsilon"),
        (epsilon("one"), Kind::Usage, "epsilon"),
        (epsilon("0.02"), Kind::Usage, "coins"),
        (delta("1e-3"), Kind::Usage, "delta"),
        (delta("0.000001"), Kind::Usage, "delta"),
        (
            NoiseCommit { question: asked.nonce.clone(), ..base.clone() },
            Kind::Usage,
            "it is a nonce",
        ),
        (
            NoiseCommit { question: ada.path("none"), ..base.clone() },
            Kind::NotFound,
            "no such file",
        ),
        (NoiseCommit { out: ada.file("taken", "x"), ..base.clone() }, Kind::Conflict, "kept"),
    ] {
        let error = not_committed(&ada, &request).await;
        assert_eq!(error.kind, kind, "{error}");
        assert!(error.message.contains(words), "{words}: {error}");
    }
    // A question about another version.
    publish(&ada, &patients(401)).await;
    let error = not_committed(&ada, &base).await;
    assert!(error.message.contains("it asks about") && error.kind == Kind::Usage, "{error}");
    let older = NoiseCommit { of: Some("trial@1".to_owned()), ..base.clone() };
    let committed = ada.node.commit_to_noise(&older, &Silent).await.unwrap();
    let serving = ada.serve().await;
    get(&ben, &ada.ticket("trial@1")).await;
    serving.stop().await;

    // Another nonce than the question's, and noise that was changed on the way.
    let first = super::wards::version(&ada, "trial@1").portable();
    let other = ask_about(&first, &ben, "other.question").await;
    let error = reveal(&ben, &committed, &other).await.unwrap_err();
    assert_eq!(error.kind, Kind::VerificationFailed, "{error}");
    let mut noise = NoiseFile::decode(&std::fs::read(&committed.file).unwrap()).unwrap();
    noise.bits.proof[40] ^= 1;
    let changed =
        CommittedTo { file: ada.file("changed.noise", noise.encode()), ..committed.clone() };
    let error = reveal(&ben, &changed, &asked).await.unwrap_err();
    assert_eq!(error.kind, Kind::VerificationFailed, "{error}");
    assert!(error.hint.unwrap().contains("do not tell"));
    let revealed = reveal(&ben, &committed, &asked).await.unwrap();
    for (committed, nonce, kind) in [
        (&committed, "5a".repeat(32), Kind::Usage),
        (&committed, "nonsense".to_owned(), Kind::Usage),
        (&changed, revealed.nonce.clone(), Kind::VerificationFailed),
    ] {
        let error = answer(&ada, committed, &nonce, "new.proof").await.unwrap_err();
        assert_eq!(error.kind, kind, "{error}");
        assert!(!ada.path("new.proof").exists() && error.hint.is_some(), "{error:?}");
    }
    let error = answer(&ben, &committed, &revealed.nonce, "new.proof").await.unwrap_err();
    assert_eq!(error.kind, Kind::NotAuthorised, "{error}");
    let error = check(&ben, &committed.file, &[]).await.unwrap_err();
    assert!(error.message.contains("commits to noise") && error.kind == Kind::Usage, "{error}");
}

/// Of noise that no log known here has, nobody can say that it was not chosen.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_without_its_commitment_is_not_believed() {
    let (ada, ben) = wards().await;
    let cleo = Lab::new("Cleo");
    fetch(&ada, &cleo).await;
    let asked = ask(&ada, &ben, "counts.question").await;
    let committed = commit(&ada, &asked, "counts.noise").await;
    fetch(&ada, &ben).await;
    let revealed = reveal(&ben, &committed, &asked).await.unwrap();
    let answered = answer(&ada, &committed, &revealed.nonce, "counts.proof").await.unwrap();
    let done = check(&cleo, &answered.file, &[&ada.did()]).await.unwrap();
    assert_eq!(done.exit_code(), 1, "{done:?}");
    assert!(done.headline().contains("does not say that its noise was committed"), "{done:?}");

    // Results that were changed, or that are said to answer another release.
    let forge = |change: &dyn Fn(&mut ProofFile)| forged(&ada, &answered.file, change);
    for change in [
        &(|file: &mut ProofFile| file.results[0] += 1) as &dyn Fn(&mut ProofFile),
        &|file| file.noise.as_mut().unwrap().release = file.context.predecessor.unwrap(),
        &|file| file.noise = None,
    ] {
        let path = forge(change);
        if std::fs::read(&path).unwrap() == std::fs::read(&answered.file).unwrap() {
            continue;
        }
        let error = check(&ben, &path, &[&ada.did()]).await.unwrap_err();
        assert_eq!(error.kind, Kind::VerificationFailed, "{error}");
    }
}

/// A copy of a home, as a restored backup is.
fn copied(ada: &Lab, name: &str) -> Node {
    let (from, to) = (ada.path("home"), ada.path(name));
    let done = std::process::Command::new("cp").arg("-a").args([&from, &to]).status().unwrap();
    assert!(done.success());
    Node::open(&to).unwrap()
}

/// Whoever knows the nonce can choose bits in a copy of the home; whoever knows the log does not
/// believe it.
#[tokio::test(flavor = "multi_thread")]
async fn a_fork_made_when_the_nonce_was_known_is_refused() {
    let (ada, ben) = wards().await;
    let asked = ask(&ada, &ben, "counts.question").await;
    let before = copied(&ada, "before");
    let committed = commit(&ada, &asked, "counts.noise").await;
    let between = copied(&ada, "between");
    fetch(&ada, &ben).await;
    let revealed = reveal(&ben, &committed, &asked).await.unwrap();
    let answered = answer(&ada, &committed, &revealed.nonce, "counts.proof").await.unwrap();

    let chosen = committing(&ada, &asked, "1.5", "chosen.noise");
    let chosen = before.commit_to_noise(&chosen, &Silent).await.unwrap();
    let answering = |file: &CommittedTo, out: &str| NoiseAnswer {
        file: file.file.clone(),
        nonce: revealed.nonce.clone(),
        out: ada.path(out),
        signer: None,
    };
    let fork =
        before.answer_with_noise(&answering(&chosen, "chosen.proof"), &Silent).await.unwrap();
    let error = check(&ben, &fork.file, &[&ada.did()]).await.unwrap_err();
    assert_eq!(error.kind, Kind::VerificationFailed, "{error}");
    assert!(error.message.contains("another question"), "{error}");

    // The same bits and coins tell the same, and one of two answers counts.
    let again =
        between.answer_with_noise(&answering(&committed, "again.proof"), &Silent).await.unwrap();
    assert_eq!(again.shown.results, answered.shown.results);
    fetch(&ada, &ben).await;
    let error = check(&ben, &again.file, &[&ada.did()]).await.unwrap_err();
    assert_eq!(error.kind, Kind::VerificationFailed, "{error}");
    assert!(error.message.contains("another proof in its place"), "{error}");
}

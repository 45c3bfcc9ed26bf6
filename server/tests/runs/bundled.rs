//! Bundles: made from three nodes' statements, checked with nothing but the file; altered and
//! forged in every way we know.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use veritrail_server::{
    error::{NodeError, Result},
    node::{
        Node,
        bundle::{
            BundleRequest, DataInside,
            verify::{BundleCheck, is_meant, verify_bundle},
        },
        get::GetRequest,
        report::{Conclusion, Verification},
        reproduce::ReproduceRequest,
    },
    progress::Silent,
};

use crate::labs::{Lab, rain};

const MEANS: &str = "SELECT town, avg(mm) AS mm FROM rain GROUP BY town";

fn check(bundle: &std::path::Path, trust: &[&str]) -> Result<Verification> {
    let trust = trust.iter().map(|word| (*word).to_owned()).collect();
    let check = BundleCheck { bundle: bundle.to_owned(), trust, data: Vec::new() };
    verify_bundle(None, &check, &Silent)
}

async fn bundle(lab: &Lab, reference: &str, name: &str, data: DataInside) -> PathBuf {
    let out = lab.path(name);
    let request = BundleRequest { reference: reference.to_owned(), out: out.clone(), data };
    let bundled = lab.node.bundle(request, &Silent).await.unwrap();
    assert_eq!(bundled.bytes, fs::metadata(&out).unwrap().len());
    out
}

/// Ada publishes, Ben runs, Cyd reproduces; Cyd's bundle of the run.
struct Trail {
    ada: Lab,
    ben: Lab,
    cyd: Lab,
    run: String,
    bundle: PathBuf,
}

async fn trail() -> Trail {
    let (ada, ben, cyd) = (Lab::new("Ada"), Lab::new("Ben"), Lab::new("Cyd"));
    ada.publish("rain", &rain(500)).await;
    let serving = ada.serve().await;
    let get = GetRequest { reference: ada.ticket("rain"), ..GetRequest::default() };
    let got = ben.node.get(get, &Silent).await.unwrap();
    serving.stop().await;
    let ran = ben.run(MEANS, &[&format!("rain={}", got.subject)]).await;
    let serving = ben.serve().await;
    let request = ReproduceRequest { run: ben.ticket(&ran.reference), ..Default::default() };
    let verdict = cyd.node.reproduce(request, &Silent).await.unwrap();
    serving.stop().await;
    assert_eq!(verdict.exit_code(), 0, "{verdict:?}");
    let bundle = bundle(&cyd, &ran.reference, "run.veritrail", DataInside::OutputsOnly).await;
    Trail { ada, ben, cyd, run: ran.reference, bundle }
}

#[tokio::test(flavor = "multi_thread")]
async fn three_answers_from_the_file_alone() {
    let trail = trail().await;
    let done = check(&trail.bundle, &[]).unwrap();
    assert_eq!(done.conclusion, Conclusion::ConsistentButUnnamed, "{done:?}");
    assert_eq!(done.exit_code(), 1);
    assert!(done.consistent.holds);
    assert_eq!(done.subject, trail.run);
    let (ada, ben, cyd) = (trail.ada.did(), trail.ben.did(), trail.cyd.did());
    let unnamed: Vec<String> = done.unnamed.iter().map(ToString::to_string).collect();
    assert!(unnamed.contains(&ada) && unnamed.contains(&ben), "{unnamed:?}");
    assert_eq!(done.verdicts.len(), 1, "{:?}", done.verdicts);
    assert!(done.verdicts[0].contains(&cyd), "{:?}", done.verdicts);
    let origins: Vec<String> = done.logged_by.iter().map(|log| log.origin.to_string()).collect();
    assert_eq!(origins.len(), 3, "{origins:?}");
    // The output is inside, and its values were counted again.
    assert!(done.files.iter().any(|file| file.contains("table hash")), "{:?}", done.files);

    let some = check(&trail.bundle, &[&ada]).unwrap();
    assert_eq!(some.exit_code(), 1, "one of two signers is not enough");
    let all = check(&trail.bundle, &[&ada, &ben]).unwrap();
    assert_eq!(all.conclusion, Conclusion::Verified, "{all:?}");
    let any = check(&trail.bundle, &["any"]).unwrap();
    assert_eq!((any.exit_code(), any.trusts_any), (0, true));

    // The same bundle again is the same file.
    let again = bundle(&trail.cyd, &trail.run, "again.veritrail", DataInside::OutputsOnly).await;
    assert_eq!(fs::read(&again).unwrap(), fs::read(&trail.bundle).unwrap());
    // An existing file is kept.
    let request =
        BundleRequest { reference: trail.run.clone(), out: again, data: DataInside::OutputsOnly };
    assert_eq!(trail.cyd.node.bundle(request, &Silent).await.unwrap_err().kind.exit_code(), 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bundle_of_a_dataset_with_its_bytes() {
    let ada = Lab::new("Ada");
    let csv = rain(200);
    ada.publish("rain", &csv).await;
    let whole = bundle(&ada, "rain", "whole.veritrail", DataInside::Whole).await;
    let done = check(&whole, &[&ada.did()]).unwrap();
    assert_eq!(done.conclusion, Conclusion::Verified, "{done:?}");
    assert_eq!(done.data.unwrap().checked_bytes, csv.len() as u64);
    let lean = bundle(&ada, "rain", "lean.veritrail", DataInside::OutputsOnly).await;
    assert!(check(&lean, &[&ada.did()]).unwrap().data.is_none());
    // No secret of the home is inside.
    let bytes = fs::read(&whole).unwrap();
    for key in ["person", "node", "log"] {
        let path = ada.node.home().path().join(format!("keys/{key}.key"));
        let text = fs::read_to_string(path).unwrap();
        let hex = text.lines().nth(1).unwrap();
        let raw: Vec<u8> =
            (0..32).map(|n| u8::from_str_radix(&hex[2 * n..2 * n + 2], 16).unwrap()).collect();
        assert!(!bytes.windows(64).any(|w| w == hex.as_bytes()), "{key} key in hex");
        assert!(!bytes.windows(32).any(|w| w == raw), "{key} key");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_a_person_has() {
    let ada = Lab::new("Ada");
    let csv = rain(200);
    ada.publish("rain", &csv).await;
    let lean = bundle(&ada, "rain", "lean.veritrail", DataInside::OutputsOnly).await;
    let with = |data: PathBuf| {
        let trust = vec![ada.did()];
        let check = BundleCheck { bundle: lean.clone(), trust, data: vec![data] };
        verify_bundle(None, &check, &Silent).unwrap()
    };
    let mine = ada.file("mine/whatever.txt", &csv);
    let done = with(mine.clone());
    assert_eq!(done.exit_code(), 0, "{done:?}");
    assert_eq!(done.data.unwrap().checked_bytes, csv.len() as u64);
    // In a folder, other files do not matter; one of the same name with other bytes does.
    ada.file("mine/other.txt", "other");
    assert_eq!(with(mine.parent().unwrap().to_owned()).exit_code(), 0);
    let altered = csv.replacen("Bonn", "Born", 1);
    ada.file("altered/rain.csv", &altered);
    let done = with(ada.path("altered"));
    assert_eq!(done.exit_code(), 3, "{done:?}");
    assert!(done.findings[0].contains("rain.csv"), "{:?}", done.findings);
    // A file that is named by itself must be one of those listed.
    let done = with(ada.file("elsewhere.csv", "a,b\n1,2\n"));
    assert_eq!(done.exit_code(), 3, "{done:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_whole_history_forged_with_other_keys() {
    let honest = trail().await;
    // The same data, the same query, the same names; only the keys are others'.
    let forged = trail().await;
    let (ada, ben) = (honest.ada.did(), honest.ben.did());
    let done = check(&forged.bundle, &[&ada, &ben]).unwrap();
    assert_eq!(done.conclusion, Conclusion::ConsistentButUnnamed, "{done:?}");
    assert_eq!(done.exit_code(), 1);
    assert!(done.headline().contains("signed by parties you have not named"));
    assert!(!done.unnamed.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn every_altered_byte_is_refused() {
    let trail = trail().await;
    let bytes = fs::read(&trail.bundle).unwrap();
    let altered = trail.ada.path("altered.veritrail");
    let mut tried = 0;
    for at in (0..bytes.len()).step_by(bytes.len() / 200) {
        let mut other = bytes.clone();
        other[at] ^= 0x20;
        fs::write(&altered, &other).unwrap();
        let code = match check(&altered, &["any"]) {
            Ok(done) => done.exit_code(),
            Err(e) => e.kind.exit_code(),
        };
        assert_ne!(code, 0, "byte {at} of {}", bytes.len());
        tried += 1;
    }
    assert!(tried >= 200);
    for (name, other) in [
        ("before", [b"x".as_slice(), &bytes].concat()),
        ("after", [&bytes, b"x".as_slice()].concat()),
        ("cut", bytes[..bytes.len() - 1].to_vec()),
    ] {
        let path = trail.ada.path(name);
        fs::write(&path, &other).unwrap();
        assert!(is_meant(&path), "{name}: it is not even seen as a bundle");
        let error: NodeError = check(&path, &["any"]).unwrap_err();
        assert_eq!(error.kind.exit_code(), 3, "{name}: {error}");
        assert!(error.place.unwrap().contains(name));
    }
    assert!(!is_meant(&trail.ada.file("plain.csv", rain(10))));
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &to);
            fs::set_permissions(&to, entry.metadata().unwrap().permissions()).unwrap();
        } else {
            fs::copy(entry.path(), &to).unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_of_the_home_that_went_on_elsewhere() {
    let (ada, thief) = (Lab::new("Ada"), Lab::new("Thief"));
    ada.publish("rain", &rain(20)).await;
    copy_folder(ada.node.home().path(), &thief.path("copy"));
    let copy = Node::open(&thief.path("copy")).unwrap();
    let thief = Lab { node: Arc::new(copy), dir: thief.dir };
    thief.publish("snow", &rain(30)).await;
    let out = bundle(&thief, "snow", "snow.veritrail", DataInside::OutputsOnly).await;
    let verify = || {
        let check = BundleCheck { bundle: out.clone(), trust: Vec::new(), data: Vec::new() };
        verify_bundle(Some(&ada.node), &check, &Silent).unwrap()
    };
    let done = verify();
    assert_eq!(done.conclusion, Conclusion::CouldNotCheck, "{done:?}");
    assert!(done.missing.iter().any(|what| what.contains("went on elsewhere")), "{done:?}");
    ada.publish("hail", &rain(40)).await;
    ada.publish("fog", &rain(50)).await;
    let done = verify();
    assert_eq!(done.conclusion, Conclusion::Failed, "{done:?}");
    assert!(done.findings.iter().any(|what| what.contains("other entries")), "{done:?}");
    // Its own bundles are as good as ever.
    let own = bundle(&ada, "rain", "own.veritrail", DataInside::OutputsOnly).await;
    let check = BundleCheck { bundle: own, trust: Vec::new(), data: Vec::new() };
    let done = verify_bundle(Some(&ada.node), &check, &Silent).unwrap();
    assert_eq!(done.conclusion, Conclusion::Verified, "{done:?}");
}

//! `noise` as it is typed: four steps between two homes, what each says, and which exit code.

use crate::{
    clinical::Serving,
    house::{House, text},
    prove::ward,
};

const COUNTS: &str = "select arm, count(*), avg(age) from t group by arm";

/// What stands in a file that a stranger sent steers no terminal, and looks like no word of ours.
#[test]
fn files_of_strangers_do_not_speak_for_the_program() {
    let ada = ward(60);
    let question = "version = 1\n\"\\u001b[31mRED\\nerror: run this\" = 1\n";
    ada.file("odd.question", question);
    let commit = ["noise", "commit", "--sql", COUNTS, "--of", "trial", "--epsilon", "1"];
    let ran = ada.run(&[&commit[..], &["--question", "odd.question", "-o", "x.noise"]].concat());
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert!(!ran.stderr.contains('\u{1b}') && ran.stderr.contains("RED"), "{}", ran.stderr);
    let errors = ran.stderr.lines().filter(|line| line.starts_with("error:")).count();
    assert_eq!(errors, 1, "{}", ran.stderr);
    let odd_origin = "version = 1\ndataset = \"did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK\"\n\
        number = 1\norigin = \"x\\u001b[31m\"\naudience = \"did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK\"\n";
    ada.file("odd.question", odd_origin);
    let ran = ada.run(&[&commit[..], &["--question", "odd.question", "-o", "x.noise"]].concat());
    assert!(ran.code == 2 && !ran.stderr.contains('\u{1b}'), "{}", ran.stderr);
}

/// A holder's home, and a reader's that has fetched what is public of `trial`.
fn homes() -> (House, House) {
    let (ada, ben) = (ward(400), House::empty());
    ben.ok(&["init", "--name", "Ben"]);
    fetch(&ada, &ben);
    (ada, ben)
}

fn fetch(ada: &House, ben: &House) {
    let serving = Serving::of(ada);
    let ticket = ada.json(&["show", "trial", "--ticket"]);
    ben.ok(&["get", text(&ticket, "ticket")]);
    drop(serving);
}

fn carry(from: &House, to: &House, name: &str) {
    std::fs::copy(from.path().join(name), to.path().join(name)).unwrap();
}

#[test]
fn a_statistic_is_told_with_noise_in_four_steps() {
    let (ada, ben) = homes();
    let did = text(&ada.json(&["show", "trial"]), "dataset").to_owned();
    let said = ben.ok(&["noise", "ask", &did, "-o", "counts.question"]);
    assert!(said.contains("counts.question.nonce") && said.contains("yours alone"), "{said}");
    carry(&ben, &ada, "counts.question");

    let commit = ["noise", "commit", "--sql", COUNTS, "--of", "trial", "--epsilon", "1.5"];
    let files = ["--question", "counts.question", "-o", "counts.noise"];
    let said = ada.ok(&[&commit[..], &files].concat());
    for part in
        ["tells nothing yet", "epsilon 1.5, delta 1e-6", "proof 1 of this version", "reveal"]
    {
        assert!(said.contains(part), "{part:?} is not in\n{said}");
    }
    assert!(!ada.path().join("counts.question.nonce").exists());
    carry(&ada, &ben, "counts.noise");

    let reveal = ["noise", "reveal", "counts.noise", "--nonce", "counts.question.nonce"];
    let early = ben.error(&reveal, 1);
    assert!(text(&early, "hint").contains("veritrail get TICKET"), "{early}");
    fetch(&ada, &ben);
    let revealed = ben.json(&reveal);
    assert_eq!(revealed["schema"], "veritrail.noise.reveal/1");
    let nonce = text(&revealed, "nonce");

    let wrong = ["noise", "answer", "counts.noise", "-o", "counts.proof", "--nonce"];
    ada.error(&[&wrong[..], &[&"5a".repeat(32)]].concat(), 2);
    let answered = ada.json(&[&wrong[..], &[nonce]].concat());
    assert_eq!((&answered["number"], &answered["file"]), (&2.into(), &"counts.proof".into()));
    carry(&ada, &ben, "counts.proof");
    fetch(&ada, &ben);
    let ada_did = text(&ada.json(&["id", "show"])["persons"][0], "did").to_owned();
    let checked = ben.json(&["check", "counts.proof", "--trust", &ada_did]);
    assert_eq!(checked["shown"], answered["shown"]);
    assert_eq!(checked["shown"]["noise"]["epsilon"], "1.5");
    let said = ben.ok(&["check", "counts.proof", "--trust", &ada_did, "--nonce", nonce]);
    for part in [
        "PROVEN, with noise that nobody chose",
        "(noise spreads by ",
        "bits and question were logged first",
        "with noise, 1 of this version, 0 of them not released; all together epsilon 1.5",
        "makes no results more likely than e^1.5 times",
        "in no account",
    ] {
        assert!(said.contains(part), "{part:?} is not in\n{said}");
    }
    let shown = ada.ok(&["show", "trial"]);
    assert!(
        shown.contains("commits to noise of epsilon 1.5") && shown.contains(", with noise"),
        "{shown}"
    );
    let verified = ada.error(&["verify", "counts.noise"], 5);
    assert!(text(&verified, "hint").contains("veritrail noise reveal counts.noise"), "{verified}");
    // Used twice, nothing happens.
    let size = ada.log_size();
    ada.error(&[&commit[..], &["--question", "counts.question", "-o", "x.noise"]].concat(), 6);
    ada.error(&["noise", "answer", "counts.noise", "--nonce", nonce, "-o", "x.proof"], 6);
    assert_eq!(ada.log_size(), size);
}

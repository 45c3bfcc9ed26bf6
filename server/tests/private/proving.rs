//! The holder's side: a claim becomes a file and a statement, or neither.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use veritrail_provenance::hash::ChunkId;
use veritrail_server::{
    claims::{answers::Value, report::Group},
    error::Kind,
    node::{
        Node,
        check::CheckRequest,
        prove::{ClaimSource, ProveRequest},
        show::Shown,
    },
    progress::{Progress, Silent},
    stop::Stop,
};

use super::{
    proofs::{BY_GROUP, asked, check, get, prove, refused},
    wards::{patients, publish},
};
use crate::labs::{Lab, rain};

/// Rows, rows with a change, and the sum of all changes in quarters, of a group of [`patients`].
fn expected(rows: u32, group: u32) -> (i128, i128, f64) {
    let mine: Vec<u32> = (0..rows).filter(|row| row % 2 == group).collect();
    let changes: Vec<f64> =
        mine.iter().filter(|row| **row % 9 != 0).map(|row| f64::from(row % 20) + 0.25).collect();
    let mean = changes.iter().sum::<f64>() / changes.len() as f64;
    (mine.len() as i128, changes.len() as i128, mean)
}

fn values(group: &Group) -> Vec<Value> {
    group.answers.iter().map(|told| told.value).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_becomes_a_file_and_a_statement() {
    let ada = Lab::new("Ada");
    let published = publish(&ada, &patients(400)).await;
    let size = ada.node.log_head().unwrap().size;
    let first = prove(&ada, BY_GROUP, "first.proof").await;
    let bytes = std::fs::read(&first.file).unwrap();
    assert_eq!((first.proof, first.bytes), (ChunkId::of(&bytes), bytes.len() as u64));
    assert_eq!(first.log, format!("{}#{size}", ada.node.origin()));
    assert_eq!((first.number, &first.shown.predecessor), (1, &None));
    assert_eq!(first.shown.released.as_ref(), Some(&first.log));
    assert_eq!((first.shown.index, first.shown.rows), (published.index, 400));
    for (at, group) in first.shown.results.iter().enumerate() {
        let (rows, known, mean) = expected(400, at as u32);
        assert_eq!(values(group), [Value::Float(mean), Value::Whole(known), Value::Whole(rows)]);
    }

    // The second names the first, in file and log.
    let second = prove(&ada, "select avg(age) from t", "second.proof").await;
    assert_eq!(second.number, 2);
    assert_eq!(second.shown.predecessor, Some(first.statement.to_string()));
    let own = check(&ada, &second.file, &[]).await.unwrap();
    assert_eq!(own.exit_code(), 0, "{own:?}");
    let Shown::Dataset(shown) = ada.node.show("trial").await.unwrap() else { panic!() };
    let released: Vec<_> =
        shown.version.releases.iter().map(|one| (one.number, one.proof, one.statement)).collect();
    assert_eq!(released, [(1, first.proof, first.statement), (2, second.proof, second.statement)]);
    let lineage = ada.node.lineage("trial").unwrap();
    let told: Vec<_> = lineage.steps.iter().map(|step| step.relation.as_str()).collect();
    assert_eq!(told, ["subject", "released as", "released as"]);
    let lineage = ada.node.lineage(&second.log).unwrap();
    assert_eq!(lineage.steps[1].relation, "a statistic of");
    let verified = ada.node.verify(&second.log, &[], &Silent).await.unwrap();
    assert_eq!(verified.exit_code(), 0, "{verified:?}");
    assert_eq!(ada.fsck().await.findings, [] as [String; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_proven_is_refused_with_place_and_remedy() {
    let ada = Lab::new("Ada");
    publish(&ada, &patients(60)).await;
    ada.publish("rain", &rain(30)).await;
    let member = ada.node.new_person(Some("Bea".to_owned())).unwrap().did.to_string();
    ada.file("taken.proof", "mine");
    let base = asked(&ada, "select avg(age) from t", "new.proof");
    let of = |sql: &str| {
        let claim = ClaimSource::Sql(sql.to_owned());
        ProveRequest { claim, ..base.clone() }
    };
    let named = |reference: &str| {
        let of = Some(reference.to_owned());
        ProveRequest { of, ..base.clone() }
    };
    let (mut taken, mut nowhere, mut unnamed) = (base.clone(), base.clone(), base.clone());
    taken.out = ada.path("taken.proof");
    nowhere.out = ada.path("no/such/folder.proof");
    unnamed.of = None;
    let (mut stranger, mut other) = (base.clone(), base.clone());
    stranger.signer = Some("did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK".to_owned());
    other.signer = Some(member);
    let mut odd = base.clone();
    odd.audience = Some((ada.did(), "5A".repeat(32)));
    for (request, kind, words) in [
        (of("select max(age) from t"), Kind::Usage, "max"),
        (of("select avg(weight) from t"), Kind::Usage, "weight"),
        (of("select count(*) from t"), Kind::Usage, "published without a proof"),
        (of("select"), Kind::Usage, ""),
        (
            of(r#"select ols(age, cast("group" = 'drug' as bigint),
                cast("group" = 'placebo' as bigint)) from t"#),
            Kind::Usage,
            "depend on each other",
        ),
        (named("nobody"), Kind::NotFound, "no dataset has this name"),
        (named("trial@2"), Kind::NotFound, "no version 2"),
        (named("log:0"), Kind::Usage, "about a version"),
        (named("rain"), Kind::Usage, "public"),
        (taken, Kind::Conflict, "kept"),
        (nowhere, Kind::Failed, "cannot write the file"),
        (unnamed, Kind::Usage, "which version"),
        (stranger, Kind::NotAuthorised, "no key of this person"),
        (other, Kind::NotAuthorised, "do not control"),
        (odd, Kind::Usage, "nonce"),
    ] {
        let error = refused(&ada, &request, &Silent).await;
        assert_eq!(error.kind, kind, "{error}");
        assert!(error.message.contains(words), "{words}: {error}");
        assert!(error.hint.is_some() && error.place.is_some(), "{error:?}");
    }
    let error = refused(&ada, &of("select avg(age),\n max(age) from t"), &Silent).await;
    assert_eq!(error.place.as_deref(), Some("line 2, column 2 of the claim"), "{error}");
    assert_eq!(std::fs::read(ada.path("taken.proof")).unwrap(), b"mine");
}

/// 53 of 60 have a change: the other seven would be told by the difference.
#[tokio::test(flavor = "multi_thread")]
async fn what_the_policy_forbids_is_for_the_holders_eyes() {
    let ada = Lab::new("Ada");
    publish(&ada, &patients(60)).await;
    let request = asked(&ada, "select avg(change), count(change) from t", "small.proof");
    let error = refused(&ada, &request, &Silent).await;
    assert_eq!(error.kind, Kind::NotAuthorised, "{error}");
    let said = format!("{error} {}", error.hint.clone().unwrap());
    assert!(said.contains("for you alone"), "{said}");
    assert!(!said.contains('7') && !said.contains("53"), "no sizes: {said}");
    // The next release is still the first: nobody learns that another was asked for.
    assert_eq!(prove(&ada, "select avg(age) from t", "next.proof").await.number, 1);
}

/// A change is known of the hundred on the drug and of five others.
fn five_more() -> String {
    let mut csv = "age,change,group\n".to_owned();
    for row in 0..200 {
        let known = row % 2 == 0 || row < 10;
        let change = if known { format!("{}.25", row % 20) } else { String::new() };
        let group = ["drug", "placebo"][row % 2];
        csv += &format!("{},{change},{group}\n", 20 + row % 70);
    }
    csv
}

/// What a holder is told.
#[derive(Default)]
struct Heard(std::sync::Mutex<Vec<String>>);

impl Progress for Heard {
    fn begin(&self, _step: &str, _total: Option<u64>) {}
    fn advance(&self, _amount: u64) {}
    fn end(&self) {}
    fn say(&self, sentence: &str) {
        self.0.lock().unwrap().push(sentence.to_owned());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_two_releases_tell_together_is_looked_at() {
    let by_group = r#"select "group", count(*) from t group by "group""#;
    let known = "select avg(change) from t";
    for (first, second) in [(by_group, known), (known, by_group)] {
        let ada = Lab::new("Ada");
        let published = publish(&ada, &five_more()).await;
        assert_eq!(prove(&ada, first, "first.proof").await.compared, 0);
        let request = asked(&ada, second, "second.proof");
        let error = refused(&ada, &request, &Silent).await;
        assert_eq!(error.kind, Kind::NotAuthorised, "{error}");
        assert!(error.message.contains("proof 1 of this version"), "{error}");
        assert!(error.hint.unwrap().contains("for you alone"));
        // The same again, and what is about all of them, tell nothing more.
        assert_eq!(prove(&ada, first, "again.proof").await.compared, 1);
        let heard = Heard::default();
        let age = ProveRequest {
            of: Some(published.dataset.to_string()),
            ..asked(&ada, "select avg(age) from t", "age.proof")
        };
        assert_eq!(ada.node.prove(&age, &heard).await.unwrap().compared, 2);
        assert!(heard.0.lock().unwrap().is_empty());

        // What is not known any more is said, and not taken for nothing.
        let home = ada.node.home().path();
        for file in ["node.db", "node.db-wal", "node.db-shm"] {
            std::fs::remove_file(home.join(file)).unwrap();
        }
        let node = Node::open(home).unwrap();
        let late = ProveRequest { out: ada.path("late.proof"), ..age };
        let proved = node.prove(&late, &heard).await.unwrap();
        assert_eq!((proved.number, proved.compared), (4, 0));
        // Unless their files are at hand.
        let first = CheckRequest { file: ada.path("first.proof"), ..CheckRequest::default() };
        node.check(&first, &Silent).await.unwrap();
        let again = ProveRequest { out: ada.path("later.proof"), ..late };
        assert_eq!(node.prove(&again, &Silent).await.unwrap().compared, 2);
        let heard = heard.0.lock().unwrap().clone();
        assert!(
            heard.iter().any(|said| said.contains("what 3 of the 3 proofs state")),
            "{heard:?}"
        );
    }
}

/// Another process releases a proof while this one is being made.
struct Meanwhile {
    other: Arc<Node>,
    request: ProveRequest,
    done: AtomicBool,
}

impl Progress for Meanwhile {
    fn begin(&self, step: &str, _total: Option<u64>) {
        if step != "prove" || self.done.swap(true, Ordering::SeqCst) {
            return;
        }
        let (node, request) = (Arc::clone(&self.other), self.request.clone());
        let other = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread().build().unwrap();
            runtime.block_on(async { node.prove(&request, &Silent).await.unwrap() })
        });
        other.join().unwrap();
    }
    fn advance(&self, _amount: u64) {}
    fn end(&self) {}
    fn say(&self, _sentence: &str) {}
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_at_once_one_is_released_and_the_other_leaves_nothing() {
    let ada = Lab::new("Ada");
    publish(&ada, &patients(400)).await;
    let meanwhile = Meanwhile {
        other: Arc::new(Node::open(ada.node.home().path()).unwrap()),
        request: asked(&ada, "select avg(age) from t", "first.proof"),
        done: AtomicBool::new(false),
    };
    let request = asked(&ada, BY_GROUP, "second.proof");
    let error = ada.node.prove(&request, &meanwhile).await.unwrap_err();
    assert_eq!(error.kind, Kind::Conflict, "{error}");
    assert!(meanwhile.done.load(Ordering::SeqCst));
    assert!(ada.path("first.proof").exists() && !ada.path("second.proof").exists());
    let again = ada.node.prove(&request, &Silent).await.unwrap();
    assert_eq!(again.number, 2);
}

/// Asks to stop when a step begins.
struct StopsAt(&'static str, Stop);

impl Progress for StopsAt {
    fn begin(&self, step: &str, _total: Option<u64>) {
        if step == self.0 {
            self.1.ask();
        }
    }
    fn advance(&self, _amount: u64) {}
    fn end(&self) {}
    fn say(&self, _sentence: &str) {}
    fn stop(&self) -> Stop {
        self.1.clone()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_asks_to_stop_is_left_with_nothing() {
    let ada = Lab::new("Ada");
    publish(&ada, &patients(400)).await;
    let request = asked(&ada, BY_GROUP, "new.proof");
    for step in ["opening", "commit again", "prove", "check the proof"] {
        let stops = StopsAt(step, Stop::default());
        let error = refused(&ada, &request, &stops).await;
        assert_eq!(error.kind, Kind::Interrupted, "{step}: {error}");
        assert!(stops.1.check().is_err(), "{step} never began");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_in_a_file_says_of_what_and_for_whom() {
    let (ada, ben) = (Lab::new("Ada"), Lab::new("Ben"));
    publish(&ada, &patients(400)).await;
    let nonce = "5a".repeat(32);
    let text = format!(
        "version = 1\ndataset = \"trial@1\"\nsql = \"select avg(age) from t\"\naudience = \"{}\"\n\
         nonce = \"{nonce}\"\n",
        ben.did()
    );
    let mut request = asked(&ada, "", "asked.proof");
    (request.claim, request.of) = (ClaimSource::File(ada.file("claim.toml", &text)), None);
    let proved = ada.node.prove(&request, &Silent).await.unwrap();
    let audience = proved.shown.audience.unwrap();
    assert_eq!((audience.did, &audience.nonce), (ben.did(), &nonce));

    request.out = ada.path("other.proof");
    let wrong = |change: fn(&str) -> String| {
        let claim = ClaimSource::File(ada.file("odd.toml", change(&text)));
        ProveRequest { claim, ..request.clone() }
    };
    for change in [
        (|text| text.replace("version = 1", "version = 2")) as fn(&str) -> String,
        |text| text.replace("dataset", "colour"),
        |text| text.replace("nonce", "# nonce"),
        |text| text.replace("did:key:", "did:"),
        |text| text[..20].to_owned(),
    ] {
        let error = refused(&ada, &wrong(change), &Silent).await;
        assert_eq!(error.kind, Kind::Usage, "{error}");
        assert!(error.place.unwrap().ends_with("odd.toml"));
    }
    let mut twice = request.clone();
    twice.audience = Some((ben.did(), nonce));
    assert_eq!(refused(&ada, &twice, &Silent).await.kind, Kind::Usage);
    request.claim = ClaimSource::File(ada.path("nothing.toml"));
    assert_eq!(refused(&ada, &request, &Silent).await.kind, Kind::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_its_holder_proves_anything() {
    let (ada, ben) = (Lab::new("Ada"), Lab::new("Ben"));
    let published = publish(&ada, &patients(400)).await;
    let serving = ada.serve().await;
    get(&ben, &ada.ticket("trial")).await;
    serving.stop().await;
    let mut request = asked(&ben, "select avg(age) from t", "mine.proof");
    request.of = Some(published.dataset.to_string());
    let error = refused(&ben, &request, &Silent).await;
    assert_eq!(error.kind, Kind::NotAuthorised, "{error}");
    assert!(error.hint.unwrap().contains(ada.node.origin().as_str()));
}

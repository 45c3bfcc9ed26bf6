//! Units in a home: what is kept, what is never believed, and what is left behind.

use std::{
    fs,
    path::PathBuf,
    sync::Mutex,
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use sha2::{Digest, Sha256};
use veritrail_compute::sql::unit::{UnitCache, UnitId};
use veritrail_server::{
    error::Kind,
    node::{
        reproduce::{ReproduceRequest, ReproducedOutcome},
        run::{
            RunRequest,
            means::{Results, Work, cache::DiskCache},
        },
    },
    progress::{Progress, Silent, UnitsDone},
};

use crate::labs::{Lab, query, rain};

const COUNT: &str = "SELECT count(*) AS days FROM rain";

fn kept(lab: &Lab) -> Vec<PathBuf> {
    let folder = lab.node.home().path().join("units");
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.file_name().is_some_and(|name| name != "rate"));
    files.sort();
    files
}

fn with(work: Work) -> RunRequest {
    RunRequest { work, ..query(COUNT, &["rain=rain"]) }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_run_takes_what_the_first_kept_unless_told_not_to() {
    let ada = Lab::new("Ada");
    ada.publish("rain", &rain(3_000)).await;
    let first = ada.run(COUNT, &["rain=rain"]).await;
    assert_eq!((first.units.planned, first.units.computed, first.units.kept), (1, 1, 0));
    assert_eq!(kept(&ada).len(), 1);
    let second = ada.run(COUNT, &["rain=rain"]).await;
    assert_eq!((second.units.computed, second.units.kept), (0, 1));
    assert_eq!(first.table_hash, second.table_hash);
    assert_eq!((second.rows_read, second.rows_dropped), (3_000, 0));
    let anew = Work { results: Results::Computed, ..Work::default() };
    let third = ada.node.run(with(anew), &Silent).await.unwrap();
    assert_eq!((third.units.computed, third.units.kept), (1, 0));
    // Another version of the data is another unit, and so is another query.
    ada.run("SELECT count(mm) AS days FROM rain", &["rain=rain"]).await;
    assert_eq!(kept(&ada).len(), 2);
    let modes: Vec<u32> = ["units", "tmp"]
        .iter()
        .map(|name| {
            let path = ada.node.home().path().join(name);
            std::os::unix::fs::PermissionsExt::mode(&fs::metadata(path).unwrap().permissions())
        })
        .collect();
    assert!(modes.iter().all(|mode| mode & 0o777 == 0o700), "{modes:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_result_is_dropped_and_computed_again() {
    let ada = Lab::new("Ada");
    ada.publish("rain", &rain(3_000)).await;
    let first = ada.run(COUNT, &["rain=rain"]).await;
    let file = kept(&ada).pop().unwrap();
    let good = fs::read(&file).unwrap();
    let flipped = |at: usize| {
        let mut bad = good.clone();
        bad[at] ^= 1;
        bad
    };
    let bad = [flipped(0), flipped(40), flipped(good.len() - 1), Vec::new(), good[..50].to_vec()];
    for bad in bad.into_iter().chain([[good.clone(), vec![0]].concat()]) {
        fs::write(&file, bad).unwrap();
        let again = ada.run(COUNT, &["rain=rain"]).await;
        assert_eq!((again.units.computed, again.units.kept), (1, 0));
        assert_eq!(again.table_hash, first.table_hash);
        assert_eq!(fs::read(&file).unwrap(), good);
    }
}

/// Whoever can write in a home can make a kept result that says what he likes. A run believes its
/// own home; a reproduction believes nothing but the data.
#[tokio::test(flavor = "multi_thread")]
async fn a_reproduction_is_not_taken_in_by_a_kept_result() {
    let ada = Lab::new("Ada");
    ada.publish("rain", &rain(3_000)).await;
    ada.run(COUNT, &["rain=rain"]).await;
    let file = kept(&ada).pop().unwrap();
    let mut forged = fs::read(&file).unwrap();
    let at = forged.len() - 8;
    assert_eq!(forged[at..], 3_000_i64.to_le_bytes(), "the last state is not the count");
    forged[at..].copy_from_slice(&2_999_i64.to_le_bytes());
    let hash: [u8; 32] = Sha256::digest(&forged[32..]).into();
    forged[..32].copy_from_slice(&hash);
    fs::write(&file, &forged).unwrap();
    let fooled = ada.run(COUNT, &["rain=rain"]).await;
    assert_eq!((fooled.units.kept, fooled.preview.rows[0][0].as_str()), (1, "2999"));
    let request = ReproduceRequest { run: fooled.reference, ..ReproduceRequest::default() };
    let verdict = ada.node.reproduce(request, &Silent).await.unwrap();
    assert_eq!(verdict.outcome, ReproducedOutcome::Different);
    assert_eq!(verdict.difference.unwrap().found, "3000");
    assert_eq!(fs::read(&file).unwrap(), forged, "a reproduction keeps nothing either");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_is_told_and_nothing_is_logged_or_kept() {
    let ada = Lab::new("Ada");
    ada.publish("rain", &rain(200_000)).await;
    let head = || fs::read(ada.node.home().path().join("log/checkpoint")).unwrap();
    let before = head();
    let plan = ada.node.plan_run(&with(Work::default())).await.unwrap();
    assert_eq!((plan.steps.len(), plan.seconds), (1, None));
    assert!(plan.bytes > 2 << 20 && plan.units >= 1, "{plan:?}");
    assert_eq!(plan.steps[0].scans[0].units, Some(plan.units));
    assert_eq!(head(), before);
    assert!(!ada.node.home().path().join("units").exists());
    let ran = ada.run(COUNT, &["rain=rain"]).await;
    assert_eq!((ran.units.planned, ran.rows_read), (plan.units, 200_000));
    // Now it is known how fast this machine is.
    let plan = ada.node.plan_run(&with(Work::default())).await.unwrap();
    assert!(plan.seconds.is_some_and(|seconds| seconds > 0.0), "{plan:?}");
    let unknown = query("SELECT nothing FROM rain", &["rain=rain"]);
    assert_eq!(ada.node.plan_run(&unknown).await.unwrap_err().kind, Kind::Usage);
}

#[tokio::test(flavor = "multi_thread")]
async fn little_memory_spills_into_the_home_and_leaves_nothing() {
    let ada = Lab::new("Ada");
    ada.publish("rain", &rain(100_000)).await;
    let tmp = ada.node.home().path().join("tmp");
    // What a process left that was killed: no process has this number.
    fs::create_dir_all(tmp.join("4194999-0")).unwrap();
    fs::write(tmp.join("4194999-0/spilled"), "rows").unwrap();
    let sql = "SELECT max(s) AS s, count(*) AS n FROM \
               (SELECT day, sum(mm) AS s, var_pop(mm) AS v FROM rain GROUP BY day) g";
    let tight = Work { memory_bytes: Some(8 << 20), ..Work::default() };
    let request = RunRequest { work: tight, ..query(sql, &["rain=rain"]) };
    let spilled = ada.node.run(request, &Silent).await.unwrap();
    assert!(spilled.units.spilled_bytes > 0, "{:?}", spilled.units);
    let roomy = ada.run(sql, &["rain=rain"]).await;
    assert_eq!((roomy.units.spilled_bytes, roomy.table_hash), (0, spilled.table_hash));
    assert_eq!(fs::read_dir(&tmp).unwrap().count(), 0);
    let join = "SELECT a.mm, b.day FROM rain a JOIN rain b ON a.town = b.town";
    let error = ada
        .node
        .run(RunRequest { work: tight, ..query(join, &["rain=rain"]) }, &Silent)
        .await
        .unwrap_err();
    assert_eq!(error.kind, Kind::Failed);
    assert!(error.message.contains("8388608"), "{error}");
    assert!(error.hint.unwrap().contains("--memory"));
    assert_eq!(fs::read_dir(&tmp).unwrap().count(), 0);
    let none = Work { memory_bytes: Some(10), ..Work::default() };
    let error = ada.node.run(with(none), &Silent).await.unwrap_err();
    assert_eq!((error.kind, error.place.as_deref()), (Kind::Usage, Some("--memory")));
}

#[derive(Default)]
struct Heard(Mutex<Vec<UnitsDone>>);

impl Progress for Heard {
    fn begin(&self, _step: &str, _total: Option<u64>) {}
    fn advance(&self, _amount: u64) {}
    fn end(&self) {}
    fn say(&self, _sentence: &str) {}
    fn units(&self, done: &UnitsDone) {
        self.0.lock().unwrap().push(*done);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn progress_tells_units_and_rows_to_the_end() {
    let ada = Lab::new("Ada");
    ada.publish("rain", &rain(200_000)).await;
    let heard = Heard::default();
    ada.node.run(with(Work::default()), &heard).await.unwrap();
    let last = *heard.0.lock().unwrap().last().unwrap();
    assert!(last.planned >= 1 && last.done() == last.planned, "{last:?}");
    assert_eq!(last.rows, 200_000);
    assert!(last.rows_per_second().unwrap() > 0);
    assert_eq!(last.left().unwrap().as_secs(), 0);
}

#[test]
fn the_kept_results_stay_within_their_limit_and_the_oldest_go() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("units");
    let open = |program: u8| DiskCache::open(folder.clone(), [program; 32], 10_000).unwrap();
    let cache = open(1);
    let units: Vec<UnitId> = (0..12_u8).map(|n| UnitId::of(&[n])).collect();
    let result = |n: usize| Bytes::from(vec![n as u8; 1_000]);
    let files = || fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
    for (n, unit) in units[..9].iter().enumerate() {
        cache.put(unit, "", &result(n));
    }
    // As if each had been used at its own time, the first least long ago.
    for path in files() {
        let age = Duration::from_secs(u64::from(fs::read(&path).unwrap()[40]));
        let file = fs::File::options().append(true).open(&path).unwrap();
        file.set_modified(SystemTime::UNIX_EPOCH - age).unwrap();
    }
    for (n, unit) in units.iter().enumerate().skip(9) {
        cache.put(unit, "", &result(n));
    }
    let bytes: u64 = files().map(|path| fs::metadata(path).unwrap().len()).sum();
    assert!(bytes <= 10_000, "{bytes}");
    assert_eq!(cache.get(&units[8]), None);
    for n in [0, 1, 9, 10, 11] {
        assert_eq!(cache.get(&units[n]), Some(result(n)), "{n}");
    }
    // Another program finds nothing of it, and opening removes what a dead process was writing.
    assert_eq!(open(2).get(&units[11]), None);
    fs::write(folder.join("ab.4194999-0"), "half").unwrap();
    assert_eq!(open(1).get(&units[11]), Some(result(11)));
    assert!(!folder.join("ab.4194999-0").exists());
}

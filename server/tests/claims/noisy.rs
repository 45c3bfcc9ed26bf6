//! Claims that are told with noise: how much it is, what is said of them, and what is refused.

use std::sync::OnceLock;

use veritrail_proof::noise::committed::NoiseRefused;
use veritrail_proof::noise::{Ask, NoiseError, NoiseProof, Privacy, question, question_message};
use veritrail_provenance::hash::{ChunkId, QuestionHash, StatementId};
use veritrail_provenance::identity::{Did, SeedSigner, Signer};
use veritrail_provenance::statement::{CommittedNoise, ProofRelease, StatementRef};
use veritrail_server::claims::answers::{Row, Value};
use veritrail_server::claims::noise::{
    CheckedNoise, KeptNonce, NoiseOrder, Question, QuestionError, answer, calibrate,
    check_committed, commit,
};
use veritrail_server::claims::report::NoiseAccount;
use veritrail_server::claims::{
    CheckError, Claim, NoiseFile, ProofFile, ProofFileError, ProofReport, Proven, words,
};

use super::fixture::*;
use super::hospital::*;
use super::told::golden;

const NONCE: [u8; 32] = [0x5a; 32];
const RELEASE: StatementId = StatementId::from_bytes([21; 32]);
const BY_SEX: &str = "select sex, avg(age), count(*) from t where smoker group by sex";

pub fn asker() -> SeedSigner {
    SeedSigner::from_seed([4; 32].into())
}

pub fn order(claim: &Claim, privacy: Privacy) -> NoiseOrder<'_> {
    let enough = calibrate(claim, hospital().checked.body(), privacy).unwrap();
    let audience = Did::of_key(asker().public_key());
    let body = hospital().checked.body();
    let question = question(&NONCE, &audience, body, place().origin.as_str());
    let signature = asker().sign(&question_message(&question));
    let predecessor = Some(predecessor());
    NoiseOrder { claim, enough, audience, question, signature, salt: [7; 32], predecessor }
}

pub fn noise_file(sql: &str, thousandths: u32) -> NoiseFile {
    let (claim, privacy) = (claim(sql), Privacy::new(thousandths, 6).unwrap());
    let open = &hospital().published.open;
    commit(open, &place(), order(&claim, privacy), &ENTROPY).unwrap()
}

fn checked(file: &NoiseFile) -> Result<CheckedNoise, CheckError> {
    check_committed(&file.encode(), hospital().checked.body(), &place())
}

pub fn noisy(sql: &str, thousandths: u32) -> ProofFile {
    let noise = checked(&noise_file(sql, thousandths)).unwrap();
    answer(&hospital().published.open, &noise, RELEASE, RELEASE, NONCE, &ENTROPY).unwrap()
}

fn by_sex() -> &'static (ProofFile, Proven) {
    static MADE: OnceLock<(ProofFile, Proven)> = OnceLock::new();
    MADE.get_or_init(|| {
        let file = noisy(BY_SEX, 2000);
        let proven = check_file(&file).unwrap();
        (file, proven)
    })
}

fn number(value: Value) -> f64 {
    value.to_string().parse().unwrap()
}

/// A result with how far it lies from the true one, in standard deviations of its noise.
fn off(row: &Row, at: usize, exact: f64) -> f64 {
    let told = &row.answers[at];
    (number(told.value) - exact) / told.noise.unwrap()
}

#[test]
fn results_are_the_true_ones_with_the_noise_that_is_told() {
    let (_, proven) = by_sex();
    assert!(proven.noise().is_some() && proven.statistic().is_none());
    let (levels, mut noises) = (["f", "m"], Vec::new());
    for (at, row) in proven.rows().iter().enumerate() {
        assert_eq!(row.keys, [Some(levels[at].to_owned())]);
        let mine = hospital().people.iter().filter(|one| one.smoker && one.sex == at as u8);
        let ages: Vec<f64> = mine.map(|one| one.age as f64).collect();
        let mean = ages.iter().sum::<f64>() / ages.len() as f64;
        assert!(off(row, 0, mean).abs() < 5.0 && off(row, 1, ages.len() as f64).abs() < 5.0);
        noises.push(number(row.answers[1].value) - ages.len() as f64);
    }
    assert!(noises.iter().any(|noise| *noise != 0.0) && noises[0] != noises[1], "{noises:?}");
    // The sum is told in units of the column, with the noise of the count that lo goes with.
    let proven = check_file(&noisy("select sum(diff_kg), count(diff_kg) from t", 2000)).unwrap();
    let tenths: Vec<i64> = hospital().people.iter().filter_map(|one| one.diff_kg).collect();
    let row = &proven.rows()[0];
    assert!(off(row, 0, tenths.iter().sum::<i64>() as f64 / 10.0).abs() < 5.0, "{row:?}");
    assert!(off(row, 1, tenths.len() as f64).abs() < 5.0, "{row:?}");
    let spread = row.answers[0].noise.unwrap();
    assert!((100.0..5_000.0).contains(&spread), "{spread} kg of a range of 100 kg");
}

#[test]
fn what_is_public_is_told_without_noise() {
    let proven = check_file(&noisy("select count(*), sum(age) from t", 2000)).unwrap();
    let row = &proven.rows()[0];
    assert_eq!((row.answers[0].value, row.answers[0].noise), (Value::Whole(400), None));
    assert!(row.answers[1].noise.is_some());
    // Where nobody is there is a row as well: that there is none would tell.
    let proven =
        check_file(&noisy("select grp, count(*) from t where grp is not null group by grp", 1000));
    assert_eq!(proven.unwrap().rows().len(), 3);
}

#[test]
fn noise_is_as_much_as_it_has_to_be_and_little_more() {
    let body = hospital().checked.body();
    let spread = |sql: &str, thousandths: u32, d: u8| {
        let privacy = Privacy::new(thousandths, d).unwrap();
        let enough = calibrate(&claim(sql), body, privacy).unwrap();
        (enough.coins[0].twelve_variances() as f64 / 12.0).sqrt()
    };
    let one = "select count(*) from t where smoker";
    // Gaussian noise that is calibrated exactly would spread by 4.2 at epsilon 1 and delta 1e-6.
    assert!((4.2..5.3).contains(&spread(one, 1000, 6)), "{}", spread(one, 1000, 6));
    assert!((2.1..3.0).contains(&spread(one, 2000, 6)), "{}", spread(one, 2000, 6));
    assert!(spread(one, 500, 6) > 1.8 * spread(one, 1000, 6));
    assert!(spread(one, 1000, 12) > 1.3 * spread(one, 1000, 6));
    // Two groups are touched at once: by the root of 2 more, not by 2.
    let ratio = spread("select sex, count(*) from t group by sex", 1000, 6) / spread(one, 1000, 6);
    assert!((1.3..1.5).contains(&ratio), "{ratio}");
}

#[test]
fn what_noise_cannot_tell_is_refused_with_what_it_can() {
    let body = hospital().checked.body();
    let refused = |sql: &str, thousandths: u32| {
        calibrate(&claim(sql), body, Privacy::new(thousandths, 6).unwrap()).unwrap_err()
    };
    for sql in [
        "select var_samp(age) from t",
        "select avg(age), corr(age, diff_kg) from t",
        "select ols(diff_kg, age) from t",
    ] {
        let error = refused(sql, 1000);
        assert!(error.instead.contains("count, sum and avg"), "{error:?}");
    }
    assert!(
        refused("select grp, count(*) from t group by grp", 1000).instead.contains("IS NOT NULL")
    );
    let few = refused(
        "select avg(age), avg(diff_kg), avg(cast(smoker as bigint)) from t where smoker",
        10,
    );
    assert!(few.why.contains("touches") && few.instead.contains("greater --epsilon"), "{few:?}");
    let left_out = "select sex, grp, count(*) from t where grp is not null and sex is not null \
                    group by sex, grp having grp not in ('a')";
    if let Ok(claim) = Claim::compile(left_out, &schema()) {
        let error = calibrate(&claim, body, Privacy::new(1000, 6).unwrap()).unwrap_err();
        assert!(error.instead.contains("without HAVING"), "{error:?}");
    }
}

/// avg of levels of the grouping column: in the group of that level it is the group's number.
#[test]
fn groups_that_are_not_alike_are_refused() {
    let sql = "select sex, avg(cast(sex = 'f' as bigint)), avg(age) from t group by sex";
    let error = calibrate(&claim(sql), hospital().checked.body(), Privacy::new(1000, 6).unwrap());
    assert!(error.unwrap_err().why.contains("every group tells the same integers"));
}

#[test]
fn a_file_is_bound_to_all_that_it_names() {
    let (file, _) = by_sex();
    assert_eq!(ProofFile::decode(&file.encode()).unwrap(), *file);
    let changed = |change: &dyn Fn(&mut ProofFile)| {
        let mut other = file.clone();
        change(&mut other);
        assert_ne!(other, *file);
        check_file(&other).unwrap_err()
    };
    let of_proof = |error: CheckError| matches!(error, CheckError::Noise(NoiseRefused::Proof(_)));
    assert!(of_proof(changed(&|f| f.noise.as_mut().unwrap().release = predecessor())));
    assert!(of_proof(changed(&|f| f.context.predecessor = None)));
    assert!(of_proof(changed(&|f| f.results.iter_mut().for_each(|result| *result += 1))));
    let nonce = CheckError::Noise(NoiseError::Nonce.into());
    assert_eq!(changed(&|f| f.context.audience = None), nonce);
    assert_eq!(changed(&|f| f.context.audience.as_mut().unwrap().nonce[0] ^= 1), nonce);
    assert_eq!(changed(&|f| f.context.audience.as_mut().unwrap().did = did()), nonce);
    let other = noise_file(BY_SEX, 1999);
    assert!(of_proof(changed(&|f| f.noise.as_mut().unwrap().file = other.encode())));
    let other =
        noise_file("select sex, avg(age), count(*) from t where not smoker group by sex", 2000);
    let exchanged = changed(&|f| f.noise.as_mut().unwrap().file = other.encode());
    assert_eq!(exchanged, CheckError::OtherStatement);
    assert!(matches!(changed(&|f| f.noise.as_mut().unwrap().file[60] ^= 1), CheckError::File(_)));
    // Taken for results without noise, and results without noise for others.
    assert!(matches!(changed(&|f| f.noise = None), CheckError::Refused(_)));
    let mut exact = proof(BY_SEX);
    exact.noise = file.noise.clone();
    assert!(check_file(&exact).is_err());
}

#[test]
fn a_noise_file_is_bound_to_all_that_it_names() {
    let file = noise_file(BY_SEX, 2000);
    assert_eq!(NoiseFile::decode(&file.encode()).unwrap(), file);
    checked(&file).unwrap();
    let changed = |change: &dyn Fn(&mut NoiseFile)| {
        let mut other = file.clone();
        change(&mut other);
        assert_ne!(other, file);
        checked(&other).unwrap_err()
    };
    assert_eq!(changed(&|f| f.dataset = other_did()), CheckError::OtherVersion("dataset"));
    assert_eq!(changed(&|f| f.version = 2), CheckError::OtherVersion("number"));
    assert_eq!(changed(&|f| f.body[0] ^= 1), CheckError::OtherVersion("body"));
    assert_eq!(changed(&|f| f.context.index = 4), CheckError::OtherPlace("index"));
    let of_noise = |error: CheckError| matches!(error, CheckError::Noise(NoiseRefused::Proof(_)));
    assert!(of_noise(changed(&|f| f.context.predecessor = None)));
    assert_eq!(changed(&|f| f.claim.push(' ')), CheckError::Text);
    let asking = |change: &dyn Fn(&mut Ask)| {
        changed(&|f| {
            let mut ask = Ask::decode(&f.ask).unwrap();
            change(&mut ask);
            f.ask = ask.encode();
        })
    };
    assert!(of_noise(asking(&|ask| ask.salt[0] ^= 1)));
    let unsigned = CheckError::Noise(NoiseError::Unsigned.into());
    assert_eq!(asking(&|ask| ask.question[0] ^= 1), unsigned);
    assert_eq!(asking(&|ask| ask.audience = did()), unsigned);
    let too_little = CheckError::Noise(NoiseError::TooLittle.into());
    assert_eq!(asking(&|ask| ask.privacy = Privacy::new(1000, 6).unwrap()), too_little);
    assert_eq!(asking(&|ask| ask.coins[0].coarse /= 2), too_little);
    assert_eq!(
        asking(&|ask| ask.statement = claim("select avg(age), count(*) from t").statement().clone()),
        CheckError::OtherStatement
    );
    let short = NoiseProof { points: vec![], ..file.bits.clone() };
    assert!(of_noise(changed(&|f| f.bits = short.clone())));
    for bytes in [proof(BY_SEX).encode(), vec![], b"veritrail-noise/2".to_vec()] {
        let refused = NoiseFile::decode(&bytes).unwrap_err();
        assert_eq!(refused, ProofFileError::Magic);
    }
}

#[test]
fn releases_say_what_was_committed_and_what_is_answered() {
    let noise = checked(&noise_file(BY_SEX, 2000)).unwrap();
    let ask = noise.committed().ask();
    let bytes = noise.file().encode();
    let LogParts { version, version_number } = log_parts();
    let committing = ProofRelease {
        number: 2,
        previous: Some(predecessor()),
        version,
        version_number,
        proof: ChunkId::of(&bytes),
        bytes: bytes.len() as u64,
        noise: Some(CommittedNoise {
            question: QuestionHash::from_bytes(ask.question),
            epsilon_thousandths: 2000,
            delta_exponent: 6,
        }),
        answers: None,
    };
    noise.check_release(&committing).unwrap();
    let said = |change: &dyn Fn(&mut CommittedNoise)| {
        let mut noise_said = committing.noise.unwrap();
        change(&mut noise_said);
        let release = ProofRelease { noise: Some(noise_said), ..committing.clone() };
        noise.check_release(&release).unwrap_err()
    };
    let question = CheckError::OtherRelease("question");
    assert_eq!(said(&|noise| noise.epsilon_thousandths = 1000), question);
    assert_eq!(said(&|noise| noise.delta_exponent = 9), question);
    assert_eq!(said(&|noise| noise.question = QuestionHash::from_bytes([1; 32])), question);
    let silent = ProofRelease { noise: None, ..committing.clone() };
    assert_eq!(noise.check_release(&silent).unwrap_err(), question);

    let (file, proven) = by_sex();
    let bytes = file.encode();
    let answering = ProofRelease {
        number: 3,
        previous: Some(RELEASE),
        proof: ChunkId::of(&bytes),
        bytes: bytes.len() as u64,
        noise: None,
        answers: Some(RELEASE),
        ..committing.clone()
    };
    proven.check_release(&answering).unwrap();
    for answers in [None, Some(predecessor())] {
        let other = ProofRelease { answers, ..answering.clone() };
        assert_eq!(proven.check_release(&other).unwrap_err(), CheckError::OtherRelease("noise"));
    }
}

struct LogParts {
    version: StatementRef,
    version_number: u64,
}

fn log_parts() -> LogParts {
    let id = StatementId::from_bytes([2; 32]);
    let version = StatementRef { origin: place().origin, index: place().index, id };
    LogParts { version, version_number: 1 }
}

#[test]
fn a_reader_is_told_how_much_noise_there_is() {
    let (file, proven) = by_sex();
    let hex = |bytes: Vec<u8>| -> String {
        bytes.chunks(32).map(|line| hex::encode(line) + "\n").collect()
    };
    golden("noise-file.hex", &hex(file.noise.as_ref().unwrap().file.clone()));
    golden("proof-noisy-file.hex", &hex(file.encode()));
    let released = StatementRef { origin: place().origin, index: 8, id: predecessor() };
    let account = NoiseAccount {
        committed: 2,
        unanswered: 1,
        epsilon: "3".to_owned(),
        delta: "2e-6".to_owned(),
    };
    let committed = Some("example.org/hospital#7".to_owned());
    let report = ProofReport::new(proven, Some(&released)).with_noise(committed, account);
    golden("proof-noisy-words.txt", &words(&report));
    golden("proof-noisy-report.json", &(serde_json::to_string_pretty(&report).unwrap() + "\n"));
    let alone = words(&ProofReport::new(proven, None));
    assert!(alone.contains("NOT known to be logged before the nonce was told"), "{alone}");
}

#[test]
fn questions_are_read_as_they_are_written() {
    let body = hospital().checked.body();
    let asked = Question::ask(&asker(), body, &place().origin, &NONCE);
    let text = toml::to_string(&asked).unwrap();
    assert_eq!(Question::parse(&text).unwrap(), asked);
    let kept = toml::to_string(&asked.kept(&NONCE)).unwrap();
    assert_eq!(KeptNonce::parse(&kept).unwrap().nonce().unwrap(), NONCE);
    let hash = hex::encode(asked.hash().unwrap());
    let other = text.replace(&hash, &"5a".repeat(32));
    assert_eq!(Question::parse(&other), Err(QuestionError::Unsigned(NoiseError::Unsigned)));
    let elsewhere = text.replace(asked.audience.as_str(), did().as_str());
    assert_eq!(Question::parse(&elsewhere), Err(QuestionError::Unsigned(NoiseError::Unsigned)));
    assert_eq!(
        Question::parse(&text.replace("version = 1", "version = 2")),
        Err(QuestionError::Version(2))
    );
    assert!(matches!(Question::parse(&kept), Err(QuestionError::Toml(..))));
    assert!(matches!(KeptNonce::parse(&text), Err(QuestionError::Toml(..))));
    let upper = text.replace(&hash, &hash.to_uppercase());
    assert_eq!(Question::parse(&upper), Err(QuestionError::Hex("question")));
}
